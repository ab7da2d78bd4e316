/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tests/store drives: one library call per run, its result as JSON on stdout, events included.
 *
 *	storetool STORE add FILE
 *	storetool STORE unpack tar|deb STRIP NAME FILE
 *	storetool STORE debs FILE...
 *	storetool STORE publish DIRECTORY		(copied first)
 *	storetool STORE export tar|tar.zst EPOCH TREE	(archive on stdout, nothing else)
 *	storetool STORE fetch REQUEST	(JSON: items, mirrors, from, offline, parallel)
 *	storetool STORE git REQUEST	(JSON: name, commit, nar, urls, mirrors, from, offline)
 *	storetool STORE gc keep|all
 *	storetool STORE expand URL
 *
 * Exit status: the error's code.
 */
#include "mirror.h"

#include <base/file.h>
#include <base/json.h>
#include <base/process.h>
#include <fcntl.h>
#include <store/archive.h>
#include <store/fetch.h>
#include <store/git.h>
#include <string.h>

static json_t *events;

static void on_event(void *arg, const struct event *ev)
{
	json_t *one = json_object();

	json_set(one, "kind", json_integer(ev->kind));
	json_set_str(one, "what", ev->what ? ev->what : "");
	json_set_str(one, "name", ev->name ? ev->name : "");
	json_set_str(one, "text", ev->text ? ev->text : "");
	json_set(one, "done", json_integer((json_int_t)ev->done));
	json_set(one, "total", json_integer((json_int_t)ev->total));
	json_array_append_new(events, one);
}

static const struct event_sink sink = {.fn = on_event};

static int add(struct store *s, const char *path, struct sha256 *out, struct err *err)
{
	_cleanup_close_ int fd = file_open(AT_FDCWD, path, O_RDONLY, 0, err);

	return fd < 0 ? -1 : store_blob_add_fd(s, fd, path, NULL, 0, out, err);
}

static void set_hash(json_t *result, const char *key, const struct sha256 *hash)
{
	char hex[SHA256_HEX_LEN + 1];

	sha256_to_hex(hash, hex);
	json_set(result, key, json_string(hex));
}

static int do_add(struct store *s, char **argv, json_t *result, struct err *err)
{
	struct sha256 blob;

	if (add(s, argv[0], &blob, err) < 0)
		return -1;
	set_hash(result, "blob", &blob);
	return 0;
}

static int do_unpack(struct store *s, char **argv, json_t *result, struct err *err)
{
	enum archive_kind kind = strcmp(argv[0], "deb") == 0 ? ARCHIVE_DEB : ARCHIVE_TAR;
	struct sha256 blob, tree;

	if (add(s, argv[3], &blob, err) < 0 ||
	    store_unpack(s, &blob, argv[2], kind, (unsigned)atoi(argv[1]), &tree, err) < 0)
		return -1;
	set_hash(result, "tree", &tree);
	return 0;
}

static int do_debs(struct store *s, char **argv, json_t *result, struct err *err)
{
	_cleanup_free_ struct unpack_item *items = NULL;
	json_t *trees = json_array();
	size_t n = 0;

	while (argv[n])
		n++;
	json_set(result, "trees", trees);
	items = xcalloc(n, sizeof(*items));
	for (size_t i = 0; i < n; i++) {
		items[i].name = path_base(argv[i]);
		if (add(s, argv[i], &items[i].blob, err) < 0)
			return -1;
	}
	if (store_unpack_debs(s, items, n, &sink, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		char hex[SHA256_HEX_LEN + 1];

		sha256_to_hex(&items[i].tree, hex);
		json_array_append_new(trees, json_string(hex));
	}
	return 0;
}

static int do_publish(struct store *s, char **argv, json_t *result, struct err *err)
{
	_cleanup_(store_tmp_release) struct store_tmp tmp = STORE_TMP_INIT;
	_cleanup_free_ char *to = NULL;
	struct sha256 tree;
	int status;

	if (store_tmp_new(s, &tmp, err) < 0)
		return -1;
	to = path_join(tmp.path, "tree");
	const char *const cp[] = {"cp", "-a", argv[0], to, NULL};
	const struct process_spec spec = {.argv = cp, .in_fd = -2, .out_fd = -2, .err_fd = -3};
	if (process_capture(&spec, NULL, 0, &status, NULL, NULL, err) < 0)
		return -1;
	if (status != 0)
		return err_set(err, ERR_BUG, 0, "cp: %d", status);
	if (store_tree_publish(s, tmp.fd, "tree", false, &tree, NULL, err) < 0)
		return -1;
	set_hash(result, "tree", &tree);
	return 0;
}

static int do_export(struct store *s, char **argv, json_t *result, struct err *err)
{
	struct sha256 tree;

	json_object_clear(result); /* stdout is the archive's */
	if (!sha256_from_hex(argv[2], &tree))
		return err_set(err, ERR_USAGE, 0, "no tree: %s", argv[2]);
	return store_export(s, &tree, argv[0], atoll(argv[1]), STDOUT_FILENO, err);
}

static void strings(const json_t *list, struct strv *out)
{
	const json_t *one;
	size_t i;

	json_array_foreach (list, i, one)
		strv_push(out, json_string_value(one));
}

static int do_fetch(struct store *s, char **argv, json_t *result, struct err *err)
{
	_cleanup_(strv_release) struct strv mirrors = STRV_INIT, from = STRV_INIT;
	_cleanup_json_ json_t *request = NULL;
	_cleanup_free_ struct fetch_item *items = NULL;
	_cleanup_free_ struct strv *urls = NULL;
	struct fetch_options opt = {.mirrors = &mirrors, .from = &from};
	const json_t *one;
	size_t i, n;
	int r;

	if (json_parse("request", argv[0], strlen(argv[0]), &request, err) < 0)
		return -1;
	strings(json_object_get(request, "mirrors"), &mirrors);
	strings(json_object_get(request, "from"), &from);
	opt.offline = json_get_bool(request, "offline", false);
	opt.parallel = (unsigned)json_get_int(request, "parallel", 0);
	n = json_array_size(json_object_get(request, "items"));
	items = xcalloc(n, sizeof(*items));
	urls = xcalloc(n, sizeof(*urls));
	json_array_foreach (json_object_get(request, "items"), i, one) {
		strings(json_object_get(one, "urls"), &urls[i]);
		items[i].name = json_get_str(one, "name", "?");
		items[i].urls = (const char *const *)urls[i].v;
		items[i].n_urls = urls[i].n;
		items[i].size = (uint64_t)json_get_int(one, "size", 0);
		items[i].out_path = json_get_str(one, "out", NULL);
		items[i].unpinned = items[i].out_path != NULL;
		if (!sha256_from_hex(json_get_str(one, "sha256", ""), &items[i].hash) &&
		    !items[i].unpinned)
			return err_set(err, ERR_USAGE, 0, "item without hash");
	}
	r = store_fetch(s, items, n, &opt, &sink, err);
	for (i = 0; i < n; i++)
		strv_release(&urls[i]);
	return r;
}

static int do_git(struct store *s, char **argv, json_t *result, struct err *err)
{
	_cleanup_(strv_release) struct strv mirrors = STRV_INIT, from = STRV_INIT, urls = STRV_INIT;
	_cleanup_json_ json_t *request = NULL;
	struct fetch_options opt = {.mirrors = &mirrors, .from = &from};
	struct git_item item = {0};

	if (json_parse("request", argv[0], strlen(argv[0]), &request, err) < 0)
		return -1;
	strings(json_object_get(request, "mirrors"), &mirrors);
	strings(json_object_get(request, "from"), &from);
	strings(json_object_get(request, "urls"), &urls);
	opt.offline = json_get_bool(request, "offline", false);
	item.name = json_get_str(request, "name", "src");
	item.commit = json_get_str(request, "commit", "");
	item.urls = (const char *const *)urls.v;
	item.n_urls = urls.n;
	item.nar_known = sha256_from_hex(json_get_str(request, "nar", ""), &item.nar);
	if (store_fetch_git(s, &item, &opt, &sink, err) < 0)
		return -1;
	set_hash(result, "tree", &item.nar);
	return 0;
}

static int do_gc(struct store *s, char **argv, json_t *result, struct err *err)
{
	struct store_gc_stats stats;

	(void)result;
	return store_gc(s, false, strcmp(argv[0], "keep") == 0, &sink, &stats, err);
}

static int do_expand(struct store *s, char **argv, json_t *result, struct err *err)
{
	_cleanup_(strv_release) struct strv out = STRV_INIT;
	json_t *urls = json_array();

	json_set(result, "urls", urls);
	if (mirror_expand(argv[0], NULL, &out, err) < 0)
		return -1;
	for (size_t i = 0; i < out.n; i++)
		json_array_append_new(urls, json_string(out.v[i]));
	return 0;
}

static const struct {
	const char *name;
	int args;
	int (*fn)(struct store *s, char **argv, json_t *result, struct err *err);
} verbs[] = {{"add", 1, do_add},         {"unpack", 4, do_unpack}, {"debs", 1, do_debs},
	     {"publish", 1, do_publish}, {"export", 3, do_export}, {"fetch", 1, do_fetch},
	     {"expand", 1, do_expand},   {"git", 1, do_git},       {"gc", 1, do_gc}};

static int run(int argc, char **argv, json_t *result, struct err *err)
{
	_cleanup_(store_closep) struct store *s = NULL;

	if (store_open(argv[1], STORE_CREATE, &s, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].name, argv[2]) == 0 && argc >= 3 + verbs[i].args)
			return verbs[i].fn(s, argv + 3, result, err);
	return err_set(err, ERR_USAGE, 0, "usage: see the head of storetool.c");
}

int main(int argc, char **argv)
{
	_cleanup_json_ json_t *result = json_object();
	_cleanup_free_ char *text = NULL;
	struct err err = ERR_INIT;

	if (argc < 3)
		return ERR_USAGE;
	events = json_array();
	json_set(result, "events", events);
	if (run(argc, argv, result, &err) < 0) {
		json_set(result, "code", json_integer(err.code));
		json_set_str(result, "error", err.msg);
	}
	text = json_dumps(result, 0);
	if (json_object_size(result) > 0)
		puts(text);
	return err.code;
}
