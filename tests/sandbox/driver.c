/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <base/str.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* From the death of a supervisor to the end of the last process of its room. */
#define LINGER_MS 1000

enum mode mode;
struct places places;
static int failed, cases, skipped;
static bool this_failed;
static const char *current;

void fails(const char *fmt, ...)
{
	va_list ap;

	this_failed = true;
	printf("# %s: ", current);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

void begin_case(const char *name)
{
	failed += this_failed;
	this_failed = false;
	current = name;
	cases++;
}

void skip(const char *why)
{
	skipped++;
	cases--;
	printf("# %s: skipped: %s\n", current, why);
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		_exit(121);
	close(fd);
}

/* In the child: the surroundings that this mode is about. */
static void enter_mode(void)
{
	char uids[64], gids[64];

	if (mode == MODE_ROOT)
		return;
	if (getuid() == 0 && (setgroups(0, NULL) || setgid(TEST_UID) || setuid(TEST_UID)))
		_exit(121);
	prctl(PR_SET_DUMPABLE, 1);
	if (mode != MODE_NESTED)
		return;
	snprintf(uids, sizeof(uids), "0 %u 1", getuid());
	snprintf(gids, sizeof(gids), "0 %u 1", getgid());
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
		_exit(121);
	put("/proc/self/setgroups", "deny");
	put("/proc/self/uid_map", uids);
	put("/proc/self/gid_map", gids);
}

/* Read both pipes to their ends, or until @deadline_ms. */
static bool collect(int out, int err, struct run *r, double deadline_ms)
{
	struct pollfd p[2] = {{out, POLLIN, 0}, {err, POLLIN, 0}};
	struct strbuf *to[2] = {&r->out, &r->err};
	char buf[8192];

	while (p[0].fd >= 0 || p[1].fd >= 0) {
		double left = deadline_ms - now_ms();

		if (left <= 0 || poll(p, 2, (int)left + 1) < 0)
			return false;
		for (int i = 0; i < 2; i++) {
			ssize_t n;

			if (!p[i].revents)
				continue;
			n = read(p[i].fd, buf, sizeof(buf));
			if (n > 0)
				strbuf_add(to[i], buf, (size_t)n);
			else
				p[i].fd = -1;
		}
	}
	return true;
}

pid_t spawn(const char *const *argv, int in, int out, int err)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	enter_mode();
	dup2(in, 0);
	dup2(out, 1);
	dup2(err, 2);
	/* what a careless caller leaves open: see the fds probe */
	dup2(0, 9);
	open("/", O_PATH);
	dup2(0, 251);
	execv(argv[0], (char *const *)(uintptr_t)argv);
	dprintf(2, "cannot run %s: %s\n", argv[0], strerror(errno));
	_exit(120);
}

pid_t spawn_probe(const char *const *what, const char *word, int in, int *out)
{
	const char *argv[16] = {
		places.tool,           "--ro",       expand("@PROBE@:/inputs/probe"), "--",
		"/inputs/probe/probe", places.pid_ns};
	int p[2], null = open("/dev/null", O_RDWR | O_CLOEXEC);
	char said[16] = "";
	size_t n = 6;
	pid_t pid;

	while (*what && n < sizeof(argv) / sizeof(argv[0]) - 1)
		argv[n++] = *what++;
	*out = -1;
	if (pipe2(p, O_CLOEXEC)) {
		fails("pipe: %s", strerror(errno));
		close(null);
		return -1;
	}
	pid = spawn(argv, in < 0 ? null : in, p[1], null);
	close(p[1]);
	close(null);
	if (read(p[0], said, sizeof(said) - 1) <= 0 || strncmp(said, word, strlen(word)) != 0)
		fails("the probe did not say '%s'", word);
	*out = p[0];
	return pid;
}

void run_release(struct run *r)
{
	strbuf_release(&r->out);
	strbuf_release(&r->err);
}

void run_tool(const char *tool, const char *const *args, int in, struct run *r)
{
	const char *argv[64] = {tool};
	int out[2], err[2], status = 0, null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	size_t n = 1;
	double begin = now_ms();
	pid_t pid;

	*r = (struct run){0};
	while (*args && n < 63)
		argv[n++] = *args++;
	if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		abort();
	pid = spawn(argv, in >= 0 ? in : null, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	close(null);
	if (!collect(out[0], err[0], r, begin + 60000)) {
		fails("the output did not end");
		kill(pid, SIGKILL);
	}
	waitpid(pid, &status, 0);
	close(out[0]);
	close(err[0]);
	r->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	r->ms = now_ms() - begin;
}

bool closes_within(int fd, double ms)
{
	struct run rest = {0};
	bool ok = collect(fd, -1, &rest, now_ms() + ms);

	run_release(&rest);
	return ok;
}

bool has(const struct strbuf *text, const char *part)
{
	return strstr(strbuf_str(text), part) != NULL;
}

static void expect_parts(const char *where, const struct strbuf *text, const char *const *parts)
{
	for (; *parts; parts++)
		if (**parts == '!' ? has(text, *parts + 1) : !has(text, *parts))
			fails("%s: '%s' in:\n%s", where, *parts, strbuf_str(text));
}

static void run_case(const struct room_case *c)
{
	const char *args[64];
	struct run r;
	size_t n = 0;

	if (c->modes && !(c->modes & 1 << mode))
		return;
	begin_case(c->name);
	for (const char *const *a = c->args; *a; a++)
		args[n++] = expand(*a);
	args[n] = NULL;
	run_tool(c->hooked ? places.hooked : places.tool, args, -1, &r);
	if (r.status != c->status)
		fails("status %d, expected %d; stdout:\n%sstderr:\n%s", r.status, c->status,
		      strbuf_str(&r.out), strbuf_str(&r.err));
	expect_parts("stdout", &r.out, c->out);
	expect_parts("stderr", &r.err, c->err);
	if (c->max_ms && r.ms > c->max_ms)
		fails("took %.0f ms", r.ms);
	run_release(&r);
}

/* @NAME@ in an argument: places that only this run knows. */
const char *expand(const char *arg)
{
	static char pool[64][512];
	static size_t used;
	const char *at = strchr(arg, '@');
	char *to = pool[used++ % 64];
	const struct {
		const char *key, *value;
	} keys[] = {{"@PROBE@", places.probe_dir}, {"@NS@", places.pid_ns},
		    {"@CPUS@", places.cpus},       {"@PID@", places.pid},
		    {"@MACHINE@", places.machine}, {"@WORK@", places.work},
		    {"@OUTSIDE@", places.outside}};

	if (!at)
		return arg;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!strncmp(at, keys[i].key, strlen(keys[i].key))) {
			snprintf(to, 512, "%.*s%s%s", (int)(at - arg), arg, keys[i].value,
				 at + strlen(keys[i].key));
			return to;
		}
	return arg;
}

int begin_mode(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	mode = !strcmp(argv[1], "root")   ? MODE_ROOT
	       : !strcmp(argv[1], "user") ? MODE_USER
					  : MODE_NESTED;
	if (mode == MODE_ROOT && getuid() != 0) {
		printf("skipped: not started by root\n");
		return getenv("BELLJAR_TEST_MUST_RUN") ? 1 : 77;
	}
	if (!places_prepare(argv[2])) {
		perror("prepare");
		return 1;
	}
	return -1;
}

int drive(const struct room_case *table, size_t n, int least)
{
	for (size_t i = 0; i < n; i++)
		run_case(&table[i]);
	failed += this_failed;
	if (cases < least)
		printf("only %d cases ran, expected %d or more\n", cases, least);
	printf("%d passed, %d failed, %d skipped\n", cases - failed, failed, skipped);
	if (skipped && getenv("BELLJAR_TEST_MUST_RUN"))
		return 1;
	return failed || cases < least;
}
