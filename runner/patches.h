/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Downstream patches: NNNN-PROJECT-DESCRIPTION-BRANCH.patch in the branch's folder. */

#include <runner/recipe.h>
#include <store/store.h>

/*
 * Fill b->patches from b->dir, sorted by number, each with the hash of its bytes. A *.patch whose
 * name breaks the rule, or whose project is no source that is unpacked, is ERR_INPUT.
 */
int patches_find(struct branch *b, struct err *err) __attribute__((warn_unused_result));
/* The source that @file belongs to, or NULL with *err set. Pure; for tests. */
const struct source *patch_project(const struct branch *b, const char *file, struct err *err);
/*
 * Open a patch. A link is refused: a hostile recipe could show the build any file that the user of
 * belljar can read. So is what is no plain file. Returns the fd.
 */
int patch_open(const char *dir, const char *file, struct err *err)
	__attribute__((warn_unused_result));
/*
 * Take the patch into the store, under the hash that is in the key: the file itself lies in the
 * recipe's folder, where an editor may change it at any moment.
 */
int patch_keep(struct store *s, const struct branch *b, const struct patch *p, struct err *err)
	__attribute__((warn_unused_result));
