/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <base/cleanup.h>

static void print_node(const struct plan_node *n)
{
	_cleanup_free_ char *title = plan_node_title(n);
	char hex[SHA256_HEX_LEN + 1];

	sha256_to_hex(&n->key, hex);
	printf("%-64s  %s  %s%s\n", n->has_key ? hex : n->waits, title, n->branch->version,
	       n->result ? "  (built)" : "");
}

int cmd_plan(struct cli *c, struct err *err)
{
	_cleanup_(plan_release) struct plan p = PLAN_INIT;

	if (cli_make_plan(c, CLI_LOOK, &p, err) < 0 || plan_keys(&p, c->runner.store, err) < 0)
		return -1;
	cli_warn_epochs(c, &p);
	if (c->json)
		return cli_print_json(plan_to_json(&p), err);
	for (size_t i = 0; i < p.n_nodes; i++)
		print_node(&p.nodes[i]);
	return cli_flush(err);
}
