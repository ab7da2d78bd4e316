/* SPDX-License-Identifier: Apache-2.0 */
/* belljar build of more than one selector or target, or of what is in security support. */
#include "many.h"

#include "describe.h"
#include "links.h"
#include "summary.h"

#include <base/cleanup.h>
#include <runner/changes.h>
#include <string.h>

static void many_release(struct many_build *m)
{
	for (size_t i = 0; m->before && i < m->picks.n; i++)
		json_decref(m->before[i]);
	free(m->before);
	build_report_release(&m->report);
	picks_release(&m->picks);
}

bool cli_builds_many(const struct cli *c)
{
	_cleanup_(strv_release) struct strv targets = STRV_INIT;

	opt_values(&c->parsed, OPT_TARGET, &targets);
	return c->parsed.n_operands > 1 || opt_has(&c->parsed, OPT_SUPPORTED) || targets.n > 1 ||
	       opt_has(&c->parsed, OPT_DRY_RUN) || (targets.n && !strcmp(targets.v[0], "all"));
}

static int choose(struct cli *c, struct picks *out, struct err *err)
{
	_cleanup_(strv_release) struct strv targets = STRV_INIT;
	struct pick_request rq = {.selectors = c->parsed.operands,
				  .n = c->parsed.n_operands,
				  .targets = &targets,
				  .supported = opt_has(&c->parsed, OPT_SUPPORTED),
				  .set = &c->set,
				  .toolchain = opt_value(&c->parsed, OPT_TOOLCHAIN)};
	char today[16];

	if (cli_find_recipes(c, err) < 0 || cli_find_toolchains(c, err) < 0)
		return -1;
	today_is(today);
	opt_values(&c->parsed, OPT_TARGET, &targets);
	rq.today = today;
	rq.recipes_dir = c->recipes_dir;
	rq.toolchains_dir = c->toolchains_dir;
	return picks_make(&rq, out, err);
}

static bool is_planned(const struct pick *pick)
{
	return !pick->left_out && !pick->err.code;
}

/* Before anything is built: afterwards the newest build is the one of now. */
static int remember(struct cli *c, struct many_build *m, struct err *err)
{
	m->before = xcalloc(m->picks.n + 1, sizeof(*m->before));
	for (size_t i = 0; i < m->picks.n; i++) {
		const struct pick *pick = &m->picks.v[i];

		if (is_planned(pick) &&
		    changes_before(c->runner.store, &m->picks.plan,
				   &m->picks.plan.nodes[pick->node], &m->before[i], err) < 0)
			return -1;
	}
	return 0;
}

static int build(struct cli *c, struct many_build *m, struct err *err)
{
	_cleanup_free_ size_t *wanted = xcalloc(m->picks.n + 1, sizeof(*wanted));
	size_t n = 0;

	for (size_t i = 0; i < m->picks.n; i++)
		if (is_planned(&m->picks.v[i]))
			wanted[n++] = m->picks.v[i].node;
	return build_many(&c->runner, &m->picks.plan, wanted, n, &m->report, err);
}

static int check_links(struct cli *c, const struct many_build *m, struct err *err)
{
	for (size_t i = 0; i < m->picks.n; i++) {
		const struct pick *pick = &m->picks.v[i];

		if (is_planned(pick) &&
		    links_check(c, &m->picks.plan.nodes[pick->node], true, err) < 0)
			return -1;
	}
	return 0;
}

static int make_links(struct cli *c, struct many_build *m, json_t *doc, struct err *err)
{
	size_t k = 0;

	for (size_t i = 0; i < m->picks.n; i++) {
		_cleanup_(strv_release) struct strv links = STRV_INIT;
		const struct plan_node *n = &m->picks.plan.nodes[m->picks.v[i].node];
		json_t *o;

		if (m->picks.v[i].left_out)
			continue;
		o = json_array_get(json_object_get(doc, "builds"), k++);
		if (!json_object_get(o, "outputs") || opt_has(&c->parsed, OPT_NO_LINK))
			continue;
		if (links_make(c, n, true, &links, err) < 0)
			return -1;
		json_set(o, "links", json_texts(&links));
	}
	return 0;
}

static void explain_failures(struct cli *c, const struct many_build *m)
{
	for (size_t i = 0; i < m->report.n; i++) {
		const struct node_report *r = &m->report.nodes[i];

		if (r->err.code && r->ran)
			summary_failure(c, &m->picks.plan.nodes[i], &r->round, false);
	}
}

/* The largest number: what is more the host's or the disk's fault than a build's counts more. */
static int worst(const json_t *doc)
{
	int64_t status = 0;
	size_t i;
	json_t *o;

	json_array_foreach (json_object_get(doc, "builds"), i, o) {
		int64_t s = json_get_int(json_object_get(o, "error"), "exit", 0);

		status = s > status ? s : status;
	}
	return (int)status;
}

static int present(struct cli *c, struct many_build *m, struct err *err)
{
	_cleanup_json_ json_t *doc = NULL;

	render_clear(&c->render);
	explain_failures(c, m);
	doc = many_json(c, m);
	if (m->report.n && make_links(c, m, doc, err) < 0)
		return -1;
	c->status = worst(doc);
	json_set(doc, "exit", json_integer(c->status));
	many_print(c, doc);
	return cli_wants_result(c) ? cli_result(c, json_incref(doc), err) : 0;
}

int cmd_build_many(struct cli *c, struct err *err)
{
	_cleanup_(many_release) struct many_build m = {.picks = PICKS_INIT,
						       .report = BUILD_REPORT_INIT};
	bool dry = opt_has(&c->parsed, OPT_DRY_RUN);

	if (choose(c, &m.picks, err) < 0 ||
	    cli_open_store(c, dry ? CLI_LOOK : STORE_CREATE, err) < 0)
		return -1;
	cli_warn_epochs(c, &m.picks.plan);
	if (dry) {
		if (plan_keys(&m.picks.plan, c->runner.store, err) < 0)
			return -1;
		return present(c, &m, err);
	}
	if (check_links(c, &m, err) < 0 || remember(c, &m, err) < 0 || build(c, &m, err) < 0)
		return -1;
	return present(c, &m, err);
}
