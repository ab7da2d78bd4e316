/* SPDX-License-Identifier: Apache-2.0 */
#include <base/confine.h>

#include <base/cleanup.h>
#include <base/str.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/*
 * Landlock grew with its ABI version, and the headers of the build host may be older than the
 * kernel that we run on: the numbers are the kernel's (Documentation/userspace-api/landlock.rst).
 */
#define FS_ABI_1     ((1ULL << 13) - 1)
#define FS_REFER     (1ULL << 13) /* ABI 2 */
#define FS_TRUNCATE  (1ULL << 14) /* ABI 3 */
#define FS_IOCTL_DEV (1ULL << 15) /* ABI 5 */
#define NET_TCP      3ULL         /* ABI 4: bind and connect */
#define SCOPE_ALL    3ULL         /* ABI 6: abstract unix sockets and signals */

#define FS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
/* What no helper needs even where it may write: programs and device nodes (whiteouts). */
#define FS_NEVER                                                                                   \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |                               \
	 LANDLOCK_ACCESS_FS_MAKE_BLOCK | FS_IOCTL_DEV)
/* The only rights that a rule on something else than a folder may carry. */
#define FS_ON_FILE                                                                                 \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |                              \
	 LANDLOCK_ACCESS_FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)

struct ruleset_attr { /* struct landlock_ruleset_attr as of ABI 6 */
	uint64_t fs, net, scoped;
};

static int landlock_allow(int ruleset, int fd, uint64_t rights, struct err *err)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = rights, .parent_fd = fd};
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_set(err, ERR_BUG, errno, "confine: fd %d", fd);
	if (!S_ISDIR(st.st_mode))
		rule.allowed_access &= FS_ON_FILE;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
		return err_set(err, ERR_HOST, errno, "confine: landlock_add_rule for fd %d", fd);
	return 0;
}

/* What the kernel's ABI version can refuse; the size to pass is that of its own struct. */
static size_t landlock_attr(long abi, bool network, struct ruleset_attr *attr)
{
	attr->fs = FS_ABI_1;
	if (abi >= 2)
		attr->fs |= FS_REFER;
	if (abi >= 3)
		attr->fs |= FS_TRUNCATE;
	if (abi >= 5)
		attr->fs |= FS_IOCTL_DEV;
	if (abi >= 4 && !network)
		attr->net = NET_TCP;
	if (abi >= 6)
		attr->scoped = SCOPE_ALL;
	return abi >= 6 ? sizeof(*attr) : abi >= 4 ? 16 : 8;
}

static int confine_files(const struct confine *c, const char **out_missing, struct err *err)
{
	const uint64_t read = FS_READ | (c->exec ? LANDLOCK_ACCESS_FS_EXECUTE : 0);
	_cleanup_close_ int ruleset = -1;
	struct ruleset_attr attr = {0};
	size_t size;
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	/* ENOSYS: not in the kernel; EOPNOTSUPP: there, but switched off at boot. */
	if (abi < 0 && (errno == ENOSYS || errno == EOPNOTSUPP)) {
		*out_missing = "landlock";
		return 0;
	}
	if (abi < 0)
		return err_set(err, ERR_HOST, errno, "confine: landlock_create_ruleset");
	size = landlock_attr(abi, c->network, &attr);
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
	if (ruleset < 0)
		return err_set(err, ERR_HOST, errno, "confine: landlock_create_ruleset");
	for (size_t i = 0; i < c->n_write_fds; i++)
		if (landlock_allow(ruleset, c->write_fds[i], attr.fs & ~FS_NEVER, err) < 0)
			return -1;
	for (size_t i = 0; i < c->n_read_fds; i++)
		if (landlock_allow(ruleset, c->read_fds[i], read, err) < 0)
			return -1;
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		return err_set(err, ERR_HOST, errno, "confine: landlock_restrict_self");
	return 0;
}

static int drop_capabilities(struct err *err)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {0};

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return err_set(err, ERR_HOST, errno, "confine: clear ambient capabilities");
	/* EPERM without CAP_SETPCAP: then no_new_privs alone keeps them out of reach. EINVAL: the
	 * first number behind the last capability. */
	for (int cap = 0; cap < 64; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			break;
	if (syscall(SYS_capset, &head, none) < 0)
		return err_set(err, ERR_HOST, errno, "confine: drop capabilities");
	return 0;
}

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#else
#error "confine.c: name the seccomp architecture of this processor"
#endif

/* Missing in the headers of older hosts; the numbers are the same on every architecture. */
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif

static const int denied_exec[] = {SYS_execve, SYS_execveat};

static const int denied[] = {
	/* other processes */
	SYS_ptrace,
	SYS_process_vm_readv,
	SYS_process_vm_writev,
	SYS_process_madvise,
	SYS_pidfd_getfd,
	SYS_kcmp,
	/* io_uring would do the rest unseen */
	SYS_io_uring_setup,
	SYS_io_uring_enter,
	SYS_io_uring_register,
	/* the file system as a whole */
	SYS_mount,
	SYS_umount2,
	SYS_pivot_root,
	SYS_chroot,
	SYS_open_tree,
	SYS_move_mount,
	SYS_fsopen,
	SYS_fsconfig,
	SYS_fsmount,
	SYS_fspick,
	SYS_mount_setattr,
	SYS_swapon,
	SYS_swapoff,
	SYS_quotactl,
	SYS_acct,
	SYS_name_to_handle_at,
	SYS_open_by_handle_at,
	SYS_fanotify_init,
	/* namespaces */
	SYS_unshare,
	SYS_setns,
	/* the kernel */
	SYS_bpf,
	SYS_perf_event_open,
	SYS_userfaultfd,
	SYS_add_key,
	SYS_request_key,
	SYS_keyctl,
	SYS_init_module,
	SYS_finit_module,
	SYS_delete_module,
	SYS_kexec_load,
	SYS_kexec_file_load,
	SYS_reboot,
	SYS_syslog,
	SYS_settimeofday,
	SYS_clock_settime,
	SYS_adjtimex,
	SYS_clock_adjtime,
	SYS_sethostname,
	SYS_setdomainname,
	SYS_vhangup,
	SYS_personality,
	SYS_migrate_pages,
	SYS_move_pages,
	SYS_mbind,
	SYS_set_mempolicy,
#ifdef __x86_64__
	SYS_iopl,
	SYS_ioperm,
	SYS_modify_ldt,
#endif
};

static const int denied_network[] = {
	SYS_socket, SYS_socketpair, SYS_bind, SYS_listen, SYS_accept, SYS_accept4, SYS_connect,
};

#define LOAD(field)                                                                                \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, field))
#define DENY(errnum) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (errnum))
#define IF(test, k)  BPF_JUMP(BPF_JMP | BPF_##test | BPF_K, (k), 0, 1) /* else skip one */

#define FILTER_MAX 256

struct filter {
	struct sock_filter code[FILTER_MAX];
	unsigned short n;
};

static void filter_add(struct filter *f, struct sock_filter op)
{
	if (f->n < FILTER_MAX)
		f->code[f->n++] = op;
}

/* When @test of the loaded word holds, the call fails with @errnum. */
#define FILTER_DENY(f, test, k, errnum)                                                            \
	do {                                                                                       \
		filter_add((f), (struct sock_filter)IF(test, (k)));                                \
		filter_add((f), (struct sock_filter)DENY(errnum));                                 \
	} while (0)

#define CLONE_NEW_ANY 0x7e020000u /* CLONE_NEWNS, CGROUP, UTS, IPC, USER, PID, NET */

static void filter_build(struct filter *f, const struct confine *c)
{
	/* A call by another architecture's table has other numbers: none is allowed. */
	filter_add(f, (struct sock_filter)LOAD(arch));
	filter_add(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OUR_ARCH, 1, 0));
	filter_add(f, (struct sock_filter)DENY(EPERM));
	filter_add(f, (struct sock_filter)LOAD(nr));
	/* x32 numbers on x86_64. */
	FILTER_DENY(f, JGE, 0x40000000u, EPERM);
	for (size_t i = 0; i < ARRAY_SIZE(denied); i++)
		FILTER_DENY(f, JEQ, (unsigned)denied[i], EPERM);
	for (size_t i = 0; !c->exec && i < ARRAY_SIZE(denied_exec); i++)
		FILTER_DENY(f, JEQ, (unsigned)denied_exec[i], EPERM);
	for (size_t i = 0; !c->network && i < ARRAY_SIZE(denied_network); i++)
		FILTER_DENY(f, JEQ, (unsigned)denied_network[i], EPERM);
	/* Its flags are out of a filter's sight; on ENOSYS the C library turns to clone. */
	FILTER_DENY(f, JEQ, SYS_clone3, ENOSYS);
	/* clone: threads yes, namespaces no. */
	filter_add(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3));
	filter_add(f, (struct sock_filter)LOAD(args[0]));
	FILTER_DENY(f, JSET, CLONE_NEW_ANY, EPERM);
	filter_add(f, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
}

static int confine_calls(const struct confine *c, struct err *err)
{
	struct filter f = {.n = 0};
	struct sock_fprog prog = {.filter = f.code};

	filter_build(&f, c);
	if (f.n == FILTER_MAX)
		return err_set(err, ERR_BUG, 0, "confine: the filter does not fit");
	prog.len = f.n;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) < 0)
		return err_set(err, ERR_HOST, errno, "confine: seccomp");
	return 0;
}

/* All walls but the filter are per thread: a second thread would stay outside. */
static int check_single_thread(struct err *err)
{
	struct stat st;

	if (stat("/proc/self/task", &st) == 0 && st.st_nlink != 3)
		return err_set(err, ERR_BUG, 0, "confine: called with %lu threads running",
			       (unsigned long)st.st_nlink - 2);
	return 0;
}

int confine_self(const struct confine *c, const char **out_missing, struct err *err)
{
	*out_missing = NULL;
	if (c->chown)
		return err_set(err, ERR_BUG, 0, "confine: keeping CAP_CHOWN is not implemented");
	if (check_single_thread(err) < 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_set(err, ERR_HOST, errno, "confine: no_new_privs");
	if (drop_capabilities(err) < 0 || confine_files(c, out_missing, err) < 0)
		return -1;
	return confine_calls(c, err);
}
