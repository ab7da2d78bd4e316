/* SPDX-License-Identifier: Apache-2.0 */
#include <runner/plan.h>

#include "generated.h"

#include <base/cleanup.h>
#include <runner/action.h>
#include <string.h>

static void root_release(struct plan_root *r)
{
	toolchain_free(r->tc);
	lock_free(r->lock);
	free(r->name);
	free(r->host);
	free(r->target);
}

static void node_release(struct plan_node *n)
{
	settings_release(&n->values);
	free(n->inputs);
	json_decref(n->action);
	json_decref(n->result);
	free(n->waits);
}

void plan_release(struct plan *p)
{
	for (size_t i = 0; i < p->n_nodes; i++)
		node_release(&p->nodes[i]);
	for (size_t i = 0; i < p->n_roots; i++)
		root_release(&p->roots[i]);
	for (size_t i = 0; i < p->n_branches; i++)
		branch_free(p->branches[i]);
	for (size_t i = 0; i < p->n_recipes; i++)
		recipe_free(p->recipes[i]);
	free(p->nodes);
	free(p->roots);
	free(p->branches);
	free(p->recipes);
	*p = PLAN_INIT;
}

struct plan_node *plan_wanted(const struct plan *p)
{
	return &p->nodes[p->n_nodes - 1];
}

/* The sources that an option leaves out may stay unknown. */
static bool is_pinned(const struct plan_node *n, const struct source **out_missing)
{
	for (size_t i = 0; i < n->branch->n_sources; i++) {
		*out_missing = &n->branch->sources[i];
		if (!(*out_missing)->pinned && node_has_source(n, *out_missing))
			return false;
	}
	return n->branch->epoch > 0 || branch_pinned(n->branch, out_missing);
}

int node_require_pins(const struct plan_node *n, struct err *err)
{
	const struct source *missing;

	return is_pinned(n, &missing) ? 0 : branch_require_pins(n->recipe, n->branch, err);
}

int plan_require_pins(const struct plan *p, struct err *err)
{
	for (size_t i = 0; i < p->n_nodes; i++)
		if (node_require_pins(&p->nodes[i], err) < 0)
			return -1;
	return 0;
}

int plan_find_roots(struct plan *p, struct store *s, struct err *err)
{
	for (size_t i = 0; i < p->n_roots; i++) {
		struct plan_root *r = &p->roots[i];

		if (r->present)
			continue;
		if (s && toolchain_root_known(s, r->tc, r->lock, &r->present, &r->tree, err) < 0)
			return -1;
		r->known = r->present || lock_recorded_root(r->tc, r->lock, &r->tree);
	}
	return 0;
}

/* What the node waits for, or NULL. Caller frees. */
static char *missing(const struct plan *p, const struct plan_node *n)
{
	const struct plan_root *r = &p->roots[n->root];
	const struct source *s;

	if (!is_pinned(n, &s))
		return xasprintf("waits for %s of source %s",
				 s->commit ? "the NAR hash" : "the commit", s->name);
	for (size_t i = 0; i < n->n_inputs; i++) {
		const struct plan_node *in = &p->nodes[n->inputs[i]];

		if (!in->result)
			return xasprintf("waits for %s", in->recipe->name);
	}
	if (!r->known)
		return xasprintf("waits for toolchain %s (%s for %s)", r->name, r->host, r->target);
	return NULL;
}

static void toolchain_settings(const struct plan_root *r, struct settings *out)
{
	_cleanup_(strv_release) struct strv vars = STRV_INIT;

	toolchain_env(r->tc, r->host, r->target, &vars);
	for (size_t i = 0; i < vars.n; i++) {
		char *eq = strchr(vars.v[i], '=');

		if (!eq)
			continue;
		*eq = '\0';
		settings_set(out, vars.v[i], eq + 1);
	}
}

static int make_action(struct plan *p, struct plan_node *n, struct err *err)
{
	_cleanup_(settings_release) struct settings env = SETTINGS_INIT;
	_cleanup_free_ struct action_input *inputs = xcalloc(n->n_inputs + 1, sizeof(*inputs));

	for (size_t i = 0; i < n->n_inputs; i++) {
		const struct plan_node *in = &p->nodes[n->inputs[i]];

		inputs[i].name = in->recipe->name;
		inputs[i].outputs = json_object_get(in->result, "outputs");
	}
	toolchain_settings(&p->roots[n->root], &env);
	return action_document(n, &p->roots[n->root].tree, &env, inputs, n->n_inputs, &n->action,
			       err);
}

/* The store sorts what it keeps by name; the order of outputs is the recipe's, as after a build. */
static void order_outputs(json_t *result, const char *key, const struct strv *names)
{
	json_t *map = json_object_get(result, key), *ordered;

	if (!json_is_object(map))
		return;
	ordered = json_object();
	for (size_t i = 0; i < names->n; i++) {
		json_t *value = json_object_get(map, names->v[i]);

		if (value)
			json_set(ordered, names->v[i], json_incref(value));
	}
	json_object_update_missing(ordered, map);
	json_set(result, key, ordered);
}

static int find_result(struct plan_node *n, struct store *s, struct err *err)
{
	_cleanup_(strv_release) struct strv names = STRV_INIT;

	json_decref(n->result);
	n->result = NULL;
	if (s && store_action_get(s, &n->key, &n->result, err) < 0)
		return -1;
	if (!n->result)
		return 0;
	node_outputs(n, &names);
	order_outputs(n->result, "outputs", &names);
	order_outputs(n->result, "sizes", &names);
	return 0;
}

int plan_key(struct plan *p, size_t i, struct store *s, struct err *err)
{
	struct plan_node *n = &p->nodes[i];

	free(n->waits);
	n->waits = n->has_key ? NULL : missing(p, n);
	if (n->waits)
		return 0;
	if (!n->has_key) {
		if (make_action(p, n, err) < 0 ||
		    json_canonical_sha256(n->action, &n->key, err) < 0)
			return -1;
		n->has_key = true;
	}
	return find_result(n, s, err);
}

int plan_keys(struct plan *p, struct store *s, struct err *err)
{
	if (plan_find_roots(p, s, err) < 0)
		return -1;
	for (size_t i = 0; i < p->n_nodes; i++) {
		if (plan_key(p, i, s, err) < 0)
			return -1;
	}
	return 0;
}

char *plan_node_title(const struct plan_node *n)
{
	const char *v = n->variant;
	bool cross = strcmp(n->host, n->target) != 0;

	return xasprintf("%s@%s%s%s%s%s", n->recipe->name, n->branch->name, v ? ":" : "",
			 v ? v : "", cross ? " for " : "", cross ? n->target : "");
}
