/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One call of one tool, and the few ways to answer it. Every answer function records the call,
 * acts, and returns the exit status; a tool ends with `return call_...(...)`, so nothing is
 * answered twice or left out of the record. Standard output belongs to the tool's own output:
 * everything else goes to stderr.
 */
#include "policy.h"

#include <sys/types.h>

enum { CALL_COMMAND_MAX = 512 };

struct call {
	const char *name;
	char **argv; /* as called; argv[0] included */
	struct policy *policy;
	const char *url; /* what it would fetch; NULL: nothing, or not understood */
	char parent[32], parents[256];
};

void call_init(struct call *c, const char *name, char **argv, struct policy *policy);

/* Refuse with exit status @status; the format says why. @hint, or NULL: what the author of the
 * recipe can do. */
int call_refuse(const struct call *c, int status, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 4, 5), warn_unused_result));

/* Refuse because this stand-in does not know what the call means; @what and @why are two halves of
 * a sentence. */
int call_puzzled(const struct call *c, int status, const char *what, const char *why)
	__attribute__((warn_unused_result));

/* Succeed without a word. @text is for the record. */
int call_succeed(const struct call *c, const char *text) __attribute__((warn_unused_result));

/* Print @text and a newline; an empty one too, or ... */
int call_print_line(const struct call *c, const char *text) __attribute__((warn_unused_result));

/* ... nothing at all for an empty one, as hostname(1) does for a name that there is not. */
int call_print(const struct call *c, const char *text) __attribute__((warn_unused_result));

/* Say in the record that @path was handed over; the caller copies it. */
void call_served(const struct call *c, const char *path);

/* Become the root's own program of that name; returns only if that fails. */
int call_run_real(const struct call *c) __attribute__((warn_unused_result));

/* The command line on one line, quoted where a shell would need it, cut at @size. */
void call_command(const struct call *c, char *buf, size_t size);
