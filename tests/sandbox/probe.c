/* SPDX-License-Identifier: Apache-2.0 */
#include "probe.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * For the AddressSanitizer, when the tests are built with it: its leak detector wants to trace the
 * process, which a room refuses.
 */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

static int failures, checks;

void check(bool ok, const char *what, ...)
{
	va_list ap;

	checks++;
	if (ok)
		return;
	failures++;
	fputs("probe: not so: ", stdout);
	va_start(ap, what);
	vprintf(what, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

void refused(const char *what, long result, int want_errno)
{
	int seen = result < 0 ? errno : 0;

	check(result < 0 && seen == want_errno, "%s: %s, expected %s", what,
	      seen ? strerrorname_np(seen) : "success", strerrorname_np(want_errno));
}

static const struct {
	const char *name;
	probe_fn fn;
} probes[] = {
	{"fds", probe_fds},
	{"identity", probe_identity},
	{"facts", probe_facts},
	{"clocks", probe_clocks},
	{"privileges", probe_privileges},
	{"files", probe_files},
	{"devices", probe_devices},
	{"stdin", probe_stdin},
	{"loopback", probe_loopback},
	{"no-loopback", probe_no_loopback},
	{"daemon", probe_daemon},
	{"sleep", probe_sleep},
	{"forks", probe_forks},
	{"memory", probe_memory},
	{"crash", probe_crash},
	{"threads", probe_threads},
	{"works", probe_works},
	{"listen", probe_listen},
	{"swarm", probe_swarm},
	{"order", probe_order},
	{"view", probe_view},
	{"race-exec", probe_race_exec},
	{"race-child", probe_race_child},
	{"race-connect", probe_race_connect},
	{"flood", probe_flood},
};

/* "pid:[4026531836]" of the caller's namespace must not be ours. */
static bool inside(const char *outer_pid_ns)
{
	char host[65] = "", ns[64] = "";

	if (gethostname(host, sizeof(host) - 1) < 0 || strcmp(host, "belljar") != 0)
		return false;
	if (readlink("/proc/self/ns/pid", ns, sizeof(ns) - 1) <= 0)
		return false;
	return strncmp(ns, "pid:[", 5) == 0 && strcmp(ns, outer_pid_ns) != 0;
}

int main(int argc, char **argv)
{
	if (argc < 3 || !inside(argv[1])) {
		fputs("probe: not inside a room: refusing to run\n", stdout);
		return 99;
	}
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		if (strcmp(probes[i].name, argv[2]) != 0)
			continue;
		probes[i].fn(argc - 3, argv + 3);
		printf("probe %s: %d checks, %d failed\n", argv[2], checks, failures);
		return failures || !checks ? 1 : 0;
	}
	printf("probe: no probe '%s'\n", argv[2]);
	return 98;
}
