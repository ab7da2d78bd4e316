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
/* The end of the log of a failed round, and the commands that help. @selector as the user typed. */
void summary_failure(struct cli *c, const struct plan_node *n, const struct round *round,
		     const char *selector);
/* Options that the user must repeat for the same build: " --target aarch64 --set a=b". */
char *summary_options(const struct cli *c);
