/* SPDX-License-Identifier: Apache-2.0 */
/* The caller's side of the helper program `gitroom`: one work area, several runs of git in it. */
#include "git-room.h"

#include "internal.h"

#include <base/file.h>
#include <base/printable.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

/* git tells of its progress every second; silence is a server, or a disk, that is stuck. */
#define STALL_S  300
#define STEP_MS  100 /* between looks at whether the user wants to stop */
#define TAIL_MAX 4096

/*
 * All that git is configured by. It also reaches the upload-pack that a fetch from a folder starts,
 * which command line and GIT_CONFIG_COUNT do not. Checkout as git does it by default on Linux; no
 * hook, no filter, no helper of this host; nothing goes on in the background.
 */
static const char config[] = "[core]\n"
			     "autocrlf = false\neol = lf\nsymlinks = true\nfileMode = true\n"
			     "hooksPath = /dev/null\nattributesFile = /dev/null\n"
			     "excludesFile = /dev/null\nfsmonitor = false\n"
			     "protectHFS = true\nprotectNTFS = true\n"
			     "bigFileThreshold = 64m\npackedGitLimit = 4g\n"
			     "[protocol]\nallow = never\n"
			     "[protocol \"https\"]\nallow = always\n"
			     "[protocol \"http\"]\nallow = always\n"
			     "[protocol \"file\"]\nallow = always\n"
			     "[safe]\ndirectory = *\n"
			     "[transfer]\nunpackLimit = 1\n"
			     "[fetch]\nrecurseSubmodules = false\n"
			     "[submodule]\nrecurse = false\n"
			     "[gc]\nauto = 0\n"
			     "[maintenance]\nauto = false\n"
			     "[advice]\ndetachedHead = false\n"
			     "[credential]\nhelper =\n"
			     "[http]\nlowSpeedLimit = 1\n";

static unsigned stall_seconds(void)
{
	const char *value = getenv("BELLJAR_FETCH_STALL_S");

	if (str_empty(value) || value[strspn(value, "0123456789")] || strlen(value) > 6 ||
	    !atoi(value))
		return STALL_S;
	return (unsigned)atoi(value);
}

void git_room_release(struct git_room *g)
{
	store_tmp_release(&g->tmp);
	strbuf_release(&g->tail);
}

static int write_config(struct git_room *g, struct err *err)
{
	_cleanup_free_ char *text = xasprintf("%slowSpeedTime = %u\n", config, stall_seconds());

	return file_write_atomic(g->tmp.fd, "gitconfig", text, strlen(text), 0600, err);
}

int git_room_open(struct git_room *g, struct store *s, const char *name,
		  const struct fetch_options *opt, const struct event_sink *sink, struct err *err)
{
	static const char *const init[] = {"init",        "--quiet",  "--bare",
					   "--template=", "repo.git", NULL};
	const struct git_run run = {.args = init};
	int r;

	*g = (struct git_room){.tmp = STORE_TMP_INIT, .name = name, .opt = opt, .sink = sink};
	if (store_tmp_new(s, &g->tmp, err) < 0 || write_config(g, err) < 0 ||
	    file_mkdir_p(g->tmp.fd, "tree", 0755, err) < 0)
		return -1;
	r = git_room_run(g, &run, err);
	if (r > 0) {
		_cleanup_free_ char *why = git_room_why(g);

		return err_set(err, ERR_HOST, 0, "git init: %s", why);
	}
	if (g->no_landlock)
		event_warn(sink,
			   "%s: this kernel has no Landlock: git may read and write what its "
			   "user may (belljar doctor)",
			   name);
	return r;
}

/* "Receiving objects:  45% (450/1000), 1.20 MiB | 1.00 MiB/s" */
static void tell_progress(struct git_room *g, const char *line)
{
	const char *at = strstr(line, "% (");
	unsigned long long done, total;
	char *end;

	if (!at || !str_starts(line, "Receiving"))
		return;
	done = strtoull(at + 3, &end, 10);
	if (*end != '/')
		return;
	total = strtoull(end + 1, &end, 10);
	if (*end == ')' && done <= total)
		event_progress(g->sink, "fetch", g->name, done, total);
}

/* A line of git's: progress is told, the rest remembered until the next run. */
static void take_line(struct git_room *g, const char *line)
{
	tell_progress(g, line);
	if (!strcmp(line, "gitroom: lacks landlock"))
		g->no_landlock = true;
	else if (*line && !strstr(line, "% (") && g->tail.len + strlen(line) < TAIL_MAX)
		strbuf_addf(&g->tail, "%s\n", line);
}

static void take_stderr(struct git_room *g, struct strbuf *pending, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] != '\n' && data[i] != '\r') {
			if (pending->len < 1000)
				strbuf_addc(pending, data[i] ? data[i] : '?');
			continue;
		}
		take_line(g, strbuf_str(pending));
		strbuf_clear(pending);
	}
}

/* Read what is there; false at the end. */
static bool read_some(int fd, char *buf, size_t size, ssize_t *out_n)
{
	do
		*out_n = read(fd, buf, size);
	while (*out_n < 0 && errno == EINTR);
	return *out_n > 0;
}

/*
 * Wait for something to read. 1: there is; 0: nothing for too long; ERR_INTERRUPTED. The signal
 * that asks to stop may arrive in another thread, or just before the wait: so it never is a long
 * one.
 */
static int wait_for_word(const struct git_room *g, struct pollfd fds[2], unsigned stall,
			 struct err *err)
{
	for (unsigned waited = 0; waited < stall * 1000; waited += STEP_MS) {
		int r = poll(fds, 2, STEP_MS);

		if (g->opt->stopped && g->opt->stopped(g->opt->stop_arg))
			return err_set(err, ERR_INTERRUPTED, 0, "stopped");
		if (r < 0 && errno != EINTR)
			return err_set(err, ERR_HOST, errno, "poll");
		if (r > 0)
			return 1;
	}
	return 0;
}

static int listen_to_git(struct git_room *g, struct process *p, const struct git_run *run,
			 struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf pending = STRBUF_INIT;
	struct pollfd fds[] = {{.fd = p->errfd, .events = POLLIN},
			       {.fd = p->out, .events = POLLIN}};
	const unsigned stall = stall_seconds();
	char buf[16384];
	ssize_t n;

	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		int r = wait_for_word(g, fds, stall, err);

		if (r < 0)
			return -1;
		if (r == 0) {
			g->stalled = true;
			strbuf_addf(&g->tail, "fatal: nothing came for %u seconds\n", stall);
			return 0;
		}
		if (fds[0].revents && read_some(fds[0].fd, buf, sizeof(buf), &n))
			take_stderr(g, &pending, buf, (size_t)n);
		else if (fds[0].revents)
			fds[0].fd = -1;
		if (!fds[1].revents)
			continue;
		if (!read_some(fds[1].fd, buf, sizeof(buf), &n))
			fds[1].fd = -1;
		else if (run->out && run->out(run->arg, buf, (size_t)n, err) < 0)
			return -1;
	}
	take_line(g, strbuf_str(&pending));
	return 0;
}

static int start(struct git_room *g, const struct git_run *run, struct process *p, struct err *err)
{
	_cleanup_(strv_release) struct strv argv = STRV_INIT;
	_cleanup_free_ char *path = NULL;
	struct process_spec spec = {.in_fd = -2, .out_fd = -1, .err_fd = -1};

	if (process_helper_path("gitroom", &path, err) < 0)
		return -1;
	strv_push(&argv, path);
	strv_push(&argv, "--dir");
	strv_push(&argv, g->tmp.path);
	strv_push(&argv, "--file-max");
	strv_pushf(&argv, "%lld", GIT_MAX_BYTES);
	if (run->network)
		strv_push(&argv, "--network");
	if (run->read) {
		strv_push(&argv, "--read");
		strv_push(&argv, run->read);
	}
	strv_push(&argv, "--");
	for (size_t i = 0; run->args[i]; i++)
		strv_push(&argv, run->args[i]);
	spec.argv = (const char *const *)argv.v;
	return process_start(p, &spec, err);
}

/* Not by SIGKILL: the helper then ends after the last of git's processes, and nobody writes on. */
static void end_git(struct process *p)
{
	struct err ignored = ERR_INIT;
	int status;

	kill(p->pid, SIGTERM);
	(void)!process_wait(p, &status, &ignored);
}

int git_room_run(struct git_room *g, const struct git_run *run, struct err *err)
{
	_cleanup_(process_release) struct process p = PROCESS_INIT;
	int status, r;

	strbuf_clear(&g->tail);
	g->stalled = false;
	if (start(g, run, &p, err) < 0)
		return -1;
	r = listen_to_git(g, &p, run, err);
	if (r < 0 || g->stalled) {
		end_git(&p);
		return r < 0 ? -1 : 1;
	}
	if (process_wait(&p, &status, err) < 0)
		return -1;
	if (status == 128 + SIGINT)
		return err_set(err, ERR_INTERRUPTED, 0, "stopped");
	if (status == 127 && str_starts(strbuf_str(&g->tail), "gitroom: "))
		return err_set(err, ERR_HOST, 0, "%.*s",
			       (int)strcspn(g->tail.s + strlen("gitroom: "), "\n"),
			       g->tail.s + strlen("gitroom: "));
	if (status == 128 + SIGXFSZ)
		strbuf_adds(&g->tail, "fatal: a file is larger than what is allowed\n");
	else if (status > 128)
		strbuf_addf(&g->tail, "fatal: git was killed by signal %d\n", status - 128);
	return status ? 1 : 0;
}

char *git_room_why(const struct git_room *g)
{
	const char *text = strbuf_str(&g->tail), *best = text;

	/* The first complaint is the cause; what follows are its consequences. */
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
		if (!strncmp(line, "fatal: ", 7) || !strncmp(line, "error: ", 7)) {
			best = line + 7;
			break;
		}
		if (!line[strcspn(line, "\n")])
			break;
	}
	_cleanup_free_ char *one = xstrndup(best, strcspn(best, "\n"));

	return *one ? printable(one, 300) : xstrdup("git gave no reason");
}
