/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * recipe.yaml's `upstream:`: where new versions come from, whose signature counts, and what of a
 * release has to be written into branch.yaml. Only `belljar update` reads it; no part of any key.
 */

#include <base/yaml.h>
#include <runner/recipe.h>

/* A part that upstream pins in its own tree, in makefile variables. */
struct upstream_component {
	char *name;           /* also of the source in branch.yaml */
	char *file;           /* in upstream's tree */
	char *url, *revision; /* variables in it */
	char *to;   /* not NULL: a branch that lacks the source gets one, unpacked there */
	char *when; /* for that source, as it will stand in branch.yaml; NULL: always */
};

/* The file of upstream's tree that says how long a branch is supported, "KEY: YYYY-MM-DD". */
struct upstream_support {
	char *file, *released, *full_until, *security_until; /* keys */
};

struct upstream {
	char *source; /* the git source that a version is a tag of */
	struct strv urls;
	char *tag;                /* "RELEASE-{version}" */
	unsigned series;          /* so many numbers of a version name its branch: 2 for 4.20.4 */
	char *key_file;           /* a keyring; NULL: nobody knows the keys yet */
	struct strv fingerprints; /* of primary keys; one of them must have signed */
	struct settings env;      /* branch.yaml's, with {commit}, {commit:N}, {version}, {tag} */
	struct upstream_component *components;
	size_t n_components;
	struct upstream_support support; /* file NULL: not said */
};

/* Fill r->upstream from the optional key `upstream`; after everything else of the recipe. */
int upstream_parse(struct recipe *r, const struct yaml *root, struct err *err)
	__attribute__((warn_unused_result));
void upstream_free(struct upstream *u);

/* "4.20.4" of "RELEASE-4.20.4", NULL when the tag names no release (-rc1, odd). Caller frees. */
char *upstream_version(const struct upstream *u, const char *tag);
/* "RELEASE-4.20.4" of "4.20.4"; @version may be "*". Caller frees. */
char *upstream_tag(const struct upstream *u, const char *version) __attribute__((returns_nonnull));
/* "4.20" of "4.20.4"; NULL when it has fewer numbers. Caller frees. */
char *upstream_series(const struct upstream *u, const char *version);
/* @text with {commit}, {commit:N}, {version} and {tag} put in. Caller frees. */
char *upstream_fill(const char *text, const char *version, const char *tag, const char *commit)
	__attribute__((returns_nonnull));
