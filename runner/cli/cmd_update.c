/* SPDX-License-Identifier: Apache-2.0 */
#include "describe.h"

#include <base/cleanup.h>
#include <runner/update.h>
#include <string.h>

static const char *const kinds[] = {[UPDATE_CURRENT] = "current",
				    [UPDATE_LEFT] = "left",
				    [UPDATE_CHANGE] = "change",
				    [UPDATE_NEW] = "new",
				    [UPDATE_DROP] = "drop"};

/* ---- for machines ---- */

static json_t *components_json(const struct update_branch *b)
{
	json_t *list = json_array();

	for (size_t i = 0; i < b->n_components; i++) {
		const struct update_component *c = &b->components[i];
		json_t *o = json_object();

		json_array_append_new(list, o);
		json_set_str(o, "name", c->name);
		json_set_str(o, "revision", c->revision);
		json_set_str(o, "commit", c->commit);
		json_set(o, "source", json_boolean(c->source));
	}
	return list;
}

static json_t *branch_json(const struct update_branch *b)
{
	json_t *o = json_object();

	json_set_str(o, "name", b->name);
	json_set_str(o, "kind", kinds[b->kind]);
	json_set(o, "from", json_text(b->from));
	json_set(o, "to", json_text(b->to));
	json_set(o, "tag", json_text(b->tag));
	json_set(o, "commit", json_text(*b->commit ? b->commit : NULL));
	json_set(o, "signed_by", json_text(b->signer));
	json_set(o, "past_support", json_text(b->past));
	json_set(o, "note", json_text(b->note));
	json_set(o, "components", components_json(b));
	json_set(o, "remarks", json_texts(&b->remarks));
	return o;
}

static json_t *update_json(const struct update *u, bool written)
{
	_cleanup_free_ char *diff = update_diff(u);
	json_t *doc = json_object(), *list = json_array();

	for (size_t i = 0; i < u->n; i++)
		json_array_append_new(list, branch_json(&u->v[i]));
	json_set(doc, "belljar_update", json_integer(1));
	json_set_str(doc, "recipe", u->recipe);
	json_set_str(doc, "upstream", u->where);
	json_set(doc, "branches", list);
	json_set(doc, "changes", json_integer((json_int_t)update_changes(u)));
	json_set(doc, "written", json_boolean(written));
	json_set_str(doc, "diff", diff);
	return doc;
}

/* ---- for a person ---- */

static void print_components(const struct update_branch *b)
{
	for (size_t i = 0; i < b->n_components; i++) {
		const struct update_component *c = &b->components[i];

		printf("         %s: %s%s%s%s\n", c->name, c->revision,
		       strcmp(c->revision, c->commit) ? " = " : "",
		       strcmp(c->revision, c->commit) ? c->commit : "",
		       c->source ? "" : " (no source of this branch)");
	}
}

static void print_branch(const struct update *u, const struct update_branch *b)
{
	static const char *const words[] = {[UPDATE_CURRENT] = "is upstream's newest",
					    [UPDATE_LEFT] = "not touched: ",
					    [UPDATE_CHANGE] = "-> ",
					    [UPDATE_NEW] = "new: ",
					    [UPDATE_DROP] = "dropped: "};
	const char *what = b->note ? b->note : b->to;

	printf("%-8s %s%s%s%s\n", b->name, b->from ? b->from : "", b->from ? " " : "",
	       words[b->kind], what ? what : "");
	if (b->signer)
		printf("         tag %s, commit %s\n         signed by %s\n", b->tag, b->commit,
		       b->signer);
	print_components(b);
	for (size_t i = 0; i < b->remarks.n; i++)
		printf("         %s\n", b->remarks.v[i]);
	if (b->past && b->kind != UPDATE_DROP)
		printf("         past its security support since %s: `belljar update %s --drop %s` "
		       "removes it\n",
		       b->past, u->recipe, b->name);
}

static void print_update(const struct update *u)
{
	_cleanup_free_ char *diff = update_diff(u);

	for (size_t i = 0; i < u->n; i++)
		print_branch(u, &u->v[i]);
	if (*diff)
		putchar('\n');
	cli_put(stdout, diff, strlen(diff));
}

/* One line from the terminal; only "y" and "yes" are yes. */
static bool ask(struct cli *c, const struct update *u)
{
	char answer[16];

	render_clear(&c->render);
	fprintf(stderr, "write %zu change%s to %s? [y/N] ", update_changes(u),
		update_changes(u) == 1 ? "" : "s", u->dir);
	fflush(stderr);
	if (!cli_read_answer(answer, sizeof(answer)))
		fputc('\n', stderr);
	answer[strcspn(answer, "\n")] = '\0';
	return !strcmp(answer, "y") || !strcmp(answer, "Y") || !strcmp(answer, "yes");
}

/* 1: write. 0: not, and why has been said. */
static int decide(struct cli *c, const struct update *u, struct err *err)
{
	if (!update_changes(u)) {
		event_note(&c->sink, "nothing to update");
		return 0;
	}
	if (opt_has(&c->parsed, OPT_DRY_RUN)) {
		event_note(&c->sink, "nothing was written (--dry-run)");
		return 0;
	}
	if (opt_has(&c->parsed, OPT_YES))
		return 1;
	if (c->json || !cli_can_ask())
		return err_set(err, ERR_USAGE, 0,
			       "nothing was written: there is no terminal to ask on; give --yes to "
			       "write, or --dry-run to only look");
	if (ask(c, u))
		return 1;
	if (cli_stopped(NULL))
		return err_set(err, ERR_INTERRUPTED, 0, "nothing was written: stopped");
	event_note(&c->sink, "nothing was written");
	return 0;
}

static int finish(struct cli *c, const struct update *u, struct err *err)
{
	int write = decide(c, u, err);

	if (write > 0 && update_write(u, err) < 0)
		return -1;
	if (write > 0)
		event_note(&c->sink, "written: %zu change%s in %s", update_changes(u),
			   update_changes(u) == 1 ? "" : "s", u->dir);
	if (write < 0 || !cli_wants_result(c))
		return write < 0 ? -1 : 0;
	return cli_result(c, update_json(u, write > 0), err);
}

int cmd_update(struct cli *c, struct err *err)
{
	_cleanup_(update_release) struct update u = UPDATE_INIT;
	_cleanup_(strv_release) struct strv drop = STRV_INIT;
	char today[16];
	struct update_request rq = {
		.selector = c->parsed.operands[0], .drop = &drop, .today = today};

	opt_values(&c->parsed, OPT_DROP, &drop);
	today_is(today);
	if (cli_find_recipes(c, err) < 0 || cli_open_store(c, STORE_CREATE, err) < 0)
		return -1;
	rq.recipes_dir = c->recipes_dir;
	if (update_prepare(&c->runner, &rq, &u, err) < 0)
		return -1;
	if (!c->json) {
		render_clear(&c->render);
		print_update(&u);
		if (cli_flush(err) < 0)
			return -1;
	}
	return finish(c, &u, err);
}
