/* SPDX-License-Identifier: Apache-2.0 */
#include "solve.h"

#include <base/cleanup.h>
#include <solv/bitmap.h>
#include <solv/problems.h>
#include <solv/solver.h>
#include <solv/transaction.h>
#include <string.h>

/* Favouring can bring in new packages with alternatives of their own; Debian's chains are short. */
#define MAX_ROUNDS 6

static void free_solverp(Solver **s)
{
	if (*s)
		solver_free(*s);
}

static void free_transactionp(Transaction **t)
{
	if (*t)
		transaction_free(*t);
}

static bool known_arch(const struct universe *u, const char *arch)
{
	for (size_t i = 0; i < u->n_arch; i++)
		if (strcmp(u->arch[i], arch) == 0)
			return true;
	return false;
}

static bool is_real_package(const struct universe *u, Id name)
{
	Id p, *pp;

	for (pp = pool_whatprovides_ptr(u->pool, name); (p = *pp) != 0; pp++)
		if (pool_id2solvable(u->pool, p)->name == name)
			return true;
	return false;
}

static int push_wanted(const struct universe *u, const char *want, Queue *job, struct err *err)
{
	const char *colon = strchr(want, ':');
	const char *arch = colon ? colon + 1 : u->arch[0];
	_cleanup_free_ char *full = colon ? xstrdup(want) : xasprintf("%s:%s", want, arch);
	Id name;

	if (!known_arch(u, arch))
		return err_set(err, ERR_INPUT, 0,
			       "package %s: no index of architecture %s was given", want, arch);
	name = pool_str2id(u->pool, full, 0);
	if (!name || !is_real_package(u, name))
		return err_set(err, ERR_INPUT, 0, "package %s: there is none for %s in the suite%s",
			       want, arch,
			       name && *pool_whatprovides_ptr(u->pool, name)
				       ? " (the name is only provided by others: name one of them)"
				       : "");
	queue_push2(job, SOLVER_INSTALL | SOLVER_SOLVABLE_NAME, name);
	return 0;
}

/* The name without ":arch", qualified with the native arch. */
static Id native_name(const struct universe *u, Id name)
{
	const char *s = pool_id2str(u->pool, name);
	_cleanup_free_ char *plain = xstrndup(s, strcspn(s, ":"));

	return universe_qualified(u, pool_str2id(u->pool, plain, 1), u->arch[0]);
}

/* Which real package should satisfy @dep, by the order in which it is written? 0: no preference. */
static Id preferred(const struct universe *u, Id dep)
{
	Pool *pool = u->pool;
	bool alternatives = false;
	Id name, native, p, *pp, best = 0;

	while (ISRELDEP(dep) && GETRELDEP(pool, dep)->flags == REL_OR) {
		alternatives = true;
		dep = GETRELDEP(pool, dep)->name;
	}
	name = universe_dep_name(u, dep);
	native = native_name(u, name);
	pp = pool_whatprovides_ptr(pool, dep);
	if (alternatives && *pp)
		best = pool_id2solvable(pool, *pp)->name;
	for (; (p = *pp) != 0; pp++) {
		Id have = pool_id2solvable(pool, p)->name;

		if (have == native)
			return native;
		if (have == name)
			best = name;
	}
	return best;
}

static int favour_first_alternatives(const struct universe *u, const Queue *chosen, Map *favoured,
				     Queue *job)
{
	Queue deps;
	int added = 0;

	queue_init(&deps);
	for (int i = 0; i < chosen->count; i++) {
		Solvable *s = pool_id2solvable(u->pool, chosen->elements[i]);

		queue_empty(&deps);
		solvable_lookup_deparray(s, SOLVABLE_REQUIRES, &deps, 0);
		for (int k = 0; k < deps.count; k++) {
			Id name = preferred(u, deps.elements[k]);

			if (!name)
				continue;
			map_grow(favoured, name + 1);
			if (MAPTST(favoured, name))
				continue;
			MAPSET(favoured, name);
			queue_push2(job, SOLVER_FAVOR | SOLVER_SOLVABLE_NAME, name);
			added++;
		}
	}
	queue_free(&deps);
	return added;
}

static int explain(Solver *solver, int problems, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	for (int i = 1; i <= problems; i++)
		strbuf_addf(&sb, "%s%s", i > 1 ? "; " : "", solver_problem2str(solver, i));
	return err_set(err, ERR_INPUT, 0, "the packages cannot be installed together: %s",
		       strbuf_str(&sb));
}

static int solve_once(const struct universe *u, Queue *job, Queue *chosen, struct err *err)
{
	_cleanup_(free_solverp) Solver *solver = solver_create(u->pool);
	_cleanup_(free_transactionp) Transaction *t = NULL;
	int problems;

	solver_set_flag(solver, SOLVER_FLAG_IGNORE_RECOMMENDED, 1);
	problems = solver_solve(solver, job);
	if (problems)
		return explain(solver, problems, err);
	t = solver_create_transaction(solver);
	queue_empty(chosen);
	for (int i = 0; i < t->steps.count; i++)
		queue_push(chosen, t->steps.elements[i]);
	return 0;
}

static int by_name_and_arch(const void *a, const void *b, void *pool)
{
	Solvable *x = pool_id2solvable(pool, *(const Id *)a);
	Solvable *y = pool_id2solvable(pool, *(const Id *)b);
	const char *xs = pool_id2str(pool, x->name), *ys = pool_id2str(pool, y->name);
	size_t xn = strcspn(xs, ":"), yn = strcspn(ys, ":");
	int c = memcmp(xs, ys, xn < yn ? xn : yn);

	if (c == 0 && xn != yn)
		c = xn < yn ? -1 : 1;
	return c ? c : strcmp(pool_id2str(pool, x->arch), pool_id2str(pool, y->arch));
}

static int solve_jobs(const struct universe *u, const struct strv *want, Queue *job, Map *favoured,
		      Queue *out, struct err *err)
{
	for (size_t i = 0; i < want->n; i++)
		if (push_wanted(u, want->v[i], job, err) < 0)
			return -1;
	for (int round = 0; round < MAX_ROUNDS; round++) {
		if (solve_once(u, job, out, err) < 0)
			return -1;
		if (!favour_first_alternatives(u, out, favoured, job))
			break;
	}
	solv_sort(out->elements, (size_t)out->count, sizeof(Id), by_name_and_arch, u->pool);
	return 0;
}

int solve(const struct universe *u, const struct strv *want, Queue *out, struct err *err)
{
	Queue job;
	Map favoured;
	int r;

	queue_init(&job);
	map_init(&favoured, u->pool->ss.nstrings);
	r = solve_jobs(u, want, &job, &favoured, out, err);
	map_free(&favoured);
	queue_free(&job);
	return r;
}
