/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a build came to, against the one before of the same thing. */

#include <runner/plan.h>

/*
 * The newest successful build in the store of the node's recipe, branch, variant, target, host and
 * options, whatever its sources, patches and packages were: a row of history_list(), a new
 * reference. Those with a toolchain of the same name go before all others. *out is NULL when there
 * is none. Records of before options were noted match by variant.
 */
int changes_before(struct store *s, const struct plan *p, const struct plan_node *n, json_t **out,
		   struct err *err) __attribute__((warn_unused_result));

/*
 * The outputs that differ between @before and @now ({"out": hash} each): a new array of objects
 * output, old, new (a hash or null), and files: path, change ("changed", "added", "removed"), what
 * (in words); files is null when one of the trees is no longer in the store.
 */
int changes_between(struct store *s, const json_t *before, const json_t *now, json_t **out,
		    struct err *err) __attribute__((warn_unused_result));
