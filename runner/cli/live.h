/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The lines at the bottom of a terminal that change: one per step that goes on, each cut to the
 * window's width, redrawn in place at most twelve times a second. What is to stay on the screen is
 * printed above them by live_print(). Every change is one write(2), so that nothing flickers. The
 * window's size is asked for at each drawing; a terminal is taken to fold lines anew when it gets
 * narrower, as most do.
 */

#include <base/event.h>
#include <base/str.h>
#include <stdbool.h>
#include <time.h>

#define LIVE_TASKS   16
#define LIVE_SAMPLES 16

struct live_sample { /* for the rate of bytes */
	double at;
	uint64_t done;
};

struct live_task {
	char *what, *name;
	char *owner;  /* NULL: none */
	char *detail; /* the file that a download is at; NULL */
	uint64_t done, total;
	struct timespec began;
	struct live_sample samples[LIVE_SAMPLES];
	size_t n_samples; /* ever taken; the ring holds the last ones */
};

struct live {
	struct live_task tasks[LIVE_TASKS];
	size_t n;
	size_t lengths[LIVE_TASKS]; /* of the lines on the screen, in columns */
	size_t shown;               /* lines on the screen */
	struct timespec drawn;
};

/* Take the event into the list. False when nothing on the screen has to change. */
bool live_take(struct live *l, const struct event *ev);
/* Seconds since the step of @ev began, -1 when there is none. */
double live_seconds(const struct live *l, const struct event *ev);
/* Draw, unless that was done a moment ago and @force is not set. */
void live_draw(struct live *l, bool force);
/* Print @text (whole lines) above the changing ones. */
void live_print(struct live *l, const char *text);
/* No step goes on any more, and no line is on the screen. */
void live_clear(struct live *l);

/* "build    xen": what the step works at, short. Caller frees. */
char *step_title(const struct event *ev) __attribute__((returns_nonnull));
/* Append @s, with '?' for what could move the cursor (and, with @ascii, for what may be wide). */
void text_add(struct strbuf *sb, const char *s, bool ascii);
