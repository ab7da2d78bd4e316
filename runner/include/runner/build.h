/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Building a plan: compose the roots that are missing, fetch the sources of what is not built, run
 * the actions, independent ones side by side, each with a static share of the cores.
 */

#include <runner/execute.h>

struct node_report {
	bool ran;           /* false: the store had it, or it was never reached */
	struct round round; /* when it ran, also when it failed */
	struct err err;     /* code 0: nothing failed, or it was never reached */
};

struct build_report {
	struct node_report *nodes; /* one per node of the plan */
	size_t n;
	size_t failed; /* the node that failed first; n when none did */
};

#define BUILD_REPORT_INIT ((struct build_report){0})
void build_report_release(struct build_report *r);

/* Fetch the packages of a root and compose it. */
int build_root(struct runner *rn, struct plan_root *r, struct err *err)
	__attribute__((warn_unused_result));
/* What the rooms of these nodes need and the store lacks: roots are composed, sources fetched. */
int build_prepare(struct runner *rn, struct plan *p, const size_t *nodes, size_t n, struct err *err)
	__attribute__((warn_unused_result));
/*
 * Afterwards each node has a result. @inputs_only leaves the wanted node itself out. A plan whose
 * wanted node is in the store already costs one look per node.
 */
int build_run(struct runner *rn, struct plan *p, bool inputs_only, struct build_report *out,
	      struct err *err) __attribute__((warn_unused_result));
/*
 * Build several nodes of a plan and what they need, independent actions side by side. What fails
 * does not stop the others: its error is in its report, and what needs it is left without a result
 * and without an error of its own, see build_blocked(). -1 when nothing can go on: stopped, or the
 * store does not work.
 */
int build_many(struct runner *rn, struct plan *p, const size_t *wanted, size_t n,
	       struct build_report *out, struct err *err) __attribute__((warn_unused_result));
/* The failed node that keeps @node from being built, itself or an input; p->n_nodes: none. */
size_t build_blocked(const struct plan *p, const struct build_report *r, size_t node);
/* Fetch all that a build of every node would need: packages, sources, patches. */
int build_fetch(struct runner *rn, struct plan *p, struct err *err)
	__attribute__((warn_unused_result));
/*
 * The NAR hash of a git source's checkout, pinned or not; fetched when it is not there. *out_time
 * is the commit's, seconds since 1970, or 0: the hash is pinned, or what came is no repository.
 */
int fetch_nar(struct runner *rn, const struct source *s, struct sha256 *out, int64_t *out_time,
	      struct err *err) __attribute__((warn_unused_result));
/*
 * After build_fetch: copy every file of the plan into the folder @dir under its own name, for use
 * with --from on another machine or another day. Files that are there already are left alone.
 */
int build_keep_files(struct runner *rn, const struct plan *p, const char *dir, struct err *err)
	__attribute__((warn_unused_result));
/* Store the result of a round under the node's key. *out is a new reference: the node's result. */
int build_keep(struct store *s, const struct plan_node *n, const struct round *round, json_t **out,
	       struct err *err) __attribute__((warn_unused_result));

/*
 * Links to the outputs of a built node: PREFIX-OUTPUT each. Names made are appended to @out.
 */
int build_link(struct store *s, const struct plan_node *n, const char *prefix, struct strv *out,
	       struct err *err) __attribute__((warn_unused_result));

/*
 * SOURCE_DATE_EPOCH of the build that gave the tree; of several the oldest. *out stays as it is
 * when no build is known.
 */
int result_epoch(struct store *s, const struct sha256 *tree, int64_t *out, struct err *err)
	__attribute__((warn_unused_result));
