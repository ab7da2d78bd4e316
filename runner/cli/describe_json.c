/* SPDX-License-Identifier: Apache-2.0 */
/* A recipe explained to a program. */
#include "describe.h"

#include <base/cleanup.h>
#include <runner/selector.h>
#include <string.h>

/* Option values are "true" and "false"; `target` is text. */
static json_t *settings_json(const struct settings *s)
{
	json_t *o = json_object();

	for (size_t i = 0; i < s->n; i++)
		json_set(o, s->v[i].name,
			 strcmp(s->v[i].name, "target")
				 ? json_boolean(!strcmp(s->v[i].value, "true"))
				 : json_string(s->v[i].value));
	return o;
}

/* branch and variant: null where the recipe leaves the choice to the input's own. */
static json_t *input_json(const struct recipe_input *in)
{
	_cleanup_free_ char *selector = selector_text(in->name, in->branch, in->variant);
	json_t *o = json_object();

	json_set_str(o, "name", in->name);
	json_set(o, "branch", json_text(in->branch));
	json_set(o, "variant", json_text(in->variant));
	json_set_str(o, "target", in->target);
	json_set_str(o, "selector", selector);
	json_set(o, "when", settings_json(&in->when));
	return o;
}

static json_t *source_json(const struct source *s)
{
	json_t *o = json_object();

	json_set_str(o, "name", s->name);
	json_set(o, "urls", json_texts(&s->urls));
	json_set(o, "when", settings_json(&s->when));
	json_set(o, "pinned", json_boolean(s->pinned));
	if (s->to)
		json_set_str(o, "to", s->to);
	if (s->kind == SOURCE_GIT) {
		json_set(o, "commit", json_text(s->commit));
		json_set(o, "tag", json_text(s->tag));
		if (s->pinned)
			json_set_sha256(o, "nar", &s->hash);
		return o;
	}
	json_set_str(o, "file", s->file);
	json_set_sha256(o, "sha256", &s->hash);
	json_set(o, "size", json_integer((json_int_t)s->size));
	return o;
}

static json_t *patch_json(const struct branch *b, const struct patch *p)
{
	_cleanup_(settings_release) struct settings when = patch_when(b, p);
	json_t *o = json_object();

	json_set(o, "number", json_integer(p->number));
	json_set_str(o, "project", p->project);
	json_set_str(o, "description", p->description);
	json_set_str(o, "file", p->file);
	json_set_sha256(o, "sha256", &p->hash);
	json_set(o, "source", json_text(p->source ? p->source->name : NULL));
	json_set(o, "when", settings_json(&when));
	return o;
}

static json_t *golden_json(const struct described *d, const struct golden *g)
{
	json_t *o = json_object(), *outputs = json_object();
	enum golden_age age = d->toolchains_dir
				      ? golden_age(d->toolchains_dir, d->recipe, g, d->store)
				      : GOLDEN_AGE_UNKNOWN;

	json_set(o, "variant", json_text(g->variant));
	json_set_str(o, "target", g->target);
	json_set_str(o, "host", g->host);
	json_set(o, "built_with", json_text(g->toolchain));
	json_set(o, "set", settings_json(&g->set));
	json_set_sha256(o, "root", &g->root);
	for (size_t i = 0; i < g->outputs.n; i++)
		json_set_str(outputs, g->outputs.v[i].name, g->outputs.v[i].value);
	json_set(o, "outputs", outputs);
	json_set_str(o, "toolchain", golden_age_name(age));
	json_set(o, "in_store", json_text(golden_verdict(d, g)));
	return o;
}

static json_t *support_json(const struct described *d)
{
	json_t *o = json_object();

	json_set_str(o, "status", support_name(d->support));
	json_set(o, "released", json_text(d->branch->released));
	json_set(o, "full_until", json_text(d->branch->full_until));
	json_set(o, "security_until", json_text(d->branch->security_until));
	json_set(o, "source", json_text(d->branch->support_source));
	return o;
}

static void add_lists(json_t *doc, const struct described *d)
{
	json_t *variants = json_object(), *phases = json_array(), *patches = json_array(),
	       *inputs = json_array(), *sources = json_array(), *golden = json_array();
	const struct recipe *r = d->recipe;
	const struct branch *b = d->branch;

	for (size_t i = 0; i < r->n_variants; i++)
		json_set(variants, r->variants[i].name, settings_json(&r->variants[i].set));
	for (size_t i = 0; i < r->n_inputs; i++)
		json_array_append_new(inputs, input_json(&r->inputs[i]));
	for (size_t i = 0; i < r->n_phases; i++)
		json_array_append_new(phases, json_string(r->phases[i].name));
	for (size_t i = 0; i < b->n_sources; i++)
		json_array_append_new(sources, source_json(&b->sources[i]));
	for (size_t i = 0; i < b->n_patches; i++)
		json_array_append_new(patches, patch_json(b, &b->patches[i]));
	for (size_t i = 0; i < b->n_golden; i++)
		json_array_append_new(golden, golden_json(d, &b->golden[i]));
	json_set(doc, "variants", variants);
	json_set(doc, "inputs", inputs);
	json_set(doc, "phases", phases);
	json_set(doc, "sources", sources);
	json_set(doc, "patches", patches);
	json_set(doc, "golden", golden);
}

/* null: not built, or not known whether. */
static json_t *result_json(const struct described *d)
{
	json_t *o;

	if (!d->result)
		return json_null();
	o = json_object();
	json_set_sha256(o, "key", &plan_wanted(&d->plan)->key);
	json_set(o, "outputs", json_incref(json_object_get(d->result, "outputs")));
	json_set(o, "sizes", json_incref(json_object_get(d->result, "sizes")));
	return o;
}

json_t *describe_json(const struct described *d)
{
	_cleanup_(strv_release) struct strv outputs = STRV_INIT;
	const struct recipe *r = d->recipe;
	json_t *doc = json_object();

	json_set(doc, "belljar_describe", json_integer(1));
	json_set_str(doc, "name", r->name);
	json_set_str(doc, "summary", r->summary);
	json_set_str(doc, "branch", d->branch->name);
	json_set_str(doc, "version", d->branch->version);
	json_set_str(doc, "toolchain", recipe_toolchain(r, &d->values, d->target));
	json_set(doc, "homepage", json_text(r->homepage));
	json_set(doc, "default_variant", json_text(r->default_variant));
	json_set(doc, "licenses", json_texts(&r->licenses));
	json_set(doc, "targets", json_texts(&r->targets));
	recipe_outputs(r, &d->values, d->target, &outputs);
	json_set(doc, "outputs", json_texts(&outputs));
	json_set(doc, "options", settings_json(&d->values));
	json_set(doc, "support", support_json(d));
	json_set(doc, "pinned", json_boolean(branch_pinned(d->branch, NULL)));
	json_set(doc, "built", result_json(d));
	json_set(doc, "unknown_because", json_text(d->no_plan));
	add_lists(doc, d);
	return doc;
}
