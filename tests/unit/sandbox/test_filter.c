/* SPDX-License-Identifier: Apache-2.0 */
#include "bpf.h"
#include "filter.h"

#include <base/cleanup.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/audit.h>
#include <string.h>

#define ALLOW     SECCOMP_RET_ALLOW
#define NOTIFY    SECCOMP_RET_USER_NOTIF
#define FAIL(e)   (SECCOMP_RET_ERRNO | (e))
#define ZERO      SECCOMP_RET_ERRNO
#define GARBAGE   (0xdeadbeefULL << 32)
#define NONE      (-1)
#define CREAT     0100
#define TMPFILE   020200000
#define EXEC_VARY 0x12345678U /* NOTIFY with the ledger, ALLOW without */

struct judged {
	const char *name;
	int x86_64, aarch64; /* numbers, NONE where there is no such call */
	uint64_t args[6];
	uint32_t verdict;
};

static const struct judged table[] = {
	{"read", 0, 63, {0}, ALLOW},
	{"exit_group", 231, 94, {0}, ALLOW},
	{"close_range", 436, 436, {0}, ALLOW},
	{"newfstatat", 262, 79, {0}, ALLOW},

	{"open rd", 2, NONE, {0, 0, 06755}, ALLOW},
	{"open creat", 2, NONE, {0, CREAT, 0755}, ALLOW},
	{"open creat suid", 2, NONE, {0, CREAT, 04755}, FAIL(EPERM)},
	{"open creat sgid", 2, NONE, {0, CREAT, 02000}, FAIL(EPERM)},
	{"openat rd", 257, 56, {0, 0, 0, 06755}, ALLOW},
	{"openat creat", 257, 56, {0, 0, CREAT | 2, 0666}, ALLOW},
	{"openat creat suid", 257, 56, {0, 0, CREAT, 04755}, FAIL(EPERM)},
	{"openat tmpfile suid", 257, 56, {0, 0, TMPFILE, 06000}, FAIL(EPERM)},
	{"openat garbage", 257, 56, {0, 0, CREAT | GARBAGE, 04000 | GARBAGE}, FAIL(EPERM)},
	{"openat garbage rd", 257, 56, {0, 0, GARBAGE, 04000}, ALLOW},
	{"creat", 85, NONE, {0, 0644}, ALLOW},
	{"creat suid", 85, NONE, {0, 04644}, FAIL(EPERM)},
	{"mkdir suid", 83, NONE, {0, 04755}, FAIL(EPERM)},
	{"mkdirat sgid", 258, 34, {0, 0, 02755}, FAIL(EPERM)},
	{"mkdirat sticky", 258, 34, {0, 0, 01777}, ALLOW},
	{"mknod suid", 133, NONE, {0, 0104755}, FAIL(EPERM)},
	{"mknodat suid", 259, 33, {0, 0, 0104755}, FAIL(EPERM)},
	{"mknodat char", 259, 33, {0, 0, 0020600}, FAIL(EPERM)},
	{"mknodat block", 259, 33, {0, 0, 0060600}, FAIL(EPERM)},
	{"mknodat fifo", 259, 33, {0, 0, 0010600}, ALLOW},
	{"mknodat socket", 259, 33, {0, 0, 0140600}, ALLOW},
	{"chmod suid", 90, NONE, {0, 04755}, FAIL(EPERM)},
	{"chmod", 90, NONE, {0, 01755}, ALLOW},
	{"fchmod suid", 91, 52, {0, 02755}, FAIL(EPERM)},
	{"fchmodat suid", 268, 53, {0, 0, 06755}, FAIL(EPERM)},
	{"fchmodat", 268, 53, {0, 0, 0755, 06000}, ALLOW},
	{"fchmodat2 suid", 452, 452, {0, 0, 04755}, FAIL(EPERM)},
	{"fchmodat2", 452, 452, {0, 0, 0755}, ALLOW},
	{"openat2", 437, 437, {0}, FAIL(ENOSYS)},
	{"renameat2", 316, 276, {0, 0, 0, 0, 1}, ALLOW},
	{"renameat2 whiteout", 316, 276, {0, 0, 0, 0, 4}, FAIL(EPERM)},

	{"setxattr", 188, 5, {0}, FAIL(EOPNOTSUPP)},
	{"getxattr", 191, 8, {0}, FAIL(EOPNOTSUPP)},
	{"setxattrat", 463, 463, {0}, FAIL(EOPNOTSUPP)},
	{"io_uring_setup", 425, 425, {0}, FAIL(ENOSYS)},
	{"io_uring_enter", 426, 426, {0}, FAIL(ENOSYS)},
	{"clone3", 435, 435, {0}, FAIL(ENOSYS)},
	{"clone", 56, 220, {0x01200011}, ALLOW},
	{"clone thread", 56, 220, {0x003d0f00}, ALLOW},
	{"clone user", 56, 220, {0x10000011}, FAIL(EPERM)},
	{"clone mount", 56, 220, {0x00020011}, FAIL(EPERM)},
	{"clone net garbage", 56, 220, {0x40000011 | GARBAGE}, FAIL(EPERM)},
	{"unshare files", 272, 97, {0x400}, ALLOW},
	{"unshare time", 272, 97, {0x80}, FAIL(EPERM)},
	{"unshare cgroup", 272, 97, {0x02000000}, FAIL(EPERM)},
	{"setns", 308, 268, {0}, FAIL(EPERM)},
	{"mount", 165, 40, {0}, FAIL(EPERM)},
	{"move_mount", 429, 429, {0}, FAIL(EPERM)},
	{"open_tree_attr", 467, 467, {0}, FAIL(EPERM)},
	{"ptrace", 101, 117, {0}, FAIL(EPERM)},
	{"bpf", 321, 280, {0}, FAIL(EPERM)},
	{"keyctl", 250, 219, {0}, FAIL(ENOSYS)},
	{"reboot", 169, 142, {0}, FAIL(EPERM)},

	{"ioctl", 16, 29, {0, 0x5401}, ALLOW},
	{"ioctl TIOCSTI", 16, 29, {0, 0x5412}, FAIL(EPERM)},
	{"ioctl TIOCSTI garbage", 16, 29, {0, 0x5412 | GARBAGE}, FAIL(EPERM)},
	{"ioctl TIOCLINUX", 16, 29, {0, 0x541c}, FAIL(EPERM)},
	{"ioctl TIOCSETD", 16, 29, {0, 0x5423}, FAIL(EPERM)},
	{"personality query", 135, 92, {0xffffffff}, ALLOW},
	{"personality no aslr", 135, 92, {0x40000}, ALLOW},
	{"personality exec", 135, 92, {0x400000}, FAIL(EPERM)},
	{"getgroups", 115, 158, {0}, ZERO},
	{"sync", 162, 81, {0}, ZERO},
	{"sched_setaffinity", 203, 122, {0}, ZERO},
	{"setrlimit core", 160, 164, {4}, ZERO},
	{"setrlimit files", 160, 164, {7}, ALLOW},
	{"prlimit64 core", 302, 261, {0, 4, 0x7fff}, ZERO},
	{"prlimit64 core high", 302, 261, {0, 4, 1ULL << 40}, ZERO},
	{"prlimit64 core read", 302, 261, {0, 4, 0}, ALLOW},
	{"prlimit64 files", 302, 261, {0, 7, 0x7fff}, ALLOW},

	{"socket unix", 41, 198, {1, 3, 0}, ALLOW},
	{"socket tcp", 41, 198, {2, 1 | 02000000, 6}, ALLOW},
	{"socket udp6", 41, 198, {10, 2, 0}, ALLOW},
	{"socket garbage", 41, 198, {16 | GARBAGE, 1, 0}, NOTIFY},
	{"socket unix above", 41, 198, {16 | 1ULL << 32, 1, 0}, NOTIFY},
	{"socket raw", 41, 198, {2, 3, 0}, NOTIFY},
	{"socket packet type", 41, 198, {2, 10, 0}, NOTIFY},
	{"socket icmp", 41, 198, {2, 2, 1}, NOTIFY},
	{"socket mptcp", 41, 198, {2, 1, 262}, NOTIFY},
	{"socket netlink", 41, 198, {16, 3, 0}, NOTIFY},
	{"socketpair unix", 53, 199, {1, 1, 0}, ALLOW},
	{"socketpair tipc", 53, 199, {30, 1, 0}, NOTIFY},
	{"connect", 42, 203, {0}, NOTIFY},
	{"bind", 49, 200, {0}, NOTIFY},
	{"sendmsg", 46, 211, {0}, NOTIFY},
	{"sendmmsg", 307, 269, {0}, NOTIFY},
	{"sendto stream", 44, 206, {0}, ALLOW},
	{"sendto address", 44, 206, {0, 0, 0, 0, 0x1000}, NOTIFY},
	{"sendto high address", 44, 206, {0, 0, 0, 0, 1ULL << 40}, NOTIFY},
	{"recvmsg", 47, 212, {0}, ALLOW},
	{"uname", 63, 160, {0}, NOTIFY},
	{"sysinfo", 99, 179, {0}, NOTIFY},
	{"execve", 59, 221, {0}, EXEC_VARY},
	{"execveat", 322, 281, {0}, EXEC_VARY},

	{"unknown 599", 599, 599, {0}, FAIL(ENOSYS)},
	{"unknown 4000", 4000, 4000, {0}, FAIL(ENOSYS)},
	{"negative", -5, -5, {0}, FAIL(ENOSYS)},
	{"set_thread_area", 205, NONE, {0}, FAIL(ENOSYS)},
	{"x32 read", 0x40000000, NONE, {0}, FAIL(ENOSYS)},
	{"x32 execve", 0x40000208, NONE, {0}, FAIL(ENOSYS)},
};

static uint32_t judge(const char *machine, enum filter_kind kind, uint32_t arch, int nr,
		      const uint64_t *args, size_t *steps)
{
	struct seccomp_data data = {.nr = nr, .arch = arch};
	struct sock_fprog prog;

	cr_assert(filter_program(machine, kind, &prog));
	if (args)
		memcpy(data.args, args, sizeof(data.args));
	return bpf_run(&prog, &data, steps);
}

static void judge_all(const char *machine, uint32_t arch, bool ledger)
{
	size_t steps, ran = 0;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct judged *t = &table[i];
		int nr = arch == AUDIT_ARCH_X86_64 ? t->x86_64 : t->aarch64;
		uint32_t want = t->verdict, seen;

		if (nr == NONE)
			continue;
		if (want == EXEC_VARY)
			want = ledger ? NOTIFY : ALLOW;
		seen = judge(machine, ledger, arch, nr, t->args, &steps);
		cr_expect_eq(seen, want, "%s %s: %#x, expected %#x", machine, t->name, seen, want);
		ran++;
	}
	cr_expect_gt(ran, 80);
}

Test(filter, verdicts)
{
	judge_all("x86_64", AUDIT_ARCH_X86_64, true);
	judge_all("x86_64", AUDIT_ARCH_X86_64, false);
	judge_all("aarch64", AUDIT_ARCH_AARCH64, true);
	judge_all("aarch64", AUDIT_ARCH_AARCH64, false);
}

/* Another machine's numbers mean other calls: none is judged, all are unknown. */
Test(filter, foreign_machines)
{
	static const uint32_t foreign[] = {AUDIT_ARCH_I386, AUDIT_ARCH_ARM, AUDIT_ARCH_RISCV64, 0};
	size_t steps;

	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++)
		for (int nr = 0; nr < 500; nr++) {
			cr_expect_eq(judge("x86_64", true, foreign[i], nr, NULL, &steps),
				     FAIL(ENOSYS));
			cr_expect_eq(judge("aarch64", true, foreign[i], nr, NULL, &steps),
				     FAIL(ENOSYS));
		}
	cr_expect_eq(judge("x86_64", true, AUDIT_ARCH_AARCH64, 63, NULL, &steps), FAIL(ENOSYS));
	cr_expect_eq(judge("aarch64", true, AUDIT_ARCH_X86_64, 0, NULL, &steps), FAIL(ENOSYS));
}

/* Whatever the number, the program ends well and soon, and answers nothing that kills. */
Test(filter, every_number_ends)
{
	static const uint64_t ones[6] = {~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL};
	size_t steps, most = 0;

	for (int nr = -10; nr < 5000; nr++)
		for (int variant = 0; variant < 4; variant++) {
			const char *machine = variant & 1 ? "x86_64" : "aarch64";
			uint32_t arch = variant & 1 ? AUDIT_ARCH_X86_64 : AUDIT_ARCH_AARCH64;
			uint32_t seen =
				judge(machine, true, arch, nr, variant & 2 ? ones : NULL, &steps) &
				SECCOMP_RET_ACTION_FULL;

			cr_expect(seen == ALLOW || seen == NOTIFY || seen == SECCOMP_RET_ERRNO,
				  "%s %d: %#x", machine, nr, seen);
			most = steps > most ? steps : most;
		}
	cr_expect_lt(most, 50, "%zu instructions", most);
}

/* Both programs of a machine differ in exec only. */
Test(filter, the_ledger_changes_exec_only)
{
	size_t steps;

	for (int nr = 0; nr < 600; nr++) {
		uint32_t with = judge("x86_64", true, AUDIT_ARCH_X86_64, nr, NULL, &steps);
		uint32_t without = judge("x86_64", false, AUDIT_ARCH_X86_64, nr, NULL, &steps);

		if (nr != 59 && nr != 322)
			cr_expect_eq(with, without, "call %d", nr);
	}
}

/* A tracing program tells of more, and forbids and allows the same. */
Test(filter, tracing_only_tells)
{
	static const uint64_t set_id[6] = {0, 0, 0101, 04755}, plain[6] = {0, 0, 0101, 0755};
	size_t steps, told = 0;

	for (int nr = 0; nr < 600; nr++) {
		uint32_t with = judge("x86_64", FILTER_TRACE, AUDIT_ARCH_X86_64, nr, NULL, &steps);
		uint32_t without =
			judge("x86_64", FILTER_LEDGER, AUDIT_ARCH_X86_64, nr, NULL, &steps);

		told += with != without;
		cr_expect(with == without || (with == NOTIFY && without == ALLOW), "call %d", nr);
	}
	cr_expect_eq(told, 11, "open, openat and nine calls that look; %zu", told);
	/* openat: a set-id file is refused before anybody is told */
	cr_expect_eq(judge("x86_64", FILTER_TRACE, AUDIT_ARCH_X86_64, 257, set_id, &steps),
		     FAIL(EPERM));
	cr_expect_eq(judge("x86_64", FILTER_TRACE, AUDIT_ARCH_X86_64, 257, plain, &steps), NOTIFY);
	cr_expect_eq(judge("aarch64", FILTER_TRACE, AUDIT_ARCH_AARCH64, 56, set_id, &steps),
		     FAIL(EPERM));
	cr_expect_eq(judge("aarch64", FILTER_TRACE, AUDIT_ARCH_AARCH64, 56, plain, &steps), NOTIFY);
}

Test(filter, unknown_machine)
{
	struct sock_fprog prog;

	cr_expect_not(filter_program("riscv64", true, &prog));
	cr_expect(filter_program(filter_machine(), true, &prog));
}
