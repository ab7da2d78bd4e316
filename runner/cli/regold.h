/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* check --regold: the hashes of equal rounds become the branch's golden ones. */

#include "cli.h"

#include <runner/check.h>

/*
 * The walls that a room must have for its hashes to be kept: @list, as --require-walls had it, and
 * those that may be missing and bear on what a build sees or reaches. Caller frees.
 */
char *regold_walls(const char *list) __attribute__((returns_nonnull));
/*
 * Write (with --dry-run: tell) the entry of the plan's wanted node, print old and new, and put the
 * same into @doc as "regold". The rounds of @r are equal.
 */
int regold_write(struct cli *c, const struct plan *p, const struct check_report *r, json_t *doc,
		 struct err *err) __attribute__((warn_unused_result));
