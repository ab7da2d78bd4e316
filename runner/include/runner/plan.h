/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A plan: the actions that a request needs, each after the ones it waits for. The last one is the
 * one that was asked for. An action has a key as soon as its root and the outputs of its inputs
 * are known; until then `waits` says for what.
 */

#include <base/digest.h>
#include <base/err.h>
#include <base/json.h>
#include <base/str.h>
#include <runner/recipe.h>
#include <store/store.h>
#include <toolchains/toolchain.h>

/* What was asked for; borrowed. */
struct request {
	const char *recipes_dir, *toolchains_dir;
	const char *selector;
	const char *target;     /* NULL: the host's architecture */
	const struct strv *set; /* "option=value"; may be NULL */
	const char *toolchain;  /* for every action, instead of the recipes' own; NULL: these */
};

struct plan_root { /* the toolchain root of one (host, target) */
	struct toolchain *tc;
	struct lock *lock;
	char *name, *host, *target;
	bool known;   /* its tree hash, from the store's memory or from the lock */
	bool present; /* the tree itself is in the store */
	struct sha256 tree;
};

struct plan_node {
	const struct recipe *recipe;
	const struct branch *branch;
	const char *variant;    /* NULL: none */
	struct settings values; /* of every option */
	const char *host, *target;
	size_t root;    /* index into plan->roots */
	size_t *inputs; /* indices into plan->nodes */
	size_t n_inputs;

	bool has_key;
	struct sha256 key;
	json_t *action; /* the canonical document whose hash is the key */
	json_t *result; /* what the store knows under that key, outputs in the recipe's order;
			   NULL: not built */
	char *waits;    /* why there is no key yet; NULL when there is one */
};

struct plan {
	struct plan_node *nodes;
	struct plan_root *roots;
	struct recipe **recipes;
	struct branch **branches;
	size_t n_nodes, n_roots, n_recipes, n_branches;
};

#define PLAN_INIT ((struct plan){0})

/* Read recipes, toolchains and locks; no key is computed. */
int plan_make(const struct request *rq, struct plan *out, struct err *err)
	__attribute__((warn_unused_result));
/*
 * Add what another request needs to a plan (at first PLAN_INIT); *out_node is what was asked for,
 * perhaps a node that is there already. All requests of a plan have one toolchain. After a failure
 * the plan can be used on; it may have nodes that nobody wants.
 */
int plan_add(const struct request *rq, struct plan *p, size_t *out_node, struct err *err)
	__attribute__((warn_unused_result));
void plan_release(struct plan *p);
/* ERR_INPUT when a source of the node is not pinned. */
int node_require_pins(const struct plan_node *n, struct err *err)
	__attribute__((warn_unused_result));
/* ERR_INPUT when a source of some node is not pinned: it can be described, not built or fetched. */
int plan_require_pins(const struct plan *p, struct err *err) __attribute__((warn_unused_result));
/*
 * Find the roots' hashes: composed before, or recorded in the lock. Here and below a NULL store is
 * one that has nothing.
 */
int plan_find_roots(struct plan *p, struct store *s, struct err *err)
	__attribute__((warn_unused_result));
/* The key of node @i when it can be known, and its result when the store has it. */
int plan_key(struct plan *p, size_t i, struct store *s, struct err *err)
	__attribute__((warn_unused_result));
/* The same for all nodes, in order. */
int plan_keys(struct plan *p, struct store *s, struct err *err) __attribute__((warn_unused_result));
/* The node that was asked for. */
struct plan_node *plan_wanted(const struct plan *p);
/* The outputs that the node has with its options, in the recipe's order. */
void node_outputs(const struct plan_node *n, struct strv *out);
/* ERR_USAGE with the reason when recipe or branch refuse the node's combination of options, with
 * @toolchain as its toolchain. */
int node_check_refusals(const struct plan_node *n, const char *toolchain, struct err *err)
	__attribute__((warn_unused_result));
/*
 * ERR_USAGE with the reason when @other (NULL: none was asked for) may not stand in for the node's
 * own toolchain. Whether there is one of that name is not looked at.
 */
int node_check_toolchain(const struct plan_node *n, const char *other, struct err *err)
	__attribute__((warn_unused_result));
/* "xen@4.20:slim" and ", for aarch64" when it is not built for the host. Caller frees. */
char *plan_node_title(const struct plan_node *n) __attribute__((returns_nonnull));
/* New reference: the machine form of the plan. */
json_t *plan_to_json(const struct plan *p);
