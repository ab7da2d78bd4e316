/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <runner/build.h>
#include <unistd.h>

/* As it is written into branch.yaml; the commit's time is what the branch's epoch is made of. */
static void print_pin(const struct source *s, const char *sri, int64_t time)
{
	printf("%s: git: {commit: %s, nar: \"%s\"}", s->name, s->commit, sri);
	if (time)
		printf("   # epoch: %" PRId64, time);
	putchar('\n');
}

/*
 * For who pins a commit: a hash that a person asked for by this option, and writes down. Nothing
 * that merely fetches or builds prints one that could be pasted without a thought.
 */
static int print_nar(struct cli *c, const struct plan *p, struct err *err)
{
	_cleanup_json_ json_t *list = json_array();
	const struct branch *b = plan_wanted(p)->branch;
	char sri[52];

	for (size_t i = 0; i < b->n_sources; i++) {
		const struct source *s = &b->sources[i];
		struct sha256 nar;
		int64_t time;
		json_t *o;

		if (s->kind != SOURCE_GIT)
			continue;
		if (fetch_nar(&c->runner, s, &nar, &time, err) < 0)
			return -1;
		sha256_to_sri(&nar, sri);
		if (!c->json)
			print_pin(s, sri, time);
		o = json_object();
		json_array_append_new(list, o);
		json_set_str(o, "name", s->name);
		json_set_str(o, "commit", s->commit);
		json_set_str(o, "nar", sri);
		json_set(o, "epoch", time ? json_integer(time) : json_null());
	}
	if (!json_array_size(list))
		return err_set(err, ERR_USAGE, 0, "%s@%s has no git source",
			       plan_wanted(p)->recipe->name, b->name);
	return c->json ? cli_print_json(json_incref(list), err) : cli_flush(err);
}

/* Before the first of a hundred files. */
static int make_keep(const char *dir, struct err *err)
{
	if (file_mkdir_p(AT_FDCWD, dir, 0755, err) < 0) {
		err->code = ERR_STORE;
		return err_wrap(err, "--keep");
	}
	if (access(dir, W_OK | X_OK) < 0)
		return err_set(err, ERR_STORE, errno, "--keep: write to %s", dir);
	return 0;
}

int cmd_fetch(struct cli *c, struct err *err)
{
	_cleanup_(plan_release) struct plan p = PLAN_INIT;
	const char *keep = opt_value(&c->parsed, OPT_KEEP);
	json_t *doc;

	if (cli_make_plan(c, STORE_CREATE, &p, err) < 0)
		return -1;
	if (opt_has(&c->parsed, OPT_PRINT_NAR))
		return print_nar(c, &p, err);
	if (keep && make_keep(keep, err) < 0)
		return -1;
	if (build_fetch(&c->runner, &p, err) < 0)
		return -1;
	if (keep && build_keep_files(&c->runner, &p, keep, err) < 0)
		return -1;
	if (!cli_wants_result(c))
		return 0;
	doc = json_object();
	json_set(doc, "belljar_fetch", json_integer(1));
	json_set(doc, "complete", json_true());
	return cli_result(c, doc, err);
}
