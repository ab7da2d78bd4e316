/* SPDX-License-Identifier: Apache-2.0 */
#include "policy.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Harmless for everybody: own memory, own fds, own processes, files as far as the mounts allow. */
static const char *const allowed[] = {
	/* files */
	"close", "close_range", "copy_file_range", "dup", "dup2", "dup3", "fadvise64", "fallocate",
	"fcntl", "fdatasync", "flock", "fstat", "fstatfs", "fsync", "ftruncate", "getcwd",
	"getdents", "getdents64", "lseek", "pread64", "preadv", "preadv2", "pwrite64", "pwritev",
	"pwritev2", "read", "readahead", "readv", "sendfile", "splice", "statfs", "sync_file_range",
	"tee", "truncate", "vmsplice", "write", "writev", "chdir", "fchdir", "chown", "fchown",
	"fchownat", "lchown", "futimesat", "utime", "utimensat", "utimes", "link", "linkat",
	"symlink", "symlinkat", "unlink", "unlinkat", "rename", "renameat", "rmdir", "umask",
	"pipe", "pipe2", "inotify_add_watch", "inotify_init", "inotify_init1", "inotify_rm_watch",
	"cachestat",
	/* waiting and events */
	"epoll_create", "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_pwait2", "epoll_wait",
	"eventfd", "eventfd2", "poll", "ppoll", "pselect6", "select", "signalfd", "signalfd4",
	"timerfd_create", "timerfd_gettime", "timerfd_settime", "io_setup", "io_submit",
	"io_getevents", "io_pgetevents", "io_cancel", "io_destroy",
	/* memory */
	"brk", "madvise", "memfd_create", "membarrier", "mincore", "mlock", "mlock2", "mlockall",
	"mmap", "mprotect", "mremap", "mseal", "msync", "munlock", "munlockall", "munmap",
	"pkey_alloc", "pkey_free", "pkey_mprotect", "remap_file_pages", "map_shadow_stack",
	/* processes, threads, signals */
	"arch_prctl", "exit", "exit_group", "fork", "vfork", "futex", "futex_waitv",
	"get_robust_list", "set_robust_list", "set_tid_address", "rseq", "kill", "tkill", "tgkill",
	"pause", "pidfd_open", "pidfd_send_signal", "prctl", "restart_syscall", "rt_sigaction",
	"rt_sigpending", "rt_sigprocmask", "rt_sigqueueinfo", "rt_sigreturn", "rt_sigsuspend",
	"rt_sigtimedwait", "rt_tgsigqueueinfo", "sigaltstack", "sched_get_priority_max",
	"sched_get_priority_min", "sched_getaffinity", "sched_getattr", "sched_getparam",
	"sched_getscheduler", "sched_rr_get_interval", "sched_setattr", "sched_setparam",
	"sched_setscheduler", "sched_yield", "wait4", "waitid", "getcpu", "getpgid", "getpgrp",
	"getpid", "getppid", "getpriority", "getrlimit", "getrusage", "getsid", "gettid", "setpgid",
	"setpriority", "setsid", "times", "ioprio_get", "ioprio_set", "capget", "capset", "seccomp",
	"landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self",
	/* identity: one uid is mapped, so these can only fail or change nothing */
	"getegid", "geteuid", "getgid", "getresgid", "getresuid", "getuid", "setfsgid", "setfsuid",
	"setgid", "setgroups", "setregid", "setresgid", "setresuid", "setreuid", "setuid",
	/* time */
	"alarm", "clock_getres", "clock_gettime", "clock_nanosleep", "getitimer", "gettimeofday",
	"nanosleep", "setitimer", "time", "timer_create", "timer_delete", "timer_getoverrun",
	"timer_gettime", "timer_settime", "getrandom",
	/* sockets that exist already, and System V and POSIX IPC of the room's own namespace */
	"accept", "accept4", "getpeername", "getsockname", "getsockopt", "listen", "recvfrom",
	"recvmmsg", "recvmsg", "setsockopt", "shutdown", "msgctl", "msgget", "msgrcv", "msgsnd",
	"semctl", "semget", "semop", "semtimedop", "shmat", "shmctl", "shmdt", "shmget",
	"mq_getsetattr", "mq_notify", "mq_open", "mq_timedreceive", "mq_timedsend", "mq_unlink",
	NULL};

/* Harmless too; a tracing room tells which paths are looked at. */
static const char *const looks[] = {"access",   "faccessat",  "faccessat2", "lstat", "newfstatat",
				    "readlink", "readlinkat", "stat",       "statx", NULL};

/* Known, dangerous, and a program that tries should hear "no" rather than "unknown". */
static const char *const forbidden[] = {
	/* the mount API */
	"mount", "umount2", "pivot_root", "chroot", "fsopen", "fsconfig", "fsmount", "fspick",
	"open_tree", "open_tree_attr", "move_mount", "mount_setattr", "setns",
	/* other processes' insides */
	"ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp", "process_madvise",
	"move_pages", "migrate_pages",
	/* the kernel's insides */
	"bpf", "perf_event_open", "userfaultfd", "kexec_load", "kexec_file_load", "init_module",
	"finit_module", "delete_module", "syslog", "lookup_dcookie", "modify_ldt", "iopl", "ioperm",
	/* the machine */
	"reboot", "swapon", "swapoff", "acct", "quotactl", "quotactl_fd", "vhangup", "sethostname",
	"setdomainname", "settimeofday", "clock_settime", "adjtimex", "clock_adjtime",
	/* handles and file events that look past mounts */
	"name_to_handle_at", "open_by_handle_at", "fanotify_init", "fanotify_mark", NULL};

/*
 * Named although the default is the same, because a test and a reader should find them: openat2 and
 * io_uring carry their arguments in memory that a filter cannot see, clone3 too, and keyrings are
 * shared with the host's session.
 */
static const char *const unknown[] = {
	"openat2",   "io_uring_setup", "io_uring_enter", "io_uring_register",
	"clone3",    "add_key",        "request_key",    "keyctl",
	"statmount", "listmount",      "memfd_secret",   "file_setattr",
	NULL};

/* Setting would put into outputs what no tree hash sees; reading shows the host's labels. */
static const char *const xattrs[] = {
	"setxattr",    "lsetxattr",    "fsetxattr",    "setxattrat",    "getxattr",   "lgetxattr",
	"fgetxattr",   "getxattrat",   "listxattr",    "llistxattr",    "flistxattr", "listxattrat",
	"removexattr", "lremovexattr", "fremovexattr", "removexattrat", NULL};

/*
 * getgroups: a rootless room cannot shed the user's supplementary groups, so it hides them. sync
 * would flush every disk of the host, to no use of the build. The CPUs of the room are a limit.
 */
static const char *const zero[] = {"getgroups", "sync", "syncfs", "sched_setaffinity", NULL};

static const char *const notified[] = {"connect", "bind",    "sendmsg", "sendmmsg",
				       "uname",   "sysinfo", NULL};

static const char *const execs[] = {"execve", "execveat", NULL};

const struct policy_list policy_lists[] = {
	{VERDICT_ALLOW, allowed},  {VERDICT_EPERM, forbidden}, {VERDICT_ENOSYS, unknown},
	{VERDICT_ENOTSUP, xattrs}, {VERDICT_ZERO, zero},       {VERDICT_NOTIFY, notified},
	{VERDICT_EXEC, execs},     {VERDICT_LOOK, looks},
};
const size_t policy_n_lists = COUNT(policy_lists);

#define EQ(n, v)                                                                                   \
	{                                                                                          \
		TEST_EQ, (n), 0, (v)                                                               \
	}
#define NE(n, v)                                                                                   \
	{                                                                                          \
		TEST_NE, (n), 0, (v)                                                               \
	}
#define ANY(n, m)                                                                                  \
	{                                                                                          \
		TEST_ANY, (n), (m), 0                                                              \
	}
#define MASKED_EQ(n, m, v)                                                                         \
	{                                                                                          \
		TEST_MASKED_EQ, (n), (m), (v)                                                      \
	}
#define MASKED_GT(n, m, v)                                                                         \
	{                                                                                          \
		TEST_MASKED_GT, (n), (m), (v)                                                      \
	}
#define IS_NULL(n)                                                                                 \
	{                                                                                          \
		TEST_NULL, (n), 0, 0                                                               \
	}

#define SET_ID 06000U
/* O_TMPFILE is two bits; the one that is not O_DIRECTORY (which has other values elsewhere). */
#define CREATES (0100U | 020000000U)
/* NEWNS NEWCGROUP NEWUTS NEWIPC NEWUSER NEWPID NEWNET; NEWTIME only in unshare, where the low
 * byte is not the exit signal. */
#define NAMESPACES      0x7e020000U
#define RENAME_WHITE    4U
#define SOCKET_TYPE     0xfU
#define ICANON_INJECT   0x5412U /* TIOCSTI */
#define CONSOLE_COMMAND 0x541cU /* TIOCLINUX */
#define LINE_DISCIPLINE 0x5423U /* TIOCSETD: loads modules */

/* Files are never created with a set-id bit, nor get one later; no device nodes, no whiteouts. */
#define CREATION(name, flags, mode)                                                                \
	{name, VERDICT_EPERM, {ANY(flags, CREATES), ANY(mode, SET_ID)}},                           \
	{                                                                                          \
		name, VERDICT_LOOK,                                                                \
		{                                                                                  \
			{                                                                          \
				0                                                                  \
			}                                                                          \
		}                                                                                  \
	}
#define MODE_ONLY(name, mode)                                                                      \
	{name, VERDICT_EPERM, {ANY(mode, SET_ID)}},                                                \
	{                                                                                          \
		name, VERDICT_ALLOW,                                                               \
		{                                                                                  \
			{                                                                          \
				0                                                                  \
			}                                                                          \
		}                                                                                  \
	}
#define NODE(name, mode)                                                                           \
	{name, VERDICT_EPERM, {ANY(mode, SET_ID)}},                                                \
		{name, VERDICT_EPERM, {MASKED_EQ(mode, S_IFMT, S_IFCHR)}},                         \
		{name, VERDICT_EPERM, {MASKED_EQ(mode, S_IFMT, S_IFBLK)}},                         \
	{                                                                                          \
		name, VERDICT_ALLOW,                                                               \
		{                                                                                  \
			{                                                                          \
				0                                                                  \
			}                                                                          \
		}                                                                                  \
	}

const struct policy_rule policy_rules[] = {
	CREATION("open", 1, 2),
	CREATION("openat", 2, 3),
	MODE_ONLY("creat", 1),
	MODE_ONLY("mkdir", 1),
	MODE_ONLY("mkdirat", 2),
	MODE_ONLY("chmod", 1),
	MODE_ONLY("fchmod", 1),
	MODE_ONLY("fchmodat", 2),
	MODE_ONLY("fchmodat2", 2),
	NODE("mknod", 1),
	NODE("mknodat", 2),
	{"renameat2", VERDICT_EPERM, {ANY(4, RENAME_WHITE)}},
	{"renameat2", VERDICT_ALLOW, {{0}}},

	{"clone", VERDICT_EPERM, {ANY(0, NAMESPACES)}},
	{"clone", VERDICT_ALLOW, {{0}}},
	{"unshare", VERDICT_EPERM, {ANY(0, NAMESPACES | 0x80U)}},
	{"unshare", VERDICT_ALLOW, {{0}}},

	{"ioctl", VERDICT_EPERM, {EQ(1, ICANON_INJECT)}},
	{"ioctl", VERDICT_EPERM, {EQ(1, CONSOLE_COMMAND)}},
	{"ioctl", VERDICT_EPERM, {EQ(1, LINE_DISCIPLINE)}},
	{"ioctl", VERDICT_ALLOW, {{0}}},

	/* The core limit stays at 1 (see plan_walls.c); setting it succeeds without effect. */
	{"setrlimit", VERDICT_ZERO, {EQ(0, RLIMIT_CORE)}},
	{"setrlimit", VERDICT_ALLOW, {{0}}},
	{"prlimit64", VERDICT_ALLOW, {NE(1, RLIMIT_CORE)}},
	{"prlimit64", VERDICT_ALLOW, {IS_NULL(2)}},
	{"prlimit64", VERDICT_ZERO, {{0}}},

	/* Linux, Linux32, and ASLR off; not the bits that weaken mmap_min_addr or stacks. */
	{"personality", VERDICT_ALLOW, {EQ(0, 0xffffffffU)}},
	{"personality", VERDICT_EPERM, {ANY(0, ~0x00060008U)}},
	{"personality", VERDICT_ALLOW, {{0}}},

	/*
	 * TCP and UDP may be created: the network namespace has a loopback and nothing else, and
	 * test suites talk to themselves. Everything else loads modules and lies in no namespace.
	 */
	{"socket", VERDICT_ALLOW, {EQ(0, AF_UNIX)}},
	{"socket", VERDICT_NOTIFY, {NE(0, AF_INET), NE(0, AF_INET6)}},
	{"socket", VERDICT_NOTIFY, {MASKED_GT(1, SOCKET_TYPE, SOCK_DGRAM)}},
	{"socket", VERDICT_ALLOW, {EQ(2, 0)}},
	{"socket", VERDICT_ALLOW, {EQ(2, 6)}},
	{"socket", VERDICT_ALLOW, {EQ(2, 17)}},
	{"socket", VERDICT_NOTIFY, {{0}}},
	{"socketpair", VERDICT_ALLOW, {EQ(0, AF_UNIX)}},
	{"socketpair", VERDICT_NOTIFY, {{0}}},
	/* send(2) on a connected socket is sendto without an address: it was judged at connect */
	{"sendto", VERDICT_ALLOW, {IS_NULL(4)}},
	{"sendto", VERDICT_NOTIFY, {{0}}},
};
const size_t policy_n_rules = COUNT(policy_rules);

const struct policy_number policy_numbers[] = {
	{"cachestat", 451},     {"fchmodat2", 452},      {"map_shadow_stack", 453},
	{"statmount", 457},     {"listmount", 458},      {"mseal", 462},
	{"setxattrat", 463},    {"getxattrat", 464},     {"listxattrat", 465},
	{"removexattrat", 466}, {"open_tree_attr", 467}, {"file_setattr", 469},
};
const size_t policy_n_numbers = COUNT(policy_numbers);
