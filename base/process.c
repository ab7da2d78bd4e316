/* SPDX-License-Identifier: Apache-2.0 */
#include <base/process.h>

#include <base/cleanup.h>
#include <base/file.h>
#include <base/printable.h>
#include <base/str.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define SHOWN_MAX 300 /* of a path in a message */

enum { FD_PIPE = -1, FD_NULL = -2, FD_INHERIT = -3 };

/* What the child needs, prepared before fork so that it allocates nothing. */
struct launch {
	const struct process_spec *spec;
	int std[3]; /* for fd 0, 1, 2; FD_INHERIT: leave */
	int report; /* the child's errno goes here when exec does not happen */
	pid_t parent;
};

static void default_signals(void)
{
	struct sigaction sa = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		sigaction(i, &sa, NULL); /* fails for SIGKILL and such, which cannot be changed */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* All sources leave 0..2 first, so that no dup2 covers one that is still needed. */
static bool place_fds(const struct launch *l, int *report)
{
	int high[3];

	*report = fcntl(l->report, F_DUPFD_CLOEXEC, 3);
	if (*report < 0)
		return false;
	for (int i = 0; i < 3; i++) {
		high[i] = l->std[i] < 0 ? -1 : fcntl(l->std[i], F_DUPFD_CLOEXEC, 3);
		if (l->std[i] >= 0 && high[i] < 0)
			return false;
	}
	for (int i = 0; i < 3; i++)
		if (high[i] >= 0 && dup2(high[i], i) < 0)
			return false;
	/* Whatever a library opened without O_CLOEXEC stays here. */
	if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return false;
	for (size_t i = 0; i < l->spec->n_keep_fds; i++)
		if (fcntl(l->spec->keep_fds[i], F_SETFD, 0) < 0)
			return false;
	return true;
}

/* After fork: only async-signal-safe calls. */
static void run_child(const struct launch *l) __attribute__((noreturn));

static void run_child(const struct launch *l)
{
	char *const *env = l->spec->env ? (char *const *)(uintptr_t)l->spec->env : environ;
	int report = l->report, why;
	ssize_t n;

	default_signals();
	/* The parent may be gone already, and then nobody would send the signal. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() != l->parent)
		_exit(127);
	if (place_fds(l, &report))
		execvpe(l->spec->argv[0], (char *const *)(uintptr_t)l->spec->argv, env);
	why = errno;
	n = write(report, &why, sizeof(why));
	(void)n;
	_exit(127);
}

/* One of the three: *out_child is for the child, *out_kept the parent's end of a pipe or -1. */
static int prepare_fd(int wanted, bool input, int *out_child, int *out_kept, struct err *err)
{
	int ends[2];

	if (wanted >= 0) {
		*out_child = fcntl(wanted, F_DUPFD_CLOEXEC, 3);
		if (*out_child < 0)
			return err_set(err, ERR_BUG, errno, "fd %d for a child", wanted);
		return 0;
	}
	switch (wanted) {
	case FD_INHERIT:
		return 0;
	case FD_NULL:
		*out_child = open("/dev/null", (input ? O_RDONLY : O_WRONLY) | O_CLOEXEC);
		if (*out_child < 0)
			return err_set(err, ERR_HOST, errno, "open /dev/null");
		return 0;
	case FD_PIPE:
		if (pipe2(ends, O_CLOEXEC) < 0)
			return err_set(err, ERR_HOST, errno, "pipe");
		*out_child = ends[input ? 0 : 1];
		*out_kept = ends[input ? 1 : 0];
		return 0;
	default:
		return err_set(err, ERR_BUG, 0, "%d stands for no fd of a child", wanted);
	}
}

static void close_ends(struct launch *l)
{
	for (int i = 0; i < 3; i++)
		cleanup_closep(&l->std[i]);
	cleanup_closep(&l->report);
}

/* A path may hold anything, a message is one line. */
static int fail_start(const char *path, int why, struct err *err)
{
	_cleanup_free_ char *shown = printable(path, SHOWN_MAX);

	return err_set(err, ERR_HOST, why, "start %s", shown);
}

/* Wait for exec: the pipe closes without a word when it succeeded. */
static int await_exec(struct process *p, int fd, const char *name, struct err *err)
{
	int why = 0;
	ssize_t n;

	do
		n = read(fd, &why, sizeof(why));
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return 0;
	if (n < 0)
		why = errno;
	process_release(p);
	return fail_start(name, why, err);
}

static int fork_child(struct process *p, const struct launch *l, struct err *err)
{
	p->pid = fork();
	if (p->pid == 0)
		run_child(l);
	if (p->pid < 0)
		return err_set(err, ERR_HOST, errno, "fork");
	p->pidfd = pidfd_open(p->pid, 0);
	if (p->pidfd < 0)
		return err_set(err, ERR_HOST, errno, "pidfd_open");
	return 0;
}

int process_start(struct process *p, const struct process_spec *spec, struct err *err)
{
	_cleanup_(close_ends) struct launch l = {
		.spec = spec, .std = {-1, -1, -1}, .report = -1, .parent = getpid()};
	_cleanup_close_ int told = -1;
	int ends[2];

	*p = PROCESS_INIT;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(err, ERR_HOST, errno, "pipe");
	told = ends[0];
	l.report = ends[1];
	if (prepare_fd(spec->in_fd, true, &l.std[0], &p->in, err) < 0 ||
	    prepare_fd(spec->out_fd, false, &l.std[1], &p->out, err) < 0 ||
	    prepare_fd(spec->err_fd, false, &l.std[2], &p->errfd, err) < 0 ||
	    fork_child(p, &l, err) < 0) {
		_cleanup_free_ char *shown = printable(spec->argv[0], SHOWN_MAX);

		process_release(p);
		return err_wrap(err, "start %s", shown);
	}
	close_ends(&l);
	for (int i = 0; i < 3; i++)
		l.std[i] = -1;
	l.report = -1;
	return await_exec(p, told, spec->argv[0], err);
}

static void close_fd(int *fd)
{
	cleanup_closep(fd);
	*fd = -1;
}

int process_wait(struct process *p, int *out_status, struct err *err)
{
	pid_t pid;
	int status;

	if (p->pid < 0)
		return err_set(err, ERR_BUG, 0, "wait for a process that does not run");
	do
		pid = waitpid(p->pid, &status, 0);
	while (pid < 0 && errno == EINTR);
	if (pid < 0)
		return err_set(err, ERR_BUG, errno, "wait for process %d", (int)p->pid);
	p->pid = -1;
	close_fd(&p->pidfd);
	*out_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return 0;
}

void process_release(struct process *p)
{
	if (p->pid > 0) {
		kill(p->pid, SIGKILL); /* not reaped yet, so the number is still its own */
		while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	p->pid = -1;
	close_fd(&p->pidfd);
	close_fd(&p->in);
	close_fd(&p->out);
	close_fd(&p->errfd);
}

/* Read what is there: more is read than kept, so that the child never blocks. False at the end. */
static bool drain(int fd, struct strbuf *sb, size_t max)
{
	char buf[16384];

	for (;;) {
		ssize_t n = read(fd, buf, sizeof(buf));
		size_t room = max > sb->len ? max - sb->len : 0;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 && errno == EAGAIN;
		strbuf_add(sb, buf, (size_t)n < room ? (size_t)n : room);
	}
}

static int collect(struct process *p, struct strbuf *out, struct strbuf *errtext, size_t max,
		   struct err *err)
{
	struct pollfd fds[] = {{.fd = p->out, .events = POLLIN},
			       {.fd = p->errfd, .events = POLLIN},
			       {.fd = p->pidfd, .events = POLLIN}};

	for (int i = 0; i < 2; i++)
		if (fds[i].fd >= 0)
			fcntl(fds[i].fd, F_SETFL, O_NONBLOCK);
	for (;;) {
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0) {
			if (errno == EINTR)
				continue;
			return err_set(err, ERR_HOST, errno, "poll");
		}
		if (fds[0].fd >= 0 && !drain(fds[0].fd, out, max))
			fds[0].fd = -1;
		if (fds[1].fd >= 0 && !drain(fds[1].fd, errtext, max))
			fds[1].fd = -1;
		/* Drained after its end was seen: a grandchild that keeps a pipe is not awaited. */
		if (fds[2].revents)
			return 0;
	}
}

static int input_fd(const char *input, struct err *err)
{
	/* A file in memory, unlike a pipe, can neither fill up nor break. */
	_cleanup_close_ int fd = memfd_create("input", MFD_CLOEXEC);

	if (fd < 0)
		return err_set(err, ERR_HOST, errno, "memfd_create");
	if (file_write_all(fd, input, strlen(input), err) < 0)
		return -1;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_set(err, ERR_HOST, errno, "lseek");
	return TAKE_FD(fd);
}

int process_capture(const struct process_spec *spec, const char *input, size_t max, int *out_status,
		    char **out, char **errtext, struct err *err)
{
	_cleanup_(process_release) struct process p = PROCESS_INIT;
	_cleanup_(strbuf_release) struct strbuf so = STRBUF_INIT, se = STRBUF_INIT;
	_cleanup_close_ int in = -1;
	struct process_spec s = *spec;

	if (input) {
		in = input_fd(input, err);
		if (in < 0)
			return -1;
	}
	if (input || s.in_fd == FD_PIPE)
		s.in_fd = input ? in : FD_NULL;
	s.out_fd = out ? FD_PIPE : FD_NULL;
	s.err_fd = errtext ? FD_PIPE : FD_NULL;
	if (process_start(&p, &s, err) < 0 || collect(&p, &so, &se, max, err) < 0 ||
	    process_wait(&p, out_status, err) < 0)
		return -1;
	if (out)
		*out = strbuf_steal(&so);
	if (errtext)
		*errtext = strbuf_steal(&se);
	return 0;
}

#define HELPER_LEVELS 6 /* the executable's own folder and five above it */

int process_helper_path(const char *name, char **out, struct err *err)
{
	const char *env = getenv("BELLJAR_LIBEXEC");
	_cleanup_free_ char *dir = NULL;

	if (env && *env) {
		_cleanup_free_ char *path = path_join(env, name);

		if (access(path, X_OK) < 0) {
			const int why = errno;
			_cleanup_free_ char *shown = printable(path, SHOWN_MAX);

			return err_set(err, ERR_HOST, why, "helper %s (from BELLJAR_LIBEXEC)",
				       shown);
		}
		*out = TAKE_PTR(path);
		return 0;
	}
	if (file_readlink(AT_FDCWD, "/proc/self/exe", &dir, err) < 0)
		return err_wrap(err, "look for helper %s", name);
	for (int i = 0; i < HELPER_LEVELS; i++) {
		_cleanup_free_ char *path = NULL;
		char *slash = strrchr(dir, '/');

		if (!slash)
			break;
		*slash = '\0';
		path = xasprintf("%s/libexec/belljar/%s", dir, name);
		if (access(path, X_OK) == 0) {
			*out = TAKE_PTR(path);
			return 0;
		}
	}
	return err_set(err, ERR_HOST, ENOENT,
		       "helper %s: not below libexec/belljar beside this program, and "
		       "BELLJAR_LIBEXEC is not set",
		       name);
}
