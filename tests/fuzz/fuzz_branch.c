/* SPDX-License-Identifier: Apache-2.0 */
/* branch.yaml with its golden hashes; what is let through must make a canonical action. */
#include "fuzz.h"

#include <base/json.h>
#include <runner/action.h>
#include <runner/golden.h>
#include <runner/recipe.h>
#include <string.h>

static const char recipe_text[] = "belljar: 1\n"
				  "name: demo\n"
				  "summary: To fuzz branches with\n"
				  "licenses: [MIT]\n"
				  "toolchain: debian-12\n"
				  "targets: [x86_64, aarch64]\n"
				  "default_variant: usual\n"
				  "options:\n"
				  "  efi: {type: bool, default: true}\n"
				  "  docs: {type: bool, default: false}\n"
				  "variants: {usual: {}, full: {docs: true}}\n"
				  "phases:\n"
				  "  - {name: build, uses: [efi], run: make}\n"
				  "  - {name: docs, when: {docs: true}, run: make docs}\n"
				  "outputs: [out, boot]\n";

static struct recipe *recipe(void)
{
	static struct recipe *r;
	struct err err = ERR_INIT;

	if (!r)
		fuzz_check(recipe_parse("recipe.yaml", recipe_text, strlen(recipe_text), "demo",
					"/recipes/demo", &r, &err) == 0);
	return r;
}

static void make_action(const struct branch *b, const char *variant)
{
	static const struct sha256 root;
	_cleanup_(settings_release) struct settings toolchain = SETTINGS_INIT;
	struct plan_node n = {
		.recipe = recipe(), .branch = b, .host = "x86_64", .target = "x86_64"};
	_cleanup_json_ json_t *doc = NULL;
	_cleanup_free_ char *text = NULL;
	const struct golden *found;
	struct err err = ERR_INIT;

	n.variant = variant;
	fuzz_check(options_resolve(n.recipe, variant, NULL, &n.values, &err) == 0);
	if (fuzz_result(action_document(&n, &root, &toolchain, NULL, 0, &doc, &err), &err) == 0) {
		fuzz_check(json_canonical(doc, &text, &err) == 0);
		found = golden_find(&n, &root);
		fuzz_check(found || golden_compare(found, &root, doc) == GOLDEN_NONE);
	}
	settings_release(&n.values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(branch_freep) struct branch *b = NULL;
	struct err err = ERR_INIT;

	if (fuzz_result(branch_parse(recipe(), "branch.yaml", (const char *)data, size, "1.0",
				     "/recipes/demo/1.0", &b, &err),
			&err) < 0)
		return 0;
	make_action(b, "usual");
	make_action(b, "full");
	return 0;
}
