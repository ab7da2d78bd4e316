/* SPDX-License-Identifier: Apache-2.0 */
/* Result links: what they are called, and that nothing is in their way. */
#include "links.h"

#include <base/cleanup.h>
#include <runner/build.h>
#include <string.h>

/* Many have a name each: xen's branches would take one another's links. */
static char *prefix_of(const struct cli *c, const struct plan_node *n, bool many)
{
	const char *given = opt_value(&c->parsed, OPT_OUT_LINK);

	if (many)
		return xasprintf("%s-%s-%s%s%s-%s", given ? given : "result", n->recipe->name,
				 n->branch->name, n->variant ? "-" : "",
				 n->variant ? n->variant : "", n->target);
	if (given)
		return xstrdup(given);
	if (strcmp(n->host, n->target) != 0)
		return xasprintf("result-%s-%s", n->recipe->name, n->target);
	return xasprintf("result-%s", n->recipe->name);
}

int links_check(const struct cli *c, const struct plan_node *n, bool many, struct err *err)
{
	_cleanup_free_ char *prefix = prefix_of(c, n, many);
	_cleanup_(strv_release) struct strv outputs = STRV_INIT;

	if (opt_has(&c->parsed, OPT_NO_LINK))
		return 0;
	node_outputs(n, &outputs);
	for (size_t i = 0; i < outputs.n; i++) {
		_cleanup_free_ char *link = xasprintf("%s-%s", prefix, outputs.v[i]);

		if (store_root_check(link, err) < 0)
			return -1;
	}
	return 0;
}

int links_make(struct cli *c, const struct plan_node *n, bool many, struct strv *out,
	       struct err *err)
{
	_cleanup_free_ char *prefix = prefix_of(c, n, many);

	if (opt_has(&c->parsed, OPT_NO_LINK))
		return 0;
	return build_link(c->runner.store, n, prefix, out, err);
}
