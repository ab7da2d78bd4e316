/* SPDX-License-Identifier: Apache-2.0 */
#include "alone.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <base/str.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static int write_map(const char *path, const char *text, struct err *err)
{
	_cleanup_close_ int fd = file_open(AT_FDCWD, path, O_WRONLY, 0, err);

	return fd < 0 ? -1 : file_write_all(fd, text, strlen(text), err);
}

/* user_namespaces(7): who one was, one stays, so that files belong to whom they did. */
static int map_ids(unsigned uid, unsigned gid, struct err *err)
{
	_cleanup_free_ char *user = xasprintf("%u %u 1", uid, uid);
	_cleanup_free_ char *group = xasprintf("%u %u 1", gid, gid);

	if (write_map("/proc/self/setgroups", "deny", err) < 0 ||
	    write_map("/proc/self/uid_map", user, err) < 0)
		return -1;
	return write_map("/proc/self/gid_map", group, err);
}

static int enter(struct err *err)
{
	const unsigned uid = geteuid(), gid = getegid();
	const pid_t parent = getppid();

	if (unshare(CLONE_NEWUSER | CLONE_NEWPID) < 0)
		return err_set(err, ERR_HOST, errno,
			       "git cannot be given a process namespace of its own");
	if (map_ids(uid, gid, err) < 0)
		return err_wrap(err, "git cannot be given a process namespace of its own");
	/* The change of credentials cleared what the caller had set. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return err_set(err, ERR_HOST, errno, "PR_SET_PDEATHSIG");
	if (getppid() != parent)
		return err_set(err, ERR_INTERRUPTED, 0, "the caller is gone");
	return 0;
}

static int status_of(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static pid_t wait_for(pid_t which, int *status)
{
	pid_t pid;

	do
		pid = waitpid(which, status, 0);
	while (pid < 0 && errno == EINTR);
	return pid;
}

/*
 * Process 1 of the namespace. No signal that it has no handler for reaches it, but the kernel's
 * SIGKILL; with its end the kernel kills and reaps all others, and only then tells the parent.
 */
static int be_init(int alive, int (*fn)(void *arg), void *arg)
{
	struct pollfd gone = {.fd = alive, .events = 0};
	sigset_t none;
	int status = 0;
	pid_t pid, found;

	/* From here on the signal comes; had the parent died before, the pipe says so. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || poll(&gone, 1, 0) != 0)
		return 127;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	pid = fork();
	if (pid == 0)
		return fn(arg);
	if (pid < 0)
		return 127;
	do
		found = wait_for(-1, &status);
	while (found > 0 && found != pid);
	return found == pid ? status_of(status) : 127;
}

/* The signals are blocked, so none is lost between looking and waiting. */
static int await(pid_t init, const sigset_t *signals)
{
	int status = 0, asked = 0;

	for (;;) {
		int sig = sigwaitinfo(signals, NULL);

		if (sig == SIGCHLD && waitpid(init, &status, WNOHANG) == init)
			return asked ? 128 + asked : status_of(status);
		if (sig < 0 || sig == SIGCHLD)
			continue;
		asked = sig;
		kill(init, SIGKILL);
	}
}

int alone_run(int (*fn)(void *arg), void *arg, struct err *err)
{
	_cleanup_close_ int alive = -1, ours = -1;
	sigset_t signals;
	int ends[2];
	pid_t init;

	sigemptyset(&signals);
	for (size_t i = 0; i < 4; i++)
		sigaddset(&signals, (int[]){SIGCHLD, SIGINT, SIGTERM, SIGHUP}[i]);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	if (enter(err) < 0)
		return -1;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(err, ERR_HOST, errno, "pipe");
	alive = ends[0];
	ours = ends[1];
	init = fork();
	if (init < 0)
		return err_set(err, ERR_HOST, errno, "fork");
	if (init == 0) {
		close(TAKE_FD(ours));
		_exit(be_init(alive, fn, arg));
	}
	return await(init, &signals);
}
