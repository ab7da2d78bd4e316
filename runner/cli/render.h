/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Events for people, on stderr: a line per step, and on a terminal lines that change until their
 * step has ended (not with -v, where the output of builds passes by).
 */

#include "live.h"

#include <base/event.h>
#include <stdbool.h>

struct render {
	int verbosity; /* -1 quiet, 0, 1 verbose */
	bool terminal; /* stderr is one that can be drawn on */
	bool color;
	bool log_open;   /* build output without its end is on the screen */
	char *log_owner; /* of which build; NULL: of none so far */
	struct live live;
};

/* @color: "auto", "always", "never" or NULL. False when it is none of these. */
bool render_init(struct render *r, int verbosity, const char *color);
void render_event(void *arg, const struct event *ev);
/* Take changing lines off the screen, before something else is printed. */
void render_clear(struct render *r);
void render_release(struct render *r);
/* Escape sequences, or "" without colour. */
const char *render_bold(const struct render *r);
const char *render_red(const struct render *r);
const char *render_plain(const struct render *r);
