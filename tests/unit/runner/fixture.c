/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <criterion/criterion.h>
#include <string.h>

#define HASH_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HASH_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

const char fixture_recipe[] = "belljar: 1\n"
			      "name: demo\n"
			      "summary: A thing to test with\n"
			      "homepage: https://example.org\n"
			      "licenses: [MIT]\n"
			      "toolchain: debian-12\n"
			      "targets: [x86_64, aarch64]\n"
			      "default_variant: usual\n"
			      "options:\n"
			      "  efi: {type: bool, default: true, help: \"a help text\"}\n"
			      "  docs: {type: bool, default: false}\n"
			      "  loose: {type: bool, default: false}\n"
			      "variants:\n"
			      "  usual: {}\n"
			      "  full: {docs: true}\n"
			      "inputs:\n"
			      "  - {name: tool, target: host, when: {efi: true, target: x86_64}}\n"
			      "shims:\n"
			      "  hostname: {policy: fixed, text: nowhere}\n"
			      "env: {WHO: me}\n"
			      "phases:\n"
			      "  - name: build\n"
			      "    uses: [efi]\n"
			      "    dir: src\n"
			      "    env: {FOO: bar}\n"
			      "    run: make\n"
			      "  - {name: docs, when: {docs: true}, run: make docs}\n"
			      "outputs: [out, boot]\n"
			      "requires:\n"
			      "  - out/bin/demo\n"
			      "  - {path: boot/demo.efi, when: {efi: true}, why: \"asked for\"}\n";

const char fixture_branch[] = "belljar: 1\n"
			      "version: \"1.0.3\"\n"
			      "epoch: 1700000000\n"
			      "support: {released: 2024-01-02, security_until: 2027-01-02}\n"
			      "sources:\n"
			      "  - name: demo\n"
			      "    file: demo-1.0.3.tar.xz\n"
			      "    sha256: " HASH_A "\n"
			      "    size: 12345\n"
			      "    urls: [\"mirror://upstream/demo-1.0.3.tar.xz\"]\n"
			      "    to: src\n"
			      "  - name: extra\n"
			      "    file: extra.bin\n"
			      "    sha256: " HASH_B "\n"
			      "    size: 99\n"
			      "    urls: [\"https://example.org/extra.bin\"]\n"
			      "    when: {docs: true}\n"
			      "env: {WHEN: now}\n"
			      "golden:\n"
			      "  - target: x86_64\n"
			      "    host: x86_64\n"
			      "    variant: usual\n"
			      "    root: " HASH_B "\n"
			      "    outputs: {out: " HASH_A ", boot: " HASH_B "}\n";

char *fixture_replace(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	cr_assert_not_null(at, "the fixture has no '%s'", from);
	return xasprintf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

int fixture_parse(const char *text, struct recipe **out, struct err *err)
{
	return recipe_parse("recipe.yaml", text, strlen(text), "demo", "/recipes/demo", out, err) <
			       0
		       ? err->code
		       : 0;
}

int fixture_parse_branch(const struct recipe *r, const char *text, struct branch **out,
			 struct err *err)
{
	return branch_parse(r, "branch.yaml", text, strlen(text), "1.0", "/recipes/demo/1.0", out,
			    err) < 0
		       ? err->code
		       : 0;
}

static json_t *document(const struct fixture_action *f, const struct recipe *r,
			const struct branch *b)
{
	_cleanup_(strv_release) struct strv sets = STRV_INIT;
	_cleanup_(settings_release) struct settings toolchain = SETTINGS_INIT;
	struct plan_node n = {.recipe = r, .branch = b, .host = "x86_64"};
	json_t *outputs = json_object(), *doc = NULL;
	struct action_input input = {.name = "tool", .outputs = outputs};
	struct sha256 root;
	struct err err = ERR_INIT;

	n.target = f->target ? f->target : "x86_64";
	if (f->set)
		strv_push(&sets, f->set);
	json_set(outputs, "out", json_string(f->input ? f->input : HASH_B));
	settings_set(&toolchain, "CROSS_COMPILE", "cross-");
	cr_assert(sha256_from_hex(f->root ? f->root : HASH_A, &root));
	cr_assert_eq(options_resolve(r, f->variant, &sets, &n.values, &err), 0, "%s", err.msg);
	cr_assert_eq(action_document(&n, &root, &toolchain, &input, 1, &doc, &err), 0, "%s",
		     err.msg);
	settings_release(&n.values);
	json_decref(outputs);
	return doc;
}

json_t *fixture_document(const struct fixture_action *f)
{
	_cleanup_(recipe_freep) struct recipe *r = NULL;
	_cleanup_(branch_freep) struct branch *b = NULL;
	struct err err = ERR_INIT;

	cr_assert_eq(fixture_parse(f->recipe ? f->recipe : fixture_recipe, &r, &err), 0, "%s",
		     err.msg);
	cr_assert_eq(fixture_parse_branch(r, f->branch ? f->branch : fixture_branch, &b, &err), 0,
		     "%s", err.msg);
	return document(f, r, b);
}

char *fixture_key(const struct fixture_action *f)
{
	_cleanup_json_ json_t *doc = fixture_document(f);
	char hex[SHA256_HEX_LEN + 1];
	struct sha256 key;
	struct err err = ERR_INIT;

	cr_assert_eq(json_canonical_sha256(doc, &key, &err), 0, "%s", err.msg);
	sha256_to_hex(&key, hex);
	return xstrdup(hex);
}
