/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <base/cleanup.h>
#include <inttypes.h>
#include <string.h>

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static int gc(struct cli *c, struct err *err)
{
	struct store_gc_stats st = {0};
	bool dry = opt_has(&c->parsed, OPT_DRY_RUN);
	char size[32];
	json_t *doc;

	if (cli_open_store(c, dry ? STORE_READONLY : 0, err) < 0 ||
	    store_gc(c->runner.store, dry, opt_has(&c->parsed, OPT_KEEP_SOURCES), &c->sink, &st,
		     err) < 0)
		return -1;
	if (c->json) {
		doc = json_object();
		json_set(doc, "trees", json_integer((json_int_t)st.trees));
		json_set(doc, "blobs", json_integer((json_int_t)st.blobs));
		json_set(doc, "builds", json_integer((json_int_t)st.builds));
		json_set(doc, "bytes", json_integer((json_int_t)st.bytes));
		json_set(doc, "dry_run", json_boolean(dry));
		return cli_print_json(doc, err);
	}
	cli_format_bytes(st.bytes, size, sizeof(size));
	printf("%s: %" PRIu64 " tree%s, %" PRIu64 " file%s, %" PRIu64 " build%s, %s\n",
	       dry ? "would remove" : "removed", st.trees, plural(st.trees), st.blobs,
	       plural(st.blobs), st.builds, plural(st.builds), size);
	return cli_flush(err);
}

static int verify(struct cli *c, struct err *err)
{
	bool repair = opt_has(&c->parsed, OPT_REPAIR);
	struct store_verified seen = {0};
	json_t *doc;

	if (cli_open_store(c, 0, err) < 0 ||
	    store_verify(c->runner.store, repair, &c->sink, &seen, err) < 0)
		return -1;
	if (c->json) {
		doc = json_object();
		json_set(doc, "blobs", json_integer((json_int_t)seen.blobs));
		json_set(doc, "trees", json_integer((json_int_t)seen.trees));
		json_set(doc, "actions", json_integer((json_int_t)seen.actions));
		json_set(doc, "records", json_integer((json_int_t)seen.records));
		json_set(doc, "damaged", json_integer((json_int_t)seen.bad));
		c->told = true;
		if (cli_print_json(doc, err) < 0)
			return -1;
	}
	if (seen.bad)
		return err_set(err, ERR_STORE, 0, "%" PRIu64 " damaged object%s%s", seen.bad,
			       plural(seen.bad), repair ? ", moved away" : "");
	render_clear(&c->render);
	if (!c->json && c->render.verbosity >= 0)
		fprintf(stderr,
			"%" PRIu64 " blob%s, %" PRIu64 " tree%s, %" PRIu64 " action%s, %" PRIu64
			" record%s: all as their names say\n",
			seen.blobs, plural(seen.blobs), seen.trees, plural(seen.trees),
			seen.actions, plural(seen.actions), seen.records, plural(seen.records));
	return 0;
}

static void print_size(const char *what, uint64_t n, uint64_t bytes)
{
	char size[32];

	cli_format_bytes(bytes, size, sizeof(size));
	printf("%-8s %8" PRIu64 "  %s\n", what, n, size);
}

static int du(struct cli *c, struct err *err)
{
	struct store_du d = {0};
	json_t *doc;

	if (cli_open_store(c, STORE_READONLY, err) < 0 || store_du(c->runner.store, &d, err) < 0)
		return -1;
	if (c->json) {
		doc = json_object();
		json_set_str(doc, "path", store_path(c->runner.store));
		json_set(doc, "blobs", json_integer((json_int_t)d.blobs));
		json_set(doc, "blob_bytes", json_integer((json_int_t)d.blob_bytes));
		json_set(doc, "trees", json_integer((json_int_t)d.trees));
		json_set(doc, "tree_bytes", json_integer((json_int_t)d.tree_bytes));
		json_set(doc, "builds", json_integer((json_int_t)d.builds));
		json_set(doc, "build_bytes", json_integer((json_int_t)d.build_bytes));
		json_set(doc, "tmp_bytes", json_integer((json_int_t)d.tmp_bytes));
		return cli_print_json(doc, err);
	}
	printf("%s\n", store_path(c->runner.store));
	print_size("files", d.blobs, d.blob_bytes);
	print_size("trees", d.trees, d.tree_bytes);
	print_size("builds", d.builds, d.build_bytes);
	return cli_flush(err);
}

/* "verify --repair --dry-run" must not move anything away for want of a word. */
static int refuse_words(const struct cli *c, const char *verb, struct err *err)
{
	static const struct {
		enum opt id;
		const char *verb;
	} known[] = {{OPT_DRY_RUN, "gc"}, {OPT_KEEP_SOURCES, "gc"}, {OPT_REPAIR, "verify"}};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (opt_has(&c->parsed, known[i].id) && strcmp(verb, known[i].verb) != 0)
			return err_set(err, ERR_USAGE, 0, "--%s goes with store %s",
				       cli_options[known[i].id].name, known[i].verb);
	}
	return 0;
}

int cmd_store(struct cli *c, struct err *err)
{
	static const struct {
		const char *name;
		int (*run)(struct cli *c, struct err *err);
	} verbs[] = {{"gc", gc}, {"verify", verify}, {"du", du}};
	const char *verb = c->parsed.operands[0];

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (!strcmp(verb, verbs[i].name))
			return refuse_words(c, verb, err) < 0 ? -1 : verbs[i].run(c, err);
	}
	return err_set(err, ERR_USAGE, 0, "expected store gc, verify or du, found '%s'", verb);
}
