/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Downstream patches: NNNN-PROJECT-DESCRIPTION-BRANCH.patch in the branch's folder. Upstream's,
 * such as security patches, are sources with `patch`. One sequence of numbers for both.
 */

#include <runner/plan.h>
#include <store/store.h>

/*
 * Fill b->patches from b->dir and b->sources, sorted by number, each with the hash of its bytes. A
 * *.patch whose name breaks the rule, whose project is no source that is unpacked, or which is
 * empty, is ERR_INPUT; so are two with one number.
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

/*
 * The phase "patch" of the node failed, and this is the end of its log: ERR_INPUT with the patch's
 * file, the hunk's number and its header line, or whatever else patch(1) had against it. Returns
 * -1.
 */
int patch_explain(struct store *s, const struct plan_node *n, const char *log, struct err *err);
/* The header line ("@@ -1,3 +1,3 @@") of the @hunk-th hunk, from 1, for @path in the text of a
 * patch, or NULL. Caller frees. Pure; for tests. */
char *patch_hunk_header(const char *patch, const char *path, unsigned hunk);
