/* SPDX-License-Identifier: Apache-2.0 */
/* Class 27: each bound run into. The room ends, with a clear reason, and the runner lives. */
#include "escape.h"

#include "driver.h"

#include <base/cleanup.h>
#include <stdio.h>

#define SHELL(script, ...)                                                                         \
	{                                                                                          \
		"--result", ##__VA_ARGS__, "--", "/bin/sh", "-c", script, NULL                     \
	}

static const struct {
	const char *name;
	int status;
	const char *args[12];
	const char *err; /* a part of stderr */
} cases[] = {
	{"class 27: a sparse file of 1 EiB", 153, SHELL("truncate -s 1E f"), "status=153 failed=0"},
	{"class 27: a file beyond its bound", 153,
	 SHELL("exec head -c 3000000 /dev/zero > f", "--fsize", "1000000"), "status=153"},
	{"class 27: /build is full", 1,
	 SHELL("head -c 9000000 /dev/zero > f", "--build", "4000000"), "No space left on device"},
	{"class 27: /tmp is bounded as well", 0,
	 SHELL("test $(stat -f -c %b /tmp) -lt 100000000000 && echo bounded >&2"), "bounded"},
	{"class 27: folders deeper than a path", 0,
	 SHELL("n=$(printf %0250d 0); for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; "
	       "do "
	       "mkdir $n && cd -P $n || exit 9; done 2>/dev/null; echo deep >&2"),
	 "deep"},
	{"class 27: a flood of output", 137, SHELL("exec yes", "--pipe", "--log", "200000"),
	 "limit=[size of the log"},
	{"class 27: a process that never ends", 137,
	 SHELL("trap '' TERM INT HUP; while :; do :; done", "--wall", "1"), "limit=[wall time"},
	{"class 27: a fork bomb", 2,
	 SHELL("n=0; while [ $n -lt 200 ]; do sleep 60 & n=$((n+1)); done", "--procs", "60"),
	 "Cannot fork"},
	{"class 27: a crash leaves no core and starts no handler", 0,
	 SHELL("sh -c 'kill -SEGV $$'; test -z \"$(ls -A)\" && echo none >&2"), "none"},
};

void exhaustion_cases(void)
{
	struct run r;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		begin_case(cases[i].name);
		run_tool(places.tool, cases[i].args, -1, &r);
		if (r.status != cases[i].status || !has(&r.err, cases[i].err))
			fails("status %d, expected %d with '%s':\n%s", r.status, cases[i].status,
			      cases[i].err, strbuf_str(&r.err));
		run_release(&r);
	}
	begin_case("class 27: after all that, a room still starts");
	run_tool(places.tool, (const char *const[]){"--", "/bin/true", NULL}, -1, &r);
	if (r.status != 0)
		fails("status %d:\n%s", r.status, strbuf_str(&r.err));
	run_release(&r);
}
