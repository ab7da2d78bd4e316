/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* --events: what goes on, as JSON lines for programs. The format is in docs/EVENTS.md. */

#include <base/event.h>
#include <base/json.h>
#include <stdbool.h>
#include <time.h>

struct eventlog {
	int fd;      /* -1: nobody listens */
	bool output; /* what builds print as well */
	bool failed; /* a line could not be written; no more is tried */
	bool gone;   /* because nobody reads any more */
	struct timespec began;
};

#define EVENTLOG_INIT ((struct eventlog){.fd = -1})

/* @path: "-" is standard output. Writes the first line. */
int eventlog_open(struct eventlog *l, const char *path, const char *command, bool output,
		  struct err *err) __attribute__((warn_unused_result));
void eventlog_event(struct eventlog *l, const struct event *ev);
/* The document that --json would print; borrowed. */
void eventlog_result(struct eventlog *l, json_t *doc);
void eventlog_error(struct eventlog *l, const struct err *err);
/* The last line. ERR_STORE when anything could not be written. */
int eventlog_close(struct eventlog *l, int status, struct err *err)
	__attribute__((warn_unused_result));
