/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The action: the canonical document of everything that may influence an output. Its SHA-256 is the
 * action key. URLs, comments, help texts, summaries, golden hashes, options that nothing uses and
 * the number of cores are not in it.
 */

#include <base/json.h>
#include <runner/plan.h>

struct action_input {
	const char *name;      /* of the recipe, borrowed */
	const json_t *outputs; /* {"out": "<tree hash>"}, borrowed */
};

/* The document of one node; the caller owns the reference. */
int action_document(const struct plan_node *n, const struct sha256 *root,
		    const struct settings *toolchain_env, const struct action_input *inputs,
		    size_t n_inputs, json_t **out, struct err *err)
	__attribute__((warn_unused_result));

/*
 * The environment of one phase of a document, complete but for MAKEFLAGS; the phases of an action
 * are in its "phases" array. Borrowed from the document.
 */
const json_t *action_phases(const json_t *action);

/* Names of the phases that belljar itself puts before the recipe's. */
#define PHASE_UNPACK "unpack"
#define PHASE_PATCH  "patch"
