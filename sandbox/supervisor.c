/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TICK_MS 100
/* Notifications served before the other sources get their turn. */
#define SERVE_MAX 64
#define CHUNK     65536
/* Reads of the output at a time: all that a pipe can hold (room.c asks for 1 MiB). */
#define READS_MAX 16

enum source { S_PID, S_CONTROL, S_OUTPUT, S_LISTENER, S_RECORD, S_USER, S_ROOM, S_COUNT };

double room_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void room_kill(struct room *r)
{
	if (r->pidfd >= 0)
		syscall(SYS_pidfd_send_signal, r->pidfd, SIGKILL, NULL, 0);
	else if (r->pid > 0)
		kill(r->pid, SIGKILL);
}

static void put_value(struct strbuf *sb, uint64_t value, enum limit_unit unit)
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB"};
	size_t u = 0;

	while (unit == LIMIT_BYTES && value >= 1024 && value % 1024 == 0 &&
	       u + 1 < ARRAY_SIZE(units)) {
		value /= 1024;
		u++;
	}
	if (unit != LIMIT_NONE)
		strbuf_addf(sb, ", %llu", (unsigned long long)value);
	if (unit == LIMIT_BYTES)
		strbuf_addf(sb, " %s", units[u]);
	else if (unit == LIMIT_SECONDS)
		strbuf_adds(sb, " s");
}

static void tell_limit(struct room *r, const char *name, struct strbuf *what, const char *answer)
{
	struct ledger_row row = {
		.kind = LEDGER_LIMIT, .object = r->out->limit, .answer = answer, .refused = true};

	if (*name)
		strbuf_addf(what, " (--limit %s=N raises it)", name);
	snprintf(r->out->limit, sizeof(r->out->limit), "%s", strbuf_str(what));
	snprintf(r->out->limit_name, sizeof(r->out->limit_name), "%s", name);
	ledger_tell(r, &row);
}

void room_strike(struct room *r, const char *name, uint64_t value, enum limit_unit unit,
		 const char *fmt, ...)
{
	_cleanup_(strbuf_release) struct strbuf what = STRBUF_INIT;
	va_list ap;

	if (r->end != ROOM_RUNS)
		return;
	usage_strike(r);
	va_start(ap, fmt);
	strbuf_vaddf(&what, fmt, ap);
	va_end(ap);
	put_value(&what, value, unit);
	r->end = ROOM_LIMIT;
	r->out->limit_struck = true;
	tell_limit(r, name, &what, "killed");
	room_kill(r);
}

void room_explain(struct room *r, const char *name, uint64_t value, enum limit_unit unit,
		  const char *fmt, ...)
{
	_cleanup_(strbuf_release) struct strbuf what = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&what, fmt, ap);
	va_end(ap);
	put_value(&what, value, unit);
	tell_limit(r, name, &what, "failed");
}

int room_receive(struct room *r, struct room_report *report, int *out_fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} u;
	struct iovec iov = {report, sizeof(*report)};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = u.space,
			   .msg_controllen = sizeof(u.space)};
	struct cmsghdr *h;
	ssize_t n;

	*out_fd = -1;
	n = recvmsg(r->control, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	h = CMSG_FIRSTHDR(&m);
	if (h && h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_RIGHTS)
		memcpy(out_fd, CMSG_DATA(h), sizeof(int));
	return n == (ssize_t)sizeof(*report) ? 1 : n == 0 ? 0 : -1;
}

bool room_go_on(struct room *r)
{
	static const char go = 'g';

	return send(r->control, &go, 1, MSG_NOSIGNAL) == 1;
}

/*
 * Hand on what is in the pipe, but not what is written meanwhile without an end: false at its end.
 */
static bool read_output(struct room *r)
{
	uint64_t max = r->spec->limits.log_bytes ? r->spec->limits.log_bytes : ROOM_LOG_BYTES;
	static _Thread_local char chunk[CHUNK];
	ssize_t n = 0;

	for (int i = 0; i < READS_MAX && (n = read(r->output, chunk, sizeof(chunk))) > 0; i++) {
		size_t len = (size_t)n;

		if (r->logged + len > max)
			len = (size_t)(max - r->logged);
		r->logged += len;
		if (len && r->handler->on_output)
			r->handler->on_output(r->handler->arg, chunk, len);
		if (len < (size_t)n) {
			room_strike(r, "log", max, LIMIT_BYTES, "size of the log");
			return false;
		}
		if (n < (ssize_t)sizeof(chunk))
			return true;
	}
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void drain_output(struct room *r)
{
	if (r->output >= 0)
		read_output(r);
	if (r->terminal.master >= 0)
		terminal_from_room(&r->terminal);
	if (r->spec->record_fd >= 0)
		record_read(r);
}

/* Before anything that the command writes or asks is looked at: it is known as its own. */
static void phase_begins(struct room *r)
{
	if (r->ended == r->spec->n_commands)
		return;
	r->phase = r->ended;
	r->in_phase = true;
	r->phase_start = room_now();
	if (r->handler->on_phase)
		r->handler->on_phase(r->handler->arg, &(struct room_phase){.index = r->phase});
}

static void phase_ends(struct room *r, const struct room_report *report)
{
	struct room_result *out = r->out;
	struct room_phase phase = {.index = r->phase, .ended = true};

	drain_output(r); /* what it wrote comes before the news of its end */
	r->in_phase = false;
	r->ended = r->phase + 1;
	out->status = phase.status = report->value & 0xff;
	out->processes = report->processes;
	if (out->status != 0)
		out->failed = r->phase;
	if (!r->handler->on_phase)
		return;
	phase.seconds = room_now() - r->phase_start;
	usage_phase(r, &phase);
	r->handler->on_phase(r->handler->arg, &phase);
}

/* The command that ended was told of, with all that it wrote: init waits for the word to go on. */
static void next_phase(struct room *r)
{
	if (r->out->status == 0 && r->end == ROOM_RUNS && r->ended < r->spec->n_commands &&
	    room_go_on(r))
		phase_begins(r);
}

static void not_started(struct room *r, const struct room_report *report)
{
	struct room_result *out = r->out;

	out->start = report->kind == ROOM_REPORT_NOCWD ? ROOM_NO_CWD : ROOM_NO_EXEC;
	out->start_errno = report->value;
	if (out->start == ROOM_NO_CWD)
		room_look_for_cwd(r);
}

/*
 * Commands run one after the other, each when we say so, so that the only reports a sane init sends
 * are about the running one: that it did not start, and its end. Anything else ends the room.
 */
static bool read_report(struct room *r)
{
	struct room_report report;
	int fd, n = room_receive(r, &report, &fd);

	cleanup_closep(&fd);
	if (n == 0)
		return false;
	if (n < 0 || !r->in_phase || report.index != r->phase) {
		room_kill(r);
		return false;
	}
	switch (report.kind) {
	case ROOM_REPORT_NOCWD:
	case ROOM_REPORT_NOEXEC:
		not_started(r, &report);
		return true;
	case ROOM_REPORT_END:
		phase_ends(r, &report);
		next_phase(r);
		return true;
	default:
		room_kill(r);
		return false;
	}
}

static void watch(struct room *r, struct pollfd *p)
{
	const int fds[S_COUNT] = {[S_PID] = r->pidfd,
				  [S_CONTROL] = r->hung_up ? -1 : r->control,
				  [S_OUTPUT] = r->output,
				  [S_LISTENER] = r->listener,
				  [S_RECORD] = r->spec->record_fd,
				  [S_USER] = r->terminal.in,
				  [S_ROOM] = r->terminal.master};

	for (int i = 0; i < S_COUNT; i++)
		p[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
	if (r->terminal.rest_len) {
		p[S_USER].fd = -1;
		p[S_ROOM].events |= POLLOUT;
	}
}

static void serve(struct room *r, struct pollfd *p)
{
	if (p[S_CONTROL].revents & POLLIN)
		while (read_report(r))
			;
	/* init is on its way out: do not take the CPU away from it by polling its closed end */
	if (p[S_CONTROL].revents & POLLHUP)
		r->hung_up = true;
	for (int i = 0; p[S_LISTENER].revents & POLLIN && i < SERVE_MAX; i++) {
		if (!ledger_serve(r) || poll(&p[S_LISTENER], 1, 0) <= 0)
			break;
	}
	/* no process with the filter is left */
	if (p[S_LISTENER].revents & POLLHUP && !(p[S_LISTENER].revents & POLLIN)) {
		close(r->listener);
		r->listener = -1;
	}
	if (p[S_OUTPUT].revents && !read_output(r)) {
		close(r->output);
		r->output = -1;
	}
	if (p[S_RECORD].revents & POLLIN)
		record_read(r);
	if (p[S_USER].revents || p[S_ROOM].revents & POLLOUT)
		terminal_from_user(&r->terminal);
	if (p[S_ROOM].revents & (POLLIN | POLLHUP) && !terminal_from_room(&r->terminal)) {
		close(r->terminal.master);
		r->terminal.master = -1;
	}
}

static void tick(struct room *r, double now)
{
	uint64_t max =
		r->spec->limits.wall_seconds ? r->spec->limits.wall_seconds : ROOM_WALL_SECONDS;

	if (r->terminal.master >= 0)
		terminal_resize(&r->terminal);
	if (now - r->start > (double)max)
		room_strike(r, "time", max, LIMIT_SECONDS, "wall time");
	if (r->end == ROOM_RUNS)
		watch_look(r, now);
	if (r->end == ROOM_RUNS && r->handler->on_tick && r->handler->on_tick(r->handler->arg)) {
		r->end = ROOM_STOPPED;
		room_kill(r);
	}
}

/* Reap init: with it, every process of its pid namespace is gone. */
static int reap(struct room *r)
{
	struct rusage ru = {0};
	int status = 0;
	pid_t pid;

	do
		pid = wait4(r->pid, &status, __WALL, &ru);
	while (pid < 0 && errno == EINTR);
	r->pid = -1;
	usage_end(r, &ru);
	return pid < 0 ? 0 : status;
}

static int conclude(struct room *r, int wait_status, struct err *err)
{
	struct room_result *out = r->out;
	bool clean = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0;

	while (read_report(r))
		;
	drain_output(r);
	if (r->end == ROOM_STOPPED)
		return err_set(err, ERR_INTERRUPTED, 0, "interrupted");
	if (r->end == ROOM_RUNS && clean &&
	    (out->failed < r->spec->n_commands || r->ended == r->spec->n_commands)) {
		if (out->status)
			watch_explain(r);
		return 0;
	}
	/* killed by a limit, by the kernel for want of memory, or by its own doing */
	if (out->failed == r->spec->n_commands) {
		out->failed = r->in_phase ? r->phase : r->ended ? r->ended - 1 : 0;
		out->status = 128 + SIGKILL;
	}
	if (r->end != ROOM_LIMIT)
		watch_explain(r);
	if (!*out->limit)
		room_explain(r, "", 0, LIMIT_NONE, "the room was killed from outside");
	out->limit_struck = true;
	return 0;
}

int room_supervise(struct room *r, struct err *err)
{
	struct pollfd p[S_COUNT];
	double now, next = room_now();

	phase_begins(r);
	do {
		watch(r, p);
		if (poll(p, S_COUNT, TICK_MS) < 0 && errno != EINTR)
			return err_set(err, ERR_HOST, errno, "room: poll");
		serve(r, p);
		now = room_now();
		if (now >= next) {
			tick(r, now);
			next = now + TICK_MS / 1000.0;
		}
	} while (!(p[S_PID].revents & POLLIN));
	return conclude(r, reap(r), err);
}
