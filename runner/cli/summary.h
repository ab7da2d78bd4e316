/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a build came to, for people (stderr) and for programs. */

#include "cli.h"

#include <runner/build.h>

/* Outputs with hashes and sizes, links, refused attempts, shim calls. */
void summary_print(const struct cli *c, const struct plan_node *n, const struct node_report *report,
		   const struct strv *links);
/* New reference. */
json_t *summary_json(const struct plan_node *n, const struct node_report *report,
		     const struct strv *links);
/*
 * The end of the log of a failed round, and the commands that help, ready to be pasted into a
 * shell. @wanted: the node is the one that the user named, not an input of it.
 */
void summary_failure(struct cli *c, const struct plan_node *n, const struct round *round,
		     bool wanted);
