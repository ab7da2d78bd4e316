/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <base/cleanup.h>
#include <runner/build.h>

int cmd_fetch(struct cli *c, struct err *err)
{
	_cleanup_(plan_release) struct plan p = PLAN_INIT;
	const char *keep = opt_value(&c->parsed, OPT_KEEP);
	json_t *doc;

	if (cli_make_plan(c, STORE_CREATE, &p, err) < 0 || build_fetch(&c->runner, &p, err) < 0)
		return -1;
	if (keep && build_keep_files(&c->runner, &p, keep, err) < 0)
		return -1;
	if (!cli_wants_result(c))
		return 0;
	doc = json_object();
	json_set(doc, "belljar_fetch", json_integer(1));
	json_set(doc, "complete", json_true());
	return cli_result(c, doc, err);
}
