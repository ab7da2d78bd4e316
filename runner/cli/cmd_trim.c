/* SPDX-License-Identifier: Apache-2.0 */
/* belljar toolchain trim: which packages of its root a build uses. */
#include "summary.h"

#include <base/cleanup.h>
#include <inttypes.h>
#include <runner/trim.h>
#include <string.h>

static json_t *package_json(const struct trim_package *t)
{
	json_t *o = json_object();

	json_set_str(o, "name", t->p->name);
	json_set_str(o, "version", t->p->version);
	json_set_str(o, "arch", t->p->arch);
	json_set(o, "wanted", json_boolean(t->wanted));
	json_set(o, "bytes", json_integer((json_int_t)t->bytes));
	json_set(o, "files", json_integer((json_int_t)t->files));
	json_set(o, "opened", json_integer((json_int_t)t->opened));
	json_set(o, "looked", json_integer((json_int_t)t->looked));
	return o;
}

static int print_json(const struct trim_report *r, struct err *err)
{
	json_t *doc = json_object(), *list = json_array();

	json_set(doc, "belljar_trim", json_integer(1));
	json_set_str(doc, "toolchain", r->toolchain);
	for (size_t i = 0; i < r->n; i++)
		json_array_append_new(list, package_json(&r->packages[i]));
	json_set(doc, "packages", list);
	return cli_print_json(doc, err);
}

/* Asked for first: these lines can be taken out of toolchain.yaml; the others follow from them. */
static void print_unused(const struct trim_report *r, bool wanted, const char *why)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct trim_package *t = &r->packages[i];
		char bytes[32];

		if (t->opened || t->wanted != wanted)
			continue;
		cli_format_bytes(t->bytes, bytes, sizeof(bytes));
		printf("%-28s %-8s %9s  %s", t->p->name, t->p->arch, bytes, why);
		if (t->looked)
			printf(", %" PRIu64 " files looked at", t->looked);
		putchar('\n');
	}
}

static int print_report(const struct trim_report *r, struct err *err)
{
	uint64_t all = 0, unused = 0;
	char total[32], free_able[32];
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++) {
		all += r->packages[i].bytes;
		if (r->packages[i].opened)
			continue;
		unused += r->packages[i].bytes;
		n++;
	}
	cli_format_bytes(all, total, sizeof(total));
	cli_format_bytes(unused, free_able, sizeof(free_able));
	print_unused(r, true, "asked for by name");
	print_unused(r, false, "needed by another package");
	printf("%s: no process opened a file of %zu of %zu packages (%s of %s)\n", r->toolchain, n,
	       r->n, free_able, total);
	return cli_flush(err);
}

int cmd_trim(struct cli *c, struct err *err)
{
	_cleanup_(trim_report_release) struct trim_report report = TRIM_REPORT_INIT;
	_cleanup_(plan_release) struct plan p = PLAN_INIT;
	_cleanup_(round_release) struct round round = ROUND_INIT;

	if (!opt_has(&c->parsed, OPT_DRY_RUN))
		return err_set(
			err, ERR_USAGE, 0,
			"toolchain trim only reports: give --dry-run, then take packages out of "
			"toolchain.yaml and lock it anew");
	/* the selector stands behind the verb */
	c->parsed.operands[0] = c->parsed.operands[1];
	if (cli_make_plan(c, STORE_CREATE, &p, err) < 0)
		return -1;
	if (trim_run(&c->runner, &p, &report, &round, err) < 0) {
		if (round.tail)
			summary_failure(c, plan_wanted(&p), &round, c->parsed.operands[0]);
		return -1;
	}
	render_clear(&c->render);
	return c->json ? print_json(&report, err) : print_report(&report, err);
}
