/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan needs from outside. */
#include <runner/build.h>

#include "generated.h"
#include "patches.h"

#include <base/cleanup.h>

struct wants {
	struct fetch_item *v;
	size_t n, cap;
};

static void add_sources(struct wants *w, const struct plan_node *n)
{
	for (size_t i = 0; i < n->branch->n_sources; i++) {
		const struct source *s = &n->branch->sources[i];

		if (!node_has_source(n, s))
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

int node_fetch(struct runner *rn, struct plan *p, const size_t *nodes, size_t n, struct err *err)
{
	struct wants w = {0};
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		add_sources(&w, &p->nodes[nodes[i]]);
	if (w.n)
		rc = store_fetch(rn->store, w.v, w.n, &rn->fetch, rn->sink, err);
	free(w.v);
	return rc;
}

static int keep_patches(struct store *s, const struct branch *b, struct err *err)
{
	for (size_t i = 0; i < b->n_patches; i++) {
		if (patch_keep(s, b, &b->patches[i], err) < 0)
			return -1;
	}
	return 0;
}

int build_fetch(struct runner *rn, struct plan *p, struct err *err)
{
	_cleanup_free_ size_t *all = xcalloc(p->n_nodes, sizeof(*all));

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
