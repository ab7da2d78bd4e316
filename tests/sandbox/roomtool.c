/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A room without the rest of belljar: for the tests, and to measure what a room costs.
 *
 *	roomtool [options] [--] COMMAND [ARGUMENT...]
 *	--root DIR        a whole root; default: the host's, read-only
 *	--ro SRC:DST  --rw SRC:DST  --tmp DST
 *	--uid N           become this user first (with groups dropped)
 *	--cpus N  --net-none  --proc-full  --quiet (no exec ledger)  --terminal  --aslr
 *	--wall N  --log N  --fsize N  --procs N  --files N  --memory N  --build N
 *	--env NAME=VALUE  --cwd DIR  --machine NAME  --hostname NAME
 *	--record FIFO     read the shims' records from there
 *	--pipe            collect the output instead of passing ours
 *	--slow            be busy for 50 ms with each piece of it
 *	--then            ends a command; another one follows
 *	--require WALLS   as room_require_walls()
 *	--ledger          rows on stderr  --result: the result on stderr
 *	--stop-after MS   stop the room from on_tick
 * Only in the copy with test hooks:
 *	--fail-at N       operation N of the plan fails with EIO
 *	--without WALL    "filter", "timens", "landlock" or "read-only" (our tmpfs) is not raised
 */
#ifdef ROOM_TEST_HOOKS
#include "hooks.h"
#endif
#include <base/str.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <inttypes.h>
#include <sandbox/room.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define MAX 32

static struct room_mount mounts[MAX];
static struct room_command commands[MAX];
static const char *env[MAX] = {"PATH=/usr/bin:/usr/sbin:/bin:/sbin", "HOME=/build",
			       "LC_ALL=C.UTF-8", "TZ=UTC"};
static size_t n_env = 4;
static struct room_spec spec = {
	.root = ROOM_ROOT_HOST_RO, .mounts = mounts, .commands = commands, .ledger_exec = true};
static bool show_ledger, show_result, slow;
static long stop_after_ms;
static struct timespec begun;

enum option_id {
	OPT_ROOT = 256,
	OPT_RO,
	OPT_RW,
	OPT_TMP,
	OPT_UID,
	OPT_CPUS,
	OPT_NET_NONE,
	OPT_PROC_FULL,
	OPT_QUIET,
	OPT_TERMINAL,
	OPT_ASLR,
	OPT_WALL,
	OPT_LOG,
	OPT_FSIZE,
	OPT_PROCS,
	OPT_FILES,
	OPT_MEMORY,
	OPT_BUILD,
	OPT_ENV,
	OPT_CWD,
	OPT_MACHINE,
	OPT_HOSTNAME,
	OPT_RECORD,
	OPT_PIPE,
	OPT_SLOW,
	OPT_LEDGER,
	OPT_RESULT,
	OPT_STOP,
	OPT_FAIL_AT,
	OPT_WITHOUT,
	OPT_REQUIRE
};

static const struct option options[] = {{"root", 1, NULL, OPT_ROOT},
					{"ro", 1, NULL, OPT_RO},
					{"rw", 1, NULL, OPT_RW},
					{"tmp", 1, NULL, OPT_TMP},
					{"uid", 1, NULL, OPT_UID},
					{"cpus", 1, NULL, OPT_CPUS},
					{"net-none", 0, NULL, OPT_NET_NONE},
					{"proc-full", 0, NULL, OPT_PROC_FULL},
					{"quiet", 0, NULL, OPT_QUIET},
					{"terminal", 0, NULL, OPT_TERMINAL},
					{"aslr", 0, NULL, OPT_ASLR},
					{"wall", 1, NULL, OPT_WALL},
					{"log", 1, NULL, OPT_LOG},
					{"fsize", 1, NULL, OPT_FSIZE},
					{"procs", 1, NULL, OPT_PROCS},
					{"files", 1, NULL, OPT_FILES},
					{"memory", 1, NULL, OPT_MEMORY},
					{"build", 1, NULL, OPT_BUILD},
					{"env", 1, NULL, OPT_ENV},
					{"cwd", 1, NULL, OPT_CWD},
					{"machine", 1, NULL, OPT_MACHINE},
					{"hostname", 1, NULL, OPT_HOSTNAME},
					{"record", 1, NULL, OPT_RECORD},
					{"pipe", 0, NULL, OPT_PIPE},
					{"slow", 0, NULL, OPT_SLOW},
					{"ledger", 0, NULL, OPT_LEDGER},
					{"result", 0, NULL, OPT_RESULT},
					{"fail-at", 1, NULL, OPT_FAIL_AT},
					{"without", 1, NULL, OPT_WITHOUT},
					{"stop-after", 1, NULL, OPT_STOP},
					{"require", 1, NULL, OPT_REQUIRE},
					{NULL, 0, NULL, 0}};

static int die(const char *what)
{
	fprintf(stderr, "roomtool: %s: %s\n", what, strerror(errno));
	return 125;
}

static void add_mount(enum room_mount_kind kind, char *arg)
{
	char *colon = strchr(arg, ':');

	if (spec.n_mounts == MAX)
		exit(125);
	if (colon)
		*colon = '\0';
	mounts[spec.n_mounts++] = (struct room_mount){.kind = kind,
						      .src = kind == ROOM_TMPFS ? NULL : arg,
						      .dst = colon ? colon + 1 : arg};
}

static int become(uid_t uid)
{
	if (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
		return -1;
	return prctl(PR_SET_DUMPABLE, 1);
}

#ifdef ROOM_TEST_HOOKS
struct room_hooks room_hooks = {.fail_at = -1};

static bool take_hook(int opt, const char *arg)
{
	if (opt == OPT_FAIL_AT) {
		room_hooks.fail_at = atoi(arg);
		return true;
	}
	if (opt != OPT_WITHOUT)
		return false;
	if (!strcmp(arg, "filter"))
		room_hooks.open_filter = true;
	if (!strcmp(arg, "timens"))
		room_hooks.no_time_ns = true;
	if (!strcmp(arg, "read-only"))
		room_hooks.drop |= 1ULL << ROOM_OP_SEAL;
	if (!strcmp(arg, "landlock"))
		room_hooks.drop |= 1ULL << ROOM_OP_LANDLOCK | 1ULL << ROOM_OP_GRANT |
				   1ULL << ROOM_OP_GRANT_FD | 1ULL << ROOM_OP_ENFORCE;
	return true;
}
#else
static bool take_hook(int opt, const char *arg)
{
	return false;
}
#endif

/* Options with a number. */
static bool take_number(int opt, const char *arg)
{
	uint64_t value = arg ? strtoull(arg, NULL, 10) : 0;
	struct room_limits *l = &spec.limits;

	switch (opt) {
	case OPT_CPUS:
		spec.cpus = (unsigned)value;
		return true;
	case OPT_STOP:
		stop_after_ms = (long)value;
		return true;
	case OPT_WALL:
		l->wall_seconds = value;
		return true;
	case OPT_LOG:
		l->log_bytes = value;
		return true;
	case OPT_FSIZE:
		l->file_bytes = value;
		return true;
	case OPT_PROCS:
		l->processes = value;
		return true;
	case OPT_FILES:
		l->open_files = value;
		return true;
	case OPT_MEMORY:
		l->memory = value;
		return true;
	case OPT_BUILD:
		l->build_bytes = value;
		return true;
	default:
		return false;
	}
}

static bool take_switch(int opt)
{
	switch (opt) {
	case OPT_NET_NONE:
		spec.net = ROOM_NET_NONE;
		return true;
	case OPT_PROC_FULL:
		spec.proc = ROOM_PROC_FULL;
		return true;
	case OPT_QUIET:
		spec.ledger_exec = false;
		return true;
	case OPT_TERMINAL:
		spec.terminal = true;
		return true;
	case OPT_ASLR:
		spec.keep_aslr = true;
		return true;
	case OPT_PIPE:
		spec.stdout_fd = spec.stderr_fd = -1;
		return true;
	case OPT_SLOW:
		slow = true;
		return true;
	case OPT_LEDGER:
		show_ledger = true;
		return true;
	case OPT_RESULT:
		show_result = true;
		return true;
	default:
		return false;
	}
}

static bool take_text(int opt, char *arg, const char **cwd)
{
	switch (opt) {
	case OPT_ROOT:
		spec.root = ROOM_ROOT_TREE;
		spec.root_path = arg;
		return true;
	case OPT_RO:
		add_mount(ROOM_BIND_RO, arg);
		return true;
	case OPT_RW:
		add_mount(ROOM_BIND_RW, arg);
		return true;
	case OPT_TMP:
		add_mount(ROOM_TMPFS, arg);
		return true;
	case OPT_ENV:
		env[n_env++] = arg;
		return n_env < MAX;
	case OPT_CWD:
		*cwd = arg;
		return true;
	case OPT_MACHINE:
		spec.machine = arg;
		return true;
	case OPT_HOSTNAME:
		spec.hostname = arg;
		return true;
	case OPT_RECORD:
		spec.record_fd = open(arg, O_RDWR | O_NONBLOCK | O_CLOEXEC);
		return spec.record_fd >= 0;
	case OPT_REQUIRE:
		spec.require = arg;
		return true;
	case OPT_UID:
		return become((uid_t)strtoul(arg, NULL, 10)) == 0;
	default:
		return false;
	}
}

/* Split the rest of the arguments at "--then". */
static void take_commands(char **argv, const char *cwd)
{
	char **first = argv;

	for (;; argv++) {
		if (*argv && strcmp(*argv, "--then") != 0)
			continue;
		if (spec.n_commands == MAX)
			exit(125);
		commands[spec.n_commands++] =
			(struct room_command){.name = first[0],
					      .argv = (const char *const *)first,
					      .env = env,
					      .cwd = cwd};
		if (!*argv)
			return;
		*argv = NULL;
		first = argv + 1;
	}
}

/* With the ledger, where the order of output and events can be seen. */
static void on_output(void *arg, const char *data, size_t len)
{
	FILE *to = show_ledger ? stderr : stdout;

	if (fwrite(data, 1, len, to) != len)
		exit(125);
	fflush(to);
	if (slow)
		usleep(50000);
}

static void on_ledger(void *arg, const struct ledger_row *row)
{
	static const char *const kinds[] = {"net", "exec", "fact", "shim", "limit"};

	if (show_ledger)
		fprintf(stderr,
			"ledger %s refused=%d call=%s object=[%s] answer=[%s] pid=%d parents=[%s] "
			"exe=[%s] cwd=[%s] argv=[%s] phase=[%s]\n",
			kinds[row->kind], row->refused, row->call, row->object, row->answer,
			row->pid, row->parents, row->exe, row->cwd, row->argv, row->phase);
}

static void on_phase(void *arg, const struct room_phase *phase)
{
	if (show_ledger)
		fprintf(stderr, "phase %zu %s status=%d\n", phase->index,
			phase->ended ? "end" : "begin", phase->status);
	if (show_result && phase->ended && phase->cpu_known)
		fprintf(stderr, "cpu phase%zu=%" PRIu64 " us\n", phase->index,
			phase->cpu.user_us + phase->cpu.system_us);
}

static bool on_tick(void *arg)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return stop_after_ms &&
	       (now.tv_sec - begun.tv_sec) * 1000 + (now.tv_nsec - begun.tv_nsec) / 1000000 >
		       stop_after_ms;
}

static int run(void)
{
	const struct room_handler handler = {.on_output = on_output,
					     .on_ledger = on_ledger,
					     .on_phase = on_phase,
					     .on_tick = on_tick};
	struct room_result res;
	struct err err = ERR_INIT;
	int r = room_run(&spec, &handler, &res, &err);

	if (show_result)
		fprintf(stderr,
			"result status=%d failed=%zu limit=[%s] net_refused=%llu execs=%llu "
			"facts=%llu processes=%llu walls=[%s]\n"
			"cpu room=%" PRIu64 " us from=%s wall=%.0f us rss=%" PRIu64 " KiB\n",
			res.status, res.failed, res.limit, (unsigned long long)res.net_refused,
			(unsigned long long)res.execs, (unsigned long long)res.facts,
			(unsigned long long)res.processes, res.walls,
			res.cpu.user_us + res.cpu.system_us,
			res.cpu_from ? res.cpu_from : "nowhere", res.seconds * 1e6,
			res.max_rss_kib);
	if (show_result && res.start)
		fprintf(stderr, "not started: %s errno=%d there=[%s] folders=[%s]\n",
			res.start == ROOM_NO_CWD ? "cwd" : "exec", res.start_errno, res.there,
			res.folders);
	if (r < 0) {
		fprintf(stderr, "roomtool: error %d: %s\n", err.code, err.msg);
		return 125;
	}
	return res.status;
}

int main(int argc, char **argv)
{
	const char *cwd = NULL;
	int opt;

	spec.stdin_fd = 0;
	spec.stdout_fd = 1;
	spec.stderr_fd = 2;
	spec.record_fd = -1;
	clock_gettime(CLOCK_MONOTONIC, &begun);
	while ((opt = getopt_long(argc, argv, "+", options, NULL)) != -1)
		if (!take_number(opt, optarg) && !take_switch(opt) &&
		    !take_text(opt, optarg, &cwd) && !take_hook(opt, optarg))
			return die("option");
	if (!argv[optind])
		return die("no command");
	take_commands(argv + optind, cwd);
	return run();
}
