/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * --strict: a build must not try what its recipe does not declare. Judged from the record alone, so
 * that a cached result, built without --strict, is judged by the same rule. Strictness is no part
 * of the action key. docs/RECIPES.md says what is declared and how.
 */

#include <runner/plan.h>
#include <runner/runner.h>

/*
 * 0 when @record (as record.json) shows nothing undeclared. Else ERR_BUILD: the first violation by
 * call, process and phase, how many there are, and what to add to the recipe.
 */
int strict_judge(const json_t *record, const struct recipe *r, struct err *err)
	__attribute__((warn_unused_result));

/*
 * Each of the first @n nodes that the store has a result of, from its record: by
 * strict_judge() when @rn is strict, by its walls when @rn requires some. ERR_BUILD, ERR_HOST;
 * ERR_STORE when the record is gone, since what was not seen cannot be judged.
 */
int strict_judge_stored(const struct runner *rn, const struct plan *p, size_t n, struct err *err)
	__attribute__((warn_unused_result));
/* The same for one node, which has a result. */
int strict_judge_node(const struct runner *rn, const struct plan_node *n, struct err *err)
	__attribute__((warn_unused_result));
