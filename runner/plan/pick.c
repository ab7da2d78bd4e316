/* SPDX-License-Identifier: Apache-2.0 */
#include <runner/pick.h>

#include <base/cleanup.h>
#include <runner/selector.h>
#include <string.h>

void picks_release(struct picks *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].selector);
		free(p->v[i].target);
		free(p->v[i].left_out);
	}
	free(p->v);
	plan_release(&p->plan);
	*p = PICKS_INIT;
}

static struct pick *add(struct picks *p, const char *selector, const char *target)
{
	ARRAY_GROW(p->v, p->n, p->cap);
	p->v[p->n] = (struct pick){.selector = xstrdup(selector), .target = xstrdup(target)};
	return &p->v[p->n++];
}

static bool is_twice(const struct picks *p)
{
	const struct pick *last = &p->v[p->n - 1];

	for (size_t i = 0; i + 1 < p->n; i++)
		if (!p->v[i].left_out && !p->v[i].err.code && p->v[i].node == last->node)
			return true;
	return false;
}

static void drop_last(struct picks *p)
{
	struct pick *last = &p->v[--p->n];

	free(last->selector);
	free(last->target);
	free(last->left_out);
}

static void plan_one(const struct pick_request *rq, struct picks *p, const char *selector,
		     const char *target, bool named)
{
	struct pick *pick = add(p, selector, target);
	struct request one = {.recipes_dir = rq->recipes_dir,
			      .toolchains_dir = rq->toolchains_dir,
			      .selector = selector,
			      .target = target,
			      .set = rq->set,
			      .toolchain = rq->toolchain};

	if (plan_add(&one, &p->plan, &pick->node, &pick->err) < 0) {
		if (named || pick->err.code != ERR_USAGE)
			return;
		pick->left_out = xstrdup(pick->err.msg);
		err_clear(&pick->err);
	} else if (is_twice(p)) {
		drop_last(p);
	}
}

static void each_target(const struct pick_request *rq, struct picks *p, const struct recipe *r,
			const char *selector, bool named)
{
	const struct strv *targets = rq->targets;
	bool all = targets->n == 1 && !strcmp(targets->v[0], "all");

	if (!targets->n)
		plan_one(rq, p, selector, arch_host(), named);
	if (all)
		targets = &r->targets;
	for (size_t i = 0; i < targets->n; i++)
		plan_one(rq, p, selector, targets->v[i], named && !all);
}

/* Why a branch is not one of those that get security fixes. Caller frees; NULL: it is one. */
static char *unsupported(const struct recipe *r, const struct branch *b, const char *today)
{
	struct err why = ERR_INIT;

	switch (branch_support(b, today)) {
	case SUPPORT_PAST:
		return xasprintf("past security support since %s",
				 b->security_until ? b->security_until : b->full_until);
	case SUPPORT_UNKNOWN:
		return xstrdup("the branch says no date of its support");
	case SUPPORT_FULL:
	case SUPPORT_SECURITY:
		break;
	}
	return branch_require_pins(r, b, &why) < 0 ? xstrdup(why.msg) : NULL;
}

static void one_branch(const struct pick_request *rq, struct picks *p, const struct recipe *r,
		       const struct selector *sel, const char *branch)
{
	_cleanup_free_ char *text = selector_text(sel->name, branch, sel->variant);
	_cleanup_(branch_freep) struct branch *b = NULL;
	struct err err = ERR_INIT;
	char *why;

	if (branch_load(r, branch, &b, &err) < 0) {
		add(p, text, "")->err = err;
		return;
	}
	why = unsupported(r, b, rq->today);
	if (why)
		add(p, text, "")->left_out = why;
	else
		each_target(rq, p, r, text, false);
}

static int one_selector(const struct pick_request *rq, struct picks *p, const char *text,
			struct err *err)
{
	_cleanup_(selector_release) struct selector sel = SELECTOR_INIT;
	_cleanup_(recipe_freep) struct recipe *r = NULL;
	_cleanup_(strv_release) struct strv names = STRV_INIT;

	if (selector_parse(text, &sel, err) < 0)
		return -1;
	if (rq->supported && sel.branch)
		return err_set(err, ERR_USAGE, 0,
			       "--supported chooses the branches: give '%s' without '@%s'",
			       sel.name, sel.branch);
	if (recipe_load(rq->recipes_dir, sel.name, &r, err) < 0)
		return -1;
	if (!rq->supported) {
		each_target(rq, p, r, text, true);
		return 0;
	}
	if (branch_names(r, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++)
		one_branch(rq, p, r, &sel, names.v[i]);
	return 0;
}

static int check_targets(const struct strv *targets, struct err *err)
{
	for (size_t i = 0; i < targets->n; i++) {
		if (!strcmp(targets->v[i], "all") && targets->n > 1)
			return err_set(err, ERR_USAGE, 0, "--target all leaves none to be named");
		for (size_t k = 0; k < i; k++)
			if (!strcmp(targets->v[i], targets->v[k]))
				return err_set(err, ERR_USAGE, 0, "--target %s was given twice",
					       targets->v[i]);
	}
	return 0;
}

/* Reasons belong to the refusal: nothing else will tell them. */
static int check_any(const struct picks *p, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	for (size_t i = 0; i < p->n; i++) {
		if (!p->v[i].left_out)
			return 0;
		strbuf_addf(&sb, "\n  %s%s%s: %s", p->v[i].selector, *p->v[i].target ? " for " : "",
			    p->v[i].target, p->v[i].left_out);
	}
	return err_set(err, ERR_USAGE, 0, "nothing is left to be built:%s", strbuf_str(&sb));
}

int picks_make(const struct pick_request *rq, struct picks *out, struct err *err)
{
	*out = PICKS_INIT;
	if (check_targets(rq->targets, err) < 0)
		return -1;
	for (size_t i = 0; i < rq->n; i++)
		if (one_selector(rq, out, rq->selectors[i], err) < 0)
			return -1;
	return check_any(out, err);
}
