/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* From the folders that a build has filled to published trees. */

#include "workshop.h"

/*
 * Check that nothing that was promised is missing, then publish each output. What the build did
 * wrong is ERR_BUILD. *out_outputs: {"out": hash}; *out_sizes: {"out": {"files", "bytes"}}; both
 * new references.
 */
int collect_outputs(struct workshop *w, struct store *s, const struct plan_node *n,
		    json_t **out_outputs, json_t **out_sizes, struct err *err)
	__attribute__((warn_unused_result));
