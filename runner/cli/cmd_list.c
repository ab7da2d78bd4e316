/* SPDX-License-Identifier: Apache-2.0 */
#include "describe.h"

#include <base/cleanup.h>
#include <string.h>

static json_t *branch_json(const struct branch *b, enum support support, bool usual)
{
	json_t *o = json_object();

	json_set_str(o, "name", b->name);
	json_set_str(o, "version", b->version);
	json_set(o, "default", json_boolean(usual));
	json_set(o, "pinned", json_boolean(branch_pinned(b, NULL)));
	json_set(o, "released", json_text(b->released));
	json_set(o, "full_until", json_text(b->full_until));
	json_set(o, "security_until", json_text(b->security_until));
	json_set(o, "support", json_string(support_name(support)));
	if (b->support_source)
		json_set_str(o, "support_source", b->support_source);
	return o;
}

static void print_branch(const struct branch *b, enum support support, bool usual)
{
	static const char *const marks[] = {[SUPPORT_UNKNOWN] = "",
					    [SUPPORT_FULL] = "",
					    [SUPPORT_SECURITY] = "; security fixes only",
					    [SUPPORT_PAST] = "; PAST SECURITY SUPPORT"};
	const char *unpinned = branch_pinned(b, NULL) ? "" : "not pinned yet";
	_cleanup_free_ char *dates = support_dates(b);

	if (!*dates && !*unpinned)
		printf("%c %-8s %s\n", usual ? '*' : ' ', b->name, b->version);
	else
		printf("%c %-8s %-13s %s%s%s%s\n", usual ? '*' : ' ', b->name, b->version, unpinned,
		       *unpinned && *dates ? "; " : "", dates, marks[support]);
}

static int list_branches(struct cli *c, const struct recipe *r, const char *today, json_t *list,
			 struct err *err)
{
	_cleanup_(strv_release) struct strv names = STRV_INIT;
	_cleanup_(branch_freep) struct branch *usual = NULL;

	if (branch_names(r, &names, err) < 0 || (names.n && branch_load(r, NULL, &usual, err) < 0))
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_(branch_freep) struct branch *b = NULL;
		bool is_usual = !strcmp(names.v[i], usual->name);

		if (branch_load(r, names.v[i], &b, err) < 0)
			return -1;
		if (c->json)
			json_array_append_new(list,
					      branch_json(b, branch_support(b, today), is_usual));
		else
			print_branch(b, branch_support(b, today), is_usual);
	}
	return 0;
}

static int list_one(struct cli *c, const char *name, const char *today, json_t *doc,
		    struct err *err)
{
	_cleanup_(recipe_freep) struct recipe *r = NULL;
	json_t *o, *branches;

	if (recipe_load(c->recipes_dir, name, &r, err) < 0)
		return -1;
	if (!c->json) {
		printf("%s%s%s: %s\n", render_bold(&c->render), name, render_plain(&c->render),
		       r->summary);
		return list_branches(c, r, today, NULL, err);
	}
	o = json_object();
	branches = json_array();
	json_array_append_new(doc, o);
	json_set_str(o, "name", name);
	json_set_str(o, "summary", r->summary);
	json_set(o, "targets", json_texts(&r->targets));
	json_set(o, "branches", branches);
	return list_branches(c, r, today, branches, err);
}

int cmd_list(struct cli *c, struct err *err)
{
	_cleanup_(strv_release) struct strv names = STRV_INIT;
	_cleanup_json_ json_t *doc = json_array();
	char today[16];

	today_is(today);
	if (cli_find_recipes(c, err) < 0 || recipe_names(c->recipes_dir, &names, err) < 0)
		return -1;
	if (!names.n)
		event_note(&c->sink, "no recipe is in %s: expected %s/NAME/recipe.yaml",
			   c->recipes_dir, c->recipes_dir);
	for (size_t i = 0; i < names.n; i++) {
		if (list_one(c, names.v[i], today, doc, err) < 0)
			return -1;
	}
	return c->json ? cli_print_json(json_incref(doc), err) : cli_flush(err);
}
