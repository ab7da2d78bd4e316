/* SPDX-License-Identifier: Apache-2.0 */
#include "links.h"
#include "summary.h"

#include <base/cleanup.h>
#include <runner/golden.h>

static void explain_failure(struct cli *c, const struct plan *p, const struct build_report *report)
{
	const struct plan_node *n;

	if (report->failed >= report->n)
		return;
	n = &p->nodes[report->failed];
	summary_failure(c, n, &report->nodes[report->failed].round, n == plan_wanted(p));
}

static void warn_golden(struct cli *c, const struct plan *p)
{
	const struct plan_node *n = plan_wanted(p);
	const struct sha256 *root = &p->roots[n->root].tree;
	const struct golden *g = golden_find(n, root);

	if (golden_compare(g, root, json_object_get(n->result, "outputs")) == GOLDEN_DIFFERENT)
		event_warn(&c->sink, "the outputs of %s are not the golden ones of its branch",
			   n->recipe->name);
}

static int present(struct cli *c, const struct plan *p, const struct build_report *report,
		   struct err *err)
{
	_cleanup_(strv_release) struct strv links = STRV_INIT;
	const struct plan_node *n = plan_wanted(p);
	const struct node_report *mine = &report->nodes[p->n_nodes - 1];

	if (links_make(c, n, false, &links, err) < 0)
		return -1;
	render_clear(&c->render);
	warn_golden(c, p);
	summary_print(c, n, mine, &links);
	return cli_wants_result(c) ? cli_result(c, summary_json(n, mine, &links), err) : 0;
}

int cmd_build(struct cli *c, struct err *err)
{
	_cleanup_(plan_release) struct plan p = PLAN_INIT;
	_cleanup_(build_report_release) struct build_report report = BUILD_REPORT_INIT;

	if (cli_builds_many(c))
		return cmd_build_many(c, err);
	if (cli_make_plan(c, STORE_CREATE, &p, err) < 0 ||
	    links_check(c, plan_wanted(&p), false, err) < 0)
		return -1;
	cli_warn_epochs(c, &p);
	if (build_run(&c->runner, &p, false, &report, err) < 0) {
		explain_failure(c, &p, &report);
		return -1;
	}
	return present(c, &p, &report, err);
}
