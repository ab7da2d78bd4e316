/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classes 11, 12, 18 and 19: calls that a build has no use for, tried with real arguments where
 * that is harmless.
 */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/reboot.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/ptrace.h>

#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#ifndef SYS_setxattrat
#define SYS_setxattrat 463
#endif

static const char not_here[] = "a call with host privilege would act on the machine";

/* A descriptor counts as the call's success. */
static long closed(long fd)
{
	if (fd >= 0)
		close((int)fd);
	return fd;
}

void attack_xattr(void)
{
	static const char p[] = "attack-x";
	/* version 2, permitted: CAP_SETUID; an access list with one named user */
	static const char cap[20] = {0, 0, 0, 2, (char)128};
	static const char acl[] = "\2\0\0\0\1\0\6\0\377\377\377\377\4\0\4\0\377\377\377\377"
				  "\40\0\4\0\377\377\377\377";
	int fd = open(p, O_CREAT | O_RDWR | O_CLOEXEC, 0644);
	char buf[64];

	refused("setxattr user.*", setxattr(p, "user.a", "1", 1, 0), ENOTSUP);
	refused("lsetxattr", lsetxattr(p, "user.a", "1", 1, 0), ENOTSUP);
	refused("fsetxattr", fsetxattr(fd, "user.a", "1", 1, 0), ENOTSUP);
	refused("file capabilities", setxattr(p, "security.capability", cap, sizeof(cap), 0),
		ENOTSUP);
	refused("access list", setxattr(p, "system.posix_acl_access", acl, sizeof(acl) - 1, 0),
		ENOTSUP);
	door("setxattrat", syscall(SYS_setxattrat, AT_FDCWD, p, 0, "user.a", NULL, 0), ENOTSUP);
	door("removexattr", removexattr(p, "user.a"), ENOTSUP);
	door("the host's labels, by getxattr", getxattr("/", "security.selinux", buf, sizeof(buf)),
	     ENOTSUP);
	door("the host's labels, by listxattr", listxattr("/", buf, sizeof(buf)), ENOTSUP);
	close(fd);
	unlink(p);
}

void attack_uring(void)
{
	char params[120] = {0};

	refused("io_uring_setup", closed(syscall(SYS_io_uring_setup, 4, params)), ENOSYS);
	door("io_uring_enter", syscall(SYS_io_uring_enter, -1, 0, 0, 0, NULL, 0), ENOSYS);
	door("io_uring_register", syscall(SYS_io_uring_register, -1, 0, NULL, 0), ENOSYS);
}

void attack_keyrings(void)
{
	refused("add_key",
		syscall(SYS_add_key, "user", "belljar-attack", "x", 1, KEY_SPEC_PROCESS_KEYRING),
		ENOSYS);
	refused("the session's keyring, by keyctl",
		syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0), ENOSYS);
	refused("the user's keyring, by keyctl",
		syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 0), ENOSYS);
	refused("a canary of the host, by keyctl",
		syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, "user", "belljar-canary",
			0),
		ENOSYS);
	door("request_key",
	     syscall(SYS_request_key, "user", "belljar-canary", NULL, KEY_SPEC_PROCESS_KEYRING),
	     ENOSYS);
}

static void attack_tracing(void)
{
	char word[8] = "before",
	     *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct iovec here = {word, 8}, there = {shared, 8};
	pid_t child = fork();
	int pidfd, status;

	if (child == 0)
		for (;;)
			pause();
	pidfd = (int)syscall(SYS_pidfd_open, child, 0);
	refused("process_vm_readv", syscall(SYS_process_vm_readv, child, &here, 1, &there, 1, 0),
		EPERM);
	refused("process_vm_writev", syscall(SYS_process_vm_writev, child, &here, 1, &there, 1, 0),
		EPERM);
	refused("pidfd_getfd", closed(syscall(SYS_pidfd_getfd, pidfd, 0, 0)), EPERM);
	refused("kcmp", syscall(SYS_kcmp, getpid(), child, 0, 0, 0), EPERM);
	refused("ptrace", syscall(SYS_ptrace, PTRACE_SEIZE, child, 0, 0), EPERM);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	if (pidfd >= 0)
		close(pidfd);
}

static void attack_insides(void)
{
	union bpf_attr map = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1};
	struct perf_event_attr perf = {.type = PERF_TYPE_SOFTWARE,
				       .size = sizeof(perf),
				       .config = PERF_COUNT_SW_TASK_CLOCK,
				       .exclude_kernel = 1,
				       .exclude_hv = 1};
	struct {
		unsigned bytes;
		int type;
		char data[128];
	} handle = {.bytes = 128};
	char log[64];
	int mount_id;

	refused("bpf", closed(syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof(map))), EPERM);
	refused("perf_event_open", closed(syscall(SYS_perf_event_open, &perf, 0, -1, -1, 0)),
		EPERM);
	refused("userfaultfd", closed(syscall(SYS_userfaultfd, 1)), EPERM); /* user mode only */
	refused("name_to_handle_at",
		syscall(SYS_name_to_handle_at, AT_FDCWD, ".", &handle, &mount_id, 0), EPERM);
	refused("open_by_handle_at",
		closed(syscall(SYS_open_by_handle_at, AT_FDCWD, &handle, O_RDONLY)), EPERM);
	refused("fanotify_init", closed(syscall(SYS_fanotify_init, 0x200, O_RDONLY)), EPERM);
	refused("personality READ_IMPLIES_EXEC", personality(READ_IMPLIES_EXEC), EPERM);
	refused("the kernel's log", syscall(SYS_syslog, 3, log, sizeof(log)), EPERM);
}

/*
 * Arguments that the kernel refuses even to root, after it has looked at the caller's rights: more
 * segments than there may be, names of nothing, no time at all. Not with host privilege all the
 * same.
 */
static void attack_machine(void)
{
	refused("kexec_load", syscall(SYS_kexec_load, 0, 1000UL, NULL, 0), EPERM);
	refused("init_module", syscall(SYS_init_module, NULL, 0, ""), EPERM);
	refused("finit_module", syscall(SYS_finit_module, -1, "", 0), EPERM);
	refused("delete_module", syscall(SYS_delete_module, "belljar_none", O_NONBLOCK), EPERM);
	refused("swapon", syscall(SYS_swapon, "/belljar-none", 0), EPERM);
	refused("swapoff", syscall(SYS_swapoff, "/belljar-none"), EPERM);
	refused("acct", syscall(SYS_acct, "/belljar-none"), EPERM);
	refused("reboot", syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, 0, 0, NULL), EPERM);
	refused("settimeofday", syscall(SYS_settimeofday, NULL, NULL), EPERM);
#ifdef __x86_64__
	refused("iopl", syscall(SYS_iopl, 3), EPERM);
	refused("ioperm", syscall(SYS_ioperm, 0x80, 1, 1), EPERM);
#endif
}

static void attack_doors(void)
{
	static const struct {
		const char *name;
		long number;
		unsigned want;
	} doors[] = {
#define DOOR(name, want) {#name, SYS_##name, want}
		DOOR(quotactl, EPERM),        DOOR(vhangup, EPERM),
		DOOR(sethostname, EPERM),     DOOR(setdomainname, EPERM),
		DOOR(clock_settime, EPERM),   DOOR(adjtimex, EPERM),
		DOOR(clock_adjtime, EPERM),   DOOR(fanotify_mark, EPERM),
		DOOR(move_pages, EPERM),      DOOR(migrate_pages, EPERM),
		DOOR(process_madvise, EPERM), DOOR(mbind, ENOSYS),
		DOOR(set_mempolicy, ENOSYS),  DOOR(nfsservctl, ENOSYS),
		DOOR(memfd_secret, ENOSYS),
#ifdef __x86_64__
		DOOR(modify_ldt, EPERM),      DOOR(kexec_file_load, EPERM),
		DOOR(uselib, ENOSYS),         DOOR(sysfs, ENOSYS),
		DOOR(ustat, ENOSYS),
#endif
		{"quotactl_fd", 443, EPERM},
	};

	for (size_t i = 0; i < sizeof(doors) / sizeof(doors[0]); i++)
		door(doors[i].name, syscall(doors[i].number, 0, 0, 0, 0, 0, 0), doors[i].want);
}

void attack_kernel(void)
{
	attack_tracing();
	attack_insides();
	if (!standing.harmless) {
		not_tried("modules, kexec, swap, clocks, reboot, ports", not_here);
		return;
	}
	attack_machine();
	attack_doors();
}
