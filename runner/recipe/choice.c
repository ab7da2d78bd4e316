/* SPDX-License-Identifier: Apache-2.0 */
#include "choice.h"

#include "schema.h"

#include <base/cleanup.h>
#include <runner/names.h>
#include <runner/plan.h>
#include <string.h>

/* A name by itself, or {name, when}. */
static int parse_output(const struct recipe *r, const struct yaml *node, struct choice *c,
			struct err *err)
{
	static const char *const keys[] = {"name", "when", NULL};
	const char *text = NULL;

	if (node->kind != YAML_SCALAR) {
		if (schema_map(node, "outputs", keys, err) < 0 ||
		    schema_name(node, "name", true, &c->name, err) < 0)
			return -1;
		return schema_options(r, node, "when", true, &c->when, err);
	}
	if (yaml_text(node, "outputs", &text, err) < 0)
		return -1;
	if (!name_ok(text))
		return yaml_error(node, err, "'outputs': expected a plain name, found '%s'", text);
	c->name = xstrdup(text);
	return 0;
}

/* `instead` and `why`, which belong together: what other toolchain would do. */
static int parse_instead(const struct yaml *node, struct toolchain_choice *c, struct err *err)
{
	const struct yaml *list = NULL;
	const char *text = NULL;

	if (yaml_get_list(node, "instead", false, &list, err) < 0 ||
	    schema_text(node, "why", list != NULL, &c->why, err) < 0)
		return -1;
	if (c->why && !list)
		return yaml_error(yaml_get(node, "why"), err, "'why': expected 'instead' as well");
	for (size_t i = 0; list && i < list->n; i++) {
		if (yaml_text(list->items[i], "instead", &text, err) < 0)
			return -1;
		if (!name_ok(text))
			return yaml_error(list->items[i], err,
					  "'instead': expected a plain name, found '%s'", text);
		strv_push(&c->instead, text);
	}
	return 0;
}

static void stands_at(struct toolchain_choice *c, const struct yaml *name)
{
	c->line = name->line;
	c->column = name->column;
}

/* A name by itself, or {name, when, instead, why}. */
static int parse_toolchain(const struct recipe *r, const struct yaml *node,
			   struct toolchain_choice *c, struct err *err)
{
	static const char *const keys[] = {"name", "when", "instead", "why", NULL};
	const char *text = NULL;

	if (node->kind != YAML_SCALAR) {
		if (schema_map(node, "toolchain", keys, err) < 0 ||
		    schema_name(node, "name", true, &c->name, err) < 0 ||
		    schema_options(r, node, "when", true, &c->when, err) < 0)
			return -1;
		stands_at(c, yaml_get(node, "name"));
		return parse_instead(node, c, err);
	}
	if (yaml_text(node, "toolchain", &text, err) < 0)
		return -1;
	if (!name_ok(text))
		return yaml_error(node, err, "'toolchain': expected a plain name, found '%s'",
				  text);
	c->name = xstrdup(text);
	stands_at(c, node);
	return 0;
}

/* Every combination of options must end at a toolchain, and every entry must be of use. */
static int check_toolchains(const struct recipe *r, const struct yaml *list, struct err *err)
{
	for (size_t i = 0; i < r->n_toolchains; i++) {
		bool last = i + 1 == r->n_toolchains, always = !r->toolchains[i].when.n;

		if (always && !last)
			return yaml_error(list->items[i], err,
					  "'toolchain': only the last one may be without 'when'");
		if (!always && last)
			return yaml_error(list->items[i], err,
					  "'toolchain': the last one serves all else, "
					  "it cannot have a 'when'");
	}
	return 0;
}

int choice_toolchains(struct recipe *r, const struct yaml *root, struct err *err)
{
	const struct yaml *node = yaml_get(root, "toolchain");

	if (node && node->kind == YAML_LIST) {
		r->toolchains = xcalloc(node->n + 1, sizeof(*r->toolchains));
		for (size_t i = 0; i < node->n; i++) {
			if (parse_toolchain(r, node->items[i], &r->toolchains[r->n_toolchains++],
					    err) < 0)
				return -1;
		}
		if (!node->n)
			return yaml_error(node, err, "'toolchain': expected at least one name");
		return check_toolchains(r, node, err);
	}
	r->toolchains = xcalloc(1, sizeof(*r->toolchains));
	r->n_toolchains = 1;
	if (schema_name(root, "toolchain", true, &r->toolchains[0].name, err) < 0)
		return -1;
	if (node)
		stands_at(&r->toolchains[0], node);
	return 0;
}

int choice_outputs(struct recipe *r, const struct yaml *root, struct err *err)
{
	const struct yaml *list = NULL;

	if (yaml_get_list(root, "outputs", true, &list, err) < 0)
		return -1;
	r->outputs = xcalloc(list->n + 1, sizeof(*r->outputs));
	for (size_t i = 0; i < list->n; i++) {
		/* Counted before it is filled: recipe_free() finds what an error left. */
		if (parse_output(r, list->items[i], &r->outputs[r->n_outputs++], err) < 0)
			return -1;
	}
	if (!list->n)
		return yaml_error(list, err, "'outputs': expected at least one name");
	for (size_t i = 1; i < r->n_outputs; i++) {
		for (size_t k = 0; k < i; k++) {
			if (!strcmp(r->outputs[i].name, r->outputs[k].name))
				return yaml_error(list->items[i], err,
						  "'outputs': '%s' is there twice",
						  r->outputs[i].name);
		}
	}
	return 0;
}

static int parse_refusal(const struct recipe *r, const struct yaml *node, struct recipe_refusal *f,
			 struct err *err)
{
	static const char *const keys[] = {"when", "toolchain", "why", NULL};

	if (schema_map(node, "refuse", keys, err) < 0 ||
	    schema_text(node, "why", true, &f->why, err) < 0 ||
	    schema_name(node, "toolchain", false, &f->toolchain, err) < 0 ||
	    schema_options(r, node, "when", true, &f->when, err) < 0)
		return -1;
	if (!f->when.n)
		return yaml_error(node, err, "'refuse': expected a 'when' that names something");
	return 0;
}

int choice_refusals(const struct recipe *r, const struct yaml *root, struct recipe_refusal **out,
		    size_t *out_n, struct err *err)
{
	const struct yaml *list = NULL;

	if (yaml_get_list(root, "refuse", false, &list, err) < 0)
		return -1;
	*out = xcalloc(list ? list->n + 1 : 1, sizeof(**out));
	for (size_t i = 0; list && i < list->n; i++) {
		if (parse_refusal(r, list->items[i], &(*out)[(*out_n)++], err) < 0)
			return -1;
	}
	return 0;
}

void choice_free_refusals(struct recipe_refusal *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(list[i].why);
		free(list[i].toolchain);
		settings_release(&list[i].when);
	}
	free(list);
}

bool recipe_has_output(const struct recipe *r, const char *name)
{
	for (size_t i = 0; i < r->n_outputs; i++) {
		if (!strcmp(r->outputs[i].name, name))
			return true;
	}
	return false;
}

static const struct toolchain_choice *chosen(const struct recipe *r, const struct settings *values,
					     const char *target)
{
	for (size_t i = 0; i + 1 < r->n_toolchains; i++) {
		if (when_holds(&r->toolchains[i].when, values, target))
			return &r->toolchains[i];
	}
	return &r->toolchains[r->n_toolchains - 1];
}

const char *recipe_toolchain(const struct recipe *r, const struct settings *values,
			     const char *target)
{
	return chosen(r, values, target)->name;
}

void recipe_outputs(const struct recipe *r, const struct settings *values, const char *target,
		    struct strv *out)
{
	for (size_t i = 0; i < r->n_outputs; i++) {
		if (when_holds(&r->outputs[i].when, values, target))
			strv_push(out, r->outputs[i].name);
	}
}

void node_outputs(const struct plan_node *n, struct strv *out)
{
	recipe_outputs(n->recipe, &n->values, n->target, out);
}

static int refused(const struct plan_node *n, const struct recipe_refusal *f, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	_cleanup_free_ char *title = plan_node_title(n);

	for (size_t i = 0; i < f->when.n; i++)
		strbuf_addf(&sb, "%s%s=%s", i ? ", " : "", f->when.v[i].name, f->when.v[i].value);
	if (f->toolchain)
		strbuf_addf(&sb, " and toolchain %s", f->toolchain);
	return err_set(err, ERR_USAGE, 0, "%s cannot be built with %s: %s", title, strbuf_str(&sb),
		       f->why);
}

static bool meets(const struct plan_node *n, const char *toolchain, const struct recipe_refusal *f)
{
	return (!f->toolchain || !strcmp(f->toolchain, toolchain)) &&
	       when_holds(&f->when, &n->values, n->target);
}

int node_check_refusals(const struct plan_node *n, const char *toolchain, struct err *err)
{
	const struct recipe *r = n->recipe;
	const struct branch *b = n->branch;

	for (size_t i = 0; i < r->n_refusals; i++) {
		if (meets(n, toolchain, &r->refusals[i]))
			return refused(n, &r->refusals[i], err);
	}
	for (size_t i = 0; i < b->n_refusals; i++) {
		if (meets(n, toolchain, &b->refusals[i]))
			return refused(n, &b->refusals[i], err);
	}
	return 0;
}

int node_check_toolchain(const struct plan_node *n, const char *other, struct err *err)
{
	const struct toolchain_choice *own = chosen(n->recipe, &n->values, n->target);
	_cleanup_free_ char *title = NULL;

	if (!other || !own->why || !strcmp(other, own->name) || strv_contains(&own->instead, other))
		return 0;
	title = plan_node_title(n);
	return err_set(err, ERR_USAGE, 0, "%s cannot be built with toolchain %s instead of %s: %s",
		       title, other, own->name, own->why);
}
