/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The parts of an update. Private to the runner, and to their tests. */

#include <base/err.h>
#include <base/str.h>
#include <runner/update.h>
#include <runner/upstream.h>

/* ---- update_tags.c: what git ls-remote printed ---- */
struct tag {
	char *name, *version; /* version: NULL with tags_find() */
	char commit[41];      /* what the tag leads to, as the server says it */
};
struct tags {
	struct tag *v; /* releases, oldest first */
	size_t n, cap;
};
#define TAGS_INIT ((struct tags){0})
void tags_release(struct tags *t);
/* The releases of the list; what is no release, or no line of a list, is passed over. Pure. */
void tags_parse(const struct upstream *u, const char *list, struct tags *out);
/* The newest release of a branch, or NULL. Borrowed. */
const struct tag *tags_newest(const struct upstream *u, const struct tags *t, const char *series);
/* The commit of the tag with exactly this name; false when the list has none. Pure. */
bool tags_find(const char *list, const char *name, char out_commit[41]);

/* ---- update_vars.c: files of upstream's tree ---- */
/*
 * The values that a makefile gives to @name with = := ?= or ::=, those that are plain (no $, no
 * blank inside, printable), each once, in order. Pure.
 */
void make_variable(const char *text, const char *name, struct strv *out);
/* The date in the line "KEY: YYYY-MM-DD"; NULL when there is none. Caller frees. Pure. */
char *support_date(const char *text, const char *key);

/* ---- update_sign.c: the tag object and its signature ---- */
struct tag_object {
	char commit[41];
	size_t signed_len; /* the text that was signed: so many bytes from the start */
	const char *signature;
};
/*
 * Take a tag object apart: it must say that it is the tag @tag of a commit, and end with one
 * OpenPGP signature. ERR_INPUT. Pure; pointers lead into @text.
 */
int tag_object_parse(const char *text, size_t len, const char *tag, struct tag_object *out,
		     struct err *err) __attribute__((warn_unused_result));
struct gpgv_report;
/* All signatures must be good and by pinned keys, and there must be one. *out_signer: copied. */
int signature_judge(const struct gpgv_report *r, const struct strv *pinned, char **out_signer,
		    struct err *err) __attribute__((warn_unused_result));
/* For struct git_release; @arg is a struct signing. */
struct signing {
	const struct upstream *upstream;
	const char *tag;
	char *signer; /* the caller's to free */
};
int signature_check(void *arg, const char *object, size_t len, const char *work,
		    char out_commit[41], struct err *err) __attribute__((warn_unused_result));

/* ---- update_components.c ---- */
struct pin {                       /* what branch.yaml has to say of one git source */
	char *name, *commit, *tag; /* tag: NULL when upstream pins the commit itself */
	char *url;                 /* for a source that is added */
	char nar[52];              /* "sha256-..."; "" when the branch has no such source */
	const struct upstream_component *component;
};
struct pins {
	struct pin *v;
	size_t n;
};
void pins_release(struct pins *p);
/* All components of the release with the NAR hash @tree, for the branch @b (its sources' URLs). */
int components_resolve(struct runner *rn, const struct upstream *u, const struct branch *b,
		       const struct sha256 *tree, struct pins *out, struct err *err)
	__attribute__((warn_unused_result));
/* A file of a published checkout; *out NULL when it has no such file. Caller frees. */
int checkout_read(struct runner *rn, const struct sha256 *tree, const char *path, char **out,
		  struct err *err) __attribute__((warn_unused_result));

/* ---- update_branch.c: one branch, from the tag to the text ---- */
/*
 * Fill @ub for the release @t: verified, fetched, its texts made. @b is the branch that is there,
 * or with UPDATE_NEW the one that serves as a template.
 */
int branch_update(struct runner *rn, const struct recipe *r, const struct branch *b,
		  const struct tag *t, struct update_branch *ub, struct err *err)
	__attribute__((warn_unused_result));
/* The source of that name when it is a git source, else NULL. Borrowed. */
const struct source *git_source(const struct branch *b, const char *name);
