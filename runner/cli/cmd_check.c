/* SPDX-License-Identifier: Apache-2.0 */
#include "regold.h"
#include "summary.h"

#include <base/cleanup.h>
#include <inttypes.h>
#include <runner/check.h>
#include <runner/treediff.h>
#include <runner/usage.h>

#define MAX_ROWS 40

struct shown {
	FILE *to;
	unsigned rows;
};

static void show_row(void *arg, const struct treediff_row *row)
{
	struct shown *s = arg;
	char text[160];

	if (s->rows++ >= MAX_ROWS)
		return;
	treediff_describe(row, text, sizeof(text));
	fprintf(s->to, "    %s: %s\n", row->path, text);
}

static int show_difference(struct cli *c, const struct check_difference *d, struct err *err)
{
	struct shown shown = {.to = stderr};
	_cleanup_close_ int a = store_tree_open(c->runner.store, &d->a, err);
	_cleanup_close_ int b = a < 0 ? -1 : store_tree_open(c->runner.store, &d->b, err);
	uint64_t rows = 0;

	fprintf(stderr, "  output %s: %s and %s differ\n", d->output, d->name_a, d->name_b);
	if (b < 0 || treediff(a, b, show_row, &shown, &rows, err) < 0)
		return -1;
	if (rows > MAX_ROWS)
		fprintf(stderr, "    and %" PRIu64 " more\n", rows - MAX_ROWS);
	return 0;
}

/* Of each round; null where its record does not say. */
static json_t *room_figures(const struct check_report *r, const char *field)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->n_rounds; i++) {
		const json_t *room = json_object_get(r->rounds[i].record, "room");
		json_t *value = json_object_get(room, field);

		json_array_append_new(list, value ? json_incref(value) : json_null());
	}
	return list;
}

/* One round in an empty store proves nothing. */
static bool is_compared(const struct check_report *r)
{
	return r->n_rounds > 1 || r->stored || r->golden_state == GOLDEN_SAME ||
	       r->golden_state == GOLDEN_DIFFERENT;
}

static json_t *check_json(const struct plan_node *n, const struct check_report *r)
{
	json_t *doc = json_object(), *rounds = json_array(), *diffs = json_array(),
	       *ms = json_array();
	char hex[SHA256_HEX_LEN + 1];

	sha256_to_hex(&n->key, hex);
	json_set(doc, "belljar_check", json_integer(1));
	json_set_str(doc, "key", hex);
	for (size_t i = 0; i < r->n_rounds; i++) {
		json_array_append(rounds, r->rounds[i].outputs);
		json_array_append_new(ms, json_integer((json_int_t)(r->rounds[i].seconds * 1000)));
	}
	json_set(doc, "rounds", rounds);
	json_set(doc, "ms", ms);
	json_set(doc, "user_ms", room_figures(r, "user_ms"));
	json_set(doc, "system_ms", room_figures(r, "system_ms"));
	for (size_t i = 0; i < r->n_differences; i++) {
		json_t *o = json_object();

		json_set_str(o, "output", r->differences[i].output);
		json_set_str(o, "a", r->differences[i].name_a);
		json_set_str(o, "b", r->differences[i].name_b);
		json_array_append_new(diffs, o);
	}
	json_set(doc, "differences", diffs);
	json_set(doc, "reproducible",
		 is_compared(r) ? json_boolean(!r->n_differences) : json_null());
	json_set_str(doc, "golden", golden_word(r->golden_state));
	return doc;
}

static int no_golden(struct err *err)
{
	return err_set(err, ERR_MISMATCH, 0,
		       "the branch has no golden hashes for this; see check --regold");
}

static int judge_golden(struct cli *c, const struct check_report *r, struct err *err)
{
	bool must = opt_has(&c->parsed, OPT_GOLDEN);

	if (r->golden_state == GOLDEN_DIFFERENT)
		return err_set(err, ERR_MISMATCH, 0,
			       "the rounds agree, but not with the branch's golden hashes");
	if (must && r->golden_state == GOLDEN_NONE)
		return no_golden(err);
	if (must && r->golden_state == GOLDEN_STALE)
		return err_set(
			err, ERR_MISMATCH, 0,
			"golden is stale: the toolchain was locked anew; see check --regold");
	if (r->golden_state == GOLDEN_STALE)
		event_warn(&c->sink, "golden is stale: the toolchain was locked anew; see check "
				     "--regold");
	return 0;
}

static int judge(struct cli *c, const struct plan *p, const struct check_report *r, struct err *err)
{
	for (size_t i = 0; i < r->n_differences; i++) {
		if (show_difference(c, &r->differences[i], err) < 0)
			return -1;
	}
	if (r->n_differences)
		return err_set(err, ERR_MISMATCH, 0, "%s is not reproducible",
			       c->parsed.operands[0]);
	return judge_golden(c, r, err);
}

/* What a log of many checks is read for: how long each took, and what came of it. */
static void print_rounds(const struct check_report *r)
{
	for (size_t i = 0; i < r->n_rounds; i++) {
		const json_t *room = json_object_get(r->rounds[i].record, "room");
		struct room_cpu cpu;
		const char *name;
		json_t *hex;

		fprintf(stderr, "round %zu: %.1f s", i + 1, r->rounds[i].seconds);
		if (usage_of(room, &cpu))
			fprintf(stderr, ", CPU %.1f s", usage_seconds(&cpu));
		json_object_foreach (r->rounds[i].outputs, name, hex)
			fprintf(stderr, ", %s %.16s", name, json_string_value(hex));
		fputc('\n', stderr);
	}
}

static void print_verdict(const struct check_report *r)
{
	const char *golden = golden_word(r->golden_state);

	if (!is_compared(r))
		fprintf(stderr,
			"not compared: one round, nothing in the store before, golden: %s\n",
			golden);
	else if (r->n_rounds == 1)
		fprintf(stderr, "reproducible: one round%s, golden: %s\n",
			r->stored ? " with the outputs that the store had" : "", golden);
	else
		fprintf(stderr, "reproducible: %zu rounds with equal outputs, golden: %s\n",
			r->n_rounds, golden);
}

static int conclude(struct cli *c, const struct plan *p, const struct check_report *r,
		    struct err *err)
{
	_cleanup_json_ json_t *doc = check_json(plan_wanted(p), r);
	bool regold = opt_has(&c->parsed, OPT_REGOLD);
	int rc;

	render_clear(&c->render);
	rc = regold && !r->n_differences ? regold_write(c, p, r, doc, err) : 0;
	if (rc == 0 && cli_wants_result(c) && cli_result(c, json_incref(doc), err) < 0)
		return -1;
	if (rc < 0 || (regold && !r->n_differences))
		return rc;
	if (c->render.verbosity >= 0)
		print_rounds(r);
	if (judge(c, p, r, err) < 0)
		return -1;
	if (c->render.verbosity >= 0)
		print_verdict(r);
	return 0;
}

/* Nothing that could have been known before is found out after an hour of rounds. */
static int ready(struct cli *c, const struct plan *p, unsigned rounds, struct err *err)
{
	static const struct sha256 any_root;

	if (opt_has(&c->parsed, OPT_GOLDEN) && !golden_find(plan_wanted(p), &any_root))
		return no_golden(err);
	if (!opt_has(&c->parsed, OPT_REGOLD))
		return 0;
	if (rounds < 2)
		return err_set(err, ERR_USAGE, 0,
			       "--regold needs at least two rounds that are equal");
	return opt_has(&c->parsed, OPT_DRY_RUN) ? 0 : golden_writable(plan_wanted(p)->branch, err);
}

static int refuse_words(const struct cli *c, struct err *err)
{
	bool regold = opt_has(&c->parsed, OPT_REGOLD);

	if (regold && opt_has(&c->parsed, OPT_GOLDEN))
		return err_set(
			err, ERR_USAGE, 0,
			"--golden compares with the golden hashes, --regold writes new ones: "
			"give one of them");
	if (!regold && opt_has(&c->parsed, OPT_DRY_RUN))
		return err_set(err, ERR_USAGE, 0, "check: --dry-run goes with --regold");
	return 0;
}

int cmd_check(struct cli *c, struct err *err)
{
	_cleanup_(plan_release) struct plan p = PLAN_INIT;
	_cleanup_(check_report_release) struct check_report report = CHECK_REPORT_INIT;
	_cleanup_free_ char *walls = NULL;
	struct request rq;
	unsigned rounds = 2;

	if (opt_number(&c->parsed, OPT_ROUNDS, 1, 1000, &rounds, err) < 0 ||
	    refuse_words(c, err) < 0 || cli_request(c, &rq, err) < 0 ||
	    plan_make(&rq, &p, err) < 0 || ready(c, &p, rounds, err) < 0 ||
	    cli_open_store(c, STORE_CREATE, err) < 0)
		return -1;
	cli_warn_epochs(c, &p);
	if (opt_has(&c->parsed, OPT_REGOLD)) {
		walls = regold_walls(c->runner.require_walls);
		c->runner.require_walls = walls;
	}
	if (check_run(&c->runner, &p, rounds, &report, err) < 0) {
		if (report.n_rounds && report.rounds[report.n_rounds - 1].tail)
			summary_failure(c, plan_wanted(&p), &report.rounds[report.n_rounds - 1],
					true);
		return -1;
	}
	return conclude(c, &p, &report, err);
}
