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
/* "none", "stale", "same", "different". */
const char *golden_word(enum golden_state state);
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

/*
 * The entry of the node's branch that hashes made with @toolchain's @root take the place of: the
 * one with that root, else the first of the same variant, target, host, options and toolchain whose
 * root is of no toolchain in @toolchains_dir any more (another toolchain's entry stands beside this
 * one's). NULL: none, a new entry is added.
 */
const struct golden *golden_replaceable(const struct plan_node *n, const char *toolchain,
					const struct sha256 *root, const char *toolchains_dir,
					struct store *s);
/*
 * Write root and outputs into the branch's file: in the place of @old, or as a new entry behind the
 * others (NULL). All other bytes stay. What would come of it is parsed, and must meet the outputs,
 * before anything is written. ERR_INPUT when the file is not of a form that can be changed so.
 */
int golden_write(const struct plan_node *n, const struct golden *old, const char *toolchain,
		 const struct sha256 *root, const json_t *outputs, struct err *err)
	__attribute__((warn_unused_result));
/* May the branch's file be changed? ERR_INPUT with the reason; to be asked before rounds are run.
 */
int golden_writable(const struct branch *b, struct err *err) __attribute__((warn_unused_result));
