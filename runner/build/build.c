/* SPDX-License-Identifier: Apache-2.0 */
#include <runner/build.h>

#include "schedule.h"

#include <base/cleanup.h>
#include <runner/strict.h>
#include <string.h>

void build_report_release(struct build_report *r)
{
	for (size_t i = 0; i < r->n; i++)
		round_release(&r->nodes[i].round);
	free(r->nodes);
	*r = BUILD_REPORT_INIT;
}

int build_root(struct runner *rn, struct plan_root *r, struct err *err)
{
	if (runner_stopped(rn))
		return err_set(err, ERR_INTERRUPTED, 0, "stopped");
	if (toolchain_fetch(rn->store, r->lock, &rn->fetch, rn->sink, err) < 0 ||
	    toolchain_compose(rn->store, r->tc, r->lock, rn->sink, &r->tree, err) < 0)
		return err_wrap(err, "toolchain %s (%s for %s)", r->name, r->host, r->target);
	r->known = r->present = true;
	return 0;
}

/* A root is composed only for its hash, where no lock records it, or for an action that runs. */
static int find_keys(struct runner *rn, struct plan *p, struct err *err)
{
	if (plan_find_roots(p, rn->store, err) < 0)
		return -1;
	for (size_t i = 0; i < p->n_roots; i++) {
		if (!p->roots[i].known && build_root(rn, &p->roots[i], err) < 0)
			return -1;
	}
	return plan_keys(p, rn->store, err);
}

int build_prepare(struct runner *rn, struct plan *p, const size_t *nodes, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		struct plan_root *r = &p->roots[p->nodes[nodes[i]].root];

		if (!r->present && build_root(rn, r, err) < 0)
			return -1;
	}
	return node_fetch(rn, p, nodes, n, err);
}

int build_keep(struct store *s, const struct plan_node *n, const struct round *round, json_t **out,
	       struct err *err)
{
	_cleanup_json_ json_t *value = json_object();

	json_set(value, "belljar_result", json_integer(1));
	json_set_str(value, "name", n->recipe->name);
	json_set(value, "outputs", json_incref(round->outputs));
	json_set(value, "sizes", json_incref(json_object_get(round->record, "sizes")));
	json_set(value, "round", json_integer(round->number));
	json_set(value, "epoch", json_integer(n->branch->epoch));
	/* What the store's gc must keep with this result: without it the key could not be known. */
	json_set(value, "inputs", json_incref(json_object_get(n->action, "inputs")));
	if (store_action_put(s, &n->key, value, err) < 0)
		return -1;
	*out = TAKE_PTR(value);
	return 0;
}

/* What was built without --strict or --require-walls is judged by its record: the key does not
 * tell. */
static int judge_stored(const struct runner *rn, const struct plan *p, bool inputs_only,
			struct err *err)
{
	size_t n = inputs_only ? p->n_nodes - 1 : p->n_nodes;

	return rn->strict || rn->require_walls ? strict_judge_stored(rn, p, n, err) : 0;
}

int build_run(struct runner *rn, struct plan *p, bool inputs_only, struct build_report *out,
	      struct err *err)
{
	_cleanup_free_ bool *needed = xcalloc(p->n_nodes, sizeof(*needed));
	_cleanup_free_ size_t *list = xcalloc(p->n_nodes, sizeof(*list));
	size_t n = 0, wanted = p->n_nodes - 1;

	out->nodes = xcalloc(p->n_nodes, sizeof(*out->nodes));
	out->n = out->failed = p->n_nodes;
	if (plan_require_pins(p, err) < 0 || find_keys(rn, p, err) < 0 ||
	    judge_stored(rn, p, inputs_only, err) < 0)
		return -1;
	if (inputs_only) {
		for (size_t k = 0; k < p->nodes[wanted].n_inputs; k++)
			sched_mark(p, p->nodes[wanted].inputs[k], needed);
	} else {
		sched_mark(p, wanted, needed);
	}
	for (size_t i = 0; i < p->n_nodes; i++) {
		if (needed[i])
			list[n++] = i;
	}
	if (!n)
		return 0;
	if (build_prepare(rn, p, list, n, err) < 0)
		return -1;
	if (sched_run(rn, p, list, n, false, out, err) < 0)
		return -1;
	/* again: once its inputs were built, a node may have been found in the store after all */
	return judge_stored(rn, p, inputs_only, err);
}

int build_link(struct store *s, const struct plan_node *n, const char *prefix, struct strv *out,
	       struct err *err)
{
	json_t *outputs = json_object_get(n->result, "outputs"), *hex;
	const char *name;

	json_object_foreach (outputs, name, hex) {
		_cleanup_free_ char *link = xasprintf("%s-%s", prefix, name);
		struct sha256 tree;

		if (!json_is_string(hex) || !sha256_from_hex(json_string_value(hex), &tree))
			return err_set(err, ERR_STORE, 0, "the store's result of '%s' is damaged",
				       n->recipe->name);
		if (store_root_link(s, link, &tree, err) < 0)
			return -1;
		strv_push(out, link);
	}
	return 0;
}
