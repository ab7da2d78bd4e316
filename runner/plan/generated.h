/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The scripts of the phases that belljar puts before the recipe's. They are part of the key. */

#include <runner/plan.h>

/* NULL when there is nothing to unpack. Caller frees. */
char *generated_unpack(const struct plan_node *n);
/* What the log says in front of the name of each patch. */
#define PATCH_APPLYING "applying "
/* NULL when there is nothing to patch. Caller frees. */
char *generated_patch(const struct plan_node *n);
/* True when the source belongs to this node (its `when` holds). */
bool node_has_source(const struct plan_node *n, const struct source *s);
/* True when the patch's source does. */
bool node_has_patch(const struct plan_node *n, const struct patch *p);
/* True when the file itself is shown at /inputs/files: no `to`, or a shim may serve it. */
bool node_shows_file(const struct plan_node *n, const struct source *s);
