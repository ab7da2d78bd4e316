/* SPDX-License-Identifier: Apache-2.0 */
/* Several builds at once, where the failure of one is no reason to do without the others. */
#include <runner/build.h>

#include "schedule.h"

#include <base/cleanup.h>
#include <runner/strict.h>
#include <string.h>

struct many {
	struct runner *rn;
	struct plan *p;
	struct build_report *report;
	bool *needed;           /* per node: wanted, or needed by one that is to be built */
	struct err *root_error; /* per root: composing it failed, once is enough */
};

static struct err *error_of(struct many *m, size_t node)
{
	return &m->report->nodes[node].err;
}

size_t build_blocked(const struct plan *p, const struct build_report *r, size_t node)
{
	const struct plan_node *n = &p->nodes[node];

	if (r->nodes[node].err.code)
		return node;
	for (size_t i = 0; i < n->n_inputs; i++) {
		size_t bad = build_blocked(p, r, n->inputs[i]);

		if (bad < p->n_nodes)
			return bad;
	}
	return p->n_nodes;
}

static int root_of(struct many *m, size_t node, bool present, struct err *err)
{
	size_t i = m->p->nodes[node].root;
	struct plan_root *r = &m->p->roots[i];
	struct err *bad = &m->root_error[i];

	if (present ? r->present : r->known)
		return 0;
	if (!bad->code && build_root(m->rn, r, bad) == 0)
		return 0;
	*err = *bad;
	return -1;
}

/* What was built without --strict or --require-walls is judged by its record. */
static int judge(const struct many *m, const struct plan_node *n, struct err *err)
{
	if (!n->result || !(m->rn->strict || m->rn->require_walls))
		return 0;
	return strict_judge_node(m->rn, n, err);
}

/* Key and result of the node, when they can be known. */
static int look_up(struct many *m, size_t i, struct err *err)
{
	struct plan_node *n = &m->p->nodes[i];

	if (node_require_pins(n, err) < 0 || root_of(m, i, false, err) < 0 ||
	    plan_key(m->p, i, m->rn->store, err) < 0)
		return -1;
	return judge(m, n, err);
}

/* Depth first, so that an input's result is known when its user's key is asked for. */
static void want(struct many *m, size_t i)
{
	struct plan_node *n = &m->p->nodes[i];

	if (m->needed[i])
		return;
	m->needed[i] = true;
	for (size_t k = 0; k < n->n_inputs; k++)
		want(m, n->inputs[k]);
	(void)!look_up(m, i, error_of(m, i));
}

static bool prepare(struct many *m, size_t i)
{
	struct err *err = error_of(m, i);

	if (build_blocked(m->p, m->report, i) < m->p->n_nodes)
		return false;
	return root_of(m, i, true, err) == 0 && node_fetch(m->rn, m->p, &i, 1, err) == 0;
}

/* A key that waited for inputs may have led to a result that was there already. */
static void judge_found(struct many *m)
{
	for (size_t i = 0; i < m->p->n_nodes; i++)
		if (m->needed[i] && !m->report->nodes[i].ran && !error_of(m, i)->code)
			(void)!judge(m, &m->p->nodes[i], error_of(m, i));
}

static int run(struct many *m, const size_t *wanted, size_t n, struct err *err)
{
	_cleanup_free_ bool *build = xcalloc(m->p->n_nodes + 1, sizeof(*build));
	_cleanup_free_ size_t *list = xcalloc(m->p->n_nodes + 1, sizeof(*list));
	size_t n_list = 0;

	for (size_t i = 0; i < n; i++)
		want(m, wanted[i]);
	for (size_t i = 0; i < n; i++)
		sched_mark(m->p, wanted[i], build);
	for (size_t i = 0; i < m->p->n_nodes; i++) {
		if (runner_stopped(m->rn))
			return err_set(err, ERR_INTERRUPTED, 0, "stopped");
		if (build[i] && prepare(m, i))
			list[n_list++] = i;
	}
	if (runner_stopped(m->rn))
		return err_set(err, ERR_INTERRUPTED, 0, "stopped");
	if (n_list && sched_run(m->rn, m->p, list, n_list, true, m->report, err) < 0)
		return -1;
	judge_found(m);
	return 0;
}

int build_many(struct runner *rn, struct plan *p, const size_t *wanted, size_t n,
	       struct build_report *out, struct err *err)
{
	_cleanup_free_ bool *needed = xcalloc(p->n_nodes + 1, sizeof(*needed));
	_cleanup_free_ struct err *root_error = xcalloc(p->n_roots + 1, sizeof(*root_error));
	struct many m = {
		.rn = rn, .p = p, .report = out, .needed = needed, .root_error = root_error};

	out->nodes = xcalloc(p->n_nodes + 1, sizeof(*out->nodes));
	out->n = out->failed = p->n_nodes;
	if (plan_find_roots(p, rn->store, err) < 0)
		return -1;
	return run(&m, wanted, n, err);
}
