/* SPDX-License-Identifier: Apache-2.0 */
/* `extends`: a toolchain that adds packages to another one's, with a lock and a root of its own. */
#include "internal.h"

#include <base/cleanup.h>
#include <string.h>

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct tc_link *)a)->path, ((const struct tc_link *)b)->path);
}

static int add_links(struct toolchain *tc, const struct toolchain *base, struct err *err)
{
	size_t own = tc->n_links;

	tc->links = xrealloc(tc->links, (own + base->n_links + 1) * sizeof(*tc->links));
	for (size_t i = 0; i < base->n_links; i++) {
		const struct tc_link *from = &base->links[i];

		for (size_t k = 0; k < own; k++)
			if (strcmp(tc->links[k].path, from->path) == 0)
				return err_set(err, ERR_INPUT, 0,
					       "the link /%s is in both: leave it to %s",
					       from->path, base->name);
		tc->links[tc->n_links++] = (struct tc_link){.path = xstrdup(from->path),
							    .to = xstrdup(from->to),
							    .optional = from->optional};
	}
	qsort(tc->links, tc->n_links, sizeof(*tc->links), by_path);
	return 0;
}

static void add_texts(struct strv *to, const struct strv *from)
{
	for (size_t i = 0; i < from->n; i++)
		if (!strv_contains(to, from->v[i]))
			strv_push(to, from->v[i]);
}

static int add_pair(struct tc_pair *pair, const struct toolchain *base, struct err *err)
{
	const struct tc_pair *from = toolchain_pair(base, pair->host, pair->target);
	_cleanup_(strv_release) struct strv own = STRV_INIT;

	if (!from)
		return toolchain_no_such_pair(base, pair->host, pair->target, err);
	add_texts(&pair->packages, &from->packages);
	/* What is set later wins: the own variables come last. */
	strv_copy(&own, &pair->env);
	strv_release(&pair->env);
	strv_copy(&pair->env, &from->env);
	strv_copy(&pair->env, &own);
	return 0;
}

int toolchain_extend(struct toolchain *tc, const struct toolchain *base, struct err *err)
{
	strv_push(&tc->below, base->name);
	add_texts(&tc->below, &base->below);
	tc->suite = xstrdup(base->suite);
	tc->mirror = xstrdup(base->mirror);
	tc->key_file = xstrdup(base->key_file);
	strv_copy(&tc->components, &base->components);
	strv_copy(&tc->fingerprints, &base->fingerprints);
	add_texts(&tc->essential, &base->essential);
	add_texts(&tc->drop, &base->drop);
	strv_sort(&tc->drop);
	for (size_t i = 0; i < tc->n_pairs; i++)
		if (add_pair(&tc->pairs[i], base, err) < 0)
			return -1;
	return add_links(tc, base, err);
}
