/* SPDX-License-Identifier: Apache-2.0 */
/* recipe.yaml: what is read, and the exact words and place of each refusal. */
#include "fixture.h"

#include <base/cleanup.h>
#include <criterion/criterion.h>
#include <string.h>

Test(recipe, reads_everything)
{
	_cleanup_(recipe_freep) struct recipe *r = NULL;
	struct err err = ERR_INIT;

	cr_assert_eq(fixture_parse(fixture_recipe, &r, &err), 0, "%s", err.msg);
	cr_assert_str_eq(r->toolchains[0].name, "debian-12");
	cr_assert_str_eq(r->default_variant, "usual");
	cr_assert_eq(r->targets.n, 2);
	cr_assert_eq(r->n_options, 3);
	cr_assert(r->options[0].otherwise);
	cr_assert_str_eq(r->options[0].help, "a help text");
	cr_assert_eq(r->n_variants, 2);
	cr_assert_str_eq(settings_get(&r->variants[1].set, "docs"), "true");
	cr_assert_eq(r->n_inputs, 1);
	cr_assert_str_eq(r->inputs[0].target, "host");
	cr_assert_str_eq(settings_get(&r->inputs[0].when, "target"), "x86_64");
	cr_assert_eq(r->n_phases, 2);
	cr_assert_str_eq(r->phases[0].dir, "src");
	cr_assert_eq(r->phases[0].dir_line, 24);
	cr_assert_eq(r->phases[0].dir_column, 10);
	cr_assert_str_eq(settings_get(&r->phases[0].env, "FOO"), "bar");
	cr_assert_eq(r->n_requires, 2);
	cr_assert_str_eq(r->requires[0].path, "out/bin/demo");
	cr_assert_str_eq(r->requires[1].why, "asked for");
}

static const struct shim_rule *shim(const struct recipe *r, const char *name)
{
	for (size_t i = 0; i < r->n_shims; i++) {
		if (!strcmp(r->shims[i].name, name))
			return &r->shims[i];
	}
	return NULL;
}

Test(recipe, shims_have_defaults)
{
	_cleanup_(recipe_freep) struct recipe *r = NULL;
	struct err err = ERR_INIT;

	cr_assert_eq(fixture_parse(fixture_recipe, &r, &err), 0, "%s", err.msg);
	cr_assert_str_eq(shim(r, "git")->policy, "deny");
	cr_assert_str_eq(shim(r, "date")->policy, "epoch");
	cr_assert_str_eq(shim(r, "whoami")->text, "builder");
	cr_assert_str_eq(shim(r, "hostname")->policy, "fixed");
	cr_assert_str_eq(shim(r, "hostname")->text, "nowhere");
}

struct refusal {
	const char *from, *to; /* the change that breaks the fixture */
	const char *where;     /* FILE:LINE:COLUMN, or NULL when only the text counts */
	const char *says;
};

static const struct refusal refusals[] = {
	{"summary: A thing to test with", "summary: \"A \\e[2J thing\"", "recipe.yaml:3:10",
	 "without control characters"},
	{"belljar: 1", "belljar: 2", "recipe.yaml:1:10", "expected format version 1, found 2"},
	{"summary:", "sumary:", "recipe.yaml:3", "did you mean 'summary'?"},
	{"name: demo", "name: other", "recipe.yaml:2:7", "expected the folder's name 'demo'"},
	{"name: demo", "name: a/b", "recipe.yaml:2:7", "expected a plain name"},
	{"summary: A thing to test with\n", "", NULL, "missing key 'summary'"},
	{"licenses: [MIT]", "licenses: MIT", "recipe.yaml:5:11", "expected a list"},
	{"[x86_64, aarch64]", "[x86_64, riscv64]", "recipe.yaml:7:19",
	 "expected x86_64 or aarch64, found 'riscv64'"},
	{"[x86_64, aarch64]", "[x86_64, x86_64]", "recipe.yaml:7:19", "is there twice"},
	{"[x86_64, aarch64]", "[]", "recipe.yaml:7:10",
	 "expected x86_64 or aarch64, found an empty list"},
	{"default_variant: usual", "default_variant: nope", "recipe.yaml:8:18",
	 "there is no variant 'nope'"},
	{"efi: {type: bool", "efi: {type: text", "recipe.yaml:10", "expected bool, found 'text'"},
	{"default: true", "default: maybe", "recipe.yaml:10", "'default'"},
	{"  efi: {type", "  target: {type", "recipe.yaml:10", "cannot name an option"},
	{"  efi: {type", "  Efi: {type", "recipe.yaml:10", "cannot name an option"},
	{"full: {docs: true}", "full: {dcs: true}", "recipe.yaml:15", "did you mean 'docs'?"},
	{"full: {docs: true}", "full: {docs: 1}", "recipe.yaml:15", "'docs'"},
	{"full: {docs: true}", "full: {target: x86_64}", "recipe.yaml:15",
	 "there is no option 'target'"},
	{"target: host, when", "target: mars, when", "recipe.yaml:17", "found 'mars'"},
	{"{name: tool", "{name: files", "recipe.yaml:17", "/inputs/files is belljar's own"},
	{"when: {efi: true, target: x86_64}", "when: {eif: true}", "recipe.yaml:17",
	 "there is no option 'eif': did you mean 'efi'?"},
	{"when: {efi: true, target: x86_64}", "when: {target: vax}", "recipe.yaml:17",
	 "expected x86_64 or aarch64, found 'vax'"},
	{"hostname: {policy", "hostnam: {policy", "recipe.yaml:19", "did you mean 'hostname'?"},
	{"policy: fixed, text: nowhere", "policy: allow", "recipe.yaml:19",
	 "expected one of deny noop fixed real, found 'allow'"},
	{"policy: fixed, text: nowhere", "policy: deny, text: x", "recipe.yaml:19",
	 "only policy fixed has one"},
	{"hostname: {policy: fixed, text: nowhere}", "git: {policy: fixed}", "recipe.yaml:19",
	 "needs a 'text'"},
	{"text: nowhere", "text: \"a\\nb\"", "recipe.yaml:19", "one short line"},
	{"env: {WHO: me}", "env: {BJ_NAME: me}", "recipe.yaml:20", "set by belljar itself"},
	{"env: {WHO: me}", "env: {MAKEFLAGS: -j9}", "recipe.yaml:20", "set by belljar itself"},
	{"env: {WHO: me}", "env: {1WHO: me}", "recipe.yaml:20", "cannot name"},
	{"env: {WHO: me}", "env: {WHO: [me]}", "recipe.yaml:20", "WHO"},
	{"uses: [efi]", "uses: [efy]", "recipe.yaml:23:12", "did you mean 'efi'?"},
	{"dir: src", "dir: ../src", "recipe.yaml:24", "without '..'"},
	{"dir: src", "dir: /src", "recipe.yaml:24", "below /build"},
	{"name: build\n", "name: unpack\n", "recipe.yaml:22", "made by belljar"},
	{"name: docs, when: {docs: true}", "name: build", "recipe.yaml:27", "is there twice"},
	{"    run: make\n", "", NULL, "missing key 'run'"},
	{"outputs: [out, boot]", "outputs: [out, a/b]", "recipe.yaml:28:16",
	 "expected a plain name, found 'a/b'"},
	{"- out/bin/demo", "- out", "recipe.yaml:30:5", "expected OUTPUT/PATH"},
	{"- out/bin/demo", "- out/../x", "recipe.yaml:30:5", "expected OUTPUT/PATH"},
	{"- out/bin/demo", "- man/demo", "recipe.yaml:30:5", "there is no output 'man'"},
	{"path: boot/demo.efi, when", "pth: boot/demo.efi, when", "recipe.yaml:31",
	 "did you mean 'path'?"},
};

Test(recipe, refusals)
{
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		const struct refusal *x = &refusals[i];
		_cleanup_free_ char *text = fixture_replace(fixture_recipe, x->from, x->to);
		struct recipe *r = NULL;
		struct err err = ERR_INIT;

		cr_expect_eq(fixture_parse(text, &r, &err), ERR_INPUT, "'%s' was accepted", x->to);
		cr_expect(strstr(err.msg, x->says), "'%s': %s", x->to, err.msg);
		if (x->where)
			cr_expect(!strncmp(err.msg, x->where, strlen(x->where)), "'%s': %s", x->to,
				  err.msg);
		cr_expect_null(r);
	}
}

/* Two phases of one name, told apart by their conditions, are alternatives. */
Test(recipe, alternative_phases)
{
	_cleanup_free_ char *text =
		fixture_replace(fixture_recipe, "{name: docs, when: {docs: true}",
				"{name: build, when: {target: aarch64}");
	_cleanup_(recipe_freep) struct recipe *r = NULL;
	struct err err = ERR_INIT;

	cr_assert_eq(fixture_parse(text, &r, &err), 0, "%s", err.msg);
}

Test(recipe, shim_names_are_those_of_the_toolchain)
{
	_cleanup_(recipe_freep) struct recipe *r = NULL;
	const char *const *names = toolchain_shim_names();
	struct err err = ERR_INIT;
	size_t n = 0;

	cr_assert_eq(fixture_parse(fixture_recipe, &r, &err), 0, "%s", err.msg);
	for (; names[n]; n++)
		cr_assert_not_null(shim(r, names[n]), "no rule for %s", names[n]);
	cr_assert_eq(n, r->n_shims);
}
