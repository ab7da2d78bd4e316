/* SPDX-License-Identifier: Apache-2.0 */

/*
 * toolchaintool: the toolchains library on a command line, for the scripts beside it.
 *
 *	toolchaintool STORE TOOLCHAINS NAME HOST-TARGET MIRROR VERB
 *
 * MIRROR is the URL that mirror://debian stands for. VERB is one of: lock (prints the changes),
 *fetch, compose (prints the tree hash), record, known (prints yes or no), key. Errors go to stderr,
 *the exit status is their code.
 */

#include <base/cleanup.h>
#include <stdio.h>
#include <string.h>
#include <toolchains/toolchain.h>

struct call {
	struct store *store;
	struct toolchain *tc;
	char *host;
	const char *target;
	struct fetch_options opt;
};

static void print_hash(const struct sha256 *hash)
{
	char hex[SHA256_HEX_LEN + 1];

	sha256_to_hex(hash, hex);
	puts(hex);
}

static int do_lock(const struct call *c, struct err *err)
{
	_cleanup_(strv_release) struct strv changes = STRV_INIT;

	if (toolchain_lock(c->store, c->tc, c->host, c->target, &c->opt, NULL, &changes, err) < 0)
		return -1;
	for (size_t i = 0; i < changes.n; i++)
		puts(changes.v[i]);
	return 0;
}

static int do_compose(const struct call *c, const struct lock *l, bool record, struct err *err)
{
	struct sha256 tree;

	if (toolchain_compose(c->store, c->tc, l, NULL, &tree, err) < 0)
		return -1;
	print_hash(&tree);
	return record ? toolchain_lock_record_root(c->tc, c->host, c->target, &tree, err) : 0;
}

static int do_known(const struct call *c, const struct lock *l, struct err *err)
{
	struct sha256 tree;
	bool known = false;

	if (toolchain_root_known(c->store, c->tc, l, &known, &tree, err) < 0)
		return -1;
	puts(known ? "yes" : "no");
	return 0;
}

static int with_lock(const struct call *c, const char *verb, struct err *err)
{
	_cleanup_(lock_freep) struct lock *l = NULL;
	struct sha256 key;

	if (lock_load(c->tc, c->host, c->target, &l, err) < 0)
		return -1;
	if (strcmp(verb, "fetch") == 0)
		return toolchain_fetch(c->store, l, &c->opt, NULL, err);
	if (strcmp(verb, "compose") == 0 || strcmp(verb, "record") == 0)
		return do_compose(c, l, strcmp(verb, "record") == 0, err);
	if (strcmp(verb, "known") == 0)
		return do_known(c, l, err);
	if (strcmp(verb, "key") != 0)
		return err_set(err, ERR_USAGE, 0, "unknown verb %s", verb);
	lock_root_key(c->tc, l, &key);
	print_hash(&key);
	return 0;
}

static int run(char **argv, struct err *err)
{
	_cleanup_(store_closep) struct store *store = NULL;
	_cleanup_(toolchain_freep) struct toolchain *tc = NULL;
	_cleanup_(strv_release) struct strv mirrors = STRV_INIT;
	_cleanup_free_ char *pair = xstrdup(argv[4]);
	char *dash = strchr(pair, '-');
	struct call c = {.host = pair, .opt = {.mirrors = &mirrors}};

	if (!dash)
		return err_set(err, ERR_USAGE, 0, "expected HOST-TARGET, found %s", pair);
	*dash = '\0';
	c.target = dash + 1;
	strv_pushf(&mirrors, "debian=%s", argv[5]);
	if (toolchain_load(argv[2], argv[3], &tc, err) < 0 ||
	    store_open(argv[1], STORE_CREATE, &store, err) < 0)
		return -1;
	c.store = store;
	c.tc = tc;
	return strcmp(argv[6], "lock") == 0 ? do_lock(&c, err) : with_lock(&c, argv[6], err);
}

int main(int argc, char **argv)
{
	struct err err = ERR_INIT;

	if (argc != 7) {
		fputs("usage: toolchaintool STORE TOOLCHAINS NAME HOST-TARGET MIRROR VERB\n",
		      stderr);
		return ERR_USAGE;
	}
	if (run(argv, &err) == 0)
		return 0;
	fprintf(stderr, "%s\n", err.msg);
	return err.code;
}
