/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The expected tree hashes that a branch keeps in the repository. */

#include <runner/plan.h>

enum golden_state {
	GOLDEN_NONE,  /* the branch has no entry for this node */
	GOLDEN_STALE, /* the entry was made with another toolchain root */
	GOLDEN_SAME,
	GOLDEN_DIFFERENT
};

/*
 * The entry whose options, target and host are those of the node. An entry made with the node's
 * root is preferred to a stale one. NULL when there is none. Borrowed from the branch.
 */
const struct golden *golden_find(const struct plan_node *n, const struct sha256 *root);
/* Compare @outputs ({"out": hash}) with an entry, which may be NULL. */
enum golden_state golden_compare(const struct golden *g, const struct sha256 *root,
				 const json_t *outputs);
/*
 * The entry for these outputs, made with @toolchain's @root, as YAML to be put below `golden:`.
 * Caller frees.
 */
char *golden_yaml(const struct plan_node *n, const char *toolchain, const struct sha256 *root,
		  const json_t *outputs) __attribute__((returns_nonnull));

enum golden_age {
	GOLDEN_AGE_UNKNOWN, /* no lock, or none that records a root: nothing to compare with */
	GOLDEN_AGE_CURRENT, /* made with the root that the lock gives today */
	GOLDEN_AGE_STALE
};
/* Judged without building or composing anything. @s may be NULL. */
enum golden_age golden_age(const char *toolchains_dir, const struct recipe *r,
			   const struct golden *g, struct store *s);
