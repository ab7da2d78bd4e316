/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Bringing a recipe's branches to upstream's newest releases. update_prepare() looks, verifies,
 * fetches and decides, and touches nothing but the store; update_write() then writes all of it or
 * none of it. docs/UPDATE.md says what is believed of upstream and why.
 */

#include <runner/recipe.h>
#include <runner/runner.h>

enum update_kind {
	UPDATE_CURRENT, /* nothing to do */
	UPDATE_LEFT,    /* not ours to change: `note` says why */
	UPDATE_CHANGE,  /* branch.yaml is rewritten */
	UPDATE_NEW,     /* a branch that is not there yet */
	UPDATE_DROP     /* the folder goes */
};

struct update_component {
	char *name, *revision, *commit;
	bool source; /* the branch has it as a source, or gets it */
};

struct update_branch {
	enum update_kind kind;
	char *name;
	char *from, *to;    /* versions; NULL where there is none */
	char *tag, *signer; /* what was verified, and the fingerprint; NULL when nothing was */
	char commit[41];
	char *past; /* the day that security support ended, if it has; NULL */
	char *note;
	struct update_component *components;
	size_t n_components;
	struct strv remarks;       /* what a person has to look at */
	char *old_text, *new_text; /* of branch.yaml; NULL where there is none */
};

struct update {
	char *recipe, *dir; /* the recipe's folder */
	char *where;        /* the repository that answered */
	struct update_branch *v;
	size_t n, cap;
};

#define UPDATE_INIT ((struct update){0})
void update_release(struct update *u);

struct update_request {
	const char *recipes_dir;
	const char *selector;    /* NAME or NAME@BRANCH; a BRANCH that is not there is made */
	const struct strv *drop; /* branches past their security support to remove; may be NULL */
	const char *today;       /* 2026-11-24 */
};

/*
 * ERR_INPUT for all that is wrong with upstream: no such tag, no good signature, a component that
 * cannot be resolved, a patch that no longer applies; ERR_USAGE for a recipe without `upstream:`.
 */
int update_prepare(struct runner *rn, const struct update_request *rq, struct update *out,
		   struct err *err) __attribute__((warn_unused_result));
/* How many branches would be changed, made or dropped. */
size_t update_changes(const struct update *u);
/* Unified differences of all changes, with names below the recipe's folder. Caller frees. */
char *update_diff(const struct update *u) __attribute__((returns_nonnull));
/*
 * Write all changes in one step of the file system, so that whatever happens meanwhile leaves
 * either the old folder or the new one. ERR_INPUT when a file is no longer what update_prepare()
 * read.
 */
int update_write(const struct update *u, struct err *err) __attribute__((warn_unused_result));

/*
 * The unified difference of two texts, three lines of context, under the names a/@name and
 * b/@name; NULL for a text that is not there. "" when they are equal. Caller frees.
 */
char *line_diff(const char *name, const char *old_text, const char *new_text)
	__attribute__((returns_nonnull));
