/* SPDX-License-Identifier: Apache-2.0 */
#include "environment.h"

#include <base/cleanup.h>
#include <string.h>

static const struct {
	const char *name, *value;
} fixed[] = {
	{"PATH", "/usr/bin:/usr/sbin"},
	{"HOME", "/build"},
	{"LC_ALL", "C.UTF-8"},
	{"TZ", "UTC"},
	{"TERM", "dumb"},
	{"USER", "builder"},
	{"LOGNAME", "builder"},
	{"SHELL", "/bin/bash"},
	{"TMPDIR", "/tmp"},
};

static void set_upper(struct settings *out, const char *prefix, const char *name, const char *value)
{
	_cleanup_free_ char *var = env_name(prefix, name);

	settings_set(out, var, value);
}

void generated_environment(const struct plan_node *n, struct settings *out)
{
	_cleanup_free_ char *epoch = xasprintf("%lld", (long long)n->branch->epoch);

	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		settings_set(out, fixed[i].name, fixed[i].value);
	settings_set(out, "SOURCE_DATE_EPOCH", epoch);
}

static void add_identity(const struct plan_node *n, struct settings *out)
{
	settings_set(out, "BJ_NAME", n->recipe->name);
	settings_set(out, "BJ_VERSION", n->branch->version);
	settings_set(out, "BJ_BRANCH", n->branch->name);
	settings_set(out, "BJ_HOST", n->host);
	settings_set(out, "BJ_TARGET", n->target);
}

static void add_options(const struct plan_node *n, const struct phase *p, struct settings *out)
{
	const struct recipe *r = n->recipe;

	for (size_t i = 0; i < r->n_options; i++) {
		const char *name = r->options[i].name;

		if (strv_contains(&p->uses, name) || settings_get(&p->when, name))
			set_upper(out, "OPT_", name, settings_get(&n->values, name));
	}
}

static void add_places(const struct plan_node *n, struct settings *out)
{
	_cleanup_(strv_release) struct strv outputs = STRV_INIT;
	const struct recipe *r = n->recipe;

	for (size_t i = 0; i < r->n_inputs; i++) {
		_cleanup_free_ char *path = xasprintf("/inputs/%s/out", r->inputs[i].name);

		if (when_holds(&r->inputs[i].when, &n->values, n->target))
			set_upper(out, "IN_", r->inputs[i].name, path);
	}
	node_outputs(n, &outputs);
	for (size_t i = 0; i < outputs.n; i++) {
		_cleanup_free_ char *path = xasprintf("/out/%s", outputs.v[i]);

		set_upper(out, "OUT_", outputs.v[i], path);
		if (!strcmp(outputs.v[i], "out"))
			settings_set(out, "OUT", path);
	}
}

void phase_environment(const struct plan_node *n, const struct phase *p,
		       const struct settings *toolchain, struct settings *out)
{
	generated_environment(n, out);
	if (toolchain)
		settings_merge(out, toolchain);
	settings_merge(out, &n->recipe->env);
	settings_merge(out, &n->branch->env);
	settings_merge(out, &p->env);
	add_identity(n, out);
	add_options(n, p, out);
	add_places(n, out);
}
