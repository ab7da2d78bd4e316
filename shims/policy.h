/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The policy file as a shim sees it. It is written by belljar and mounted read-only, so it is
 * trusted; it is checked all the same, because a shim that misreads its orders would answer wrongly
 * and say nothing. Its form is described in shims/include/shims/format.h. The whole file is read at
 * once and cut up in place; there is one policy per process, so it lives in static memory and
 * nothing is ever freed.
 */
#include <shims/format.h>
#include <stdbool.h>
#include <stddef.h>

/* Where the room begins: nothing, but a folder for the binary that the tests run. */
#ifndef SHIM_ROOT
#define SHIM_ROOT ""
#endif

struct policy_pin {
	bool glob;
	const char *url;
	const char *path; /* inside the room, below SHIM_FILES_DIR */
};

struct policy {
	enum shim_policy kind;
	const char *text;
	struct policy_pin pins[SHIM_SERVE_LINES];
	size_t n_pins;
	char error[256]; /* why policy_load() failed */
};

const char *policy_name(enum shim_policy kind);

/* Is there such a tool? */
bool policy_knows(const char *tool);

/* Read the policy for @tool, which policy_knows(). 0, or -1 with @p->error set. */
int policy_load(struct policy *p, const char *tool) __attribute__((warn_unused_result));

/* The file that answers @url, NULL if there is none. What follows a '#' in @url is not looked at.
 */
const char *policy_pinned(const struct policy *p, const char *url);
