/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as JSON, for `belljar plan --json`. */
#include <runner/plan.h>

#include <base/cleanup.h>

static json_t *node_json(const struct plan *p, const struct plan_node *n)
{
	const struct plan_root *root = &p->roots[n->root];
	json_t *o = json_object(), *options = json_object(), *inputs = json_array();

	json_set_str(o, "name", n->recipe->name);
	json_set_str(o, "version", n->branch->version);
	json_set_str(o, "branch", n->branch->name);
	json_set(o, "variant", json_text(n->variant));
	json_set_str(o, "host", n->host);
	json_set_str(o, "target", n->target);
	for (size_t i = 0; i < n->values.n; i++)
		json_set(options, n->values.v[i].name,
			 json_boolean(n->values.v[i].value[0] == 't'));
	json_set(o, "options", options);
	for (size_t i = 0; i < n->n_inputs; i++)
		json_array_append_new(inputs, json_integer((json_int_t)n->inputs[i]));
	json_set(o, "inputs", inputs);
	json_set_str(o, "toolchain", root->name);
	if (root->known)
		json_set_sha256(o, "root", &root->tree);
	if (n->has_key)
		json_set_sha256(o, "key", &n->key);
	if (n->waits)
		json_set_str(o, "waits", n->waits);
	if (n->action)
		json_set(o, "action", json_incref(n->action));
	json_set(o, "built", json_boolean(n->result != NULL));
	if (n->result)
		json_set(o, "outputs", json_incref(json_object_get(n->result, "outputs")));
	return o;
}

json_t *plan_to_json(const struct plan *p)
{
	json_t *doc = json_object(), *nodes = json_array();

	json_set(doc, "belljar_plan", json_integer(1));
	for (size_t i = 0; i < p->n_nodes; i++)
		json_array_append_new(nodes, node_json(p, &p->nodes[i]));
	json_set(doc, "actions", nodes);
	return doc;
}
