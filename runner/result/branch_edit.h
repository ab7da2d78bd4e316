/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Changing a branch.yaml that people wrote: ranges of its text are replaced, every other byte stays
 * (comments, order, quotes). The order of calls: open, any number of splices, save. The file on
 * disk is touched by the last step only, and by one rename.
 */

#include <base/yaml.h>
#include <runner/recipe.h>

struct branch_edit {
	char *path; /* of the file, as it was found */
	struct strbuf text;
	struct yaml_doc doc; /* of the text as it is now */
};

#define BRANCH_EDIT_INIT ((struct branch_edit){0})
void branch_edit_release(struct branch_edit *e);

/*
 * ERR_INPUT unless @dir/branch.yaml may be changed: not writable, or installed below /usr, where
 * the next update of the package would undo it. To be asked before a long work begins.
 */
int branch_edit_allowed(const char *dir, struct err *err) __attribute__((warn_unused_result));
/* Read @dir/branch.yaml. */
int branch_edit_open(struct branch_edit *e, const char *dir, struct err *err)
	__attribute__((warn_unused_result));
/* Offset of a line's first byte; of a line behind the last one: the text's length. */
size_t branch_edit_line(const struct branch_edit *e, int line);
/* Offset of a place as a node names it. */
size_t branch_edit_offset(const struct branch_edit *e, int line, int column);
/* The last line on which a part of the node begins: its end, but for scalars of several lines. */
int branch_edit_last_line(const struct yaml *node);
/* Replace the bytes [@from, @to) and parse anew: nodes of before are gone. */
int branch_edit_splice(struct branch_edit *e, size_t from, size_t to, const char *by,
		       struct err *err) __attribute__((warn_unused_result));
/* Write the text in place of the file, atomically, with the same mode. */
int branch_edit_save(const struct branch_edit *e, struct err *err)
	__attribute__((warn_unused_result));
