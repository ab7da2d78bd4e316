/* SPDX-License-Identifier: Apache-2.0 */
#include "child.h"

#include "kernel.h"
#include <base/cleanup.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* The network namespace is made by child_net.c, beside the mounts. */
#define NAMESPACES                                                                                 \
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)

int room_errno(long result)
{
	return result < 0 ? -errno : 0;
}

int room_send(int control, const struct room_report *r, int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} u = {0};
	struct iovec iov = {(void *)(uintptr_t)r, sizeof(*r)};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

	if (fd < 0) /* write: sendmsg would be notified once the filter stands */
		return room_errno(write(control, r, sizeof(*r)));
	m.msg_control = u.space;
	m.msg_controllen = sizeof(u.space);
	u.header.cmsg_level = SOL_SOCKET;
	u.header.cmsg_type = SCM_RIGHTS;
	u.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&u.header), &fd, sizeof(int));
	return room_errno(sendmsg(control, &m, MSG_NOSIGNAL));
}

long room_clone(uint64_t flags, int *out_pidfd)
{
	struct clone_args args = {.flags = flags | CLONE_PIDFD | NAMESPACES,
				  .pidfd = (uintptr_t)out_pidfd,
				  .exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD};
	long r;

	r = syscall(SYS_clone3, &args, sizeof(args));
	return r < 0 ? -errno : r;
}

void room_child_drop(struct room_child *c, int out)
{
	int pidfd = -1;
	long r = 0;

	if (setgroups(0, NULL) < 0 || setresgid(c->drop_gid, c->drop_gid, c->drop_gid) < 0 ||
	    setresuid(c->drop_uid, c->drop_uid, c->drop_uid) < 0)
		r = -errno;
	/* setresuid made /proc/self root's; init has to write its own maps there */
	else if (prctl(PR_SET_DUMPABLE, 1) < 0)
		r = -errno;
	else
		r = room_clone(CLONE_PARENT, &pidfd);
	if (r == 0)
		room_child_main(c);
	if (write(out, &r, sizeof(r)) != (ssize_t)sizeof(r))
		_exit(1);
	_exit(0);
}

static void __attribute__((noreturn)) fail(struct room_child *c, int error)
{
	struct room_report r = {.kind = ROOM_REPORT_FAILED, .index = c->at, .value = -error};

	room_send(c->control, &r, -1);
	_exit(1);
}

static void default_signals(void)
{
	struct sigaction dfl = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int s = 1; s < _NSIG; s++)
		sigaction(s, &dfl, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void apply(struct room_child *c)
{
	for (c->at = 0; c->at < c->plan->n; c->at++) {
		const struct room_op *op = &c->plan->ops[c->at];
		room_apply_fn fn = room_apply_mount[op->kind];
		int r;

		if (!fn)
			fn = room_apply_wall[op->kind];
		if (!fn)
			fn = room_apply_net[op->kind];
		r = (int)c->at == c->fail_at ? -EIO : fn ? fn(c, op) : -ENOSYS;
		if (r < 0)
			fail(c, r);
	}
}

/* read: recvmsg would be notified once the filter stands. The supervisor's death ends us. */
static void wait_for_go(struct room_child *c)
{
	char go;

	if (read(c->control, &go, 1) != 1)
		_exit(1);
}

/* Wait until the supervisor holds the listener, and lets the first command run. */
static void wait_for_supervisor(struct room_child *c)
{
	wait_for_go(c);
	/*
	 * From now on nobody in the room can look into init (its memory is a copy of belljar's) nor
	 * see it in /proc. Not earlier: the supervisor of a rootless room has no right over a
	 * process whose memory belongs to the host's user namespace and is not dumpable.
	 */
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		_exit(1);
	close(c->listener);
}

/* One write, so that the line stays whole among the output of others. */
static void say(const char *what, const char *which, int error)
{
	const char *parts[] = {"belljar: ", what, " ", which, ": ", strerrordesc_np(error), "\n"};
	struct iovec v[ARRAY_SIZE(parts)];

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		const char *part = parts[i] ? parts[i] : "unknown error";

		v[i] = (struct iovec){(void *)(uintptr_t)part, strlen(part)};
	}
	if (writev(2, v, ARRAY_SIZE(v)) < 0)
		return; /* there is nobody to tell */
}

/* execve, looking a plain name up in the PATH of the command's own environment. */
static int exec_found(const struct room_command *cmd)
{
	char *const *argv = (char *const *)(uintptr_t)cmd->argv;
	char *const *env = (char *const *)(uintptr_t)cmd->env;
	const char *path = NULL;
	size_t name = strlen(argv[0]);
	char buf[PATH_MAX];
	int error = ENOENT;

	if (strchr(argv[0], '/')) {
		execve(argv[0], argv, env);
		return errno;
	}
	for (size_t i = 0; env && env[i]; i++)
		if (!strncmp(env[i], "PATH=", 5))
			path = env[i] + 5;
	for (size_t n; path && *path; path += n + (path[n] == ':')) {
		n = strcspn(path, ":");
		if (n == 0 || n + 1 + name + 1 > sizeof(buf))
			continue;
		memcpy(buf, path, n);
		buf[n] = '/';
		memcpy(buf + n + 1, argv[0], name + 1);
		execve(buf, argv, env);
		if (errno != ENOENT && errno != ENOTDIR)
			error = errno;
	}
	return error;
}

/* 0, or errno. */
static int enter(const struct room_command *cmd)
{
	const char *cwd = cmd->cwd ? cmd->cwd : "/build";
	size_t len = strlen(cwd);
	char above[PATH_MAX];
	int error;

	if (chdir(cwd) == 0)
		return 0;
	error = errno;
	say("cannot enter", cwd, error);
	if (!cmd->or_above || len >= sizeof(above))
		return error;
	memcpy(above, cwd, len + 1);
	do {
		while (len > 0 && above[len] != '/')
			len--;
		above[len ? len : 1] = '\0';
		if (chdir(above) == 0)
			return 0;
	} while (len-- > 0);
	return error;
}

/* In the vforked child, which shares init's memory until exec. */
static void __attribute__((noreturn)) run(struct room_child *c, size_t index)
{
	const struct room_command *cmd = &c->commands[index];
	struct room_report r = {.index = (uint32_t)index};
	int status; /* as env(1) has them */

	setsid();
	if (c->terminal >= 0) {
		ioctl(c->terminal, TIOCSCTTY, 0);
		for (int fd = 0; fd < 3; fd++)
			dup2(c->terminal, fd);
	}
	r.value = enter(cmd);
	if (r.value) {
		r.kind = ROOM_REPORT_NOCWD;
		status = 125;
	} else {
		r.kind = ROOM_REPORT_NOEXEC;
		r.value = exec_found(cmd);
		say("cannot run", cmd->argv[0], (int)r.value);
		status = r.value == ENOENT || r.value == ENOTDIR ? 127 : 126;
	}
	room_send(c->control, &r, -1);
	_exit(status);
}

/*
 * Pids are given in sequence, so that the next one tells how many processes and threads there were
 * (init itself and this one do not count).
 */
static uint32_t count_processes(void)
{
	pid_t pid = vfork();

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return pid > 2 ? (uint32_t)pid - 2 : 0;
}

static int status_of(int wait_status)
{
	if (WIFSIGNALED(wait_status))
		return 128 + WTERMSIG(wait_status);
	return WEXITSTATUS(wait_status);
}

/* Run one command and reap whatever is orphaned to init meanwhile. */
static int run_and_wait(struct room_child *c, size_t index)
{
	struct room_report r = {.index = (uint32_t)index};
	int status = 0;
	pid_t pid, done;

	pid = vfork();
	if (pid == 0)
		run(c, index);
	if (pid < 0) {
		r.kind = ROOM_REPORT_NOEXEC;
		r.value = errno;
		say("cannot run", c->commands[index].argv[0], (int)r.value);
		room_send(c->control, &r, -1);
		status = 126 << 8;
	}
	while (pid > 0 && (done = waitpid(-1, &status, __WALL)) != pid)
		if (done < 0 && errno != EINTR)
			_exit(1);
	r.kind = ROOM_REPORT_END;
	r.value = status_of(status);
	r.processes = c->uncounted ? 0 : count_processes();
	if (room_send(c->control, &r, -1) < 0)
		_exit(1);
	return r.value;
}

void room_child_main(struct room_child *c)
{
	int status = 0;

	default_signals();
	apply(c);
	wait_for_supervisor(c);
	for (size_t i = 0; i < c->n_commands && status == 0; i++) {
		if (i > 0)
			wait_for_go(c);
		status = run_and_wait(c, i);
	}
	/* pid 1 of the namespace: the kernel kills and reaps everything else before we are gone */
	_exit(0);
}
