/* SPDX-License-Identifier: Apache-2.0 */
#include "regold.h"

#include <base/cleanup.h>
#include <string.h>

struct regold {
	const struct plan_node *node;
	const struct golden *old; /* NULL: the entry is new */
	const struct sha256 *root;
	const json_t *outputs;
	bool dry;
};

char *regold_walls(const char *list)
{
	/* cgroup only counts, and landlock-scopes keeps apart what the namespaces do already. */
	return xasprintf("landlock,timens%s%s", list ? "," : "", list ? list : "");
}

/* Hashes are of the recipe as it was when the rounds began: somebody may have gone on editing. */
static int same_still(struct cli *c, const struct plan *p, struct plan *now, struct err *err)
{
	struct request rq;

	if (cli_request(c, &rq, err) < 0 || plan_make(&rq, now, err) < 0 ||
	    plan_keys(now, c->runner.store, err) < 0)
		return -1;
	if (!plan_wanted(now)->has_key ||
	    !sha256_equal(&plan_wanted(now)->key, &plan_wanted(p)->key))
		return err_set(err, ERR_INPUT, 0,
			       "the recipe, or what it is built with, was changed while the rounds "
			       "ran: nothing is written, run this again");
	return 0;
}

static const char *old_hash(const struct regold *g, const char *output)
{
	return g->old ? settings_get(&g->old->outputs, output) : NULL;
}

static json_t *pair_json(const char *old, const char *now)
{
	json_t *o = json_object();

	json_set(o, "old", json_text(old));
	json_set(o, "new", json_text(now));
	return o;
}

static void print_pair(const char *name, const char *old, const char *now)
{
	if (old && now && !strcmp(old, now))
		printf("  %-8s same\n", name);
	else
		printf("  %-8s %.16s -> %.16s\n", name, old ? old : "none", now ? now : "none");
}

static void tell_pair(const struct cli *c, json_t *to, const char *name, const char *old,
		      const char *now)
{
	if (!c->json)
		print_pair(name, old, now);
	json_set(to, name, pair_json(old, now));
}

/* Those that there are, in the recipe's order, then those that there were. */
static void tell_outputs(const struct cli *c, const struct regold *g, json_t *to)
{
	_cleanup_(strv_release) struct strv names = STRV_INIT;

	node_outputs(g->node, &names);
	for (size_t i = 0; i < names.n; i++)
		tell_pair(c, to, names.v[i], old_hash(g, names.v[i]),
			  json_get_str(g->outputs, names.v[i], NULL));
	for (size_t i = 0; g->old && i < g->old->outputs.n; i++)
		if (!json_object_get(g->outputs, g->old->outputs.v[i].name))
			tell_pair(c, to, g->old->outputs.v[i].name, g->old->outputs.v[i].value,
				  NULL);
}

static const char *word(const struct regold *g, bool same)
{
	if (same)
		return "up to date";
	if (g->dry)
		return g->old ? "to be replaced" : "to be added";
	return g->old ? "replaced" : "added";
}

static void tell(const struct cli *c, const struct regold *g, bool same, json_t *doc)
{
	_cleanup_free_ char *title = plan_node_title(g->node);
	json_t *o = json_object(), *outputs = json_object();
	char root[SHA256_HEX_LEN + 1], old[SHA256_HEX_LEN + 1];

	sha256_to_hex(g->root, root);
	if (g->old)
		sha256_to_hex(&g->old->root, old);
	if (!c->json)
		printf("%s: golden entry %s in %s/branch.yaml\n", title, word(g, same),
		       g->node->branch->dir);
	json_set_str(o, "entry", word(g, same));
	json_set(o, "written", json_boolean(!same && !g->dry));
	json_set(o, "outputs", outputs);
	tell_pair(c, o, "root", g->old ? old : NULL, root);
	tell_outputs(c, g, outputs);
	json_set(doc, "regold", o);
}

int regold_write(struct cli *c, const struct plan *p, const struct check_report *r, json_t *doc,
		 struct err *err)
{
	_cleanup_(plan_release) struct plan now = PLAN_INIT;
	const struct plan_root *root = &p->roots[plan_wanted(p)->root];
	struct regold g = {.root = &root->tree,
			   .outputs = r->rounds[0].outputs,
			   .dry = opt_has(&c->parsed, OPT_DRY_RUN)};
	bool same;

	if (same_still(c, p, &now, err) < 0)
		return -1;
	g.node = plan_wanted(&now);
	g.old = golden_replaceable(g.node, root->name, g.root, c->toolchains_dir, c->runner.store);
	same = golden_compare(g.old, g.root, g.outputs) == GOLDEN_SAME;
	if (!same && !g.dry && golden_write(g.node, g.old, root->name, g.root, g.outputs, err) < 0)
		return -1;
	tell(c, &g, same, doc);
	return cli_flush(err);
}
