/* SPDX-License-Identifier: Apache-2.0 */
#include <runner/action.h>

#include "environment.h"
#include "generated.h"

#include <base/cleanup.h>
#include <sandbox/room.h>
#include <shims/format.h>
#include <string.h>

static json_t *sources_json(const struct plan_node *n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n->branch->n_sources; i++) {
		const struct source *s = &n->branch->sources[i];
		json_t *o;

		/* A patch's own entry is among the patches. */
		if (!node_has_source(n, s) || s->kind == SOURCE_PATCH)
			continue;
		o = json_object();
		json_array_append_new(list, o);
		json_set_str(o, "name", s->name);
		/* The commit and the URL only say where these bytes may be found. */
		if (s->kind == SOURCE_GIT) {
			json_set_sha256(o, "nar", &s->hash);
			json_set_str(o, "to", s->to);
			continue;
		}
		json_set_str(o, "file", s->file);
		json_set_sha256(o, "sha256", &s->hash);
		json_set(o, "shown", json_boolean(node_shows_file(n, s)));
		if (s->to) {
			json_set_str(o, "to", s->to);
			json_set(o, "strip", json_integer(s->strip));
		}
	}
	return list;
}

static json_t *patches_json(const struct plan_node *n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n->branch->n_patches; i++) {
		const struct patch *p = &n->branch->patches[i];
		json_t *o;

		if (!node_has_patch(n, p))
			continue;
		o = json_object();
		json_set_str(o, "file", p->file);
		json_set_str(o, "project", p->project);
		json_set_sha256(o, "sha256", &p->hash);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *shims_json(const struct recipe *r)
{
	json_t *obj = json_object();

	for (size_t i = 0; i < r->n_shims; i++) {
		json_t *o = json_object();

		json_set_str(o, "policy", r->shims[i].policy);
		if (r->shims[i].text)
			json_set_str(o, "text", r->shims[i].text);
		json_set(obj, r->shims[i].name, o);
	}
	return obj;
}

static json_t *env_json(const struct settings *env)
{
	json_t *obj = json_object();

	for (size_t i = 0; i < env->n; i++)
		json_set_str(obj, env->v[i].name, env->v[i].value);
	return obj;
}

static void add_phase(json_t *list, const char *name, const char *dir, const struct settings *env,
		      const char *run)
{
	json_t *o = json_object();

	json_set_str(o, "name", name);
	json_set_str(o, "dir", dir ? dir : "");
	json_set(o, "env", env_json(env));
	json_set_str(o, "run", run);
	json_array_append_new(list, o);
}

static json_t *phases_json(const struct plan_node *n, const struct settings *toolchain_env)
{
	_cleanup_(settings_release) struct settings plain = SETTINGS_INIT;
	_cleanup_free_ char *unpack = generated_unpack(n), *patch = generated_patch(n);
	json_t *list = json_array();

	generated_environment(n, &plain);
	if (unpack)
		add_phase(list, PHASE_UNPACK, NULL, &plain, unpack);
	if (patch)
		add_phase(list, PHASE_PATCH, NULL, &plain, patch);
	for (size_t i = 0; i < n->recipe->n_phases; i++) {
		_cleanup_(settings_release) struct settings env = SETTINGS_INIT;
		const struct phase *p = &n->recipe->phases[i];

		if (!when_holds(&p->when, &n->values, n->target))
			continue;
		phase_environment(n, p, toolchain_env, &env);
		add_phase(list, p->name, p->dir, &env, p->run);
	}
	return list;
}

/* `why` is for the reader of an error message: no part of the key. */
static json_t *requires_json(const struct plan_node *n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n->recipe->n_requires; i++) {
		const struct requirement *q = &n->recipe->requires[i];

		if (when_holds(&q->when, &n->values, n->target))
			json_array_append_new(list, json_string(q->path));
	}
	return list;
}

static json_t *inputs_json(const struct action_input *inputs, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *o = json_object();

		json_set_str(o, "name", inputs[i].name);
		json_set(o, "outputs", json_deep_copy(inputs[i].outputs));
		json_array_append_new(list, o);
	}
	return list;
}

int action_document(const struct plan_node *n, const struct sha256 *root,
		    const struct settings *toolchain_env, const struct action_input *inputs,
		    size_t n_inputs, json_t **out, struct err *err)
{
	_cleanup_(strv_release) struct strv outputs = STRV_INIT;
	_cleanup_json_ json_t *doc = json_object();

	node_outputs(n, &outputs);
	json_set(doc, "belljar_action", json_integer(1));
	json_set(doc, "room_version", json_integer(ROOM_VERSION));
	json_set(doc, "shim_version", json_integer(SHIM_VERSION));
	json_set_str(doc, "name", n->recipe->name);
	json_set_str(doc, "version", n->branch->version);
	json_set_str(doc, "branch", n->branch->name);
	json_set_str(doc, "host", n->host);
	json_set_str(doc, "target", n->target);
	json_set_sha256(doc, "root", root);
	json_set(doc, "inputs", inputs_json(inputs, n_inputs));
	json_set(doc, "sources", sources_json(n));
	json_set(doc, "patches", patches_json(n));
	json_set(doc, "phases", phases_json(n, toolchain_env));
	json_set(doc, "shims", shims_json(n->recipe));
	json_set(doc, "outputs", json_texts(&outputs));
	json_set(doc, "requires", requires_json(n));
	if (!json_array_size(json_object_get(doc, "phases")))
		return err_set(err, ERR_INPUT, 0, "recipe '%s': no phase is left for target %s",
			       n->recipe->name, n->target);
	if (!outputs.n)
		return err_set(err, ERR_INPUT, 0, "recipe '%s': no output is left for target %s",
			       n->recipe->name, n->target);
	*out = TAKE_PTR(doc);
	return 0;
}

const json_t *action_phases(const json_t *action)
{
	return json_object_get(action, "phases");
}
