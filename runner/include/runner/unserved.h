/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a failed build asked wget, curl or git for, in vain: for the failure's message, and the
 * lines that would hand it over. From the shims' rows, which are what the room says of itself: told
 * to the recipe's author, never decided on.
 */

#include <runner/plan.h>

/*
 * Put the first such call of @phase into *err, the failure of that phase: the URL, and the chain of
 * callers. @calls: the record's "shim_calls". Without such a call *err stays as it is.
 */
void unserved_explain(const json_t *calls, const char *phase, struct err *err);

/*
 * Each such call of @phase with its callers, and what to write into which file. @phase NULL: of any
 * phase, but only what a recipe meant to have (`serve`, `exists`). NULL when there is none. Caller
 * frees.
 */
char *unserved_advice(const json_t *calls, const struct plan_node *n, const char *phase);
