/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One round: an action runs once in a sealed room, and its outputs are collected.
 *
 * round_run() does, in this order: unpack sources, prepare the room's folders, run the phases,
 * check what is required, publish the outputs, publish the record. A build that fails leaves a
 * record with its log, and nothing else.
 */

#include <base/json.h>
#include <runner/plan.h>
#include <runner/runner.h>

struct round {
	int number; /* of the published record; 0: none was published */
	double seconds;
	json_t *outputs; /* name -> tree hash; NULL when the build failed */
	json_t *record;  /* the record as published */
	char *phase;     /* the phase that failed, or NULL */
	/*
	 * When the build failed, the last lines of that phase, "" when it printed none; of the log
	 * when no phase failed. Else NULL.
	 */
	char *tail;
};

#define ROUND_INIT ((struct round){0})
void round_release(struct round *r);

/* The sources of these nodes. */
int node_fetch(struct runner *rn, struct plan *p, const size_t *nodes, size_t n, struct err *err)
	__attribute__((warn_unused_result));

/*
 * Run the node, which has a key; sources are in the store. @width is what MAKEFLAGS says. ERR_BUILD
 * when the build failed: look at @out's phase and tail; ERR_INPUT when the recipe says what cannot
 * be, a `dir` that is not there or a patch that does not apply. Several threads may each run a
 * round of one runner: the plan is only read, and the store's functions bear company.
 */
int round_run(struct runner *rn, const struct plan *p, const struct plan_node *n, unsigned width,
	      struct round *out, struct err *err) __attribute__((warn_unused_result));

/* An interactive or given command in the room of a node, after the phases before @phase. */
struct visit {
	const char *phase;       /* NULL: before the first phase of the recipe */
	const char *const *argv; /* NULL: an interactive shell */
	const char *term;        /* TERM of the user's terminal; NULL: dumb */
	int out_status;
};
int round_visit(struct runner *rn, const struct plan *p, const struct plan_node *n, struct visit *v,
		struct err *err) __attribute__((warn_unused_result));
