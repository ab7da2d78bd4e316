/* SPDX-License-Identifier: Apache-2.0 */
#include "unstarted.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <base/printable.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>

#define SHOWN_MAX  12
#define NAME_SHOWN 60

static const struct phase *phase_of(const struct plan_node *n, const char *name)
{
	for (size_t i = 0; i < n->recipe->n_phases; i++) {
		const struct phase *p = &n->recipe->phases[i];

		if (!strcmp(p->name, name) && when_holds(&p->when, &n->values, n->target))
			return p;
	}
	return NULL;
}

static const char *reason(const struct room_result *res)
{
	const char *text = strerrordesc_np(res->start_errno);

	return text ? text : "unknown error";
}

static void split(const char *folders, struct strv *out)
{
	for (const char *p = folders; *p; p += strcspn(p, "/") + 1) {
		char *name = xstrndup(p, strcspn(p, "/"));

		strv_push_take(out, name);
	}
}

/* "; /build has the folders a, b" */
static void add_folders(struct strbuf *sb, const char *there, const struct strv *names)
{
	_cleanup_free_ char *top = printable(there, 200);

	strbuf_addf(sb, "; %s has %s", top,
		    names->n == 0   ? "no folders"
		    : names->n == 1 ? "the folder "
				    : "the folders ");
	for (size_t i = 0; i < names->n; i++) {
		_cleanup_free_ char *name = printable(names->v[i], NAME_SHOWN);

		if (i == SHOWN_MAX) {
			strbuf_adds(sb, ", ...");
			break;
		}
		strbuf_addf(sb, "%s%s", i ? ", " : "", name);
	}
}

/* The folder that was looked for last, the first that is not there, and one that is named alike. */
static void add_nearest(struct strbuf *sb, const char *cwd, const char *there,
			const struct strv *names)
{
	const char *rest = cwd + strlen(there);
	_cleanup_free_ char *wanted = NULL, *shown = NULL;
	const char *near;

	rest += strspn(rest, "/");
	wanted = xstrndup(rest, strcspn(rest, "/"));
	near = str_nearest(wanted, (const char *const *)names->v, names->n);
	if (!near)
		return;
	shown = printable(near, NAME_SHOWN);
	strbuf_addf(sb, " (did you mean '%s'?)", shown);
}

static void add_surroundings(struct strbuf *sb, const char *cwd, const struct room_result *res)
{
	_cleanup_(strv_release) struct strv names = STRV_INIT;

	if (!*res->there || !str_starts(cwd, res->there))
		return;
	split(res->folders, &names);
	add_folders(sb, res->there, &names);
	add_nearest(sb, cwd, res->there, &names);
}

static int explain_cwd(const struct plan_node *n, const struct room_command *cmd,
		       const struct room_result *res, const char *more, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	const struct phase *p = phase_of(n, cmd->name);

	if (p && p->dir)
		strbuf_addf(&sb, "%s/recipe.yaml:%d:%d: 'dir' of phase %s: ", n->recipe->dir,
			    p->dir_line, p->dir_column, p->name);
	else
		strbuf_addf(&sb, "phase %s: ", cmd->name);
	if (res->start_errno == ENOENT)
		strbuf_addf(&sb, "there is no folder %s in the room", cmd->cwd);
	else
		strbuf_addf(&sb, "cannot enter %s: %s", cmd->cwd, reason(res));
	add_surroundings(&sb, cmd->cwd, res);
	return err_set(err, p && p->dir ? ERR_INPUT : ERR_BUILD, 0, "%s%s", strbuf_str(&sb), more);
}

int unstarted_explain(const struct plan_node *n, const struct room_command *cmd,
		      const struct room_result *res, const char *toolchain, const char *more,
		      struct err *err)
{
	bool busy = res->start_errno == EAGAIN || res->start_errno == ENOMEM;

	if (res->start == ROOM_NO_CWD)
		return explain_cwd(n, cmd, res, more, err);
	return err_set(err, busy ? ERR_BUILD : ERR_INPUT, 0,
		       "phase %s did not begin: cannot run %s of toolchain '%s': %s%s", cmd->name,
		       cmd->argv[0], toolchain, reason(res), more);
}
