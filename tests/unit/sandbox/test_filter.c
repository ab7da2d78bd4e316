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

	/* class 10, and what it must not break */
	{"umask", 95, 166, {0}, ALLOW},
	{"chown", 92, NONE, {0}, ALLOW},
	{"fchown", 93, 55, {0}, ALLOW},
	{"fchownat", 260, 54, {0}, ALLOW},
	{"lchown", 94, NONE, {0}, ALLOW},
	{"link", 86, NONE, {0}, ALLOW},
	{"linkat", 265, 37, {0}, ALLOW},
	{"symlinkat", 266, 36, {0}, ALLOW},
	{"unlinkat", 263, 35, {0}, ALLOW},
	{"renameat", 264, 38, {0}, ALLOW},

	/* class 11 */
	{"lsetxattr", 189, 6, {0}, FAIL(EOPNOTSUPP)},
	{"fsetxattr", 190, 7, {0}, FAIL(EOPNOTSUPP)},
	{"lgetxattr", 192, 9, {0}, FAIL(EOPNOTSUPP)},
	{"fgetxattr", 193, 10, {0}, FAIL(EOPNOTSUPP)},
	{"getxattrat", 464, 464, {0}, FAIL(EOPNOTSUPP)},
	{"listxattr", 194, 11, {0}, FAIL(EOPNOTSUPP)},
	{"llistxattr", 195, 12, {0}, FAIL(EOPNOTSUPP)},
	{"flistxattr", 196, 13, {0}, FAIL(EOPNOTSUPP)},
	{"listxattrat", 465, 465, {0}, FAIL(EOPNOTSUPP)},
	{"removexattr", 197, 14, {0}, FAIL(EOPNOTSUPP)},
	{"lremovexattr", 198, 15, {0}, FAIL(EOPNOTSUPP)},
	{"fremovexattr", 199, 16, {0}, FAIL(EOPNOTSUPP)},
	{"removexattrat", 466, 466, {0}, FAIL(EOPNOTSUPP)},

	/* class 12 */
	{"io_uring_register", 427, 427, {0}, FAIL(ENOSYS)},

	/* class 14 */
	{"umount2", 166, 39, {0}, FAIL(EPERM)},
	{"pivot_root", 155, 41, {0}, FAIL(EPERM)},
	{"chroot", 161, 51, {0}, FAIL(EPERM)},
	{"fsopen", 430, 430, {0}, FAIL(EPERM)},
	{"fsconfig", 431, 431, {0}, FAIL(EPERM)},
	{"fsmount", 432, 432, {0}, FAIL(EPERM)},
	{"fspick", 433, 433, {0}, FAIL(EPERM)},
	{"open_tree", 428, 428, {0}, FAIL(EPERM)},
	{"mount_setattr", 442, 442, {0}, FAIL(EPERM)},
	{"statmount", 457, 457, {0}, FAIL(ENOSYS)},
	{"listmount", 458, 458, {0}, FAIL(ENOSYS)},

	/* class 18 */
	{"add_key", 248, 217, {0}, FAIL(ENOSYS)},
	{"request_key", 249, 218, {0}, FAIL(ENOSYS)},

	/* class 19 */
	{"process_vm_readv", 310, 270, {0}, FAIL(EPERM)},
	{"process_vm_writev", 311, 271, {0}, FAIL(EPERM)},
	{"pidfd_getfd", 438, 438, {0}, FAIL(EPERM)},
	{"kcmp", 312, 272, {0}, FAIL(EPERM)},
	{"process_madvise", 440, 440, {0}, FAIL(EPERM)},
	{"move_pages", 279, 239, {0}, FAIL(EPERM)},
	{"migrate_pages", 256, 238, {0}, FAIL(EPERM)},
	{"perf_event_open", 298, 241, {0}, FAIL(EPERM)},
	{"userfaultfd", 323, 282, {0}, FAIL(EPERM)},
	{"kexec_load", 246, 104, {0}, FAIL(EPERM)},
	{"kexec_file_load", 320, 294, {0}, FAIL(EPERM)},
	{"init_module", 175, 105, {0}, FAIL(EPERM)},
	{"finit_module", 313, 273, {0}, FAIL(EPERM)},
	{"delete_module", 176, 106, {0}, FAIL(EPERM)},
	{"syslog", 103, 116, {0}, FAIL(EPERM)},
	{"lookup_dcookie", 212, 18, {0}, FAIL(EPERM)},
	{"modify_ldt", 154, NONE, {0}, FAIL(EPERM)},
	{"iopl", 172, NONE, {0}, FAIL(EPERM)},
	{"ioperm", 173, NONE, {0}, FAIL(EPERM)},
	{"swapon", 167, 224, {0}, FAIL(EPERM)},
	{"swapoff", 168, 225, {0}, FAIL(EPERM)},
	{"acct", 163, 89, {0}, FAIL(EPERM)},
	{"quotactl", 179, 60, {0}, FAIL(EPERM)},
	{"quotactl_fd", 443, 443, {0}, FAIL(EPERM)},
	{"vhangup", 153, 58, {0}, FAIL(EPERM)},
	{"sethostname", 170, 161, {0}, FAIL(EPERM)},
	{"setdomainname", 171, 162, {0}, FAIL(EPERM)},
	{"settimeofday", 164, 170, {0}, FAIL(EPERM)},
	{"clock_settime", 227, 112, {0}, FAIL(EPERM)},
	{"adjtimex", 159, 171, {0}, FAIL(EPERM)},
	{"clock_adjtime", 305, 266, {0}, FAIL(EPERM)},
	{"name_to_handle_at", 303, NONE, {0}, FAIL(EPERM)},
	{"open_by_handle_at", 304, NONE, {0}, FAIL(EPERM)},
	{"fanotify_init", 300, 262, {0}, FAIL(EPERM)},
	{"fanotify_mark", 301, 263, {0}, FAIL(EPERM)},
	{"nfsservctl", 180, 42, {0}, FAIL(ENOSYS)},
	{"memfd_secret", 447, 447, {0}, FAIL(ENOSYS)},
	{"file_setattr", 469, 469, {0}, FAIL(ENOSYS)},
	{"mbind", 237, 235, {0}, FAIL(ENOSYS)},
	{"set_mempolicy", 238, 237, {0}, FAIL(ENOSYS)},
	{"get_mempolicy", 239, 236, {0}, FAIL(ENOSYS)},
	{"uselib", 134, NONE, {0}, FAIL(ENOSYS)},
	{"sysfs", 139, NONE, {0}, FAIL(ENOSYS)},
	{"ustat", 136, NONE, {0}, FAIL(ENOSYS)},
	{"_sysctl", 156, NONE, {0}, FAIL(ENOSYS)},
	{"process_mrelease", 448, 448, {0}, FAIL(ENOSYS)},
	{"set_mempolicy_home_node", 450, 450, {0}, FAIL(ENOSYS)},

	/* classes 20 and 21 */
	{"listen", 50, 201, {0}, ALLOW},
	{"accept", 43, 202, {0}, ALLOW},
	{"accept4", 288, 242, {0}, ALLOW},
	{"getsockname", 51, 204, {0}, ALLOW},
	{"getpeername", 52, 205, {0}, ALLOW},
	{"getsockopt", 55, 209, {0}, ALLOW},
	{"setsockopt", 54, 208, {0}, ALLOW},
	{"shutdown", 48, 210, {0}, ALLOW},
	{"recvfrom", 45, 207, {0}, ALLOW},
	{"recvmmsg", 299, 243, {0}, ALLOW},

	/* class 25 */
	{"kill", 62, 129, {0}, ALLOW},
	{"tkill", 200, 130, {0}, ALLOW},
	{"tgkill", 234, 131, {0}, ALLOW},
	{"shmget", 29, 194, {0}, ALLOW},
	{"shmat", 30, 196, {0}, ALLOW},
	{"msgget", 68, 186, {0}, ALLOW},
	{"semget", 64, 190, {0}, ALLOW},
	{"mq_open", 240, 180, {0}, ALLOW},
	{"pidfd_open", 434, 434, {0}, ALLOW},
	{"pidfd_send_signal", 424, 424, {0}, ALLOW},

	/* class 28 */
	{"memfd_create", 319, 279, {0}, ALLOW},
	{"prctl", 157, 167, {0}, ALLOW},
	{"seccomp", 317, 277, {0}, ALLOW},

	/* classes 33 to 35 */
	{"clock_gettime", 228, 113, {0}, ALLOW},
	{"gettimeofday", 96, 169, {0}, ALLOW},
	{"getrandom", 318, 278, {0}, ALLOW},
	{"sched_getaffinity", 204, 123, {0}, ALLOW},
	{"getcpu", 309, 168, {0}, ALLOW},

	/* class 9 and 10, on each bit and with the bits of a file type */
	{"fchmod sgid and sticky", 91, 52, {0, 03000}, FAIL(EPERM)},
	{"fchmodat garbage", 268, 53, {0, 0, 04000 | GARBAGE}, FAIL(EPERM)},
	{"fchmodat high only", 268, 53, {0, 0, 06000ULL << 32}, ALLOW},
	{"mkdirat garbage", 258, 34, {0, 0, 06755 | GARBAGE}, FAIL(EPERM)},
	{"mknodat fifo suid", 259, 33, {0, 0, 0014600}, FAIL(EPERM)},
	{"mknodat garbage", 259, 33, {0, 0, 0104755 | GARBAGE}, FAIL(EPERM)},
	{"mknodat no type suid", 259, 33, {0, 0, 04755}, FAIL(EPERM)},
	{"openat tmpfile", 257, 56, {0, 0, TMPFILE, 0600}, ALLOW},
	{"openat directory suid", 257, 56, {0, 0, 0200000, 06000}, ALLOW},

	/* class 13, each kind by each call */
	{"clone pid", 56, 220, {0x20000011}, FAIL(EPERM)},
	{"clone net", 56, 220, {0x40000011}, FAIL(EPERM)},
	{"clone ipc", 56, 220, {0x08000011}, FAIL(EPERM)},
	{"clone uts", 56, 220, {0x04000011}, FAIL(EPERM)},
	{"clone cgroup", 56, 220, {0x02000011}, FAIL(EPERM)},
	{"clone high only", 56, 220, {0x10000000ULL << 32 | 17}, ALLOW},
	{"unshare user", 272, 97, {0x10000000}, FAIL(EPERM)},
	{"unshare mount", 272, 97, {0x00020000}, FAIL(EPERM)},
	{"unshare pid", 272, 97, {0x20000000}, FAIL(EPERM)},
	{"unshare net", 272, 97, {0x40000000}, FAIL(EPERM)},
	{"unshare ipc", 272, 97, {0x08000000}, FAIL(EPERM)},
	{"unshare uts", 272, 97, {0x04000000}, FAIL(EPERM)},
	{"unshare garbage", 272, 97, {0x10000000 | GARBAGE}, FAIL(EPERM)},

	/* class 20, the families by name; class 21, messages */
	{"socket vsock", 41, 198, {40, 1, 0}, NOTIFY},
	{"socket alg", 41, 198, {38, 5, 0}, NOTIFY},
	{"socket packet", 41, 198, {17, 3, 0}, NOTIFY},
	{"socket bluetooth", 41, 198, {31, 3, 1}, NOTIFY},
	{"socket key", 41, 198, {15, 3, 2}, NOTIFY},
	{"socket xdp", 41, 198, {44, 3, 0}, NOTIFY},
	{"socket rds", 41, 198, {21, 5, 0}, NOTIFY},
	{"socket smc", 41, 198, {43, 1, 0}, NOTIFY},
	{"socket nfc", 41, 198, {39, 3, 0}, NOTIFY},
	{"socket qipcrtr", 41, 198, {42, 2, 0}, NOTIFY},
	{"socket unknown family", 41, 198, {100, 1, 0}, NOTIFY},
	{"socket sctp", 41, 198, {10, 1, 132}, NOTIFY},
	{"socket raw6", 41, 198, {10, 3, 58}, NOTIFY},
	{"socketpair vsock", 53, 199, {40, 1, 0}, NOTIFY},
	{"socketpair garbage", 53, 199, {30 | GARBAGE, 1, 0}, NOTIFY},

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
	cr_expect_gt(ran, 210, "%zu", ran);
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
	/* openat2 tells no path and opens none: it is unknown, and the C library takes openat. */
	cr_expect_eq(judge("x86_64", FILTER_TRACE, AUDIT_ARCH_X86_64, 437, NULL, &steps),
		     FAIL(ENOSYS));
	cr_expect_eq(judge("aarch64", FILTER_TRACE, AUDIT_ARCH_AARCH64, 437, NULL, &steps),
		     FAIL(ENOSYS));
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
