/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Changing a branch.yaml that people wrote: ranges of its text are replaced, every other byte stays
 * (comments, order, quotes). A YAML library that writes would lose them.
 *
 * The order of calls: open (or parse); any number of changes, each named by places and nodes of the
 * text as it was opened; apply, which makes the new text and parses it; save. Until save nothing
 * but memory is touched, and save is one rename. What the new text says is for the caller to judge,
 * by branch_parse(), before it is saved.
 *
 * Errors: ERR_INPUT for what is wrong with the file or cannot be changed in place, with file, line
 * and column where there is one; ERR_STORE for what cannot be written; ERR_BUG for calls out of
 * order. After an error the text and the nodes are what they were.
 */

#include <base/yaml.h>

struct branch_edit {
	char *path;          /* of the file as it was found: for messages and for save */
	char *text;          /* owned, as is all else; who takes it away may only release then */
	struct yaml_doc doc; /* of that text; its nodes are gone with the next apply */
	struct branch_edit_change {
		size_t from, to; /* bytes of the text; equal: something is put in */
		size_t order;    /* in which it was asked for: decides at one place */
		char *by;
		bool lines; /* `by` has to begin a line */
	} * changes;        /* that are not applied yet */
	size_t n, cap;
};

#define BRANCH_EDIT_INIT ((struct branch_edit){0})
void branch_edit_release(struct branch_edit *e);

/*
 * ERR_INPUT unless @dir/branch.yaml may be changed: not writable, or installed below /usr, where
 * the next update of the package would undo it. To be asked before a long work begins.
 */
int branch_edit_allowed(const char *dir, struct err *err) __attribute__((warn_unused_result));
/* Read @dir/branch.yaml into @e, which is overwritten. Released by the caller in any case. */
int branch_edit_open(struct branch_edit *e, const char *dir, struct err *err)
	__attribute__((warn_unused_result));
/* The same from memory; @path and @text are copied. */
int branch_edit_parse(struct branch_edit *e, const char *path, const char *text, struct err *err)
	__attribute__((warn_unused_result));

/* ---- places ---- */

/* Offset of a line's first byte; of a line behind the last one: the text's length. */
size_t branch_edit_line(const struct branch_edit *e, int line);
/* Offset of a place as a node names it. */
size_t branch_edit_offset(const struct branch_edit *e, int line, int column);
/* The last line on which a part of the node begins: its end, but for scalars of several lines. */
int branch_edit_last_line(const struct yaml *node);
/* Is the node a value that stands in one line as it is read, so that it can be replaced there? */
bool branch_edit_in_place(const struct branch_edit *e, const struct yaml *node);

/* ---- changes: noted, and made by apply; texts are copied ---- */

/* Put @by in the place of the bytes [@from, @to). */
void branch_edit_range(struct branch_edit *e, size_t from, size_t to, const char *by);
/* Put whole lines in at @at, the beginning of a line or the end of the text, closed or not. */
void branch_edit_lines(struct branch_edit *e, size_t at, const char *lines);
/*
 * Replace a value: in its quotes, if it has any, or with @quote in double ones. ERR_INPUT where it
 * is not in one line, or @value has characters that would need an escape.
 */
int branch_edit_scalar(struct branch_edit *e, const struct yaml *node, const char *value,
		       bool quote, struct err *err) __attribute__((warn_unused_result));
/* Take a key of the topmost map away, with the comment directly above it. No such key: nothing. */
void branch_edit_remove_key(struct branch_edit *e, const char *key);
/* Put whole lines before a key of the topmost map and the comment above it; no such key: at the
 * end. */
void branch_edit_insert(struct branch_edit *e, const char *before, const char *lines);
/* Put whole lines behind all that belongs to a key of the topmost map; no such key: at the end. */
void branch_edit_append(struct branch_edit *e, const char *key, const char *lines);
/*
 * The lines of a list's entry ("  - name: ..."), indented by two as they would be in a file of
 * ours, as far in as the entries of @list are. NULL or an empty list: as they are. Caller frees.
 */
char *branch_edit_entry(const struct yaml *list, const char *lines)
	__attribute__((returns_nonnull));
/*
 * Take all lines away that are only a comment, but for the first line; nothing, where one of them
 * is part of a value. At once, so before any change. Nodes of before are gone.
 */
int branch_edit_drop_comments(struct branch_edit *e, struct err *err)
	__attribute__((warn_unused_result));

/* ---- the result ---- */

/*
 * Make all changes and parse the text anew. Changes that overlap are an ERR_INPUT: none of them is
 * dropped in silence. Then there are no changes any more, and others may follow.
 */
int branch_edit_apply(struct branch_edit *e, struct err *err) __attribute__((warn_unused_result));
/*
 * Put the text in the place of the file that was opened, atomically: mode stays, under root the
 * owner, and a link stays a link, what it leads to being replaced. ERR_BUG with changes that are
 * not applied.
 */
int branch_edit_save(const struct branch_edit *e, struct err *err)
	__attribute__((warn_unused_result));
/*
 * The same for a text that was taken out of an editor, as branch.yaml of the open folder @dir,
 * which may be a copy: a link is replaced, since it would lead back to the original. There may be
 * no such file yet (mode 0644).
 */
int branch_edit_write(int dir, const char *text, struct err *err)
	__attribute__((warn_unused_result));
