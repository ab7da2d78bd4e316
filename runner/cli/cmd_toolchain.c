/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <base/cleanup.h>
#include <inttypes.h>
#include <string.h>
#include <toolchains/toolchain.h>

/* The pairs that --host and --target leave over, as "x86_64-aarch64". */
static int chosen_pairs(struct cli *c, const struct toolchain *tc, struct strv *out,
			struct err *err)
{
	_cleanup_(strv_release) struct strv all = STRV_INIT;
	const char *host = opt_value(&c->parsed, OPT_HOST);
	const char *target = opt_value(&c->parsed, OPT_TARGET);

	toolchain_pairs(tc, &all);
	for (size_t i = 0; i < all.n; i++) {
		const char *dash = strchr(all.v[i], '-');

		if (!dash || (target && strcmp(dash + 1, target)) ||
		    (host && (strlen(host) != (size_t)(dash - all.v[i]) ||
			      strncmp(all.v[i], host, strlen(host)))))
			continue;
		strv_push(out, all.v[i]);
	}
	if (!out->n)
		return err_set(err, ERR_USAGE, 0,
			       "toolchain %s has no such pair of host and target",
			       c->parsed.operands[1]);
	return 0;
}

static void split_pair(const char *pair, char **host, char **target)
{
	const char *dash = strchr(pair, '-');

	*host = xstrndup(pair, (size_t)(dash - pair));
	*target = xstrdup(dash + 1);
}

static int lock_pair(struct cli *c, const struct toolchain *tc, const char *pair, struct err *err)
{
	_cleanup_free_ char *host = NULL, *target = NULL;
	_cleanup_(strv_release) struct strv changes = STRV_INIT;

	split_pair(pair, &host, &target);
	event_step(&c->sink, "lock", pair);
	if (toolchain_lock(c->runner.store, tc, host, target, &c->runner.fetch, &c->sink, &changes,
			   err) < 0)
		return err_wrap(err, "%s for %s", host, target);
	render_clear(&c->render);
	for (size_t i = 0; i < changes.n && !c->json; i++)
		printf("%s %s\n", pair, changes.v[i]);
	return cli_flush(err);
}

static json_t *package_json(const struct lock_package *p)
{
	json_t *o = json_object();
	char hex[SHA256_HEX_LEN + 1];

	sha256_to_hex(&p->hash, hex);
	json_set_str(o, "name", p->name);
	json_set_str(o, "version", p->version);
	json_set_str(o, "arch", p->arch);
	json_set_str(o, "path", p->path);
	json_set_str(o, "sha256", hex);
	json_set(o, "size", json_integer((json_int_t)p->size));
	return o;
}

static int show_pair(struct cli *c, const struct toolchain *tc, const char *pair, json_t *doc,
		     struct err *err)
{
	_cleanup_free_ char *host = NULL, *target = NULL;
	_cleanup_(lock_freep) struct lock *lock = NULL;
	json_t *list = json_array();
	uint64_t bytes = 0;
	char size[32];

	split_pair(pair, &host, &target);
	json_set(doc, pair, list);
	if (lock_load(tc, host, target, &lock, err) < 0)
		return -1;
	for (size_t i = 0; i < lock_count(lock); i++) {
		const struct lock_package *p = lock_at(lock, i);

		bytes += p->size;
		if (c->json)
			json_array_append_new(list, package_json(p));
		else if (c->render.verbosity > 0)
			printf("%s %s %s %s\n", pair, p->name, p->version, p->arch);
	}
	cli_format_bytes(bytes, size, sizeof(size));
	if (!c->json)
		printf("%s: %zu packages, %s\n", pair, lock_count(lock), size);
	return 0;
}

/* Compose, and write into the lock what came of it: from then on every composition must meet it. */
static int compose_pair(struct cli *c, const struct toolchain *tc, const char *pair, json_t *doc,
			struct err *err)
{
	_cleanup_free_ char *host = NULL, *target = NULL;
	_cleanup_(lock_freep) struct lock *lock = NULL;
	char hex[SHA256_HEX_LEN + 1];
	struct sha256 tree;

	split_pair(pair, &host, &target);
	if (lock_load(tc, host, target, &lock, err) < 0 ||
	    toolchain_fetch(c->runner.store, lock, &c->runner.fetch, &c->sink, err) < 0 ||
	    toolchain_compose(c->runner.store, tc, lock, &c->sink, &tree, err) < 0 ||
	    toolchain_lock_record_root(tc, host, target, &tree, err) < 0)
		return err_wrap(err, "%s for %s", host, target);
	render_clear(&c->render);
	sha256_to_hex(&tree, hex);
	json_set(doc, pair, json_string(hex));
	if (!c->json)
		printf("%s %s\n", pair, hex);
	return cli_flush(err);
}

static int do_pair(struct cli *c, const struct toolchain *tc, const char *verb, const char *pair,
		   json_t *doc, struct err *err)
{
	if (!strcmp(verb, "lock"))
		return lock_pair(c, tc, pair, err);
	if (!strcmp(verb, "compose"))
		return compose_pair(c, tc, pair, doc, err);
	return show_pair(c, tc, pair, doc, err);
}

/* A word that a verb does not know must not be taken for one that does less. */
static int refuse_words(const struct cli *c, const char *verb, struct err *err)
{
	bool lock = !strcmp(verb, "lock"), update = opt_has(&c->parsed, OPT_UPDATE);

	if (update && !lock)
		return err_set(err, ERR_USAGE, 0, "--update goes with toolchain lock");
	if (opt_has(&c->parsed, OPT_YES) && !update)
		return err_set(err, ERR_USAGE, 0, "--yes goes with toolchain lock --update");
	if (opt_has(&c->parsed, OPT_DRY_RUN) && !update && strcmp(verb, "trim") != 0)
		return err_set(err, ERR_USAGE, 0,
			       "--dry-run goes with toolchain lock --update and toolchain trim");
	return 0;
}

static int load(const struct cli *c, const char *name, struct toolchain **out, struct err *err)
{
	int rc = toolchain_load(c->toolchains_dir, name, out, err);

	if (rc < 0 && !toolchain_exists(c->toolchains_dir, name))
		err->code = ERR_USAGE;
	return rc;
}

int cmd_toolchain(struct cli *c, struct err *err)
{
	const char *verb = c->parsed.operands[0];
	bool show = !strcmp(verb, "show");
	_cleanup_(toolchain_freep) struct toolchain *tc = NULL;
	_cleanup_(strv_release) struct strv pairs = STRV_INIT;
	_cleanup_json_ json_t *doc = json_object();

	if (refuse_words(c, verb, err) < 0)
		return -1;
	if (!strcmp(verb, "trim"))
		return cmd_trim(c, err);
	if (!show && strcmp(verb, "lock") && strcmp(verb, "compose"))
		return err_set(err, ERR_USAGE, 0,
			       "expected toolchain lock, compose, show or trim, found '%s'", verb);
	if (cli_find_toolchains(c, err) < 0 || load(c, c->parsed.operands[1], &tc, err) < 0 ||
	    chosen_pairs(c, tc, &pairs, err) < 0)
		return -1;
	if (opt_has(&c->parsed, OPT_UPDATE))
		return cmd_relock(c, &pairs, err);
	if (!show && cli_open_store(c, STORE_CREATE, err) < 0)
		return -1;
	for (size_t i = 0; i < pairs.n; i++) {
		if (do_pair(c, tc, verb, pairs.v[i], doc, err) < 0)
			return -1;
	}
	return c->json ? cli_print_json(json_incref(doc), err) : cli_flush(err);
}
