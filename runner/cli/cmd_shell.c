/* SPDX-License-Identifier: Apache-2.0 */
#include "summary.h"

#include <base/cleanup.h>
#include <runner/build.h>

static int build_inputs(struct cli *c, struct plan *p, struct err *err)
{
	_cleanup_(build_report_release) struct build_report report = BUILD_REPORT_INIT;
	size_t wanted = p->n_nodes - 1;

	if (build_run(&c->runner, p, true, &report, err) < 0) {
		if (report.failed < report.n)
			summary_failure(c, &p->nodes[report.failed],
					&report.nodes[report.failed].round, false);
		return -1;
	}
	if (plan_key(p, wanted, c->runner.store, err) < 0)
		return -1;
	return build_prepare(&c->runner, p, &wanted, 1, err);
}

int cmd_shell(struct cli *c, struct err *err)
{
	_cleanup_(plan_release) struct plan p = PLAN_INIT;
	struct visit v = {.phase = opt_value(&c->parsed, OPT_PHASE), .term = getenv("TERM")};

	if (c->parsed.n_operands > 1)
		v.argv = c->parsed.operands + 1;
	else if (!isatty(0) || !isatty(1))
		return err_set(err, ERR_USAGE, 0,
			       "an interactive shell needs a terminal; or give a command after --");
	if (cli_make_plan(c, STORE_CREATE, &p, err) < 0 || build_inputs(c, &p, err) < 0)
		return -1;
	render_clear(&c->render);
	if (round_visit(&c->runner, &p, plan_wanted(&p), &v, err) < 0)
		return -1;
	c->status = v.out_status;
	return 0;
}
