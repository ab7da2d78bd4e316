/* SPDX-License-Identifier: Apache-2.0 */
/* A recipe explained to a person. */
#include "describe.h"

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

static void print_support(const struct described *d)
{
	static const char *const words[] = {[SUPPORT_UNKNOWN] = "unknown",
					    [SUPPORT_FULL] = "full",
					    [SUPPORT_SECURITY] = "security fixes only",
					    [SUPPORT_PAST] = "PAST SECURITY SUPPORT"};
	_cleanup_free_ char *dates = support_dates(d->branch);

	printf("support: %s%s%s%s\n", words[d->support], *dates ? " (" : "", dates,
	       *dates ? ")" : "");
	if (d->branch->support_source)
		printf("  according to %s\n", d->branch->support_source);
}

static void print_refusals(const struct recipe_refusal *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		printf("refused%s%s: %s", list[i].toolchain ? " with " : "",
		       list[i].toolchain ? list[i].toolchain : "", list[i].why);
		print_when(&list[i].when);
	}
}

/* What may stand in for a toolchain, where not just any may. */
static void print_toolchains(const struct recipe *r)
{
	for (size_t i = 0; i < r->n_toolchains; i++) {
		const struct toolchain_choice *c = &r->toolchains[i];

		if (!c->why)
			continue;
		printf("%s", c->instead.n ? "only" : "no toolchain");
		for (size_t k = 0; k < c->instead.n; k++)
			printf(" %s", c->instead.v[k]);
		printf(" instead of %s: %s", c->name, c->why);
		print_when(&c->when);
	}
}

static void print_head(const struct described *d)
{
	const struct recipe *r = d->recipe;

	printf("%s %s (branch %s): %s\n", r->name, d->branch->version, d->branch->name, r->summary);
	if (r->homepage)
		printf("homepage: %s\n", r->homepage);
	print_strv("licenses", &r->licenses);
	print_strv("targets", &r->targets);
	printf("toolchain: %s\n", recipe_toolchain(r, &d->values, d->target));
	print_toolchains(r);
	print_support(d);
	print_refusals(r->refusals, r->n_refusals);
	print_refusals(d->branch->refusals, d->branch->n_refusals);
}

static void print_choices(const struct recipe *r, const struct settings *values)
{
	for (size_t i = 0; i < r->n_options; i++)
		printf("option %s: %s%s%s\n", r->options[i].name,
		       settings_get(values, r->options[i].name), r->options[i].help ? "  " : "",
		       r->options[i].help ? r->options[i].help : "");
	for (size_t i = 0; i < r->n_variants; i++) {
		const struct settings *set = &r->variants[i].set;

		printf("variant %s%s:", r->variants[i].name,
		       r->default_variant && !strcmp(r->default_variant, r->variants[i].name)
			       ? " (the usual one)"
			       : "");
		for (size_t k = 0; k < set->n; k++)
			printf(" %s=%s", set->v[k].name, set->v[k].value);
		putchar('\n');
	}
}

static void print_git(const struct source *s)
{
	char sri[52] = "unknown";

	if (s->pinned)
		sha256_to_sri(&s->hash, sri);
	printf("source %s: git, commit %s%s%s, NAR hash %s", s->name,
	       s->commit ? s->commit : "unknown", s->tag ? ", tag " : "", s->tag ? s->tag : "",
	       sri);
}

static void print_source(const struct source *s)
{
	char hex[SHA256_HEX_LEN + 1];

	if (s->kind == SOURCE_GIT) {
		print_git(s);
	} else {
		sha256_to_hex(&s->hash, hex);
		printf("source %s: %s, %" PRIu64 " bytes, sha256 %s", s->name, s->file, s->size,
		       hex);
	}
	if (s->to)
		printf(", to %s", s->to);
	print_when(&s->when);
}

static void print_patch(const struct branch *b, const struct patch *p)
{
	_cleanup_(settings_release) struct settings when = patch_when(b, p);

	printf("patch %04u %s: %s  (%s%s)", p->number, p->project, p->description, p->file,
	       p->source ? ", fetched" : "");
	print_when(&when);
}

static void print_input(const struct recipe_input *in)
{
	_cleanup_free_ char *selector = selector_text(in->name, in->branch, in->variant);

	printf("input %s", selector);
	if (!strcmp(in->target, "host"))
		printf(" for the host");
	else if (strcmp(in->target, "target") != 0)
		printf(" for %s", in->target);
	print_when(&in->when);
}

static void print_steps(const struct recipe *r, const struct branch *b)
{
	for (size_t i = 0; i < r->n_inputs; i++)
		print_input(&r->inputs[i]);
	for (size_t i = 0; i < b->n_sources; i++)
		print_source(&b->sources[i]);
	for (size_t i = 0; i < b->n_patches; i++)
		print_patch(b, &b->patches[i]);
	for (size_t i = 0; i < r->n_phases; i++) {
		printf("phase %s", r->phases[i].name);
		print_when(&r->phases[i].when);
	}
}

static void print_outputs(const struct described *d)
{
	const json_t *outputs = json_object_get(d->result, "outputs");
	const json_t *sizes = json_object_get(d->result, "sizes");
	_cleanup_(strv_release) struct strv names = STRV_INIT;

	recipe_outputs(d->recipe, &d->values, d->target, &names);
	for (size_t i = 0; i < names.n; i++) {
		const json_t *size = json_object_get(sizes, names.v[i]);
		int64_t files = json_get_int(size, "files", 0);
		char bytes[32];

		cli_format_bytes((uint64_t)json_get_int(size, "bytes", 0), bytes, sizeof(bytes));
		if (d->result)
			printf("output %s: %s, %" PRId64 " file%s, %s\n", names.v[i],
			       json_get_str(outputs, names.v[i], "?"), files, files == 1 ? "" : "s",
			       bytes);
		else
			printf("output %s: not built\n", names.v[i]);
	}
	if (d->no_plan)
		printf("  whether it is built cannot be known: %s\n", d->no_plan);
}

static void print_golden(const struct described *d, const struct golden *g)
{
	enum golden_age age = d->toolchains_dir
				      ? golden_age(d->toolchains_dir, d->recipe, g, d->store)
				      : GOLDEN_AGE_UNKNOWN;
	const char *verdict = golden_verdict(d, g);

	printf("golden %s%sfor %s, built on %s%s%s: %s", g->variant ? g->variant : "",
	       g->variant ? " " : "", g->target, g->host, g->toolchain ? " with " : "",
	       g->toolchain ? g->toolchain : "",
	       age == GOLDEN_AGE_CURRENT ? "of the present toolchain"
	       : age == GOLDEN_AGE_STALE ? "STALE, of another toolchain"
					 : "of a toolchain that is not here");
	if (verdict)
		printf("; the outputs in the store are %s",
		       strcmp(verdict, "same") ? "OTHERS" : "these");
	putchar('\n');
	for (size_t i = 0; i < g->set.n; i++)
		printf("  with %s %s\n", g->set.v[i].name, g->set.v[i].value);
	for (size_t i = 0; i < g->outputs.n; i++)
		printf("  %s %s\n", g->outputs.v[i].name, g->outputs.v[i].value);
}

void describe_text(const struct described *d)
{
	struct err why = ERR_INIT;

	print_head(d);
	print_choices(d->recipe, &d->values);
	print_steps(d->recipe, d->branch);
	print_outputs(d);
	for (size_t i = 0; i < d->branch->n_golden; i++)
		print_golden(d, &d->branch->golden[i]);
	if (branch_require_pins(d->recipe, d->branch, &why) < 0)
		printf("not buildable: %s\n", why.msg);
}
