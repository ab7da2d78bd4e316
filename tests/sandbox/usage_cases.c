/* SPDX-License-Identifier: Apache-2.0 */
/* CPU time that a room used, against what the shell in it says of itself (times). */
#include "driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOP "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; "
/* What `times` cuts off, and what a tick of /proc does. */
#define SLACK 20000.0

#define ROOM(r, ...) run_tool(places.tool, (const char *const[]){__VA_ARGS__, NULL}, -1, (r))

/* The number after @key in what roomtool says; -1 when it does not. */
static double figure(const struct run *r, const char *key)
{
	const char *at = strstr(strbuf_str(&r->err), key);

	return at ? strtod(at + strlen(key), NULL) : -1;
}

/* "0m0.607s 0m0.010s", the first that was printed: user and system, as microseconds. */
static double said(const struct run *r)
{
	double user_m = 0, user_s = 0, sys_m = 0, sys_s = 0;

	if (sscanf(strbuf_str(&r->out), "%lfm%lfs %lfm%lfs", &user_m, &user_s, &sys_m, &sys_s) != 4)
		return 0;
	return ((user_m + sys_m) * 60 + user_s + sys_s) * 1e6;
}

static void within(const char *what, double value, double least, double most)
{
	if (value < least || value > most)
		fails("%s: %.0f us, expected %.0f to %.0f", what, value, least, most);
}

static void of_a_command(void)
{
	struct run r;
	double wall;

	begin_case("CPU time of a command");
	ROOM(&r, "--result", "--cpus", "1", "--", "sh", "-c", LOOP "times");
	wall = figure(&r, "wall=");
	if (r.status != 0 || said(&r) <= 0)
		fails("status %d: %s", r.status, strbuf_str(&r.err));
	within("one CPU", figure(&r, "cpu room="), said(&r) - SLACK, wall * 1.05 + 100000);
	within("the largest process", figure(&r, "rss="), 100, 1e9);
	run_release(&r);
}

static void of_each(void)
{
	struct run r;
	double first, second;

	begin_case("CPU time of each command");
	ROOM(&r, "--result", "--", "sh", "-c", LOOP "times", "--then", "sleep", "0.3", "--then",
	     "sh", "-c", LOOP "exit 7");
	first = figure(&r, "cpu phase0=");
	second = figure(&r, "cpu phase1=");
	within("the first", first, said(&r) - SLACK, figure(&r, "cpu room="));
	within("one that sleeps", second, 0, first / 2);
	within("one that fails", figure(&r, "cpu phase2="), second + 1, figure(&r, "cpu room="));
	within("together", first + second + figure(&r, "cpu phase2="), first,
	       figure(&r, "cpu room="));
	run_release(&r);
}

static void of_orphans(void)
{
	struct run r;

	begin_case("CPU time of an orphan that init reaps");
	ROOM(&r, "--result", "--", "sh", "-c",
	     "(sh -c 'echo $$ > p; " LOOP "times > t' &); while [ ! -s t ]; do sleep 0.05; done;"
	     "while kill -0 $(cat p) 2>/dev/null; do sleep 0.05; done; cat t");
	if (said(&r) <= 0)
		fails("it did not tell: %s", strbuf_str(&r.err));
	within("the room", figure(&r, "cpu room="), said(&r) - SLACK, 1e12);
	within("the command", figure(&r, "cpu phase0="), said(&r) - SLACK, 1e12);
	run_release(&r);
}

/* Who goes down with init is in no account but the cgroup's: room.h says so. */
static void of_what_is_left(void)
{
	struct run r;

	begin_case("CPU time of what is left running");
	ROOM(&r, "--result", "--", "sh", "-c",
	     "(sh -c '" LOOP LOOP "times > t; sleep 60' &);"
	     "while [ ! -s t ]; do sleep 0.1; done; cat t");
	if (said(&r) <= 0)
		fails("it did not tell: %s", strbuf_str(&r.err));
	if (has(&r.err, "from=cgroup"))
		within("all of it", figure(&r, "cpu room="), said(&r) - SLACK, 1e12);
	else
		within("not it", figure(&r, "cpu room="), 0, said(&r));
	run_release(&r);
}

static void of_the_struck(void)
{
	struct run r;

	begin_case("CPU time of a room that hits a limit");
	ROOM(&r, "--result", "--wall", "3", "--", "sh", "-c",
	     "sh -c 'while :; do " LOOP "times; done'; :");
	if (r.status != 137)
		fails("status %d: %s", r.status, strbuf_str(&r.err));
	within("until it was struck", figure(&r, "cpu room="), said(&r) - SLACK, 1e12);
	within("at all", figure(&r, "cpu room="), 1, 1e12);
	run_release(&r);
}

void usage_cases(void)
{
	of_a_command();
	of_each();
	of_orphans();
	of_what_is_left();
	of_the_struck();
}
