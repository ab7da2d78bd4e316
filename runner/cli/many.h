/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* belljar build of several things at once, and what came of each. */

#include "cli.h"

#include <runner/build.h>
#include <runner/pick.h>

struct many_build {
	struct picks picks;
	struct build_report report; /* empty with --dry-run */
	json_t **before;            /* per pick: the build before, or NULL; owned */
};

/*
 * Per pick an object: state ("unchanged", "same", "changed", "new", "failed", "blocked"; with
 * --dry-run "unchanged", "rebuild", "waits"), and what docs/XSA-DAY.md says. New references.
 */
json_t *many_json(struct cli *c, struct many_build *m);
/* The same, in words, for a person. */
void many_print(const struct cli *c, const json_t *doc);
