/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Events: how libraries tell the outside what goes on. They never print; runner/cli renders events
 * as lines, as a progress bar, or as JSON lines. A sink is a function and its argument; a NULL sink
 * is allowed everywhere and swallows. Texts are borrowed for the duration of the call. Sinks are
 * called from one thread at a time.
 */

#include <stdint.h>

enum event_kind {
	EVENT_STEP,     /* something began: what=verb ("fetch", "unpack", "compose", "build"),
			   name=object; total as far as it is known */
	EVENT_PROGRESS, /* done/total in the unit of the step, see below */
	EVENT_DONE,     /* the step ended well: text may carry a summary, done what it came to */
	EVENT_FAIL,     /* the step ended badly; the error says why */
	EVENT_NOTE,     /* text worth a line at normal verbosity */
	EVENT_WARN,     /* text the user must see */
	EVENT_DEBUG,    /* only with -v */
	EVENT_LOG       /* output of a build: text, done = length in bytes */
};

/*
 * Steps and the unit of done and total:
 *	download  all files that one fetch brings: bytes
 *	fetch     one file of them: bytes
 *	unpack, compose, gc, verify: objects
 *	build     one round of an action: milliseconds
 *	phase     of the build that `owner` names: milliseconds; total is what the same phase took
 *		  the last time, 0 when that is not known
 */

struct event {
	enum event_kind kind;
	const char *what;
	const char *name;
	const char *text;
	uint64_t done, total;
	const char *owner; /* phase and log: the build's name as its own step has it; else NULL */
};

struct event_sink {
	void (*fn)(void *arg, const struct event *ev);
	void *arg;
};

static inline void event_emit(const struct event_sink *sink, const struct event *ev)
{
	if (sink && sink->fn)
		sink->fn(sink->arg, ev);
}

void event_step(const struct event_sink *sink, const char *what, const char *name);
void event_progress(const struct event_sink *sink, const char *what, const char *name,
		    uint64_t done, uint64_t total);
void event_done(const struct event_sink *sink, const char *what, const char *name,
		const char *text);
void event_fail(const struct event_sink *sink, const char *what, const char *name);
void event_note(const struct event_sink *sink, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void event_warn(const struct event_sink *sink, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void event_debug(const struct event_sink *sink, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
