/* SPDX-License-Identifier: Apache-2.0 */
#include <runner/check.h>

#include <base/cleanup.h>
#include <string.h>

void check_report_release(struct check_report *r)
{
	for (size_t i = 0; i < r->n_rounds; i++)
		round_release(&r->rounds[i]);
	for (size_t i = 0; i < r->n_differences; i++) {
		free(r->differences[i].output);
		free(r->differences[i].name_a);
		free(r->differences[i].name_b);
	}
	free(r->rounds);
	free(r->differences);
	*r = CHECK_REPORT_INIT;
}

static void compare(struct check_report *r, const json_t *a, const json_t *b, const char *name_a,
		    const char *name_b)
{
	const char *output;
	json_t *value;

	json_object_foreach ((json_t *)a, output, value) {
		struct check_difference d = {0};

		if (!sha256_from_hex(json_get_str(a, output, ""), &d.a) ||
		    !sha256_from_hex(json_get_str(b, output, ""), &d.b) || sha256_equal(&d.a, &d.b))
			continue;
		d.output = xstrdup(output);
		d.name_a = xstrdup(name_a);
		d.name_b = xstrdup(name_b);
		r->differences = xrealloc(r->differences, (r->n_differences + 1) * sizeof(d));
		r->differences[r->n_differences++] = d;
	}
}

static void compare_rounds(struct check_report *r, const json_t *before)
{
	const json_t *first = r->rounds[0].outputs;

	if (before)
		compare(r, before, first, "the store", "round 1");
	for (size_t i = 1; i < r->n_rounds; i++) {
		_cleanup_free_ char *name = xasprintf("round %zu", i + 1);

		compare(r, first, r->rounds[i].outputs, "round 1", name);
	}
}

static int run_rounds(struct runner *rn, struct plan *p, unsigned rounds, struct check_report *out,
		      struct err *err)
{
	struct plan_node *n = plan_wanted(p);
	_cleanup_free_ char *title = plan_node_title(n);

	for (unsigned i = 0; i < rounds; i++) {
		_cleanup_free_ char *step = xasprintf("%s, round %u of %u", title, i + 1, rounds);
		struct round *round = &out->rounds[out->n_rounds++];
		int rc;

		event_step(rn->sink, "build", step);
		rc = round_run(rn, p, n, runner_cores(rn), round, err);
		event_emit(rn->sink, &(struct event){.kind = rc < 0 ? EVENT_FAIL : EVENT_DONE,
						     .what = "build",
						     .name = step,
						     .done = (uint64_t)(round->seconds * 1000)});
		if (rc < 0)
			return err_wrap(err, "%s", step);
	}
	return 0;
}

int check_run(struct runner *rn, struct plan *p, unsigned rounds, struct check_report *out,
	      struct err *err)
{
	_cleanup_(build_report_release) struct build_report inputs = BUILD_REPORT_INIT;
	struct plan_node *n = plan_wanted(p);
	size_t wanted = p->n_nodes - 1;
	const struct sha256 *root = &p->roots[n->root].tree;

	out->rounds = xcalloc(rounds ? rounds : 1, sizeof(*out->rounds));
	if (build_run(rn, p, true, &inputs, err) < 0 || plan_key(p, wanted, rn->store, err) < 0)
		return -1;
	if (n->waits)
		return err_set(err, ERR_BUG, 0, "%s %s", n->recipe->name, n->waits);
	if (build_prepare(rn, p, &wanted, 1, err) < 0 ||
	    run_rounds(rn, p, rounds ? rounds : 1, out, err) < 0)
		return -1;
	out->stored = n->result != NULL;
	compare_rounds(out, n->result ? json_object_get(n->result, "outputs") : NULL);
	out->golden = golden_find(n, root);
	out->golden_state = golden_compare(out->golden, root, out->rounds[0].outputs);
	if (!n->result && !out->n_differences)
		return build_keep(rn->store, n, &out->rounds[0], &n->result, err);
	return 0;
}
