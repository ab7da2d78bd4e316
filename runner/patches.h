/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Downstream patches: NNNN-PROJECT-DESCRIPTION-BRANCH.patch in the branch's folder. */

#include <runner/recipe.h>

/*
 * Fill b->patches from b->dir, sorted by number, each with the hash of its bytes. A *.patch whose
 * name breaks the rule, or whose project is no source that is unpacked, is ERR_INPUT.
 */
int patches_find(struct branch *b, struct err *err) __attribute__((warn_unused_result));
/* The source that @file belongs to, or NULL with *err set. Pure; for tests. */
const struct source *patch_project(const struct branch *b, const char *file, struct err *err);
