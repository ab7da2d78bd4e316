/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Recipes and branches as docs/RECIPES.md describes them: read from YAML, checked completely, so
 * that the rest of the runner meets no surprise. All errors are ERR_INPUT with file, line, column.
 */

#include <base/digest.h>
#include <base/err.h>
#include <base/str.h>
#include <runner/settings.h>
#include <stdbool.h>
#include <stdint.h>

struct option {
	char *name, *help; /* help: NULL when none is given */
	bool otherwise;    /* the default */
};

struct variant {
	char *name;
	struct settings set;
};

/* Equalities over options ("true", "false") and "target". Empty: always holds. */
struct recipe_input {
	char *name;
	char *branch, *variant; /* NULL: that recipe's default */
	char *target;           /* "target", "host", or an architecture */
	struct settings when;
	int line, column; /* where its name stands in recipe.yaml */
};

struct shim_rule {
	char *name, *policy, *text; /* text: NULL when none is given */
	bool declared;              /* the recipe names it; else these are the defaults */
};

struct phase {
	char *name, *dir, *run; /* dir: NULL is /build itself */
	struct strv uses;
	struct settings when, env;
	int dir_line, dir_column; /* where the dir stands in recipe.yaml; 0: there is none */
};

struct requirement {
	char *path, *why; /* OUTPUT/PATH; why: NULL */
	struct settings when;
};

/* A name that holds under conditions. */
struct choice {
	char *name;
	struct settings when;
};

/* A toolchain that holds under conditions, and what --toolchain may put in its place. */
struct toolchain_choice {
	char *name;
	struct settings when;
	char *why;           /* NULL: any other may stand in */
	struct strv instead; /* with @why: only these */
	int line, column;    /* where its name stands in recipe.yaml */
};

/* A combination that is not built, and why: refused when the plan is made. */
struct recipe_refusal {
	struct settings when; /* at least one */
	char *toolchain;      /* with this one only; NULL: with any */
	char *why;
};

struct upstream; /* runner/upstream.h */

struct recipe {
	char *name, *summary, *homepage, *default_variant;
	char *dir; /* the recipe's folder */
	struct strv licenses, targets;
	struct toolchain_choice *toolchains; /* the first that holds; the last one always does */
	struct choice *outputs;
	struct option *options;
	struct variant *variants;
	struct recipe_input *inputs;
	struct shim_rule *shims; /* one for every shim name, defaults filled in */
	struct phase *phases;
	struct requirement *requires;
	struct recipe_refusal *refusals;
	size_t n_toolchains, n_outputs, n_options, n_variants, n_inputs, n_shims, n_phases;
	size_t n_requires, n_refusals;
	struct settings env;
	struct upstream
		*upstream; /* where new versions come from; NULL: nobody said. Not in the key */
};

enum source_kind {
	SOURCE_FILE, /* pinned by SHA-256: unpacked to `to`, or the input itself */
	SOURCE_GIT,  /* a commit, pinned by the NAR hash of its checkout, at `to` */
	SOURCE_PATCH /* a file that is applied to another source, upstream's security patches */
};

struct source {
	enum source_kind kind;
	char *name;
	char *file;         /* NULL with SOURCE_GIT */
	char *to;           /* NULL: the file itself is the input */
	char *commit, *tag; /* SOURCE_GIT: 40 hex digits, NULL while unknown; tag is for people */
	bool pinned; /* false: a git source whose commit or NAR hash nobody has written yet */
	struct sha256 hash; /* of the file, or the NAR hash of the checkout */
	uint64_t size;      /* SOURCE_GIT: 0 */
	struct strv urls;
	unsigned strip;
	char *project; /* SOURCE_PATCH: the source that it is applied to */
	unsigned order;
	struct settings when;
};

struct patch {
	char *file, *project, *description;
	unsigned number;             /* the order, over all patches of the branch */
	const struct source *source; /* where it is fetched from; NULL: in the branch's folder */
	struct sha256 hash;
};

struct golden {
	char *variant; /* NULL: the default variant */
	char *target, *host;
	char *toolchain;              /* NULL: the recipe's own for these options */
	struct settings set, outputs; /* outputs: name -> tree hash in hex */
	struct sha256 root;
};

#define BRANCH_MAX (1024 * 1024) /* bytes of a branch.yaml */

struct branch {
	char *name, *version, *dir;
	int64_t epoch; /* fits 32 bits unsigned; 0: unknown, possible only while a source is not
			  pinned */
	/* Dates as 2028-03-05, and where they are written; NULL when not said. */
	char *released, *full_until, *security_until, *support_source;
	struct source *sources;
	struct patch *patches; /* in the order in which they are applied */
	struct golden *golden;
	struct recipe_refusal *refusals;
	size_t n_sources, n_patches, n_golden, n_refusals;
	struct settings env;
};

/* Read @recipes_dir/@name/recipe.yaml. An unknown name: ERR_INPUT with the nearest known one. */
int recipe_load(const char *recipes_dir, const char *name, struct recipe **out, struct err *err)
	__attribute__((warn_unused_result));
/* The same from memory; @dir is only remembered. */
int recipe_parse(const char *file, const char *text, size_t len, const char *name, const char *dir,
		 struct recipe **out, struct err *err) __attribute__((warn_unused_result));
void recipe_free(struct recipe *r);
void recipe_freep(struct recipe **r);

/*
 * Read @name's branch.yaml and its patches. NULL: the newest branch, by version_compare(), of those
 * whose sources are all pinned.
 */
int branch_load(const struct recipe *r, const char *name, struct branch **out, struct err *err)
	__attribute__((warn_unused_result));
int branch_parse(const struct recipe *r, const char *file, const char *text, size_t len,
		 const char *name, const char *dir, struct branch **out, struct err *err)
	__attribute__((warn_unused_result));
void branch_free(struct branch *b);
void branch_freep(struct branch **b);

/* The source of that name, or NULL. Borrowed. */
const struct source *branch_source(const struct branch *b, const char *name);
/* Every source is pinned; else *out_missing, when not NULL, is the first that is not. */
bool branch_pinned(const struct branch *b, const struct source **out_missing);
/* ERR_INPUT that says what is not known and how to supply it; 0 when all is pinned. */
int branch_require_pins(const struct recipe *r, const struct branch *b, struct err *err)
	__attribute__((warn_unused_result));

enum support {
	SUPPORT_UNKNOWN, /* the branch says no date */
	SUPPORT_FULL,    /* corrections of all kinds */
	SUPPORT_SECURITY,
	SUPPORT_PAST
};
/* On @today ("2026-11-24"). The last day is still one of support. */
enum support branch_support(const struct branch *b, const char *today);

/* Names, sorted: recipes bytewise, branches oldest first. */
int recipe_names(const char *recipes_dir, struct strv *out, struct err *err)
	__attribute__((warn_unused_result));
int branch_names(const struct recipe *r, struct strv *out, struct err *err)
	__attribute__((warn_unused_result));

/*
 * The value of every option: default, then the variant (NULL: the recipe's default variant, or
 * none), then @sets ("name=value", ERR_USAGE when there is no such option). *out starts empty.
 */
int options_resolve(const struct recipe *r, const char *variant, const struct strv *sets,
		    struct settings *out, struct err *err) __attribute__((warn_unused_result));
/* Whether any combination of options gives this output. */
bool recipe_has_output(const struct recipe *r, const char *name);
/* The outputs for these options, in the recipe's order. */
void recipe_outputs(const struct recipe *r, const struct settings *values, const char *target,
		    struct strv *out);
/* The toolchain for these options, when --toolchain names no other. Borrowed from the recipe. */
const char *recipe_toolchain(const struct recipe *r, const struct settings *values,
			     const char *target);
bool when_holds(const struct settings *when, const struct settings *values, const char *target);
/* "x86_64" or "aarch64". */
bool arch_known(const char *arch);
/* The machine that runs belljar, as uname -m says. Static. */
const char *arch_host(void);
/* "efi-binutils" -> "EFI_BINUTILS", after @prefix. Caller frees. */
char *env_name(const char *prefix, const char *name) __attribute__((returns_nonnull));
