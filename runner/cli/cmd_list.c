/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <base/cleanup.h>

static json_t *names_json(const struct strv *names)
{
	json_t *list = json_array();

	for (size_t i = 0; i < names->n; i++)
		json_array_append_new(list, json_string(names->v[i]));
	return list;
}

static int list_one(struct cli *c, const char *name, json_t *doc, struct err *err)
{
	_cleanup_(recipe_freep) struct recipe *r = NULL;
	_cleanup_(strv_release) struct strv branches = STRV_INIT;
	json_t *o;

	if (recipe_load(c->recipes_dir, name, &r, err) < 0 || branch_names(r, &branches, err) < 0)
		return -1;
	if (c->json) {
		o = json_object();
		json_set_str(o, "name", name);
		json_set_str(o, "summary", r->summary);
		json_set(o, "branches", names_json(&branches));
		json_set(o, "targets", names_json(&r->targets));
		json_array_append_new(doc, o);
		return 0;
	}
	printf("%-20s", name);
	for (size_t i = 0; i < branches.n; i++)
		printf(" %s", branches.v[i]);
	printf("  %s\n", r->summary);
	return 0;
}

int cmd_list(struct cli *c, struct err *err)
{
	_cleanup_(strv_release) struct strv names = STRV_INIT;
	_cleanup_json_ json_t *doc = json_array();

	if (cli_find_recipes(c, err) < 0 || recipe_names(c->recipes_dir, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		if (list_one(c, names.v[i], doc, err) < 0)
			return -1;
	}
	return c->json ? cli_print_json(json_incref(doc), err) : cli_flush(err);
}
