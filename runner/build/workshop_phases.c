/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of a room: one per phase, with its environment. */
#include "workshop.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <runner/action.h>

void phase_env_vector(const json_t *phase, unsigned width, struct strv *out)
{
	const char *name;
	json_t *value;

	json_object_foreach (json_object_get(phase, "env"), name, value)
		strv_pushf(out, "%s=%s", name, json_string_value(value));
	strv_pushf(out, "MAKEFLAGS=-j%u", width);
	strv_sort(out);
}

void workshop_add_phases(struct workshop *w, const struct plan_node *n, unsigned width)
{
	size_t i;
	json_t *phase;

	json_array_foreach (action_phases(n->action), i, phase) {
		_cleanup_(strv_release) struct strv env = STRV_INIT;
		const char *dir = json_get_str(phase, "dir", "");
		_cleanup_free_ char *cwd = *dir ? path_join("/build", dir) : xstrdup("/build");
		const char *argv[] = {
			"/bin/bash", "-euo", "pipefail", "-c", json_get_str(phase, "run", ""),
			NULL};

		phase_env_vector(phase, width, &env);
		workshop_command(w, json_get_str(phase, "name", "?"), argv, &env, cwd);
	}
}
