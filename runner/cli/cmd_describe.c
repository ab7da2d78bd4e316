/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <base/cleanup.h>
#include <inttypes.h>
#include <runner/selector.h>
#include <string.h>

static void print_when(const struct settings *when)
{
	for (size_t i = 0; i < when->n; i++)
		printf("%s%s %s", i ? ", " : "  (when ", when->v[i].name, when->v[i].value);
	printf("%s\n", when->n ? ")" : "");
}

static void print_strv(const char *title, const struct strv *sv)
{
	printf("%s:", title);
	for (size_t i = 0; i < sv->n; i++)
		printf(" %s", sv->v[i]);
	putchar('\n');
}

static void print_head(const struct recipe *r, const struct branch *b)
{
	printf("%s %s (branch %s): %s\n", r->name, b->version, b->name, r->summary);
	if (r->homepage)
		printf("homepage: %s\n", r->homepage);
	print_strv("licenses", &r->licenses);
	print_strv("targets", &r->targets);
	print_strv("outputs", &r->outputs);
	printf("toolchain: %s\n", r->toolchain);
	if (b->security_until)
		printf("security support until: %s\n", b->security_until);
}

static void print_choices(const struct recipe *r, const struct settings *values)
{
	for (size_t i = 0; i < r->n_options; i++)
		printf("option %s: %s%s%s\n", r->options[i].name,
		       settings_get(values, r->options[i].name), r->options[i].help ? "  " : "",
		       r->options[i].help ? r->options[i].help : "");
	for (size_t i = 0; i < r->n_variants; i++) {
		const struct settings *set = &r->variants[i].set;

		printf("variant %s:", r->variants[i].name);
		for (size_t k = 0; k < set->n; k++)
			printf(" %s=%s", set->v[k].name, set->v[k].value);
		putchar('\n');
	}
}

static void print_steps(const struct recipe *r, const struct branch *b)
{
	for (size_t i = 0; i < r->n_inputs; i++) {
		printf("input %s", r->inputs[i].name);
		print_when(&r->inputs[i].when);
	}
	for (size_t i = 0; i < b->n_sources; i++)
		printf("source %s: %s, %" PRIu64 " bytes\n", b->sources[i].name, b->sources[i].file,
		       b->sources[i].size);
	for (size_t i = 0; i < b->n_patches; i++)
		printf("patch %s\n", b->patches[i].file);
	for (size_t i = 0; i < r->n_phases; i++) {
		printf("phase %s", r->phases[i].name);
		print_when(&r->phases[i].when);
	}
}

static json_t *names_json(const struct strv *names)
{
	json_t *list = json_array();

	for (size_t i = 0; i < names->n; i++)
		json_array_append_new(list, json_string(names->v[i]));
	return list;
}

/* Option values are "true" and "false". */
static json_t *settings_json(const struct settings *s)
{
	json_t *o = json_object();

	for (size_t i = 0; i < s->n; i++)
		json_set(o, s->v[i].name, json_boolean(!strcmp(s->v[i].value, "true")));
	return o;
}

static json_t *sources_json(const struct branch *b)
{
	json_t *list = json_array();
	char hex[SHA256_HEX_LEN + 1];

	for (size_t i = 0; i < b->n_sources; i++) {
		const struct source *s = &b->sources[i];
		json_t *o = json_object();

		sha256_to_hex(&s->hash, hex);
		json_set_str(o, "name", s->name);
		json_set_str(o, "file", s->file);
		json_set_str(o, "sha256", hex);
		json_set(o, "size", json_integer((json_int_t)s->size));
		json_set(o, "urls", names_json(&s->urls));
		json_array_append_new(list, o);
	}
	return list;
}

static void add_lists(json_t *doc, const struct recipe *r, const struct branch *b)
{
	json_t *variants = json_object(), *phases = json_array(), *patches = json_array(),
	       *inputs = json_array();

	for (size_t i = 0; i < r->n_variants; i++)
		json_set(variants, r->variants[i].name, settings_json(&r->variants[i].set));
	for (size_t i = 0; i < r->n_inputs; i++)
		json_array_append_new(inputs, json_string(r->inputs[i].name));
	for (size_t i = 0; i < r->n_phases; i++)
		json_array_append_new(phases, json_string(r->phases[i].name));
	for (size_t i = 0; i < b->n_patches; i++)
		json_array_append_new(patches, json_string(b->patches[i].file));
	json_set(doc, "variants", variants);
	json_set(doc, "inputs", inputs);
	json_set(doc, "phases", phases);
	json_set(doc, "patches", patches);
	json_set(doc, "sources", sources_json(b));
}

static json_t *describe_json(const struct recipe *r, const struct branch *b,
			     const struct settings *values)
{
	json_t *doc = json_object();

	json_set(doc, "belljar_describe", json_integer(1));
	json_set_str(doc, "name", r->name);
	json_set_str(doc, "summary", r->summary);
	json_set_str(doc, "branch", b->name);
	json_set_str(doc, "version", b->version);
	json_set_str(doc, "toolchain", r->toolchain);
	if (r->homepage)
		json_set_str(doc, "homepage", r->homepage);
	if (b->security_until)
		json_set_str(doc, "security_until", b->security_until);
	json_set(doc, "licenses", names_json(&r->licenses));
	json_set(doc, "targets", names_json(&r->targets));
	json_set(doc, "outputs", names_json(&r->outputs));
	json_set(doc, "options", settings_json(values));
	add_lists(doc, r, b);
	return doc;
}

int cmd_describe(struct cli *c, struct err *err)
{
	_cleanup_(selector_release) struct selector sel = SELECTOR_INIT;
	_cleanup_(recipe_freep) struct recipe *r = NULL;
	_cleanup_(branch_freep) struct branch *b = NULL;
	_cleanup_(settings_release) struct settings values = SETTINGS_INIT;

	if (selector_parse(c->parsed.operands[0], &sel, err) < 0 || cli_find_recipes(c, err) < 0 ||
	    recipe_load(c->recipes_dir, sel.name, &r, err) < 0 ||
	    branch_load(r, sel.branch, &b, err) < 0 ||
	    options_resolve(r, sel.variant, &c->set, &values, err) < 0)
		return -1;
	if (c->json)
		return cli_print_json(describe_json(r, b, &values), err);
	print_head(r, b);
	print_choices(r, &values);
	print_steps(r, b);
	return cli_flush(err);
}
