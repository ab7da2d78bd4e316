/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Events as lines on stderr; on a terminal one line that changes, otherwise a line per step. */

#include <base/event.h>
#include <stdbool.h>
#include <time.h>

struct render {
	int verbosity; /* -1 quiet, 0, 1 verbose */
	bool terminal; /* stderr is one */
	bool color;
	bool line_open; /* a line without its end is on the screen */
	bool log_open;  /* build output without its end is */
	struct timespec began, drawn;
};

/* @color: "auto", "always", "never" or NULL. False when it is none of these. */
bool render_init(struct render *r, int verbosity, const char *color);
void render_event(void *arg, const struct event *ev);
/* Take the changing line off the screen, before something else is printed. */
void render_clear(struct render *r);
/* Escape sequences, or "" without colour. */
const char *render_bold(const struct render *r);
const char *render_red(const struct render *r);
const char *render_plain(const struct render *r);
