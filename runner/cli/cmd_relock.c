/* SPDX-License-Identifier: Apache-2.0 */
/* toolchain lock --update */
#include "relock.h"

#include <base/cleanup.h>
#include <string.h>

static void relock_release(struct relock *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->v[i].host);
		free(r->v[i].target);
		lock_free(r->v[i].old);
		lock_free(r->v[i].now);
	}
	for (size_t i = 0; i < r->names.n; i++)
		toolchain_free(r->tcs[i]);
	free(r->v);
	free(r->tcs);
	strv_release(&r->names);
	stale_report_release(&r->stale);
}

static int load(struct cli *c, struct relock *r, const char *name, struct err *err)
{
	r->tcs = xrealloc(r->tcs, (r->names.n + 1) * sizeof(struct toolchain *));
	if (toolchain_load(c->toolchains_dir, name, &r->tcs[r->names.n], err) < 0)
		return -1;
	strv_push(&r->names, name);
	return 0;
}

/*
 * Those that extend it would go on with packages of another day: the same recipe would be built
 * with two states of one distribution, by which option is set. They are locked along with it.
 */
static int load_extending(struct cli *c, struct relock *r, struct err *err)
{
	_cleanup_(strv_release) struct strv all = STRV_INIT;

	if (toolchain_names(c->toolchains_dir, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < all.n; i++) {
		_cleanup_(toolchain_freep) struct toolchain *tc = NULL;

		if (toolchain_load(c->toolchains_dir, all.v[i], &tc, err) < 0)
			return -1;
		if (toolchain_builds_on(tc, r->names.v[0]) && load(c, r, all.v[i], err) < 0)
			return -1;
	}
	return 0;
}

static void add_pair(struct relock *r, size_t tc, const char *pair)
{
	const char *dash = strchr(pair, '-');

	r->v = xrealloc(r->v, (r->n + 1) * sizeof(*r->v));
	r->v[r->n++] = (struct relocked){.tc = r->tcs[tc],
					 .name = r->names.v[tc],
					 .host = xstrndup(pair, (size_t)(dash - pair)),
					 .target = xstrdup(dash + 1)};
}

static void add_pairs(struct relock *r, const struct strv *chosen)
{
	for (size_t i = 0; i < r->names.n; i++) {
		_cleanup_(strv_release) struct strv pairs = STRV_INIT;

		toolchain_pairs(r->tcs[i], &pairs);
		for (size_t k = 0; k < pairs.n; k++)
			if (strv_contains(chosen, pairs.v[k]))
				add_pair(r, i, pairs.v[k]);
	}
}

static int resolve_all(struct cli *c, struct relock *r, struct err *err)
{
	for (size_t i = 0; i < r->n; i++) {
		struct relocked *l = &r->v[i];

		if (cli_stopped(NULL))
			return err_set(err, ERR_INTERRUPTED, 0, "stopped");
		if (toolchain_resolve(c->runner.store, l->tc, l->host, l->target, &c->runner.fetch,
				      &c->sink, &l->old, &l->now, err) < 0)
			return err_wrap(err, "%s, %s for %s", l->name, l->host, l->target);
		if (!lock_same_release(r->v[0].now, l->now))
			return err_set(err, ERR_INPUT, 0,
				       "the archive was renewed between two locks (Release of %s, "
				       "then of %s): nothing is written, run this again",
				       lock_date(r->v[0].now), lock_date(l->now));
		l->changed = !l->old || !lock_same(l->old, l->now);
	}
	return 0;
}

static int find_stale(struct cli *c, struct relock *r, struct err *err)
{
	_cleanup_free_ struct stale_lock *locks = xcalloc(r->n + 1, sizeof(*locks));
	struct err why = ERR_INIT;
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].changed)
			locks[n++] = (struct stale_lock){.tc = r->v[i].tc,
							 .toolchain = r->v[i].name,
							 .host = r->v[i].host,
							 .target = r->v[i].target,
							 .old = r->v[i].old};
	if (cli_find_recipes(c, &why) < 0) {
		event_warn(&c->sink, "which golden hashes become stale is not known: %s", why.msg);
		return 0;
	}
	return stale_find(c->recipes_dir, c->toolchains_dir, c->runner.store, locks, n, &c->sink,
			  &r->stale, err);
}

static bool agreed(size_t locks)
{
	char answer[16];

	fprintf(stderr, "write %zu lock%s? [y/N] ", locks, locks == 1 ? "" : "s");
	fflush(stderr);
	return cli_read_answer(answer, sizeof(answer)) &&
	       (!strcmp(answer, "y\n") || !strcmp(answer, "yes\n"));
}

static int write_changed(const struct relock *r, struct err *err)
{
	_cleanup_free_ struct lock_writing *list = xcalloc(r->n + 1, sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].changed)
			list[n++] = (struct lock_writing){.tc = r->v[i].tc, .lock = r->v[i].now};
	return lock_write_all(list, n, err);
}

static void say_next(const struct cli *c, const struct relock *r, size_t changes, bool written)
{
	if (c->json)
		return;
	if (!changes)
		puts("nothing has changed, nothing is written");
	else if (!written)
		puts("nothing is written");
	else
		for (size_t i = 0; i < r->names.n; i++)
			printf("%sbelljar toolchain compose %s",
			       i ? ", " : "next: ", r->names.v[i]);
	if (written)
		puts("; then belljar check SELECTOR --regold for each of the above");
}

static int conclude(struct cli *c, struct relock *r, struct err *err)
{
	size_t changes = relock_changes(r);
	bool written = false;

	render_clear(&c->render);
	if (!c->json)
		relock_print(r);
	if (cli_flush(err) < 0)
		return -1;
	if (changes && !opt_has(&c->parsed, OPT_DRY_RUN)) {
		written = opt_has(&c->parsed, OPT_YES) || agreed(changes);
		if (cli_stopped(NULL))
			return err_set(err, ERR_INTERRUPTED, 0, "stopped, nothing is written");
		if (written && write_changed(r, err) < 0)
			return -1;
	}
	say_next(c, r, changes, written);
	if (cli_wants_result(c))
		return cli_result(c, relock_json(r, written), err);
	return cli_flush(err);
}

int cmd_relock(struct cli *c, const struct strv *pairs, struct err *err)
{
	_cleanup_(relock_release) struct relock r = {0};

	if (!opt_has(&c->parsed, OPT_YES) && !opt_has(&c->parsed, OPT_DRY_RUN) && !cli_can_ask())
		return err_set(err, ERR_USAGE, 0,
			       "--update asks before it writes, and there is no terminal to ask "
			       "on: give --yes, or --dry-run");
	if (load(c, &r, c->parsed.operands[1], err) < 0 || load_extending(c, &r, err) < 0)
		return -1;
	add_pairs(&r, pairs);
	if (cli_open_store(c, STORE_CREATE, err) < 0 || resolve_all(c, &r, err) < 0 ||
	    find_stale(c, &r, err) < 0)
		return -1;
	return conclude(c, &r, err);
}
