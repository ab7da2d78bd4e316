/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unpack: a server for one caller. Stdin is a SOCK_SEQPACKET socket; each message is a JSON request
 * with two fds (the archive, the directory); each answer is one JSON message. See ../README.md.
 *
 * This process never reads an archive. It is loaded once and forks a child for each request, which
 * shuts itself in with its one directory before it reads the first byte: so a hostile package
 * reaches neither another package's tree nor another's answer, and no package pays for the loader.
 */
#include "unpack.h"

#include <base/cleanup.h>
#include <base/confine.h>
#include <base/json.h>
#include <base/printable.h>
#include <base/str.h>
#include <fcntl.h>
#include <iconv.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define MAX_CHILDREN 64
#define MAX_REQUEST  8192

/* What a child writes to its pipe, in one write: smaller than PIPE_BUF. */
struct answer {
	struct unpack_stats stats;
	struct err err;
};

struct child {
	pid_t pid; /* 0: free */
	int pipe;
	json_int_t id;
};

struct server {
	struct child children[MAX_CHILDREN];
	bool closed; /* the caller sends no more */
};

static int say(json_t *answer_taken, struct err *err)
{
	_cleanup_json_ json_t *answer = answer_taken;
	_cleanup_free_ char *text = NULL;

	if (json_canonical(answer, &text, err) < 0)
		return -1;
	/* a caller that is gone is seen at the next receive() */
	if (send(STDIN_FILENO, text, strlen(text), MSG_NOSIGNAL) < 0 && errno != EPIPE)
		return err_set(err, ERR_BUG, errno, "answer");
	return 0;
}

static int say_result(json_int_t id, const struct answer *a, struct err *err)
{
	json_t *answer = json_object();
	_cleanup_free_ char *text = NULL;

	json_set(answer, "id", json_integer(id));
	if (a->err.code) {
		text = printable(a->err.msg, sizeof(a->err.msg));
		json_set(answer, "code", json_integer(a->err.code));
		json_set_str(answer, "error", text);
	} else {
		json_set(answer, "entries", json_integer((json_int_t)a->stats.entries));
		json_set(answer, "bytes", json_integer((json_int_t)a->stats.bytes));
	}
	return say(answer, err);
}

/* ---- the child ---- */

/* Nothing but these three fds and stderr: not the caller's socket, no sibling's pipe. */
static int keep_only(int *archive_fd, int *dirfd, int *out, struct err *err)
{
	int *fds[] = {archive_fd, dirfd, out};

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		*fds[i] = fcntl(*fds[i], F_DUPFD_CLOEXEC, 100);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		*fds[i] = dup2(*fds[i], 3 + (int)i);
	if (*archive_fd < 0 || *dirfd < 0 || *out < 0 || close(0) < 0 || close_range(6, ~0u, 0) < 0)
		return err_set(err, ERR_HOST, errno, "arrange file descriptors");
	return 0;
}

static int shut_in(int dirfd, struct err *err)
{
	const struct rlimit none = {0};
	const struct confine c = {.write_fds = &dirfd, .n_write_fds = 1};
	const char *missing;

	if (setrlimit(RLIMIT_CORE, &none) < 0)
		return err_set(err, ERR_HOST, errno, "setrlimit");
	return confine_self(&c, &missing, err);
}

static void child_main(struct unpack_job *job, int out, pid_t parent)
{
	struct answer a = {0};

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	if (keep_only(&job->archive_fd, &job->dirfd, &out, &a.err) == 0 &&
	    shut_in(job->dirfd, &a.err) == 0 && unpack_archive(job, &a.stats, &a.err) < 0 &&
	    a.err.code == 0)
		a.err.code = ERR_BUG;
	_exit(write(out, &a, sizeof(a)) == sizeof(a) ? 0 : 1);
}

/* ---- the server ---- */

static int start_child(struct server *s, json_int_t id, struct unpack_job *job, struct err *err)
{
	_cleanup_close_ int rd = -1, wr = -1;
	const pid_t self = getpid();
	struct child *c = s->children;
	int fds[2];
	pid_t pid;

	while (c < s->children + MAX_CHILDREN && c->pid)
		c++;
	if (c == s->children + MAX_CHILDREN)
		return err_set(err, ERR_BUG, 0, "more than %d requests at once", MAX_CHILDREN);
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(err, ERR_HOST, errno, "pipe");
	rd = fds[0];
	wr = fds[1];
	pid = fork();
	if (pid < 0)
		return err_set(err, ERR_HOST, errno, "fork");
	if (pid == 0)
		child_main(job, wr, self);
	*c = (struct child){.pid = pid, .pipe = TAKE_FD(rd), .id = id};
	return 0;
}

static int finish_child(struct child *c, struct err *err)
{
	struct answer a = {0};
	ssize_t n = read(c->pipe, &a, sizeof(a));
	int status;

	close(c->pipe);
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	c->pid = 0;
	if (n != sizeof(a) || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		err_clear(&a.err);
		err_set(&a.err, ERR_INPUT, 0, "the unpacking process died (%s %d)",
			WIFSIGNALED(status) ? "signal" : "exit",
			WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	}
	a.err.msg[sizeof(a.err.msg) - 1] = '\0';
	return say_result(c->id, &a, err);
}

/* Take the two fds out of the message; -1 where one is missing. */
static void take_fds(struct msghdr *msg, int fds[2])
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);

	fds[0] = fds[1] = -1;
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(2 * sizeof(int)))
		memcpy(fds, CMSG_DATA(c), 2 * sizeof(int));
}

static int handle(struct server *s, const char *text, size_t len, const int fds[2], struct err *err)
{
	_cleanup_json_ json_t *request = NULL;
	struct unpack_job job = {.archive_fd = fds[0], .dirfd = fds[1]};

	if (json_parse("request", text, len, &request, err) < 0)
		return -1;
	if (fds[0] < 0 || fds[1] < 0)
		return err_set(err, ERR_BUG, 0, "a request without its two fds");
	job.name = json_get_str(request, "name", "archive");
	job.deb = strcmp(json_get_str(request, "kind", ""), "deb") == 0;
	job.strip = (unsigned)json_get_int(request, "strip", 0);
	job.max_bytes = (uint64_t)json_get_int(request, "max_bytes", 0);
	job.max_entries = (uint64_t)json_get_int(request, "max_entries", 0);
	return start_child(s, json_get_int(request, "id", -1), &job, err);
}

static int receive(struct server *s, struct err *err)
{
	char text[MAX_REQUEST];
	char control[CMSG_SPACE(2 * sizeof(int))] __attribute__((aligned(8)));
	struct iovec iov = {.iov_base = text, .iov_len = sizeof(text)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(STDIN_FILENO, &msg, MSG_CMSG_CLOEXEC);
	int fds[2], r;

	if (n < 0 && errno == EINTR)
		return 0;
	if (n < 0 && errno != ECONNRESET)
		return err_set(err, ERR_BUG, errno, "request");
	if (n <= 0) {
		s->closed = true;
		return 0;
	}
	take_fds(&msg, fds);
	r = handle(s, text, (size_t)n, fds, err);
	cleanup_closep(&fds[0]);
	cleanup_closep(&fds[1]);
	return r;
}

/* Nothing is finished for nobody; and when we are gone, nothing writes there any more. */
static void end_children(struct server *s)
{
	for (struct child *c = s->children; c < s->children + MAX_CHILDREN; c++)
		if (c->pid)
			kill(c->pid, SIGKILL);
	for (struct child *c = s->children; c < s->children + MAX_CHILDREN; c++)
		while (c->pid && waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
			;
}

static int serve(struct server *s, struct err *err)
{
	while (!s->closed) {
		struct pollfd p[MAX_CHILDREN + 1] = {{.fd = STDIN_FILENO, .events = POLLIN}};

		for (size_t i = 0; i < MAX_CHILDREN; i++) {
			bool used = s->children[i].pid != 0;

			p[i + 1] = (struct pollfd){.fd = used ? s->children[i].pipe : -1,
						   .events = POLLIN};
		}
		if (poll(p, MAX_CHILDREN + 1, -1) < 0 && errno != EINTR)
			return err_set(err, ERR_BUG, errno, "poll");
		for (size_t i = 0; i < MAX_CHILDREN; i++)
			if (p[i + 1].revents && finish_child(&s->children[i], err) < 0)
				return -1;
		if (p[0].revents && receive(s, err) < 0)
			return -1;
	}
	return 0;
}

int main(void)
{
	struct server s = {0};
	struct err err = ERR_INIT;
	iconv_t warm;
	int r;

	/* names in pax headers are UTF-8; a child can no longer open the locale's files */
	setlocale(LC_CTYPE, "C.UTF-8");
	warm = iconv_open("UTF-8", "UTF-8");
	if (warm != (iconv_t)-1)
		iconv_close(warm);
	umask(022);
	r = serve(&s, &err);
	end_children(&s);
	if (r == 0)
		return 0;
	dprintf(STDERR_FILENO, "unpack: %s\n", err.msg);
	return err.code;
}
