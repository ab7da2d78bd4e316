/* SPDX-License-Identifier: Apache-2.0 */
#include <runner/stale.h>

#include <base/cleanup.h>
#include <runner/plan.h>
#include <runner/selector.h>
#include <string.h>

struct search {
	const char *recipes_dir, *toolchains_dir;
	const struct stale_lock *locks;
	struct sha256 *roots; /* of each lock as it is */
	bool *known;
	size_t n;
	const struct event_sink *sink;
	struct stale_report *out;
};

void stale_report_release(struct stale_report *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->v[i].recipe);
		free(r->v[i].branch);
		free(r->v[i].variant);
		free(r->v[i].target);
		free(r->v[i].host);
		free(r->v[i].set);
		free(r->v[i].by);
	}
	free(r->v);
	*r = STALE_REPORT_INIT;
}

static char *set_text(const struct golden *g)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	for (size_t i = 0; i < g->set.n; i++)
		strbuf_addf(&sb, "%s%s=%s", i ? " " : "", g->set.v[i].name, g->set.v[i].value);
	return strbuf_steal(&sb);
}

static void add(const struct search *s, const struct recipe *r, const struct branch *b,
		const struct golden *g, enum stale_why why, const char *by)
{
	struct stale_report *out = s->out;

	ARRAY_GROW(out->v, out->n, out->cap);
	out->v[out->n++] = (struct stale_golden){.recipe = xstrdup(r->name),
						 .branch = xstrdup(b->name),
						 .variant = g->variant ? xstrdup(g->variant) : NULL,
						 .target = xstrdup(g->target),
						 .host = xstrdup(g->host),
						 .set = set_text(g),
						 .why = why,
						 .by = xstrdup(by)};
}

static bool is_pair(const struct stale_lock *l, const char *toolchain, const char *host,
		    const char *target)
{
	return (!toolchain || !strcmp(l->toolchain, toolchain)) && !strcmp(l->host, host) &&
	       !strcmp(l->target, target);
}

/* A lock of this toolchain (NULL: any) whose root the entry was made with. */
static const struct stale_lock *made_with(const struct search *s, const struct golden *g,
					  const char *toolchain)
{
	for (size_t i = 0; i < s->n; i++)
		if (is_pair(&s->locks[i], toolchain, g->host, g->target) && s->known[i] &&
		    sha256_equal(&s->roots[i], &g->root))
			return &s->locks[i];
	return NULL;
}

/* The entry's own root: by its hash, or, where no hash is known, by the recipe's toolchain. */
static bool look_at_root(const struct search *s, const struct recipe *r, const struct branch *b,
			 const struct golden *g, const char *toolchain)
{
	const struct stale_lock *lock;

	if (g->toolchain)
		toolchain = g->toolchain;
	lock = made_with(s, g, toolchain);
	if (!lock)
		lock = made_with(s, g, NULL);
	if (lock) {
		add(s, r, b, g, STALE_ROOT, lock->toolchain);
		return true;
	}
	for (size_t i = 0; i < s->n; i++) {
		if (is_pair(&s->locks[i], toolchain, g->host, g->target)) {
			add(s, r, b, g, s->known[i] ? STALE_ALREADY : STALE_ROOT, toolchain);
			return true;
		}
	}
	return false;
}

static const char *changed_input(const struct search *s, const struct plan *p)
{
	for (size_t k = 0; k + 1 < p->n_nodes; k++) {
		const struct plan_node *n = &p->nodes[k];

		for (size_t i = 0; i < s->n; i++)
			if (is_pair(&s->locks[i], p->roots[n->root].name, n->host, n->target))
				return n->recipe->name;
	}
	return NULL;
}

/* Plans are made for this machine; what was built elsewhere has the same inputs, made there. */
static void look_at_inputs(const struct search *s, const struct recipe *r, const struct branch *b,
			   const struct golden *g)
{
	_cleanup_(plan_release) struct plan p = PLAN_INIT;
	_cleanup_(strv_release) struct strv set = STRV_INIT;
	_cleanup_free_ char *selector = selector_text(r->name, b->name, g->variant);
	struct request rq = {.recipes_dir = s->recipes_dir,
			     .toolchains_dir = s->toolchains_dir,
			     .selector = selector,
			     .target = g->target,
			     .set = &set};
	struct err err = ERR_INIT;
	const char *input;

	if (strcmp(g->host, arch_host()) != 0)
		return;
	for (size_t i = 0; i < g->set.n; i++)
		strv_pushf(&set, "%s=%s", g->set.v[i].name, g->set.v[i].value);
	if (plan_make(&rq, &p, &err) < 0) {
		event_warn(s->sink, "%s: its inputs are not known: %s", selector, err.msg);
		return;
	}
	input = changed_input(s, &p);
	if (input)
		add(s, r, b, g, STALE_INPUT, input);
}

static void look_at_golden(const struct search *s, const struct recipe *r, const struct branch *b,
			   const struct golden *g)
{
	_cleanup_(settings_release) struct settings values = SETTINGS_INIT;
	struct err err = ERR_INIT;

	if (options_resolve(r, g->variant, NULL, &values, &err) < 0) {
		event_warn(s->sink, "%s", err.msg);
		return;
	}
	settings_merge(&values, &g->set);
	if (!look_at_root(s, r, b, g, recipe_toolchain(r, &values, g->target)))
		look_at_inputs(s, r, b, g);
}

static int look_at_recipe(const struct search *s, const char *name, struct err *err)
{
	_cleanup_(strv_release) struct strv names = STRV_INIT;
	_cleanup_(recipe_freep) struct recipe *r = NULL;

	if (recipe_load(s->recipes_dir, name, &r, err) < 0 || branch_names(r, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_(branch_freep) struct branch *b = NULL;

		if (branch_load(r, names.v[i], &b, err) < 0)
			return -1;
		for (size_t k = 0; k < b->n_golden; k++)
			look_at_golden(s, r, b, &b->golden[k]);
	}
	return 0;
}

static bool root_known(struct store *s, const struct stale_lock *l, struct sha256 *out)
{
	struct err ignored = ERR_INIT;
	bool known = false;

	if (!l->old)
		return false;
	if (s && toolchain_root_known(s, l->tc, l->old, &known, out, &ignored) < 0)
		known = false;
	return known || lock_recorded_root(l->tc, l->old, out) ||
	       lock_former_root(l->tc, l->old, out);
}

int stale_find(const char *recipes_dir, const char *toolchains_dir, struct store *s,
	       const struct stale_lock *locks, size_t n, const struct event_sink *sink,
	       struct stale_report *out, struct err *err)
{
	_cleanup_(strv_release) struct strv names = STRV_INIT;
	_cleanup_free_ struct sha256 *roots = xcalloc(n + 1, sizeof(*roots));
	_cleanup_free_ bool *known = xcalloc(n + 1, sizeof(*known));
	struct search search = {.recipes_dir = recipes_dir,
				.toolchains_dir = toolchains_dir,
				.locks = locks,
				.roots = roots,
				.known = known,
				.n = n,
				.sink = sink,
				.out = out};

	for (size_t i = 0; i < n; i++)
		known[i] = root_known(s, &locks[i], &roots[i]);
	if (n && recipe_names(recipes_dir, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		struct err why = ERR_INIT;

		if (look_at_recipe(&search, names.v[i], &why) < 0)
			event_warn(sink, "golden hashes of recipe %s are not known: %s", names.v[i],
				   why.msg);
	}
	return 0;
}
