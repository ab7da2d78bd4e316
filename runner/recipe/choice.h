/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The parts of recipe.yaml that depend on options and target: toolchain, outputs, refusals. */

#include <base/yaml.h>
#include <runner/recipe.h>

/* `toolchain`: a name, or a list of names with `when`, of which the last has none; entries of the
 * list may say with `instead` and `why` what may stand in. */
int choice_toolchains(struct recipe *r, const struct yaml *root, struct err *err)
	__attribute__((warn_unused_result));
/* `outputs`: names, or maps with `name` and `when`. */
int choice_outputs(struct recipe *r, const struct yaml *root, struct err *err)
	__attribute__((warn_unused_result));
/* `refuse`, of a recipe or of a branch; *out is a new array, filled so far when it fails. */
int choice_refusals(const struct recipe *r, const struct yaml *root, struct recipe_refusal **out,
		    size_t *out_n, struct err *err) __attribute__((warn_unused_result));
void choice_free_refusals(struct recipe_refusal *list, size_t n);
