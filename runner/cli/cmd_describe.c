/* SPDX-License-Identifier: Apache-2.0 */
#include "describe.h"

#include <base/cleanup.h>
#include <runner/selector.h>
#include <string.h>

static void described_release(struct described *d)
{
	plan_release(&d->plan);
	branch_free(d->branch);
	recipe_free(d->recipe);
	settings_release(&d->values);
	free(d->no_plan);
}

struct settings patch_when(const struct branch *b, const struct patch *p)
{
	struct settings when = SETTINGS_INIT;

	settings_merge(&when, &branch_source(b, p->project)->when);
	if (p->source)
		settings_merge(&when, &p->source->when);
	return when;
}

const char *golden_age_name(enum golden_age age)
{
	static const char *const names[] = {[GOLDEN_AGE_UNKNOWN] = "unknown",
					    [GOLDEN_AGE_CURRENT] = "current",
					    [GOLDEN_AGE_STALE] = "stale"};

	return names[age];
}

const char *golden_verdict(const struct described *d, const struct golden *g)
{
	const struct plan_node *n = d->result ? plan_wanted(&d->plan) : NULL;
	const struct sha256 *root = n ? &d->plan.roots[n->root].tree : NULL;
	const struct golden *mine = n ? golden_find(n, root) : NULL;

	/* The plan has read the branch for itself: the entries are compared by their place. */
	if (!mine || mine - n->branch->golden != g - d->branch->golden)
		return NULL;
	switch (golden_compare(mine, root, json_object_get(d->result, "outputs"))) {
	case GOLDEN_SAME:
		return "same";
	case GOLDEN_DIFFERENT:
		return "different";
	case GOLDEN_NONE:
	case GOLDEN_STALE:
		break;
	}
	return NULL;
}

/*
 * Whether it is built, from the lock and the store. A recipe can be described without either: why
 * there is no answer is a part of the description then.
 */
static void look_for_result(struct cli *c, struct described *d)
{
	struct request rq = {.selector = c->parsed.operands[0],
			     .target = opt_value(&c->parsed, OPT_TARGET),
			     .set = &c->set,
			     .recipes_dir = c->recipes_dir};
	struct err err = ERR_INIT, ignored = ERR_INIT;

	if (cli_open_store(c, STORE_READONLY, &ignored) == 0)
		d->store = c->runner.store;
	if (cli_find_toolchains(c, &err) == 0) {
		d->toolchains_dir = rq.toolchains_dir = c->toolchains_dir;
		if (plan_make(&rq, &d->plan, &err) == 0 && d->store &&
		    plan_keys(&d->plan, d->store, &err) == 0)
			d->result = plan_wanted(&d->plan)->result;
	}
	if (err.code)
		d->no_plan = xstrdup(err.msg);
}

int cmd_describe(struct cli *c, struct err *err)
{
	_cleanup_(selector_release) struct selector sel = SELECTOR_INIT;
	_cleanup_(described_release) struct described d = {.plan = PLAN_INIT};
	char today[16];

	if (selector_parse(c->parsed.operands[0], &sel, err) < 0 || cli_find_recipes(c, err) < 0 ||
	    recipe_load(c->recipes_dir, sel.name, &d.recipe, err) < 0 ||
	    branch_load(d.recipe, sel.branch, &d.branch, err) < 0 ||
	    options_resolve(d.recipe, sel.variant, &c->set, &d.values, err) < 0)
		return -1;
	d.target = opt_value(&c->parsed, OPT_TARGET);
	if (!d.target)
		d.target = arch_host();
	today_is(today);
	d.support = branch_support(d.branch, today);
	look_for_result(c, &d);
	cli_warn_future(c, d.recipe->name, d.branch);
	if (c->json)
		return cli_print_json(describe_json(&d), err);
	describe_text(&d);
	return cli_flush(err);
}
