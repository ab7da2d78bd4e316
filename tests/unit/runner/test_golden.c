/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <base/cleanup.h>
#include <criterion/criterion.h>
#include <runner/golden.h>
#include <string.h>

#define HASH_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HASH_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define HASH_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

struct world {
	struct recipe *r;
	struct branch *b;
	struct plan_node n;
	struct sha256 root;
};

static struct world world(const char *variant, const char *target, const char *root)
{
	struct world w = {0};
	struct err err = ERR_INIT;

	cr_assert_eq(fixture_parse(fixture_recipe, &w.r, &err), 0, "%s", err.msg);
	cr_assert_eq(fixture_parse_branch(w.r, fixture_branch, &w.b, &err), 0, "%s", err.msg);
	w.n = (struct plan_node){.recipe = w.r,
				 .branch = w.b,
				 .host = "x86_64",
				 .target = target,
				 .variant = variant};
	cr_assert_eq(options_resolve(w.r, variant, NULL, &w.n.values, &err), 0);
	cr_assert(sha256_from_hex(root, &w.root));
	return w;
}

static void world_release(struct world *w)
{
	settings_release(&w->n.values);
	branch_free(w->b);
	recipe_free(w->r);
}

static enum golden_state compare(const struct world *w, const char *out, const char *boot)
{
	_cleanup_json_ json_t *outputs = json_object();

	json_set(outputs, "out", json_string(out));
	if (boot)
		json_set(outputs, "boot", json_string(boot));
	return golden_compare(golden_find(&w->n, &w->root), &w->root, outputs);
}

Test(golden, states)
{
	_cleanup_(world_release) struct world same = world("usual", "x86_64", HASH_B);
	_cleanup_(world_release) struct world relocked = world("usual", "x86_64", HASH_C);
	_cleanup_(world_release) struct world variant = world("full", "x86_64", HASH_B);
	_cleanup_(world_release) struct world target = world("usual", "aarch64", HASH_B);

	cr_assert_eq(compare(&same, HASH_A, HASH_B), GOLDEN_SAME);
	cr_assert_eq(compare(&same, HASH_A, HASH_A), GOLDEN_DIFFERENT);
	cr_assert_eq(compare(&same, HASH_A, NULL), GOLDEN_DIFFERENT);
	cr_assert_eq(compare(&relocked, HASH_C, HASH_C), GOLDEN_STALE);
	cr_assert_eq(compare(&variant, HASH_A, HASH_B), GOLDEN_NONE);
	cr_assert_eq(compare(&target, HASH_A, HASH_B), GOLDEN_NONE);
}

Test(golden, an_output_more_is_a_difference)
{
	_cleanup_(world_release) struct world w = world("usual", "x86_64", HASH_B);
	_cleanup_json_ json_t *outputs =
		json_pack("{s:s,s:s,s:s}", "out", HASH_A, "boot", HASH_B, "man", HASH_C);

	cr_assert_eq(golden_compare(golden_find(&w.n, &w.root), &w.root, outputs),
		     GOLDEN_DIFFERENT);
}

/* What --regold prints can be put into branch.yaml, and is then met. */
Test(golden, yaml_round_trip)
{
	_cleanup_(world_release) struct world w = world("full", "aarch64", HASH_C);
	_cleanup_json_ json_t *outputs = json_pack("{s:s,s:s}", "out", HASH_C, "boot", HASH_B);
	_cleanup_free_ char *yaml = NULL, *text = NULL;
	_cleanup_(branch_freep) struct branch *b = NULL;
	struct err err = ERR_INIT;

	settings_set(&w.n.values, "efi", "false");
	yaml = golden_yaml(&w.n, "debian-12", &w.root, outputs);
	text = xasprintf("%s%s", fixture_branch, yaml);
	cr_assert_eq(fixture_parse_branch(w.r, text, &b, &err), 0, "%s\n%s", err.msg, yaml);
	w.n.branch = b;
	cr_assert_eq(golden_compare(golden_find(&w.n, &w.root), &w.root, outputs), GOLDEN_SAME,
		     "%s", yaml);
	cr_assert_str_eq(settings_get(&b->golden[1].set, "efi"), "false");
	cr_assert_null(b->golden[1].toolchain);
}

/* One entry per root: that of another toolchain says which, and does not hide the usual one. */
Test(golden, another_toolchain)
{
	_cleanup_(world_release) struct world w = world("usual", "x86_64", HASH_C);
	_cleanup_json_ json_t *outputs = json_pack("{s:s,s:s}", "out", HASH_C, "boot", HASH_B);
	_cleanup_free_ char *yaml = golden_yaml(&w.n, "debian-13", &w.root, outputs);
	_cleanup_free_ char *text = xasprintf("%s%s", fixture_branch, yaml);
	_cleanup_(branch_freep) struct branch *b = NULL;
	struct err err = ERR_INIT;

	cr_assert_eq(fixture_parse_branch(w.r, text, &b, &err), 0, "%s\n%s", err.msg, yaml);
	w.n.branch = b;
	cr_assert_str_eq(b->golden[1].toolchain, "debian-13");
	cr_assert_eq(compare(&w, HASH_C, HASH_B), GOLDEN_SAME, "%s", yaml);
	cr_assert(sha256_from_hex(HASH_B, &w.root));
	cr_assert_eq(compare(&w, HASH_A, HASH_B), GOLDEN_SAME);
}

#define OTHERS                                                                                     \
	"  - {target: x86_64, host: x86_64, variant: usual, toolchain: debian-13,\n"               \
	"     root: " HASH_A ", outputs: {out: " HASH_C ", boot: " HASH_C "}}\n"

/* The number of the entry that hashes of this toolchain and root take the place of; -1: none. */
static int replaceable(struct world *w, const char *text, const char *toolchain, const char *root,
		       const char *toolchains_dir)
{
	_cleanup_(branch_freep) struct branch *b = NULL;
	const struct golden *g;
	struct err err = ERR_INIT;

	cr_assert_eq(fixture_parse_branch(w->r, text, &b, &err), 0, "%s\n%s", err.msg, text);
	cr_assert(sha256_from_hex(root, &w->root));
	w->n.branch = b;
	g = golden_replaceable(&w->n, toolchain, &w->root, toolchains_dir, NULL);
	w->n.branch = w->b;
	return g ? (int)(g - b->golden) : -1;
}

/* A stale entry makes room for its own toolchain only, wherever it stands in the list. */
Test(golden, replaceable_by_its_own_toolchain)
{
	_cleanup_(world_release) struct world w = world("usual", "x86_64", HASH_C);
	_cleanup_free_ char *both = xasprintf("%s%s", fixture_branch, OTHERS);
	_cleanup_free_ char *first =
		fixture_replace(fixture_branch, "golden:\n", "golden:\n" OTHERS);
	const struct {
		const char *text, *toolchain, *root;
		int entry;
	} cases[] = {
		{fixture_branch, "debian-12", HASH_C, 0}, {fixture_branch, "debian-13", HASH_C, -1},
		{fixture_branch, "debian-13", HASH_B, 0}, /* the root alone says whose it is */
		{both, "debian-12", HASH_C, 0},           {both, "debian-13", HASH_C, 1},
		{both, "debian-14", HASH_C, -1},          {first, "debian-12", HASH_C, 1},
		{first, "debian-13", HASH_C, 0},          {first, "debian-12", HASH_B, 1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		cr_assert_eq(replaceable(&w, cases[i].text, cases[i].toolchain, cases[i].root,
					 TOOLCHAINS_DIR),
			     cases[i].entry, "case %zu", i);
	cr_assert_eq(replaceable(&w, both, "debian-13", HASH_C, "/nonexistent"), -1,
		     "which roots are alive is not known");
}

/* The only entry of this build is another toolchain's; the only one of this toolchain another's. */
Test(golden, what_is_of_another_build_is_not_replaceable)
{
	_cleanup_(world_release) struct world variant = world("full", "x86_64", HASH_C);
	_cleanup_(world_release) struct world target = world("usual", "aarch64", HASH_C);
	_cleanup_free_ char *full = fixture_replace(OTHERS, "usual", "full");
	_cleanup_free_ char *arm = fixture_replace(OTHERS, "target: x86_64", "target: aarch64");
	_cleanup_free_ char *with_full = xasprintf("%s%s", fixture_branch, full);
	_cleanup_free_ char *with_arm = xasprintf("%s%s", fixture_branch, arm);

	cr_assert_eq(replaceable(&variant, with_full, "debian-12", HASH_C, TOOLCHAINS_DIR), -1);
	cr_assert_eq(replaceable(&variant, with_full, "debian-13", HASH_C, TOOLCHAINS_DIR), 1);
	cr_assert_eq(replaceable(&target, with_arm, "debian-12", HASH_C, TOOLCHAINS_DIR), -1);
	cr_assert_eq(replaceable(&target, with_arm, "debian-13", HASH_C, TOOLCHAINS_DIR), 1);
}

/* Not stale but of another root that a toolchain has today: beside it, not in its place. */
Test(golden, what_a_toolchain_gives_today_is_not_replaceable)
{
	_cleanup_(world_release) struct world w = world("usual", "x86_64", HASH_C);
	_cleanup_(toolchain_freep) struct toolchain *tc = NULL;
	_cleanup_(lock_freep) struct lock *lock = NULL;
	_cleanup_free_ char *alive = NULL, *text = NULL;
	char hex[SHA256_HEX_LEN + 1];
	struct err err = ERR_INIT;
	struct sha256 root;

	cr_assert_eq(toolchain_load(TOOLCHAINS_DIR, "debian-13", &tc, &err), 0, "%s", err.msg);
	cr_assert_eq(lock_load(tc, "x86_64", "x86_64", &lock, &err), 0, "%s", err.msg);
	cr_assert(lock_recorded_root(tc, lock, &root));
	sha256_to_hex(&root, hex);
	alive = xasprintf("root: \"%s\"", hex);
	text = fixture_replace(fixture_branch, "root: " HASH_B, alive);
	cr_assert_eq(replaceable(&w, text, "debian-12", HASH_C, TOOLCHAINS_DIR), -1);
	cr_assert_eq(replaceable(&w, text, "debian-12", hex, TOOLCHAINS_DIR), 0);
}
