/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include "filter.h"
#include "hooks.h"
#include "kernel.h"
#include <base/file.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A room whose set-up takes longer than this hangs; the slowest seen took 40 ms. */
#define SETUP_MS 20000

static void room_init(struct room *r, const struct room_spec *spec,
		      const struct room_handler *handler, struct room_result *out)
{
	static const struct room_handler silent;

	*r = (struct room){.spec = spec, .handler = handler ? handler : &silent, .out = out};
	r->pid = r->control = r->pidfd = r->listener = r->output = -1;
	r->slot = r->cgroup = -1;
	r->terminal.master = r->terminal.in = r->terminal.out = r->terminal.tty = -1;
	r->start = room_now();
	for (int i = 0; i < 3; i++)
		r->child.stdio[i] = -1;
	r->child.control = r->child.root = r->child.ruleset = -1;
	r->child.terminal = r->child.listener = r->child.folder = -1;
	r->child.fail_at = hook_fail_at();
	r->facts.root.tree = -1;
	r->watch.meminfo = r->watch.loadavg = -1;
	ledger_init(&r->ledger);
	*out = (struct room_result){.failed = spec->n_commands};
}

/* Kill what is left, reap it, give everything back. */
static void room_release(struct room *r)
{
	if (r->pid > 0) {
		room_kill(r);
		while (waitpid(r->pid, NULL, __WALL) < 0 && errno == EINTR)
			;
	}
	terminal_close(&r->terminal);
	watch_close(&r->watch);
	for (int i = 0; i < 3; i++)
		cleanup_closep(&r->child.stdio[i]);
	cleanup_closep(&r->child.control);
	cleanup_closep(&r->control);
	cleanup_closep(&r->pidfd);
	cleanup_closep(&r->listener);
	cleanup_closep(&r->output);
	room_cgroup_remove(r);
	room_facts_release(&r->facts);
	room_plan_release(&r->plan);
	ledger_release(&r->ledger);
	strbuf_release(&r->scratch);
	cleanup_closep(&r->slot);
}

/*
 * A directory as stdin would be a way out of the room (openat(0, "..")), whatever the mounts say.
 */
static int check_stdio(int fd, const char *name, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_set(err, ERR_USAGE, errno, "room: %s is descriptor %d", name, fd);
	if (S_ISDIR(st.st_mode) || (fcntl(fd, F_GETFL) & O_PATH))
		return err_set(err, ERR_USAGE, 0, "room: %s is a directory", name);
	return 0;
}

/* Above 2, so that the child can put them on 0, 1 and 2 in any order. */
static int duplicate(int fd, int *out, struct err *err)
{
	*out = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return *out < 0 ? err_set(err, ERR_HOST, errno, "room: duplicate descriptor %d", fd) : 0;
}

static int open_stdio(struct room *r, struct err *err)
{
	static const char *const names[] = {"stdin", "stdout", "stderr"};
	const int given[] = {r->spec->stdin_fd, r->spec->stdout_fd, r->spec->stderr_fd};
	_cleanup_close_ int in = -1;
	int pipe_fds[2];

	for (int i = 0; i < 3; i++)
		if (given[i] >= 0 && check_stdio(given[i], names[i], err) < 0)
			return -1;
	if (r->spec->terminal) /* the room's own terminal replaces all three */
		return 0;
	for (int i = 0; i < 3; i++)
		if (given[i] >= 0 && duplicate(given[i], &r->child.stdio[i], err) < 0)
			return -1;
	if (given[1] >= 0 && given[2] >= 0)
		return 0;
	/* one pipe for both, so that their order is kept */
	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_set(err, ERR_HOST, errno, "room: pipe");
	r->output = pipe_fds[0];
	in = pipe_fds[1];
	fcntl(r->output, F_SETFL, O_NONBLOCK);
	fcntl(r->output, F_SETPIPE_SZ, 1 << 20);
	/* as root: or else "> /dev/stderr" would be refused, which works in a rootless room */
	if (r->facts.root_mode && fchown(in, r->facts.uid, r->facts.gid) < 0)
		return err_set(err, ERR_HOST, errno, "room: give the output pipe to the room");
	for (int i = 1; i < 3; i++)
		if (given[i] < 0 && duplicate(in, &r->child.stdio[i], err) < 0)
			return -1;
	return 0;
}

static int compare_ints(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static int keep(struct room_child *c, int fd, struct err *err)
{
	if (fd < 0)
		return 0;
	if (c->n_keep == ARRAY_SIZE(c->keep))
		return err_set(err, ERR_USAGE, 0, "room: more than %zu mounts",
			       ARRAY_SIZE(c->keep) - 1);
	c->keep[c->n_keep++] = fd;
	return 0;
}

static int prepare_child(struct room *r, struct err *err)
{
	struct room_child *c = &r->child;
	int pair[2];

	if (!filter_program(filter_machine(), room_filter_kind(r->spec), &c->filter))
		return err_set(err, ERR_HOST, 0, "room: no system call filter for this machine");
	hook_filter(&c->filter);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(err, ERR_HOST, errno, "room: socketpair");
	r->control = pair[0];
	c->control = pair[1];
	c->plan = &r->plan;
	c->commands = r->spec->commands;
	c->n_commands = r->spec->n_commands;
	c->uncounted = r->spec->uncounted;
	if (open_stdio(r, err) < 0 || keep(c, c->control, err) < 0)
		return -1;
	for (size_t i = 0; i < r->plan.n; i++)
		if (r->plan.ops[i].kind == ROOM_OP_TREE && keep(c, r->plan.ops[i].fd, err) < 0)
			return -1;
	qsort(c->keep, c->n_keep, sizeof(c->keep[0]), compare_ints);
	return 0;
}

/* As root: a first process steps down and clones init as our child, then goes. */
static int start_dropped(struct room *r, struct err *err)
{
	int pipe_fds[2];
	long pid = -ECHILD;
	pid_t first;

	r->child.drop_uid = r->facts.uid;
	r->child.drop_gid = r->facts.gid;
	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_set(err, ERR_HOST, errno, "room: pipe");
	first = fork();
	if (first == 0)
		room_child_drop(&r->child, pipe_fds[1]);
	close(pipe_fds[1]);
	if (first > 0) {
		if (read(pipe_fds[0], &pid, sizeof(pid)) != (ssize_t)sizeof(pid))
			pid = -ECHILD;
		while (waitpid(first, NULL, 0) < 0 && errno == EINTR)
			;
	} else {
		pid = -errno;
	}
	close(pipe_fds[0]);
	if (pid < 0)
		return room_fail_clone((int)-pid, err);
	r->pid = (pid_t)pid;
	r->pidfd = (int)syscall(SYS_pidfd_open, r->pid, 0);
	return r->pidfd < 0 ? err_set(err, ERR_HOST, errno, "room: pidfd_open") : 0;
}

static int start_rootless(struct room *r, struct err *err)
{
	long pid = room_clone(0, &r->pidfd);

	if (pid == 0)
		room_child_main(&r->child);
	if (pid < 0)
		return room_fail_clone((int)-pid, err);
	r->pid = (pid_t)pid;
	return 0;
}

static int start(struct room *r, struct err *err)
{
	int ret = r->facts.root_mode ? start_dropped(r, err) : start_rootless(r, err);

	/* only the child may hold its ends: their closing tells us of its death */
	cleanup_closep(&r->child.control);
	r->child.control = -1;
	for (int i = 0; i < 3; i++) {
		cleanup_closep(&r->child.stdio[i]);
		r->child.stdio[i] = -1;
	}
	return ret;
}

static int let_go_on(struct room *r, struct err *err)
{
	if (!room_go_on(r))
		return err_set(err, ERR_HOST, errno, "room: the room died during its set-up");
	return 0;
}

static int take_listener(struct room *r, int number, struct err *err)
{
	r->listener = (int)syscall(SYS_pidfd_getfd, r->pidfd, number, 0);
	if (r->listener < 0)
		return err_set(err, ERR_HOST, errno,
			       "room: take the seccomp listener (pidfd_getfd; needs "
			       "kernel.yama.ptrace_scope below 3 and, as root, CAP_SYS_PTRACE)");
	watch_open(r); /* as long as init may still be looked into */
	snprintf(r->out->walls, sizeof(r->out->walls), "%.235s%s%s", r->plan.walls,
		 r->cgroup >= 0 ? " cgroup" : "",
		 r->watch.processes && procs_available() ? " watch" : "");
	/* all that can be raised stands: the last moment before anything of the build runs */
	if (room_require_walls(r->spec->require, r->out->walls, err) < 0)
		return err_wrap(err, "room");
	return let_go_on(r, err);
}

/* Wait until all walls stand. */
static int await_ready(struct room *r, struct err *err)
{
	struct pollfd p = {.fd = r->control, .events = POLLIN};
	struct room_report report;
	int fd, n;

	for (;;) {
		n = poll(&p, 1, SETUP_MS);
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			return err_set(err, ERR_HOST, ETIMEDOUT, "room: the set-up hangs");
		n = room_receive(r, &report, &fd);
		if (n <= 0)
			return err_set(err, ERR_HOST, 0, "room: the room died during its set-up");
		if (report.kind == ROOM_REPORT_PTY && fd >= 0) {
			if (terminal_open(r, fd, err) < 0)
				return -1;
			continue;
		}
		cleanup_closep(&fd);
		if (report.kind == ROOM_REPORT_CGROUP) {
			room_cgroup_enter(r);
			if (let_go_on(r, err) < 0)
				return -1;
			continue;
		}
		if (report.kind == ROOM_REPORT_FAILED && report.index < r->plan.n)
			return room_fail_step(&r->plan.ops[report.index], report.value, err);
		if (report.kind == ROOM_REPORT_READY)
			return take_listener(r, report.value, err);
		return err_set(err, ERR_BUG, 0, "room: unexpected report %u", report.kind);
	}
}

static int prepare(struct room *r, struct err *err)
{
	if (room_facts_probe(&r->facts, r->spec, err) < 0)
		return -1;
	if (r->facts.root_mode && (room_root_uid(&r->facts, r->spec, &r->slot, err) < 0 ||
				   room_root_trees(&r->facts, r->spec, err) < 0))
		return -1;
	hook_facts(&r->facts);
	room_cgroup_make(r);
	r->facts.cgroup = r->cgroup >= 0;
	if (room_plan_make(&r->plan, r->spec, &r->facts, err) < 0)
		return -1;
	hook_plan(&r->plan);
	return prepare_child(r, err);
}

int room_run(const struct room_spec *spec, const struct room_handler *handler,
	     struct room_result *out, struct err *err)
{
	struct room r;
	int ret;

	room_init(&r, spec, handler, out);
	ret = prepare(&r, err);
	if (ret == 0)
		ret = start(&r, err);
	if (ret == 0)
		ret = await_ready(&r, err);
	if (ret == 0)
		ret = room_supervise(&r, err);
	out->seconds = room_now() - r.start;
	room_release(&r);
	return ret;
}

uid_t room_host_uid(unsigned slot)
{
	return ROOM_UID_BASE + slot;
}
