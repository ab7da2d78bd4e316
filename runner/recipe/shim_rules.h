/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Which shims there are, what they do when a recipe says nothing, and what each may be told. */

#include <base/yaml.h>
#include <runner/recipe.h>

/* Fill r->shims: the defaults, overlaid by the recipe's `shims` map (may be NULL). */
int shim_rules_parse(struct recipe *r, const struct yaml *map, struct err *err)
	__attribute__((warn_unused_result));
