/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <base/cleanup.h>
#include <inttypes.h>
#include <runner/selector.h>

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
		return err_set(err, ERR_USAGE, 0,
			       "describe --json is not implemented; plan --json has the facts");
	print_head(r, b);
	print_choices(r, &values);
	print_steps(r, b);
	return cli_flush(err);
}
