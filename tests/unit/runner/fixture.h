/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <runner/action.h>
#include <runner/recipe.h>

/* A small recipe and a branch of it; both parse. */
extern const char fixture_recipe[];
extern const char fixture_branch[];

/* @text with the first @from replaced by @to; asserts that it is there. Caller frees. */
char *fixture_replace(const char *text, const char *from, const char *to);

/* Parse @text as recipe.yaml of "demo". Returns 0 or the error's code, *err filled. */
int fixture_parse(const char *text, struct recipe **out, struct err *err);
/* The same for branch "1.0" of a recipe. */
int fixture_parse_branch(const struct recipe *r, const char *text, struct branch **out,
			 struct err *err);

/* What an action key is made of. NULL: the fixture's own. Returns the key in hex; caller frees. */
struct fixture_action {
	const char *recipe, *branch;
	const char *variant, *set, *target;
	const char *root;  /* 64 hex digits */
	const char *input; /* tree hash of the input `tool` */
};
char *fixture_key(const struct fixture_action *f);
/* The document itself, a new reference. */
json_t *fixture_document(const struct fixture_action *f);
