/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan needs from outside. */
#include <runner/build.h>

#include "generated.h"
#include "patches.h"

#include <base/cleanup.h>
#include <store/git.h>

struct wants {
	struct fetch_item *v;
	size_t n, cap;
};

static void add_sources(struct wants *w, const struct plan_node *n)
{
	for (size_t i = 0; i < n->branch->n_sources; i++) {
		const struct source *s = &n->branch->sources[i];

		if (!node_has_source(n, s) || s->kind == SOURCE_GIT)
			continue;
		ARRAY_GROW(w->v, w->n, w->cap);
		w->v[w->n++] = (struct fetch_item){
			.name = s->file,
			.hash = s->hash,
			.size = s->size,
			.urls = (const char *const *)s->urls.v,
			.n_urls = s->urls.n,
		};
	}
}

static struct git_item git_item_of(const struct source *s)
{
	return (struct git_item){
		.name = s->name,
		.commit = s->commit,
		.nar = s->hash,
		.nar_known = s->pinned,
		.urls = (const char *const *)s->urls.v,
		.n_urls = s->urls.n,
	};
}

static int fetch_checkouts(struct runner *rn, const struct plan_node *n, struct err *err)
{
	for (size_t i = 0; i < n->branch->n_sources; i++) {
		const struct source *s = &n->branch->sources[i];
		struct git_item item;

		if (s->kind != SOURCE_GIT || !node_has_source(n, s))
			continue;
		item = git_item_of(s);
		if (store_fetch_git(rn->store, &item, &rn->fetch, rn->sink, err) < 0)
			return -1;
	}
	return 0;
}

int fetch_nar(struct runner *rn, const struct source *s, struct sha256 *out, int64_t *out_time,
	      struct err *err)
{
	struct git_item item = git_item_of(s);

	if (!s->commit)
		return err_set(
			err, ERR_INPUT, 0,
			"the commit of source '%s'%s%s is not known: write it into branch.yaml "
			"first",
			s->name, s->tag ? ", tag " : "", s->tag ? s->tag : "");
	if (store_fetch_git(rn->store, &item, &rn->fetch, rn->sink, err) < 0)
		return -1;
	*out = item.nar;
	*out_time = item.time;
	return 0;
}

int node_fetch(struct runner *rn, struct plan *p, const size_t *nodes, size_t n, struct err *err)
{
	struct wants w = {0};
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		add_sources(&w, &p->nodes[nodes[i]]);
	if (w.n)
		rc = store_fetch(rn->store, w.v, w.n, &rn->fetch, rn->sink, err);
	free(w.v);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = fetch_checkouts(rn, &p->nodes[nodes[i]], err);
	return rc;
}

static int keep_patches(struct store *s, const struct branch *b, struct err *err)
{
	for (size_t i = 0; i < b->n_patches; i++) {
		if (!b->patches[i].source && patch_keep(s, b, &b->patches[i], err) < 0)
			return -1;
	}
	return 0;
}

int build_fetch(struct runner *rn, struct plan *p, struct err *err)
{
	_cleanup_free_ size_t *all = xcalloc(p->n_nodes, sizeof(*all));

	if (plan_require_pins(p, err) < 0)
		return -1;
	for (size_t i = 0; i < p->n_nodes; i++)
		all[i] = i;
	for (size_t i = 0; i < p->n_roots; i++) {
		if (toolchain_fetch(rn->store, p->roots[i].lock, &rn->fetch, rn->sink, err) < 0)
			return err_wrap(err, "toolchain %s", p->roots[i].name);
	}
	for (size_t i = 0; i < p->n_nodes; i++) {
		if (keep_patches(rn->store, p->nodes[i].branch, err) < 0)
			return -1;
	}
	return node_fetch(rn, p, all, p->n_nodes, err);
}
