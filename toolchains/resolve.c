/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <base/json.h>
#include <base/process.h>
#include <fcntl.h>
#include <string.h>

/*
 * Resolving anew: InRelease -> gpgv -> Packages (by the hashes of the signed text) -> the `index`
 * helper -> a lock. Everything is built in memory and under tmp/; the lock's file is touched by the
 * last step only.
 */

#define MAX_HELPER_OUTPUT (64u << 20)
#define MAX_INDICES       16

struct index_file {
	const char *arch; /* Debian's name, static */
	char *file;       /* below dists/SUITE/ */
	char *url_by_hash, *url;
	struct sha256 hash;
	uint64_t size;
	int fd;
};

struct resolve {
	struct store *store;
	const struct toolchain *tc;
	const struct tc_pair *pair;
	const struct fetch_options *opt;
	const struct event_sink *sink;
	struct store_tmp tmp;
	struct release release;
	struct strv wanted;
	const char *archs[2]; /* the host's first */
	size_t n_archs;
	struct index_file index[MAX_INDICES];
	size_t n_index;
};

static void resolve_release(struct resolve *r)
{
	for (size_t i = 0; i < r->n_index; i++) {
		free(r->index[i].file);
		free(r->index[i].url);
		free(r->index[i].url_by_hash);
		cleanup_closep(&r->index[i].fd);
	}
	release_release(&r->release);
	strv_release(&r->wanted);
	store_tmp_release(&r->tmp);
}

static char *suite_url(const struct toolchain *tc, const char *file)
{
	return xasprintf("mirror://%s/dists/%s/%s", tc->mirror, tc->suite, file);
}

static int fetch_release(struct resolve *r, struct err *err)
{
	_cleanup_free_ char *url = suite_url(r->tc, "InRelease");
	_cleanup_free_ char *path = path_join(r->tmp.path, "InRelease");
	const char *urls[] = {url};
	struct fetch_item item = {
		.name = "InRelease", .unpinned = true, .urls = urls, .n_urls = 1, .out_path = path};

	if (store_fetch(r->store, &item, 1, r->opt, r->sink, err) < 0)
		return -1;
	return release_verify(r->tc, r->tmp.path, path, (int64_t)time(NULL), &r->release, err);
}

/* A replayed old Release would bring back packages with known holes. */
static int refuse_rollback(const struct resolve *r, const struct lock *old, struct err *err)
{
	if (!old || release_time(r->release.date) >= release_time(old->release_date))
		return 0;
	return err_set(
		err, ERR_INPUT, 0,
		"Release: the mirror's is of '%s', older than the lock's of '%s'; remove the "
		"lock if that is meant",
		r->release.date, old->release_date);
}

/* The target's index is needed only when one of its packages is wanted. */
static void choose_archs(struct resolve *r)
{
	const char *target = debian_arch(r->pair->target);
	_cleanup_free_ char *suffix = xasprintf(":%s", target);

	r->archs[r->n_archs++] = debian_arch(r->pair->host);
	if (strcmp(target, r->archs[0]) == 0)
		return;
	for (size_t i = 0; i < r->wanted.n; i++)
		if (str_ends(r->wanted.v[i], suffix)) {
			r->archs[r->n_archs++] = target;
			return;
		}
}

static int add_index(struct resolve *r, const char *component, const char *arch, struct err *err)
{
	struct index_file *f = &r->index[r->n_index];
	_cleanup_free_ char *hashed = NULL;
	char hex[SHA256_HEX_LEN + 1];

	if (r->n_index == MAX_INDICES)
		return err_set(err, ERR_INPUT, 0, "toolchain %s: more than %d indices", r->tc->name,
			       MAX_INDICES);
	*f = (struct index_file){.arch = arch, .fd = -1};
	f->file = xasprintf("%s/binary-%s/Packages.xz", component, arch);
	r->n_index++;
	if (release_find(&r->release, f->file, &f->hash, &f->size, err) < 0)
		return -1;
	sha256_to_hex(&f->hash, hex);
	hashed = xasprintf("%s/binary-%s/by-hash/SHA256/%s", component, arch, hex);
	f->url_by_hash = suite_url(r->tc, hashed);
	f->url = suite_url(r->tc, f->file);
	return 0;
}

static int list_indices(struct resolve *r, struct err *err)
{
	choose_archs(r);
	for (size_t a = 0; a < r->n_archs; a++)
		for (size_t c = 0; c < r->tc->components.n; c++)
			if (add_index(r, r->tc->components.v[c], r->archs[a], err) < 0)
				return -1;
	return 0;
}

static int fetch_indices(struct resolve *r, struct err *err)
{
	struct fetch_item items[MAX_INDICES] = {0};
	const char *urls[MAX_INDICES][2];

	for (size_t i = 0; i < r->n_index; i++) {
		struct index_file *f = &r->index[i];

		/* By hash first: a mirror in the middle of an update still has the old index so. */
		urls[i][0] = r->release.by_hash ? f->url_by_hash : f->url;
		urls[i][1] = f->url;
		items[i] = (struct fetch_item){.name = f->file,
					       .hash = f->hash,
					       .size = f->size,
					       .urls = urls[i],
					       .n_urls = r->release.by_hash ? 2 : 1};
	}
	if (store_fetch(r->store, items, r->n_index, r->opt, r->sink, err) < 0)
		return -1;
	for (size_t i = 0; i < r->n_index; i++) {
		r->index[i].fd = store_blob_open(r->store, &r->index[i].hash, err);
		if (r->index[i].fd < 0)
			return -1;
	}
	return 0;
}

static json_t *request(const struct resolve *r)
{
	json_t *req = json_object(), *archs = json_array(), *indices = json_array();

	for (size_t i = 0; i < r->n_archs; i++)
		json_array_append_new(archs, json_string(r->archs[i]));
	for (size_t i = 0; i < r->n_index; i++) {
		json_t *index = json_object();

		json_set(index, "arch", json_string(r->index[i].arch));
		json_set(index, "fd", json_integer(r->index[i].fd));
		json_set(index, "name", json_string(r->index[i].file));
		json_array_append_new(indices, index);
	}
	json_set(req, "archs", archs);
	json_set(req, "indices", indices);
	json_set(req, "want", json_texts(&r->wanted));
	return req;
}

/* Of a sorted list. */
static void drop_twins(struct strv *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++) {
		if (kept && strcmp(list->v[kept - 1], list->v[i]) == 0)
			free(list->v[i]);
		else
			list->v[kept++] = list->v[i];
	}
	if (list->n)
		list->v[kept] = NULL;
	list->n = kept;
}

static int add_package(struct lock *l, const json_t *p, struct err *err)
{
	_cleanup_(strv_release) struct strv replaces = STRV_INIT;
	const json_t *list = json_object_get(p, "replaces");
	const int64_t size = json_get_int(p, "size", 0);
	struct sha256 hash;

	if (size < 1)
		return err_set(err, ERR_INPUT, 0, "index: package '%s' has no size",
			       json_get_str(p, "name", ""));
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i));

		if (name)
			strv_push(&replaces, name);
	}
	strv_sort(&replaces);
	drop_twins(&replaces);
	if (!sha256_from_hex(json_get_str(p, "sha256", ""), &hash))
		return err_set(err, ERR_INPUT, 0, "index: package '%s' has no SHA-256",
			       json_get_str(p, "name", ""));
	return lock_add_package(l, json_get_str(p, "name", ""), json_get_str(p, "version", ""),
				json_get_str(p, "arch", ""), json_get_str(p, "path", ""),
				(uint64_t)size, &hash, &replaces, err);
}

/* The helper parses a stranger's bytes: what it says must not become a success. */
static int read_error(const json_t *body, struct err *err)
{
	const int64_t code = json_get_int(body, "code", ERR_BUG);
	const char *text = json_get_str(body, "text", "");
	const bool known = code == ERR_HOST || code == ERR_STORE || code == ERR_BUG;

	return err_set(err, known ? (enum err_code)code : ERR_INPUT, 0, "%s",
		       *text ? text : "index: no reason given");
}

static int read_answer_line(const char *line, size_t len, struct lock *l, bool *done,
			    struct err *err)
{
	_cleanup_json_ json_t *j = NULL;
	const json_t *body;

	*done = false; /* it is the last line */
	if (json_parse("index", line, len, &j, err) < 0)
		return -1;
	if ((body = json_object_get(j, "package")))
		return add_package(l, body, err);
	if ((body = json_object_get(j, "error")))
		return read_error(body, err);
	body = json_object_get(j, "done");
	*done = body && l->n && json_get_int(body, "packages", -1) == (int64_t)l->n;
	return 0;
}

static int read_answer(const char *text, struct lock *l, bool *done, struct err *err)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (len && read_answer_line(text, len, l, done, err) < 0)
			return -1;
		text += len + (text[len] == '\n');
	}
	return 0;
}

static int run_solver(struct resolve *r, struct lock *l, struct err *err)
{
	_cleanup_free_ char *helper = NULL, *text = NULL, *answer = NULL, *said = NULL;
	_cleanup_json_ json_t *req = request(r);
	int fds[MAX_INDICES], status = 0;
	const char *argv[2] = {NULL, NULL};
	struct process_spec spec = {.argv = argv,
				    .in_fd = -1,
				    .out_fd = -1,
				    .err_fd = -1,
				    .keep_fds = fds,
				    .n_keep_fds = r->n_index};
	bool done = false;

	if (process_helper_path("index", &helper, err) < 0 || json_canonical(req, &text, err) < 0)
		return -1;
	argv[0] = helper;
	for (size_t i = 0; i < r->n_index; i++)
		fds[i] = r->index[i].fd;
	if (process_capture(&spec, text, MAX_HELPER_OUTPUT, &status, &answer, &said, err) < 0)
		return -1;
	if (read_answer(answer, l, &done, err) < 0)
		return err_wrap(err, "toolchain %s, %s-%s", r->tc->name, r->pair->host,
				r->pair->target);
	if (status > 128)
		return err_set(
			err, ERR_INPUT, 0,
			"toolchain %s: the helper index died (signal %d): the package index is "
			"malformed, or takes more than 4 GiB or 600 s",
			r->tc->name, status - 128);
	if (status != 0 || !done)
		return err_set(err, ERR_BUG, 0, "helper index: status %d without an answer: %s",
			       status, said);
	return 0;
}

static int make_lock(struct resolve *r, struct lock **out, struct err *err)
{
	_cleanup_(lock_freep) struct lock *l = lock_new();

	l->host = xstrdup(r->pair->host);
	l->target = xstrdup(r->pair->target);
	l->suite = xstrdup(r->tc->suite);
	l->mirror = xstrdup(r->tc->mirror);
	l->release_date = xstrdup(r->release.date);
	l->release = r->release.digest;
	strv_copy(&l->signed_by, &r->release.signed_by);
	strv_sort(&l->signed_by);
	strv_copy(&l->wanted, &r->wanted);
	if (run_solver(r, l, err) < 0)
		return -1;
	*out = TAKE_PTR(l);
	return 0;
}

/* A lock that cannot be read any more must not keep its successor from being made. */
static struct lock *old_lock(const struct resolve *r)
{
	struct err ignored = ERR_INIT;
	struct lock *old = NULL;

	if (lock_read(r->tc, r->pair->host, r->pair->target, &old, &ignored) < 0) {
		event_warn(r->sink, "the old lock is not readable and will be replaced: %s",
			   ignored.msg);
		return NULL;
	}
	return old;
}

/*
 * A root that was recorded stays true as long as its key is the same. With another key it tells
 * what the root was before this lock: golden hashes made with that one are stale.
 */
static void keep_root(const struct lock *old, struct lock *now)
{
	if (!old || !old->has_root)
		return;
	now->has_root = true;
	now->root_key = old->root_key;
	now->root_tree = old->root_tree;
}

static int resolve(struct resolve *r, struct lock **out_old, struct lock **out_now, struct err *err)
{
	_cleanup_(lock_freep) struct lock *old = old_lock(r), *now = NULL;

	toolchain_wanted(r->tc, r->pair, &r->wanted);
	if (store_tmp_new(r->store, &r->tmp, err) < 0 || fetch_release(r, err) < 0 ||
	    refuse_rollback(r, old, err) < 0 || list_indices(r, err) < 0 ||
	    fetch_indices(r, err) < 0 || make_lock(r, &now, err) < 0)
		return -1;
	keep_root(old, now);
	*out_old = TAKE_PTR(old);
	*out_now = TAKE_PTR(now);
	return 0;
}

int toolchain_resolve(struct store *s, const struct toolchain *tc, const char *host,
		      const char *target, const struct fetch_options *opt,
		      const struct event_sink *sink, struct lock **out_old, struct lock **out_now,
		      struct err *err)
{
	_cleanup_(resolve_release) struct resolve r = {
		.store = s, .tc = tc, .opt = opt, .sink = sink, .tmp = STORE_TMP_INIT};
	_cleanup_free_ char *name = xasprintf("%s %s-%s", tc->name, host, target);

	*out_old = *out_now = NULL;
	r.pair = toolchain_pair(tc, host, target);
	if (!r.pair)
		return toolchain_no_such_pair(tc, host, target, err);
	event_step(sink, "lock", name);
	if (resolve(&r, out_old, out_now, err) < 0) {
		event_fail(sink, "lock", name);
		return -1;
	}
	event_done(sink, "lock", name, r.release.date);
	return 0;
}

int toolchain_lock(struct store *s, const struct toolchain *tc, const char *host,
		   const char *target, const struct fetch_options *opt,
		   const struct event_sink *sink, struct strv *out_changes, struct err *err)
{
	_cleanup_(lock_freep) struct lock *old = NULL, *now = NULL;

	if (toolchain_resolve(s, tc, host, target, opt, sink, &old, &now, err) < 0 ||
	    lock_save(tc, now, err) < 0)
		return -1;
	lock_changes(old, now, out_changes);
	return 0;
}
