/* SPDX-License-Identifier: Apache-2.0 */
/* plan_make(): from a selector to the nodes, depth first, so that inputs come before their users.
 */
#include <runner/plan.h>

#include <base/cleanup.h>
#include <runner/selector.h>
#include <string.h>

struct wish { /* one thing to be built; borrowed texts */
	const char *name, *branch, *variant, *target;
	const struct strv *set;
};

struct granted {
	struct wish wish;
	size_t node;
};

struct resolver {
	struct plan *plan;
	const struct request *rq;
	const struct wish *path[64]; /* what is being resolved, to find a circle */
	size_t depth;
	struct granted *granted; /* so that shared inputs are resolved once */
	size_t n_granted, cap_granted;
};

static int get_recipe(struct resolver *rs, const char *name, struct recipe **out, struct err *err)
{
	struct plan *p = rs->plan;

	for (size_t i = 0; i < p->n_recipes; i++) {
		if (!strcmp(p->recipes[i]->name, name)) {
			*out = p->recipes[i];
			return 0;
		}
	}
	if (recipe_load(rs->rq->recipes_dir, name, out, err) < 0)
		return -1;
	p->recipes = xrealloc(p->recipes, (p->n_recipes + 1) * sizeof(struct recipe *));
	p->recipes[p->n_recipes++] = *out;
	return 0;
}

static int get_branch(struct resolver *rs, const struct recipe *r, const char *name,
		      struct branch **out, struct err *err)
{
	struct plan *p = rs->plan;

	if (branch_load(r, name, out, err) < 0)
		return -1;
	p->branches = xrealloc(p->branches, (p->n_branches + 1) * sizeof(struct branch *));
	p->branches[p->n_branches++] = *out;
	return 0;
}

/* A toolchain that is not there is the mistake of who named it: --toolchain, or the recipe. */
static int get_toolchain(const struct resolver *rs, const struct recipe *user, const char *name,
			 struct toolchain **out, struct err *err)
{
	const char *dir = rs->rq->toolchains_dir;

	if (toolchain_load(dir, name, out, err) == 0)
		return 0;
	if (toolchain_exists(dir, name))
		return -1;
	if (rs->rq->toolchain) {
		err->code = ERR_USAGE;
		return err_wrap(err, "--toolchain");
	}
	for (size_t i = 0; i < user->n_toolchains; i++) {
		const struct toolchain_choice *c = &user->toolchains[i];

		if (!strcmp(c->name, name))
			return err_wrap(err, "%s/recipe.yaml:%d:%d: 'toolchain'", user->dir,
					c->line, c->column);
	}
	return -1;
}

static int get_root(struct resolver *rs, const struct recipe *user, const char *name,
		    const char *host, const char *target, size_t *out, struct err *err)
{
	struct plan *p = rs->plan;
	struct plan_root r = {0};

	for (size_t i = 0; i < p->n_roots; i++) {
		if (!strcmp(p->roots[i].name, name) && !strcmp(p->roots[i].target, target)) {
			*out = i;
			return 0;
		}
	}
	if (get_toolchain(rs, user, name, &r.tc, err) < 0)
		return -1;
	if (lock_load(r.tc, host, target, &r.lock, err) < 0) {
		toolchain_free(r.tc);
		return -1;
	}
	r.name = xstrdup(name);
	r.host = xstrdup(host);
	r.target = xstrdup(target);
	p->roots = xrealloc(p->roots, (p->n_roots + 1) * sizeof(*p->roots));
	p->roots[p->n_roots] = r;
	*out = p->n_roots++;
	return 0;
}

static int check_target(const struct recipe *r, const char *target, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	if (strv_contains(&r->targets, target))
		return 0;
	for (size_t i = 0; i < r->targets.n; i++)
		strbuf_addf(&sb, " %s", r->targets.v[i]);
	return err_set(err, ERR_USAGE, 0, "recipe '%s' does not build for '%s'; its targets:%s",
		       r->name, target, strbuf_str(&sb));
}

static int resolve(struct resolver *rs, const struct wish *w, size_t *out, struct err *err);

static int resolve_inputs(struct resolver *rs, struct plan_node *n, struct err *err)
{
	const struct recipe *r = n->recipe;

	n->inputs = xcalloc(r->n_inputs + 1, sizeof(*n->inputs));
	for (size_t i = 0; i < r->n_inputs; i++) {
		const struct recipe_input *in = &r->inputs[i];
		struct wish w = {.name = in->name, .branch = in->branch, .variant = in->variant};

		if (!when_holds(&in->when, &n->values, n->target))
			continue;
		w.target = !strcmp(in->target, "target") ? n->target
			   : !strcmp(in->target, "host") ? n->host
							 : in->target;
		if (resolve(rs, &w, &n->inputs[n->n_inputs], err) < 0)
			return err_wrap(err, "%s/recipe.yaml:%d:%d: input '%s' of %s", r->dir,
					in->line, in->column, in->name, r->name);
		n->n_inputs++;
	}
	return 0;
}

static bool same_node(const struct plan_node *a, const struct plan_node *b)
{
	return a->recipe == b->recipe && !strcmp(a->branch->name, b->branch->name) &&
	       !strcmp(a->target, b->target) && settings_equal(&a->values, &b->values);
}

static int fill(struct resolver *rs, const struct wish *w, struct plan_node *n, struct err *err)
{
	struct recipe *r = NULL;
	struct branch *b = NULL;

	if (get_recipe(rs, w->name, &r, err) < 0 || check_target(r, w->target, err) < 0 ||
	    get_branch(rs, r, w->branch, &b, err) < 0 ||
	    options_resolve(r, w->variant, w->set, &n->values, err) < 0)
		return -1;
	n->recipe = r;
	n->branch = b;
	n->variant = w->variant ? w->variant : r->default_variant;
	for (size_t i = 0; n->variant && i < r->n_variants; i++) {
		/* The request's text does not outlive plan_make(); the recipe's does. */
		if (!strcmp(r->variants[i].name, n->variant))
			n->variant = r->variants[i].name;
	}
	n->host = arch_host();
	for (size_t i = 0; i < r->targets.n; i++) {
		if (!strcmp(r->targets.v[i], w->target))
			n->target = r->targets.v[i];
	}
	return 0;
}

static void drop(struct plan_node *n)
{
	settings_release(&n->values);
	free(n->inputs);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool same_wish(const struct wish *a, const struct wish *b)
{
	return same_text(a->name, b->name) && same_text(a->branch, b->branch) &&
	       same_text(a->variant, b->variant) && same_text(a->target, b->target) &&
	       a->set == b->set;
}

/* A recipe may need itself for another target (a compiler), but not the very same thing. */
static int check_circle(struct resolver *rs, const struct wish *w, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	bool circle = false;

	for (size_t i = 0; i < rs->depth; i++) {
		circle = circle || same_wish(rs->path[i], w);
		if (circle)
			strbuf_addf(&sb, "%s -> ", rs->path[i]->name);
	}
	if (circle)
		return err_set(err, ERR_INPUT, 0, "recipes need each other in a circle: %s%s",
			       strbuf_str(&sb), w->name);
	if (rs->depth == ARRAY_SIZE(rs->path))
		return err_set(err, ERR_INPUT, 0, "inputs are nested deeper than %zu",
			       ARRAY_SIZE(rs->path));
	rs->path[rs->depth++] = w;
	return 0;
}

static void grant(struct resolver *rs, const struct wish *w, size_t node)
{
	ARRAY_GROW(rs->granted, rs->n_granted, rs->cap_granted);
	rs->granted[rs->n_granted++] = (struct granted){.wish = *w, .node = node};
}

static const char *toolchain_of(const struct resolver *rs, const struct plan_node *n)
{
	if (rs->rq->toolchain)
		return rs->rq->toolchain;
	return recipe_toolchain(n->recipe, &n->values, n->target);
}

static int resolve_new(struct resolver *rs, const struct wish *w, size_t *out, struct err *err)
{
	struct plan *p = rs->plan;
	struct plan_node n = {0};

	if (fill(rs, w, &n, err) < 0) {
		/* What the user asked for is usage; what a recipe asks for is the recipe. */
		if (rs->depth > 1 && err->code == ERR_USAGE)
			err->code = ERR_INPUT;
		drop(&n);
		return -1;
	}
	if (node_check_refusals(&n, toolchain_of(rs, &n), err) < 0 ||
	    node_check_toolchain(&n, rs->rq->toolchain, err) < 0 ||
	    resolve_inputs(rs, &n, err) < 0 ||
	    get_root(rs, n.recipe, toolchain_of(rs, &n), n.host, n.target, &n.root, err) < 0) {
		drop(&n);
		return -1;
	}
	for (size_t i = 0; i < p->n_nodes; i++) {
		if (same_node(&p->nodes[i], &n)) {
			drop(&n);
			*out = i;
			return 0;
		}
	}
	p->nodes = xrealloc(p->nodes, (p->n_nodes + 1) * sizeof(*p->nodes));
	p->nodes[p->n_nodes] = n;
	*out = p->n_nodes++;
	return 0;
}

static int resolve(struct resolver *rs, const struct wish *w, size_t *out, struct err *err)
{
	for (size_t i = 0; i < rs->n_granted; i++) {
		if (same_wish(&rs->granted[i].wish, w)) {
			*out = rs->granted[i].node;
			return 0;
		}
	}
	if (check_circle(rs, w, err) < 0 || resolve_new(rs, w, out, err) < 0)
		return -1;
	rs->depth--;
	grant(rs, w, *out);
	return 0;
}

int plan_add(const struct request *rq, struct plan *p, size_t *out_node, struct err *err)
{
	_cleanup_(selector_release) struct selector sel = SELECTOR_INIT;
	struct resolver rs = {.plan = p, .rq = rq};
	struct wish w = {.target = rq->target ? rq->target : arch_host()};
	int rc;

	if (selector_parse(rq->selector, &sel, err) < 0)
		return -1;
	w.name = sel.name;
	/* Nothing set is what inputs are built with too: it must compare equal. */
	w.set = rq->set && rq->set->n ? rq->set : NULL;
	w.branch = sel.branch;
	w.variant = sel.variant;
	rc = resolve(&rs, &w, out_node, err);
	free(rs.granted);
	return rc;
}

int plan_make(const struct request *rq, struct plan *out, struct err *err)
{
	size_t wanted = 0;
	int rc;

	*out = PLAN_INIT;
	rc = plan_add(rq, out, &wanted, err);
	if (rc < 0)
		plan_release(out);
	return rc;
}
