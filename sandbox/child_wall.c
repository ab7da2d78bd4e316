/* SPDX-License-Identifier: Apache-2.0 */
/* The child's operations that are no mounts: limits, capabilities, Landlock, the filter. */
#include "child.h"

#include "kernel.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int apply_fds(struct room_child *c, const struct room_op *op)
{
	unsigned next = 3;

	for (int fd = 0; fd < 3; fd++) {
		int from = c->stdio[fd];

		if (from < 0)
			from = open("/dev/null", (fd ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
		if (from < 0 || (from != fd && dup2(from, fd) < 0))
			return -errno;
		if (fcntl(fd, F_SETFD, 0) < 0)
			return -errno;
	}
	for (unsigned i = 0; i < c->n_keep; i++) {
		unsigned keep = (unsigned)c->keep[i];

		if (keep > next && close_range(next, keep - 1, 0) < 0)
			return -errno;
		next = keep + 1;
	}
	return room_errno(close_range(next, ~0U, 0));
}

static int apply_deathsig(struct room_child *c, const struct room_op *op)
{
	return room_errno(prctl(PR_SET_PDEATHSIG, SIGKILL));
}

static int apply_write(struct room_child *c, const struct room_op *op)
{
	int fd = open(op->dst, O_WRONLY | O_CLOEXEC | O_NOFOLLOW), r = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, op->src, strlen(op->src)) < 0)
		r = -errno;
	close(fd);
	return r;
}

/* The cgroup namespace that follows takes the cgroup we are in as its top. */
static int apply_cgroup(struct room_child *c, const struct room_op *op)
{
	struct room_report r = {.kind = ROOM_REPORT_CGROUP};
	int sent = room_send(c->control, &r, -1);
	char go;

	if (sent < 0)
		return sent;
	return read(c->control, &go, 1) == 1 ? 0 : -EPIPE;
}

static int apply_unshare(struct room_child *c, const struct room_op *op)
{
	return room_errno(syscall(SYS_unshare, op->a));
}

static int apply_hostname(struct room_child *c, const struct room_op *op)
{
	if (sethostname(op->src, strlen(op->src)) < 0)
		return -errno;
	return room_errno(setdomainname("(none)", 6));
}

static int apply_chdir(struct room_child *c, const struct room_op *op)
{
	return room_errno(chdir(op->dst));
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* RLIM_INFINITY is the largest number, so that "the lesser" is right for it too. */
static int apply_limit(struct room_child *c, const struct room_op *op)
{
	struct rlimit have, want;

	if (getrlimit((__rlimit_resource_t)op->a, &have) < 0)
		return -errno;
	want.rlim_max = least(op->c, have.rlim_max);
	want.rlim_cur = least(op->b, want.rlim_max);
	if (want.rlim_cur == have.rlim_cur && want.rlim_max == have.rlim_max)
		return 0;
	return room_errno(setrlimit((__rlimit_resource_t)op->a, &want));
}

static int apply_affinity(struct room_child *c, const struct room_op *op)
{
	unsigned long have[128] = {0}, want[128] = {0};
	const size_t bits = 8 * sizeof(long);
	uint64_t left = op->a;

	if (syscall(SYS_sched_getaffinity, 0, sizeof(have), have) < 0)
		return -errno;
	for (size_t i = 0; i < 128 * bits && left; i++)
		if (have[i / bits] >> (i % bits) & 1) {
			want[i / bits] |= 1UL << (i % bits);
			left--;
		}
	return room_errno(syscall(SYS_sched_setaffinity, 0, sizeof(want), want));
}

static int apply_persona(struct room_child *c, const struct room_op *op)
{
	return room_errno(personality((unsigned long)op->a));
}

static int apply_umask(struct room_child *c, const struct room_op *op)
{
	umask((mode_t)op->a);
	return 0;
}

static int apply_caps(struct room_child *c, const struct room_op *op)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct none[2] = {{0}};

	/* the bounding set first: dropping from it needs CAP_SETPCAP; EINVAL ends the list */
	for (unsigned long cap = 0; cap < 64; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0) {
			if (errno != EINVAL)
				return -errno;
			break;
		}
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -errno;
	return room_errno(syscall(SYS_capset, &head, none));
}

static int apply_nnp(struct room_child *c, const struct room_op *op)
{
	return room_errno(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

static int apply_landlock(struct room_child *c, const struct room_op *op)
{
	struct room_landlock_attr attr = {.handled_access_fs = op->a, .scoped = op->b};

	c->ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr,
				  op->b ? sizeof(attr) : sizeof(attr.handled_access_fs), 0);
	return c->ruleset < 0 ? -errno : 0;
}

static int add_rule(const struct room_child *c, int fd, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = rights, .parent_fd = fd};

	return room_errno(
		syscall(SYS_landlock_add_rule, c->ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0));
}

#define FILE_RIGHTS                                                                                \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE | LANDLOCK_ACCESS_FS_IOCTL_DEV)

static int apply_grant(struct room_child *c, const struct room_op *op)
{
	int fd = open(op->dst, O_PATH | O_NOFOLLOW | O_CLOEXEC), r;
	struct stat st;

	if (fd < 0)
		return errno == ENOENT && op->b ? 0 : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	r = add_rule(c, fd, S_ISDIR(st.st_mode) ? op->a : op->a & FILE_RIGHTS);
	close(fd);
	return r;
}

static int apply_grant_fd(struct room_child *c, const struct room_op *op)
{
	int flags = fcntl(op->fd, F_GETFL), r;

	if (flags < 0)
		return -errno;
	if ((flags & O_ACCMODE) == O_RDONLY)
		return 0;
	r = add_rule(c, op->fd, op->a);
	/* pipes and sockets are in no file system that a rule can name, and need none */
	return r == -EBADFD || r == -EINVAL ? 0 : r;
}

static int apply_enforce(struct room_child *c, const struct room_op *op)
{
	int r = room_errno(syscall(SYS_landlock_restrict_self, c->ruleset, 0));

	close(c->ruleset);
	c->ruleset = -1;
	return r;
}

static int apply_stdin(struct room_child *c, const struct room_op *op)
{
	int fd = open(op->src, O_RDONLY | O_CLOEXEC), r;

	if (fd < 0)
		return -errno;
	r = room_errno(dup2(fd, 0));
	close(fd);
	return r;
}

static int apply_filter(struct room_child *c, const struct room_op *op)
{
	unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
	struct room_report r = {.kind = ROOM_REPORT_READY};
	long fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			  flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &c->filter);

	if (fd < 0 && errno == EINVAL) /* before 5.19 a signal can restart a notified call */
		fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &c->filter);
	if (fd < 0)
		return -errno;
	c->listener = (int)fd;
	r.value = (int32_t)fd;
	return room_send(c->control, &r, -1);
}

const room_apply_fn room_apply_wall[ROOM_OP_KINDS] = {
	[ROOM_OP_FDS] = apply_fds,           [ROOM_OP_DEATHSIG] = apply_deathsig,
	[ROOM_OP_WRITE] = apply_write,       [ROOM_OP_UNSHARE] = apply_unshare,
	[ROOM_OP_CGROUP] = apply_cgroup,     [ROOM_OP_HOSTNAME] = apply_hostname,
	[ROOM_OP_CHDIR] = apply_chdir,       [ROOM_OP_LIMIT] = apply_limit,
	[ROOM_OP_AFFINITY] = apply_affinity, [ROOM_OP_PERSONA] = apply_persona,
	[ROOM_OP_UMASK] = apply_umask,       [ROOM_OP_CAPS] = apply_caps,
	[ROOM_OP_NNP] = apply_nnp,           [ROOM_OP_LANDLOCK] = apply_landlock,
	[ROOM_OP_GRANT] = apply_grant,       [ROOM_OP_GRANT_FD] = apply_grant_fd,
	[ROOM_OP_ENFORCE] = apply_enforce,   [ROOM_OP_PIN] = room_apply_pin,
	[ROOM_OP_STDIN] = apply_stdin,       [ROOM_OP_FILTER] = apply_filter,
};
