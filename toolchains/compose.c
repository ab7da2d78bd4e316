/* SPDX-License-Identifier: Apache-2.0 */
/* From a lock to a root in the store: packages unpacked, composed, hashed, published. */
#include "internal.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <fcntl.h>
#include <store/archive.h>
#include <string.h>
#include <sys/stat.h>

#define MEMO_KIND "root"

int toolchain_fetch(struct store *s, const struct lock *l, const struct fetch_options *opt,
		    const struct event_sink *sink, struct err *err)
{
	_cleanup_free_ struct fetch_item *items = xcalloc(l->n, sizeof(*items));
	_cleanup_free_ const char **urls = xcalloc(l->n, sizeof(*urls));
	_cleanup_(strv_release) struct strv texts = STRV_INIT;

	for (size_t i = 0; i < l->n; i++) {
		const struct lock_package *p = &l->packages[i];

		strv_pushf(&texts, "mirror://%s/%s", l->mirror, p->path);
		urls[i] = texts.v[texts.n - 1];
		items[i] = (struct fetch_item){.name = path_base(p->path),
					       .hash = p->hash,
					       .size = p->size,
					       .urls = &urls[i],
					       .n_urls = 1};
	}
	return store_fetch(s, items, l->n, opt, sink, err);
}

int toolchain_root_known(struct store *s, const struct toolchain *tc, const struct lock *l,
			 bool *out_known, struct sha256 *out_tree, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	struct sha256 key, tree;

	*out_known = false;
	lock_root_key(tc, l, &key);
	if (store_memo_get(s, MEMO_KIND, &key, &text, err) < 0)
		return -1;
	if (!text || !sha256_from_hex(text, &tree) || !store_tree_has(s, &tree))
		return 0;
	*out_known = true;
	*out_tree = tree;
	return 0;
}

bool lock_recorded_root(const struct toolchain *tc, const struct lock *l, struct sha256 *out_tree)
{
	struct sha256 key;

	if (!l->has_root)
		return false;
	lock_root_key(tc, l, &key);
	*out_tree = l->root_tree;
	return sha256_equal(&key, &l->root_key);
}

bool lock_former_root(const struct toolchain *tc, const struct lock *l, struct sha256 *out_tree)
{
	struct sha256 recorded;

	if (!l->has_root || lock_recorded_root(tc, l, &recorded))
		return false;
	*out_tree = l->root_tree;
	return true;
}

/* The lock says what composing gave when it was recorded; anything else is not the same root. */
static int check_recorded(const struct toolchain *tc, const struct lock *l,
			  const struct sha256 *tree, struct err *err)
{
	char expected[SHA256_HEX_LEN + 1], found[SHA256_HEX_LEN + 1];
	struct sha256 recorded;

	if (!lock_recorded_root(tc, l, &recorded) || sha256_equal(tree, &recorded))
		return 0;
	sha256_to_hex(&l->root_tree, expected);
	sha256_to_hex(tree, found);
	return err_set(err, ERR_MISMATCH, 0,
		       "toolchain %s, %s-%s: the lock expects the root %s, composing gave %s",
		       tc->name, l->host, l->target, expected, found);
}

struct composer {
	struct store *store;
	const struct toolchain *tc;
	const struct lock *lock;
	const struct event_sink *sink;
	const char *name;
	struct sha256 *trees;
	int *tree_fds;
	struct store_tmp tmp;
	struct merge merge;
};

static void composer_release(struct composer *c)
{
	for (size_t i = 0; c->tree_fds && i < c->lock->n; i++)
		cleanup_closep(&c->tree_fds[i]);
	free(c->tree_fds);
	free(c->trees);
	cleanup_closep(&c->merge.root);
	store_tmp_release(&c->tmp);
}

int toolchain_package_trees(struct store *s, const struct lock *l, const struct event_sink *sink,
			    struct sha256 *out, struct err *err)
{
	_cleanup_free_ struct unpack_item *items = xcalloc(l->n, sizeof(*items));

	for (size_t i = 0; i < l->n; i++) {
		items[i].blob = l->packages[i].hash;
		items[i].name = path_base(l->packages[i].path);
	}
	if (store_unpack_debs(s, items, l->n, sink, err) < 0)
		return -1;
	for (size_t i = 0; i < l->n; i++)
		out[i] = items[i].tree;
	return 0;
}

static int unpack_all(struct composer *c, struct err *err)
{
	size_t n = c->lock->n;

	c->trees = xcalloc(n, sizeof(*c->trees));
	c->tree_fds = xcalloc(n, sizeof(*c->tree_fds));
	for (size_t i = 0; i < n; i++)
		c->tree_fds[i] = -1;
	if (toolchain_package_trees(c->store, c->lock, c->sink, c->trees, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		c->tree_fds[i] = store_tree_open(c->store, &c->trees[i], err);
		if (c->tree_fds[i] < 0)
			return -1;
	}
	return 0;
}

static int make_root(struct composer *c, struct err *err)
{
	if (store_tmp_new(c->store, &c->tmp, err) < 0)
		return -1;
	if (mkdirat(c->tmp.fd, "root", 0755) < 0)
		return err_set(err, ERR_STORE, errno, "make a folder for the root");
	c->merge.root = file_open(c->tmp.fd, "root", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);
	if (c->merge.root < 0)
		return -1;
	return finish_layout(c->merge.root, err);
}

static int fill_root(struct composer *c, struct err *err)
{
	struct merge *m = &c->merge;

	m->tc = c->tc;
	m->lock = c->lock;
	m->tree_fds = c->tree_fds;
	for (size_t i = 0; i < c->lock->n; i++) {
		if (merge_package(m, i, err) < 0)
			return -1;
		event_progress(c->sink, "compose", c->name, i + 1, c->lock->n);
	}
	if (finish_files(m->root, err) < 0 || finish_links(m->root, c->tc, err) < 0)
		return -1;
	return finish_shims(m->root, err);
}

static int publish(struct composer *c, struct sha256 *out_tree, struct err *err)
{
	char hex[SHA256_HEX_LEN + 1];
	struct sha256 key;

	if (store_tree_publish(c->store, c->tmp.fd, "root", true, out_tree, NULL, err) < 0)
		return -1;
	if (check_recorded(c->tc, c->lock, out_tree, err) < 0)
		return -1;
	lock_root_key(c->tc, c->lock, &key);
	sha256_to_hex(out_tree, hex);
	return store_memo_put(c->store, MEMO_KIND, &key, hex, err);
}

static int compose(struct composer *c, struct sha256 *out_tree, struct err *err)
{
	if (unpack_all(c, err) < 0 || make_root(c, err) < 0 || fill_root(c, err) < 0)
		return -1;
	return publish(c, out_tree, err);
}

int toolchain_compose(struct store *s, const struct toolchain *tc, const struct lock *l,
		      const struct event_sink *sink, struct sha256 *out_tree, struct err *err)
{
	_cleanup_free_ char *name = xasprintf("%s %s-%s", tc->name, l->host, l->target);
	_cleanup_free_ char *summary = NULL;
	_cleanup_(composer_release) struct composer c = {.store = s,
							 .tc = tc,
							 .lock = l,
							 .sink = sink,
							 .name = name,
							 .tmp = STORE_TMP_INIT,
							 .merge = {.root = -1}};
	bool known = false;

	if (toolchain_root_known(s, tc, l, &known, out_tree, err) < 0)
		return -1;
	if (known)
		return check_recorded(tc, l, out_tree, err);
	event_step(sink, "compose", name);
	if (compose(&c, out_tree, err) < 0) {
		event_fail(sink, "compose", name);
		return -1;
	}
	summary = xasprintf("%zu packages, %llu files", l->n, (unsigned long long)c.merge.files);
	event_done(sink, "compose", name, summary);
	return 0;
}
