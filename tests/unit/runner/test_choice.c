/* SPDX-License-Identifier: Apache-2.0 */
/* What depends on options and target: toolchain, outputs, and combinations that are refused. */
#include "fixture.h"

#include <base/cleanup.h>
#include <criterion/criterion.h>
#include <string.h>

#define MANY                                                                                       \
	"toolchain:\n"                                                                             \
	"  - {name: big, when: {docs: true}}\n"                                                    \
	"  - {name: cross, when: {target: aarch64}}\n"                                             \
	"  - debian-12\n"
#define SOME_OUTPUTS                                                                               \
	"outputs: [{name: man, when: {docs: true}}, out, {name: efi, when: {target: x86_64}}, "    \
	"boot]"
#define REFUSE "refuse:\n  - {when: {docs: true, target: aarch64}, why: \"no cross pandoc\"}\n"

static struct recipe *recipe(const char *from, const char *to)
{
	_cleanup_free_ char *text = fixture_replace(fixture_recipe, from, to);
	struct recipe *r = NULL;
	struct err err = ERR_INIT;

	cr_assert_eq(fixture_parse(text, &r, &err), 0, "%s", err.msg);
	return r;
}

static const char *chosen(const struct recipe *r, const char *docs, const char *target)
{
	_cleanup_(settings_release) struct settings values = SETTINGS_INIT;

	settings_set(&values, "docs", docs);
	return recipe_toolchain(r, &values, target);
}

Test(choice, the_first_toolchain_that_holds)
{
	_cleanup_(recipe_freep) struct recipe *one = recipe("name: demo", "name: demo");
	_cleanup_(recipe_freep) struct recipe *many = recipe("toolchain: debian-12\n", MANY);

	cr_assert_str_eq(chosen(one, "true", "aarch64"), "debian-12");
	cr_assert_str_eq(chosen(many, "true", "aarch64"), "big");
	cr_assert_str_eq(chosen(many, "false", "aarch64"), "cross");
	cr_assert_str_eq(chosen(many, "false", "x86_64"), "debian-12");
}

static void outputs_are(const struct recipe *r, const char *docs, const char *target,
			const char *expected)
{
	_cleanup_(strv_release) struct strv names = STRV_INIT;
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	struct plan_node n = {.recipe = r, .target = target};

	settings_set(&n.values, "docs", docs);
	node_outputs(&n, &names);
	for (size_t i = 0; i < names.n; i++)
		strbuf_addf(&sb, "%s%s", i ? " " : "", names.v[i]);
	cr_expect_str_eq(strbuf_str(&sb), expected);
	settings_release(&n.values);
}

Test(choice, outputs_in_order_where_they_hold)
{
	_cleanup_(recipe_freep) struct recipe *r = recipe("outputs: [out, boot]", SOME_OUTPUTS);

	outputs_are(r, "true", "x86_64", "man out efi boot");
	outputs_are(r, "false", "x86_64", "out efi boot");
	outputs_are(r, "false", "aarch64", "out boot");
	cr_assert(recipe_has_output(r, "man") && !recipe_has_output(r, "doc"));
}

/* A recipe may grow outputs and toolchains for new options: the old keys stay. */
Test(choice, what_does_not_hold_is_not_in_the_key)
{
	_cleanup_free_ char *base = fixture_key(&(struct fixture_action){0});
	_cleanup_free_ char *grown = fixture_replace(fixture_recipe, "outputs: [out, boot]",
						     "outputs: [{name: man, when: {docs: true}}, "
						     "out, boot]\n" REFUSE);
	_cleanup_free_ char *text = fixture_replace(grown, "toolchain: debian-12\n", MANY);
	_cleanup_free_ char *same = fixture_key(&(struct fixture_action){.recipe = text});
	_cleanup_free_ char *docs =
		fixture_key(&(struct fixture_action){.recipe = text, .variant = "full"});
	_cleanup_json_ json_t *doc =
		fixture_document(&(struct fixture_action){.recipe = text, .variant = "full"});
	const json_t *phase = json_array_get(action_phases(doc), 1);

	cr_assert_str_eq(same, base);
	cr_assert_str_neq(docs, base);
	cr_assert_str_eq(json_get_str(json_object_get(phase, "env"), "OUT_MAN", ""), "/out/man");
}

struct broken {
	const char *from, *to, *says;
};

static const struct broken brokens[] = {
	{"toolchain: debian-12\n", "", "missing key 'toolchain'"},
	{"toolchain: debian-12\n", "toolchain: []\n", "'toolchain': expected at least one name"},
	{"toolchain: debian-12\n", "toolchain: [a, b]\n",
	 "recipe.yaml:6:13: 'toolchain': only the last one may be without 'when'"},
	{"toolchain: debian-12\n", "toolchain: [{name: a, when: {efi: true}}]\n",
	 "recipe.yaml:6:13: 'toolchain': the last one serves all else"},
	{"toolchain: debian-12\n", "toolchain: [{name: a, when: {eif: true}}, b]\n",
	 "there is no option 'eif': did you mean 'efi'?"},
	{"toolchain: debian-12\n", "toolchain: [{nam: a}, b]\n", "did you mean 'name'?"},
	{"toolchain: debian-12\n", "toolchain: [../a]\n", "expected a plain name, found '../a'"},
	{"toolchain: debian-12\n", "toolchain: [{name: a, instead: [b]}]\n", "missing key 'why'"},
	{"toolchain: debian-12\n", "toolchain: [{name: a, why: b}]\n",
	 "'why': expected 'instead' as well"},
	{"toolchain: debian-12\n", "toolchain: [{name: a, instead: b, why: c}]\n",
	 "expected a list"},
	{"toolchain: debian-12\n", "toolchain: [{name: a, instead: [../b], why: c}]\n",
	 "'instead': expected a plain name, found '../b'"},
	{"outputs: [out, boot]", "outputs: [out, {name: boot, instead: []}]", "'instead'"},
	{"outputs: [out, boot]", "outputs: []", "'outputs': expected at least one name"},
	{"outputs: [out, boot]", "outputs: [out, {name: out, when: {efi: true}}]",
	 "'outputs': 'out' is there twice"},
	{"outputs: [out, boot]", "outputs: [out, {name: boot, when: {efi: 1}}]", "'efi'"},
	{"outputs: [out, boot]", "outputs: [out, boot]\nrefuse: [{why: x}]",
	 "'refuse': expected a 'when' that names something"},
	{"outputs: [out, boot]", "outputs: [out, boot]\nrefuse: [{when: {efi: true}}]",
	 "missing key 'why'"},
	{"outputs: [out, boot]", "outputs: [out, boot]\nrefuse: [{when: {x: true}, why: y}]",
	 "there is no option 'x'"},
	{"outputs: [out, boot]", "outputs: [out, boot]\nrefuse: {efi: true}", "expected a list"},
};

Test(choice, refuses_what_is_wrong_with_its_reason)
{
	for (size_t i = 0; i < ARRAY_SIZE(brokens); i++) {
		_cleanup_free_ char *text =
			fixture_replace(fixture_recipe, brokens[i].from, brokens[i].to);
		struct recipe *r = NULL;
		struct err err = ERR_INIT;

		cr_expect_eq(fixture_parse(text, &r, &err), ERR_INPUT, "'%s' was accepted",
			     brokens[i].to);
		cr_expect(strstr(err.msg, brokens[i].says), "'%s': %s", brokens[i].to, err.msg);
		cr_expect_null(r);
	}
}

/* The error of a node's combination; empty when it is accepted. */
static void combination(const char *recipe_text, const char *branch_text, const char *docs,
			const char *target, struct err *err)
{
	_cleanup_(recipe_freep) struct recipe *r = NULL;
	_cleanup_(branch_freep) struct branch *b = NULL;
	struct plan_node n = {.host = "x86_64", .target = target, .variant = "usual"};

	cr_assert_eq(fixture_parse(recipe_text, &r, err), 0, "%s", err->msg);
	cr_assert_eq(fixture_parse_branch(r, branch_text, &b, err), 0, "%s", err->msg);
	n.recipe = r;
	n.branch = b;
	settings_set(&n.values, "docs", docs);
	if (node_check_refusals(&n, "debian-12", err) < 0)
		cr_expect_eq(err->code, ERR_USAGE);
	settings_release(&n.values);
}

Test(choice, a_refused_combination_says_why)
{
	_cleanup_free_ char *recipe_text = fixture_replace(fixture_recipe, "outputs: [out, boot]\n",
							   "outputs: [out, boot]\n" REFUSE);
	_cleanup_free_ char *branch_text = fixture_replace(
		fixture_branch, "env: {WHEN: now}\n",
		"env: {WHEN: now}\nrefuse: [{when: {docs: false}, why: \"too old\"}]\n");
	struct err in_recipe = ERR_INIT, in_branch = ERR_INIT, fine = ERR_INIT;

	combination(recipe_text, fixture_branch, "true", "aarch64", &in_recipe);
	cr_expect_str_eq(in_recipe.msg,
			 "demo@1.0:usual for aarch64 cannot be built with docs=true, "
			 "target=aarch64: no cross pandoc");
	combination(fixture_recipe, branch_text, "false", "x86_64", &in_branch);
	cr_expect_str_eq(in_branch.msg, "demo@1.0:usual cannot be built with docs=false: too old");
	combination(recipe_text, fixture_branch, "true", "x86_64", &fine);
	combination(recipe_text, fixture_branch, "false", "aarch64", &fine);
	cr_expect_str_eq(fine.msg, "");
}

#define LIMITED                                                                                    \
	"toolchain:\n"                                                                             \
	"  - {name: big, when: {docs: true}, instead: [huge], why: \"no pandoc elsewhere\"}\n"     \
	"  - debian-12\n"

static void stand_in(const struct recipe *r, const char *docs, const char *other, const char *says)
{
	struct branch b = {.name = (char *)"1.0"};
	struct plan_node n = {.recipe = r, .branch = &b, .host = "x86_64", .target = "x86_64"};
	struct err err = ERR_INIT;

	settings_set(&n.values, "docs", docs);
	cr_expect_eq(node_check_toolchain(&n, other, &err) < 0, says != NULL, "%s for docs=%s",
		     other ? other : "none", docs);
	cr_expect_eq(err.code, says ? ERR_USAGE : 0);
	cr_expect_str_eq(err.msg, says ? says : "");
	settings_release(&n.values);
}

/* --toolchain puts another in the place of the recipe's own, unless the recipe knows better. */
Test(choice, what_may_stand_in_for_a_toolchain)
{
	_cleanup_(recipe_freep) struct recipe *r = recipe("toolchain: debian-12\n", LIMITED);

	stand_in(r, "true", "debian-13",
		 "demo@1.0 cannot be built with toolchain debian-13 instead of big: "
		 "no pandoc elsewhere");
	stand_in(r, "true", "huge", NULL);
	stand_in(r, "true", "big", NULL);
	stand_in(r, "true", NULL, NULL);
	stand_in(r, "false", "debian-13", NULL);
}

static void shipped(const char *variant, const char *set, const char *toolchain,
		    const char *outputs)
{
	_cleanup_(recipe_freep) struct recipe *r = NULL;
	_cleanup_(settings_release) struct settings values = SETTINGS_INIT;
	_cleanup_(strv_release) struct strv sets = STRV_INIT, names = STRV_INIT;
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	struct err err = ERR_INIT;

	if (set)
		strv_push(&sets, set);
	cr_assert_eq(recipe_load(RECIPES_DIR, "xen", &r, &err), 0, "%s", err.msg);
	cr_assert_eq(options_resolve(r, variant, &sets, &values, &err), 0, "%s", err.msg);
	cr_expect_str_eq(recipe_toolchain(r, &values, "x86_64"), toolchain);
	node_outputs(&(struct plan_node){.recipe = r, .values = values, .target = "x86_64"},
		     &names);
	for (size_t i = 0; i < names.n; i++)
		strbuf_addf(&sb, "%s%s", i ? " " : "", names.v[i]);
	cr_expect_str_eq(strbuf_str(&sb), outputs);
}

/* What the tools need must not move the hypervisor: another root, and none of their outputs. */
Test(choice, of_the_shipped_xen)
{
	shipped("hypervisor", NULL, "debian-12", "boot debug");
	shipped(NULL, "debug=true", "debian-12", "boot debug");
	shipped(NULL, "flask=true", "debian-12-xen-tools", "boot debug");
	shipped(NULL, "docs=true", "debian-12-xen-tools", "boot man doc debug");
	shipped("slim", "docs=false", "debian-12-xen-tools", "out boot dev debug");
	shipped("slim", NULL, "debian-12-xen-tools", "out boot dev man doc debug");
	shipped("standard", NULL, "debian-12-xen-standard", "out boot dev man doc debug");
	shipped("slim", "internal_ovmf=true", "debian-12-xen-standard",
		"out boot dev man doc debug");
}
