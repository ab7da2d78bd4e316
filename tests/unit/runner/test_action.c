/* SPDX-License-Identifier: Apache-2.0 */
/* What is in the key and what is not. */
#include "fixture.h"

#include "generated.h"

#include <base/cleanup.h>
#include <criterion/criterion.h>
#include <string.h>

#define HASH_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

/* The key with one replacement in the recipe or in the branch. */
static char *recipe_key(const char *from, const char *to)
{
	_cleanup_free_ char *text = fixture_replace(fixture_recipe, from, to);

	return fixture_key(&(struct fixture_action){.recipe = text});
}

static char *branch_key(const char *from, const char *to)
{
	_cleanup_free_ char *text = fixture_replace(fixture_branch, from, to);

	return fixture_key(&(struct fixture_action){.branch = text});
}

struct change {
	const char *from, *to;
};

Test(action, what_does_not_matter_is_not_in_the_key)
{
	static const struct change recipe[] = {
		{"name: demo\n", "# a comment\nname: demo\n"},
		{"A thing to test with", "Another summary"},
		{"https://example.org", "https://example.net"},
		{"[MIT]", "[Apache-2.0]"},
		{"a help text", "another one"},
		{"loose: {type: bool, default: false", "loose: {type: bool, default: true"},
		{"full: {docs: true}", "full: {docs: true}\n  more: {docs: true}"},
		{"why: \"asked for\"", "why: \"because\""},
		{"targets: [x86_64, aarch64]", "targets: [x86_64]"},
	};
	static const struct change branch[] = {
		{"mirror://upstream/", "https://elsewhere.example/"},
		{"2024-01-02", "2024-01-03"},
		{"size: 12345", "size: 54321"},
		{"variant: usual", "variant: full"},
		{"    to: src", "    to: src # here"},
		/* The second source is there only with docs. */
		{"file: extra.bin", "file: other.bin"},
	};
	_cleanup_free_ char *base = fixture_key(&(struct fixture_action){0});

	for (size_t i = 0; i < ARRAY_SIZE(recipe); i++) {
		_cleanup_free_ char *key = recipe_key(recipe[i].from, recipe[i].to);

		cr_expect_str_eq(key, base, "'%s' changed the key", recipe[i].to);
	}
	for (size_t i = 0; i < ARRAY_SIZE(branch); i++) {
		_cleanup_free_ char *key = branch_key(branch[i].from, branch[i].to);

		cr_expect_str_eq(key, base, "'%s' changed the key", branch[i].to);
	}
}

Test(action, what_matters_is_in_the_key)
{
	static const struct change recipe[] = {
		{"efi: {type: bool, default: true", "efi: {type: bool, default: false"},
		{"text: nowhere", "text: somewhere"},
		{"env: {WHO: me}", "env: {WHO: you}"},
		{"env: {FOO: bar}", "env: {FOO: baz}"},
		{"dir: src", "dir: src/sub"},
		{"run: make\n", "run: make all\n"},
		{"uses: [efi]", "uses: [efi, loose]"},
		{"outputs: [out, boot]", "outputs: [out, boot, man]"},
		{"- out/bin/demo", "- out/bin/other"},
	};
	static const struct change branch[] = {
		{"1.0.3", "1.0.4"},
		{"epoch: 1700000000", "epoch: 1700000001"},
		{"sha256: aaaa", "sha256: baaa"},
		{"file: demo-1.0.3.tar.xz", "file: demo.tar.xz"},
		{"to: src", "to: source"},
		{"to: src", "to: src\n    strip: 0"},
		{"env: {WHEN: now}", "env: {WHEN: then}"},
	};
	_cleanup_free_ char *base = fixture_key(&(struct fixture_action){0});

	for (size_t i = 0; i < ARRAY_SIZE(recipe); i++) {
		_cleanup_free_ char *key = recipe_key(recipe[i].from, recipe[i].to);

		cr_expect_str_neq(key, base, "'%s' did not change the key", recipe[i].to);
	}
	for (size_t i = 0; i < ARRAY_SIZE(branch); i++) {
		_cleanup_free_ char *key = branch_key(branch[i].from, branch[i].to);

		cr_expect_str_neq(key, base, "'%s' did not change the key", branch[i].to);
	}
}

Test(action, request)
{
	_cleanup_free_ char *base = fixture_key(&(struct fixture_action){0});
	_cleanup_free_ char *unused = fixture_key(&(struct fixture_action){.set = "loose=true"});
	_cleanup_free_ char *used = fixture_key(&(struct fixture_action){.set = "efi=false"});
	_cleanup_free_ char *docs = fixture_key(&(struct fixture_action){.variant = "full"});
	_cleanup_free_ char *same = fixture_key(&(struct fixture_action){.set = "docs=true"});
	_cleanup_free_ char *cross = fixture_key(&(struct fixture_action){.target = "aarch64"});
	_cleanup_free_ char *root = fixture_key(&(struct fixture_action){.root = HASH_C});
	_cleanup_free_ char *input = fixture_key(&(struct fixture_action){.input = HASH_C});

	cr_assert_str_eq(unused, base, "an option that nothing uses is in the key");
	cr_assert_str_neq(used, base);
	cr_assert_str_neq(docs, base, "a phase that `when` adds is not in the key");
	cr_assert_str_eq(same, docs, "the variant's name is in the key");
	cr_assert_str_neq(cross, base);
	cr_assert_str_neq(root, base);
	cr_assert_str_neq(input, base);
}

static const json_t *phase(const json_t *doc, const char *name)
{
	size_t i;
	json_t *p;

	json_array_foreach (action_phases(doc), i, p) {
		if (!strcmp(json_get_str(p, "name", ""), name))
			return p;
	}
	return NULL;
}

static const char *env_of(const json_t *doc, const char *phase_name, const char *var)
{
	return json_get_str(json_object_get(phase(doc, phase_name), "env"), var, NULL);
}

Test(action, environment_of_a_phase)
{
	_cleanup_json_ json_t *doc = fixture_document(&(struct fixture_action){.variant = "full"});
	static const struct change wants[] = {
		{"PATH", "/usr/bin:/usr/sbin"},
		{"HOME", "/build"},
		{"LC_ALL", "C.UTF-8"},
		{"TZ", "UTC"},
		{"TERM", "dumb"},
		{"USER", "builder"},
		{"LOGNAME", "builder"},
		{"SHELL", "/bin/bash"},
		{"TMPDIR", "/tmp"},
		{"SOURCE_DATE_EPOCH", "1700000000"},
		{"BJ_NAME", "demo"},
		{"BJ_VERSION", "1.0.3"},
		{"BJ_BRANCH", "1.0"},
		{"BJ_HOST", "x86_64"},
		{"BJ_TARGET", "x86_64"},
		{"OPT_EFI", "true"},
		{"IN_TOOL", "/inputs/tool/out"},
		{"OUT", "/out/out"},
		{"OUT_OUT", "/out/out"},
		{"OUT_BOOT", "/out/boot"},
		{"CROSS_COMPILE", "cross-"},
		{"WHO", "me"},
		{"WHEN", "now"},
		{"FOO", "bar"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(wants); i++) {
		const char *value = env_of(doc, "build", wants[i].from);

		cr_expect_not_null(value, "%s is not set", wants[i].from);
		if (value)
			cr_expect_str_eq(value, wants[i].to);
	}
	/* Nothing else. MAKEFLAGS comes when the room is made. */
	cr_assert_eq(json_object_size(json_object_get(phase(doc, "build"), "env")),
		     ARRAY_SIZE(wants));
	cr_assert_null(env_of(doc, "build", "OPT_DOCS"));
	cr_assert_str_eq(env_of(doc, "docs", "OPT_DOCS"), "true");
	cr_assert_null(env_of(doc, "docs", "OPT_EFI"));
	cr_assert_null(env_of(doc, "docs", "FOO"));
}

Test(action, when_leaves_out)
{
	_cleanup_json_ json_t *plain = fixture_document(&(struct fixture_action){0});
	_cleanup_json_ json_t *bare =
		fixture_document(&(struct fixture_action){.set = "efi=false"});

	cr_assert_null(phase(plain, "docs"));
	cr_assert_eq(json_array_size(json_object_get(plain, "sources")), 1);
	cr_assert_eq(json_array_size(json_object_get(plain, "requires")), 2);
	cr_assert_eq(json_array_size(json_object_get(bare, "requires")), 1);
	cr_assert_null(env_of(bare, "build", "IN_TOOL"));
}

Test(action, later_env_wins)
{
	_cleanup_free_ char *branch =
		fixture_replace(fixture_branch, "{WHEN: now}", "{WHO: branch, FOO: branch}");
	_cleanup_json_ json_t *doc = fixture_document(&(struct fixture_action){.branch = branch});

	cr_assert_str_eq(env_of(doc, "build", "WHO"), "branch");
	cr_assert_str_eq(env_of(doc, "build", "FOO"), "bar");
}

Test(action, generated_unpack)
{
	_cleanup_json_ json_t *doc = fixture_document(&(struct fixture_action){0});
	const json_t *unpack = phase(doc, PHASE_UNPACK);
	const char *run = json_get_str(unpack, "run", "");

	cr_assert_not_null(unpack);
	cr_assert_null(phase(doc, PHASE_PATCH));
	cr_assert(strstr(run, "/inputs/src/'demo'/. 'src'"), "%s", run);
	cr_assert_not(strstr(run, "extra"), "%s", run);
	cr_assert_null(env_of(doc, PHASE_UNPACK, "BJ_NAME"));
}

/* A file is shown when it is not unpacked, or when a shim may hand it over. */
Test(action, shown_files)
{
	_cleanup_free_ char *serve =
		fixture_replace(fixture_recipe, "hostname: {policy: fixed, text: nowhere}",
				"wget: {policy: serve}");
	_cleanup_json_ json_t *plain =
		fixture_document(&(struct fixture_action){.variant = "full"});
	_cleanup_json_ json_t *served =
		fixture_document(&(struct fixture_action){.recipe = serve, .variant = "full"});
	const json_t *a = json_object_get(plain, "sources"),
		     *b = json_object_get(served, "sources");

	cr_assert_not(json_get_bool(json_array_get(a, 0), "shown", true));
	cr_assert(json_get_bool(json_array_get(a, 1), "shown", false));
	cr_assert(json_get_bool(json_array_get(b, 0), "shown", false));
}
