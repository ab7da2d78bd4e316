/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a phase has in its environment: docs/RECIPES.md, "What a phase sees". */

#include <runner/plan.h>

/* All but MAKEFLAGS, which is no part of the key. @toolchain may be NULL. *out starts empty. */
void phase_environment(const struct plan_node *n, const struct phase *p,
		       const struct settings *toolchain, struct settings *out);
/* The same for the phases that belljar makes itself (unpack, patch): no options, no inputs. */
void generated_environment(const struct plan_node *n, struct settings *out);
