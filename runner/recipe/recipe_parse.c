/* SPDX-License-Identifier: Apache-2.0 */
/* recipe.yaml, key by key. Order matters: what names an option comes after the options. */
#include <runner/recipe.h>

#include "choice.h"
#include "schema.h"
#include "shim_rules.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <runner/names.h>
#include <runner/upstream.h>
#include <string.h>

/* Each element is counted before it is filled, so that recipe_free() finds what an error left. */
static int parse_options(struct recipe *r, const struct yaml *root, struct err *err)
{
	static const char *const keys[] = {"type", "default", "help", NULL};
	const struct yaml *map = NULL;
	const char *type = NULL;

	if (yaml_get_map(root, "options", false, &map, err) < 0)
		return -1;
	r->options = xcalloc(map ? map->n : 1, sizeof(*r->options));
	for (size_t i = 0; map && i < map->n; i++) {
		const struct yaml *node = map->items[i];
		struct option *o = &r->options[r->n_options++];

		o->name = xstrdup(map->keys[i]);
		if (!option_name_ok(o->name) || !strcmp(o->name, "target"))
			return yaml_error(node, err, "'options': '%s' cannot name an option",
					  o->name);
		if (schema_map(node, o->name, keys, err) < 0 ||
		    yaml_get_text(node, "type", true, &type, err) < 0 ||
		    yaml_get_bool(node, "default", true, &o->otherwise, err) < 0 ||
		    schema_text(node, "help", false, &o->help, err) < 0)
			return -1;
		if (strcmp(type, "bool"))
			return yaml_error(node, err, "'type' of %s: expected bool, found '%s'",
					  o->name, type);
	}
	return 0;
}

static int parse_variants(struct recipe *r, const struct yaml *root, struct err *err)
{
	const struct yaml *map = NULL;

	if (yaml_get_map(root, "variants", false, &map, err) < 0)
		return -1;
	r->variants = xcalloc(map ? map->n : 1, sizeof(*r->variants));
	for (size_t i = 0; map && i < map->n; i++) {
		struct variant *v = &r->variants[r->n_variants++];

		v->name = xstrdup(map->keys[i]);
		if (!name_ok(v->name))
			return yaml_error(map->items[i], err,
					  "'variants': '%s' cannot name a variant", v->name);
		if (schema_options(r, map, v->name, false, &v->set, err) < 0)
			return -1;
	}
	return 0;
}

static int check_default_variant(struct recipe *r, const struct yaml *root, struct err *err)
{
	if (schema_name(root, "default_variant", false, &r->default_variant, err) < 0)
		return -1;
	for (size_t i = 0; i < r->n_variants; i++) {
		if (r->default_variant && !strcmp(r->variants[i].name, r->default_variant))
			return 0;
	}
	if (!r->default_variant)
		return 0;
	return yaml_error(yaml_get(root, "default_variant"), err,
			  "'default_variant': there is no variant '%s'", r->default_variant);
}

static int parse_input(struct recipe *r, const struct yaml *node, struct recipe_input *in,
		       struct err *err)
{
	static const char *const keys[] = {"name", "target", "branch", "variant", "when", NULL};

	if (schema_map(node, "an input", keys, err) < 0 ||
	    schema_name(node, "name", true, &in->name, err) < 0 ||
	    schema_name(node, "branch", false, &in->branch, err) < 0 ||
	    schema_name(node, "variant", false, &in->variant, err) < 0 ||
	    schema_text(node, "target", false, &in->target, err) < 0 ||
	    schema_options(r, node, "when", true, &in->when, err) < 0)
		return -1;
	in->line = yaml_get(node, "name")->line;
	in->column = yaml_get(node, "name")->column;
	if (!in->target)
		in->target = xstrdup("target");
	if (strcmp(in->target, "target") && strcmp(in->target, "host") && !arch_known(in->target))
		return yaml_error(yaml_get(node, "target"), err,
				  "'target': expected host, target, x86_64 or aarch64, found '%s'",
				  in->target);
	return 0;
}

static int parse_inputs(struct recipe *r, const struct yaml *root, struct err *err)
{
	const struct yaml *list = NULL;

	if (yaml_get_list(root, "inputs", false, &list, err) < 0)
		return -1;
	r->inputs = xcalloc(list ? list->n : 1, sizeof(*r->inputs));
	for (size_t i = 0; list && i < list->n; i++) {
		struct recipe_input *in = &r->inputs[r->n_inputs++];

		if (parse_input(r, list->items[i], in, err) < 0)
			return -1;
		for (size_t k = 0; k < i; k++) {
			if (!strcmp(r->inputs[k].name, in->name) &&
			    settings_equal(&r->inputs[k].when, &in->when))
				return yaml_error(list->items[i], err, "input '%s' is there twice",
						  in->name);
		}
		if (!strcmp(in->name, "src") || !strcmp(in->name, "files") ||
		    !strcmp(in->name, "patches"))
			return yaml_error(list->items[i], err,
					  "'%s' cannot be an input: /inputs/%s is belljar's own",
					  in->name, in->name);
	}
	return 0;
}

static int check_uses(const struct recipe *r, const struct yaml *node, const struct phase *p,
		      struct err *err)
{
	_cleanup_free_ const char **names = xcalloc(r->n_options + 1, sizeof(*names));

	for (size_t i = 0; i < r->n_options; i++)
		names[i] = r->options[i].name;
	for (size_t u = 0; u < p->uses.n; u++) {
		const struct yaml *at = yaml_get(node, "uses")->items[u];
		const char *near = str_nearest(p->uses.v[u], names, r->n_options);

		if (near && !strcmp(near, p->uses.v[u]))
			continue;
		return yaml_error(at, err, "'uses': there is no option '%s'%s%s%s", p->uses.v[u],
				  near ? ": did you mean '" : "", near ? near : "",
				  near ? "'?" : "");
	}
	return 0;
}

static int parse_phase(struct recipe *r, const struct yaml *node, struct phase *p, struct err *err)
{
	static const char *const keys[] = {"name", "uses", "when", "env", "dir", "run", NULL};

	if (schema_map(node, "a phase", keys, err) < 0 ||
	    schema_name(node, "name", true, &p->name, err) < 0 ||
	    yaml_get_names(node, "uses", false, option_name_ok, "an option's name", &p->uses, err) <
		    0 ||
	    check_uses(r, node, p, err) < 0 ||
	    schema_options(r, node, "when", true, &p->when, err) < 0 ||
	    schema_env(node, &p->env, err) < 0 ||
	    schema_text(node, "dir", false, &p->dir, err) < 0 ||
	    schema_text(node, "run", true, &p->run, err) < 0)
		return -1;
	if (p->dir) {
		const struct yaml *dir = yaml_get(node, "dir");

		if (!path_is_clean(p->dir))
			return yaml_error(
				dir, err,
				"'dir': expected a path below /build without '..', found '%s'",
				p->dir);
		p->dir_line = dir->line;
		p->dir_column = dir->column;
	}
	if (!strcmp(p->name, "unpack") || !strcmp(p->name, "patch"))
		return yaml_error(node, err, "phase '%s' is made by belljar: choose another name",
				  p->name);
	return 0;
}

static int parse_phases(struct recipe *r, const struct yaml *root, struct err *err)
{
	const struct yaml *list = NULL;

	if (yaml_get_list(root, "phases", true, &list, err) < 0)
		return -1;
	r->phases = xcalloc(list->n + 1, sizeof(*r->phases));
	for (size_t i = 0; i < list->n; i++) {
		struct phase *p = &r->phases[r->n_phases++];

		if (parse_phase(r, list->items[i], p, err) < 0)
			return -1;
		for (size_t k = 0; k < i; k++) {
			/* Two of one name are alternatives (one per target): tell them apart. */
			if (!strcmp(r->phases[k].name, p->name) &&
			    settings_equal(&r->phases[k].when, &p->when))
				return yaml_error(list->items[i], err, "phase '%s' is there twice",
						  p->name);
		}
	}
	if (!r->n_phases)
		return yaml_error(list, err, "'phases': expected at least one phase");
	return 0;
}

static int check_require(const struct recipe *r, const struct yaml *node, const char *path,
			 struct err *err)
{
	const char *slash = strchr(path, '/');
	_cleanup_free_ char *output = NULL;

	if (!path_is_clean(path) || !slash)
		return yaml_error(node, err, "'requires': expected OUTPUT/PATH, found '%s'", path);
	output = xstrndup(path, (size_t)(slash - path));
	if (!recipe_has_output(r, output))
		return yaml_error(node, err, "'requires': there is no output '%s'", output);
	return 0;
}

static int parse_require(struct recipe *r, const struct yaml *node, struct requirement *q,
			 struct err *err)
{
	static const char *const keys[] = {"path", "when", "why", NULL};
	const char *path = NULL;

	if (node->kind == YAML_SCALAR) {
		if (yaml_text(node, "requires", &path, err) < 0)
			return -1;
		q->path = xstrdup(path);
	} else if (schema_map(node, "requires", keys, err) < 0 ||
		   schema_text(node, "path", true, &q->path, err) < 0 ||
		   schema_text(node, "why", false, &q->why, err) < 0 ||
		   schema_options(r, node, "when", true, &q->when, err) < 0) {
		return -1;
	}
	return check_require(r, node, q->path, err);
}

static int parse_requires(struct recipe *r, const struct yaml *root, struct err *err)
{
	const struct yaml *list = NULL;

	if (yaml_get_list(root, "requires", false, &list, err) < 0)
		return -1;
	r->requires = xcalloc(list ? list->n : 1, sizeof(*r->requires));
	for (size_t i = 0; list && i < list->n; i++) {
		if (parse_require(r, list->items[i], &r->requires[r->n_requires++], err) < 0)
			return -1;
	}
	return 0;
}

static int parse_head(struct recipe *r, const struct yaml *root, struct err *err)
{
	static const char *const keys[] = {"belljar",  "name",      "summary", "homepage",
					   "licenses", "toolchain", "targets", "default_variant",
					   "options",  "variants",  "inputs",  "shims",
					   "env",      "phases",    "outputs", "requires",
					   "refuse",   "upstream",  NULL};

	if (schema_map(root, "a recipe", keys, err) < 0 || schema_version(root, err) < 0 ||
	    schema_name(root, "name", true, &r->name, err) < 0 ||
	    schema_text(root, "summary", true, &r->summary, err) < 0 ||
	    schema_text(root, "homepage", false, &r->homepage, err) < 0 ||
	    yaml_get_names(root, "licenses", true, name_ok, "an SPDX identifier", &r->licenses,
			   err) < 0 ||
	    yaml_get_names(root, "targets", true, arch_known, "x86_64 or aarch64", &r->targets,
			   err) < 0)
		return -1;
	return 0;
}

static int parse_body(struct recipe *r, const struct yaml *root, struct err *err)
{
	const struct yaml *shims = NULL;

	if (parse_options(r, root, err) < 0 || parse_variants(r, root, err) < 0 ||
	    check_default_variant(r, root, err) < 0 || choice_toolchains(r, root, err) < 0 ||
	    choice_outputs(r, root, err) < 0 ||
	    choice_refusals(r, root, &r->refusals, &r->n_refusals, err) < 0 ||
	    parse_inputs(r, root, err) < 0 || yaml_get_map(root, "shims", false, &shims, err) < 0 ||
	    shim_rules_parse(r, shims, err) < 0 || schema_env(root, &r->env, err) < 0 ||
	    parse_phases(r, root, err) < 0)
		return -1;
	if (parse_requires(r, root, err) < 0)
		return -1;
	return upstream_parse(r, root, err);
}

int recipe_parse(const char *file, const char *text, size_t len, const char *name, const char *dir,
		 struct recipe **out, struct err *err)
{
	_cleanup_(yaml_doc_release) struct yaml_doc doc = {0};
	_cleanup_(recipe_freep) struct recipe *r = xcalloc(1, sizeof(*r));

	if (yaml_parse(file, text, len, &doc, err) < 0)
		return -1;
	r->dir = xstrdup(dir);
	if (parse_head(r, doc.root, err) < 0 || parse_body(r, doc.root, err) < 0)
		return -1;
	if (strcmp(r->name, name))
		return yaml_error(yaml_get(doc.root, "name"), err,
				  "'name': expected the folder's name '%s', found '%s'", name,
				  r->name);
	*out = TAKE_PTR(r);
	return 0;
}
