/* SPDX-License-Identifier: Apache-2.0 */
/* belljar shell: the room of a build, entered before one of its phases. */
#include "unstarted.h"
#include "workshop.h"

#include <base/cleanup.h>
#include <runner/action.h>
#include <string.h>

struct visitor {
	struct runner *rn;
};

static bool on_tick(void *arg)
{
	struct visitor *v = arg;

	return runner_stopped(v->rn);
}

/* The index of the phase in front of which the visit happens. */
static int find_phase(const struct workshop *w, const char *name, size_t *out, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	for (*out = 0; *out < w->n_commands; ++*out) {
		const char *phase = w->commands[*out].name;

		if (name ? !strcmp(phase, name)
			 : strcmp(phase, PHASE_UNPACK) && strcmp(phase, PHASE_PATCH))
			return 0;
		strbuf_addf(&sb, " %s", phase);
	}
	if (!name)
		return err_set(err, ERR_BUG, 0, "the action has no phase");
	return err_set(err, ERR_USAGE, 0, "there is no phase '%s'; there are:%s", name,
		       strbuf_str(&sb));
}

/* Replace the phase by the visitor's command, in the phase's environment and folder. */
static void put_command(struct workshop *w, const struct plan_node *n, size_t at,
			const struct visit *v, unsigned width)
{
	static const char *const shell[] = {"/bin/bash", "--norc", "--noprofile", "-i", NULL};
	_cleanup_(strv_release) struct strv env = STRV_INIT;
	const json_t *phase = json_array_get(action_phases(n->action), at);
	_cleanup_free_ char *term = xasprintf("TERM=%s", v->term ? v->term : "dumb");
	const char *cwd = w->commands[at].cwd;

	phase_env_vector(phase, width, &env);
	for (size_t i = 0; i < env.n; i++) {
		if (str_starts(env.v[i], "TERM=")) {
			free(env.v[i]);
			env.v[i] = TAKE_PTR(term);
			break;
		}
	}
	if (!v->argv)
		strv_pushf(&env, "PS1=[%s %s] \\w \\$ ", n->recipe->name, w->commands[at].name);
	w->n_commands = at;
	workshop_command(w, "visit", v->argv ? v->argv : shell, &env, cwd);
	/* who looks for a folder that is not there wants to see what is */
	w->commands[at].or_above = !v->argv;
}

int round_visit(struct runner *rn, const struct plan *p, const struct plan_node *n, struct visit *v,
		struct err *err)
{
	_cleanup_(workshop_release) struct workshop w = WORKSHOP_INIT;
	struct visitor visitor = {.rn = rn};
	struct room_handler handler = {.arg = &visitor, .on_tick = on_tick};
	struct room_result result = {0};
	size_t at = 0;

	if (workshop_open(&w, rn, p, n, runner_cores(rn), err) < 0 ||
	    find_phase(&w, v->phase, &at, err) < 0)
		return -1;
	put_command(&w, n, at, v, runner_cores(rn));
	w.spec.commands = w.commands;
	w.spec.n_commands = w.n_commands;
	w.spec.stdin_fd = 0;
	w.spec.stdout_fd = 1;
	w.spec.stderr_fd = 2;
	w.spec.terminal = !v->argv || (isatty(0) && isatty(1));
	if (room_run(&w.spec, &handler, &result, err) < 0)
		return -1;
	if (*result.limit)
		event_warn(rn->sink, "a limit was met: %s", result.limit);
	if (result.failed < at && result.start)
		return unstarted_explain(n, &w.commands[result.failed], &result,
					 p->roots[n->root].name, "", err);
	if (result.failed < at)
		return err_set(err,
			       strcmp(w.commands[result.failed].name, PHASE_PATCH) ? ERR_BUILD
										   : ERR_INPUT,
			       0, "phase %s failed with exit status %d",
			       w.commands[result.failed].name, result.status);
	v->out_status = result.status;
	return 0;
}
