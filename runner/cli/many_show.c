/* SPDX-License-Identifier: Apache-2.0 */
/* What came of a build of several things: the document, and its words. */
#include "many.h"

#include <base/cleanup.h>
#include <inttypes.h>
#include <runner/changes.h>
#include <runner/golden.h>
#include <string.h>

#define MAX_FILES 12 /* of an output, in words; the document has them all */

static void set_golden(json_t *o, const struct plan *p, const struct plan_node *n)
{
	const struct sha256 *root = &p->roots[n->root].tree;

	json_set_str(o, "golden",
		     golden_word(golden_compare(golden_find(n, root), root,
						json_object_get(n->result, "outputs"))));
}

static void set_before(json_t *o, const json_t *before)
{
	json_t *b;

	if (!before) {
		json_set(o, "before", json_null());
		return;
	}
	b = json_object();
	json_set_str(b, "key", json_get_str(before, "key", ""));
	json_set(b, "round", json_integer(json_get_int(before, "round", 0)));
	json_set_str(b, "version", json_get_str(before, "version", ""));
	json_set_str(b, "started", json_get_str(before, "started", ""));
	json_set(o, "before", b);
}

static const char *state_of(bool ran, const json_t *before, const json_t *changes)
{
	if (json_array_size(changes))
		return "changed";
	if (!ran)
		return "unchanged";
	return before ? "same" : "new";
}

static void set_result(struct cli *c, struct many_build *m, const struct pick *pick, json_t *o,
		       const json_t *before)
{
	const struct plan *p = &m->picks.plan;
	const struct plan_node *n = &p->nodes[pick->node];
	const struct node_report *r = &m->report.nodes[pick->node];
	json_t *outputs = json_object_get(n->result, "outputs"), *changes = NULL;
	struct err err = ERR_INIT;

	if (before && changes_between(c->runner.store, json_object_get(before, "outputs"), outputs,
				      &changes, &err) < 0)
		event_warn(&c->sink, "%s", err.msg);
	json_set_str(o, "state", state_of(r->ran, before, changes));
	json_set(o, "built", json_boolean(r->ran));
	if (r->ran)
		json_set(o, "ms", json_integer((json_int_t)(r->round.seconds * 1000)));
	json_set(o, "outputs", json_incref(outputs));
	json_set(o, "sizes", json_incref(json_object_get(n->result, "sizes")));
	json_set(o, "changes", changes ? changes : json_array());
	set_before(o, before);
	set_golden(o, p, n);
}

static void set_failure(struct many_build *m, const struct pick *pick, json_t *o)
{
	const struct plan *p = &m->picks.plan;
	size_t bad = build_blocked(p, &m->report, pick->node);
	struct err none = ERR_INIT;

	json_set_str(o, "state", bad == pick->node || bad == p->n_nodes ? "failed" : "blocked");
	json_set(o, "built", json_false());
	if (bad == p->n_nodes) {
		(void)!err_set(&none, ERR_BUG, 0, "it was not reached");
		cli_set_error(o, &none, none.code);
		return;
	}
	if (bad != pick->node) {
		_cleanup_free_ char *title = plan_node_title(&p->nodes[bad]);

		json_set_str(o, "by", title);
	}
	cli_set_error(o, &m->report.nodes[bad].err, m->report.nodes[bad].err.code);
}

static void set_forecast(const struct plan_node *n, json_t *o)
{
	json_set_str(o, "state", n->result ? "unchanged" : n->waits ? "waits" : "rebuild");
	if (n->waits)
		json_set_str(o, "waits", n->waits);
}

static void set_node(const struct plan_node *n, json_t *o)
{
	_cleanup_free_ char *title = plan_node_title(n);

	json_set_str(o, "title", title);
	json_set_str(o, "name", n->recipe->name);
	json_set_str(o, "branch", n->branch->name);
	json_set_str(o, "version", n->branch->version);
	json_set_str(o, "host", n->host);
	json_set_str(o, "target", n->target);
	if (n->variant)
		json_set_str(o, "variant", n->variant);
	if (n->has_key)
		json_set_sha256(o, "key", &n->key);
}

static json_t *pick_json(struct cli *c, struct many_build *m, size_t i)
{
	const struct pick *pick = &m->picks.v[i];
	const struct plan_node *n = &m->picks.plan.nodes[pick->node];
	json_t *o = json_object();

	json_set_str(o, "selector", pick->selector);
	json_set_str(o, "target", pick->target);
	if (pick->err.code) {
		json_set_str(o, "state", "failed");
		cli_set_error(o, &pick->err, pick->err.code);
		return o;
	}
	set_node(n, o);
	if (!m->report.n)
		set_forecast(n, o);
	else if (!n->result ||
		 build_blocked(&m->picks.plan, &m->report, pick->node) < m->picks.plan.n_nodes)
		set_failure(m, pick, o);
	else
		set_result(c, m, pick, o, m->before[i]);
	return o;
}

json_t *many_json(struct cli *c, struct many_build *m)
{
	json_t *doc = json_object(), *builds = json_array(), *left = json_array();

	for (size_t i = 0; i < m->picks.n; i++) {
		const struct pick *pick = &m->picks.v[i];
		json_t *o;

		if (!pick->left_out) {
			json_array_append_new(builds, pick_json(c, m, i));
			continue;
		}
		o = json_object();
		json_set_str(o, "selector", pick->selector);
		json_set_str(o, "target", pick->target);
		json_set_str(o, "why", pick->left_out);
		json_array_append_new(left, o);
	}
	json_set(doc, "belljar_builds", json_integer(1));
	json_set(doc, "builds", builds);
	json_set(doc, "left_out", left);
	return doc;
}

/* ---- words ---- */

static void add_files(struct strbuf *sb, const json_t *files)
{
	size_t i;
	json_t *f;

	json_array_foreach (files, i, f) {
		const char *change = json_get_str(f, "change", "");

		if (i == MAX_FILES) {
			strbuf_addf(sb, " and %zu more", json_array_size(files) - i);
			break;
		}
		strbuf_addf(sb, "%s%s%s", i ? ", " : "",
			    !strcmp(change, "added")     ? "+"
			    : !strcmp(change, "removed") ? "-"
							 : "",
			    json_get_str(f, "path", "?"));
	}
}

static void print_change(const json_t *change)
{
	const char *old = json_get_str(change, "old", NULL),
		   *now = json_get_str(change, "new", NULL);
	const json_t *files = json_object_get(change, "files");
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	strbuf_addf(&sb, "  %s: ", json_get_str(change, "output", "?"));
	if (!old || !now)
		strbuf_adds(&sb, old ? "no longer there" : "there was none before");
	else if (json_is_array(files))
		add_files(&sb, files);
	else
		strbuf_adds(&sb, "the files of before are no longer in the store");
	if (old && now)
		strbuf_addf(&sb, "  (%.16s -> %.16s)", old, now);
	strbuf_addc(&sb, '\n');
	cli_put(stderr, sb.s, sb.len);
}

static const char *words_of(const char *state, bool built)
{
	static const char *const words[][2] = {
		{"unchanged", "unchanged (not rebuilt)"},
		{"same", "rebuilt, same outputs"},
		{"new", "built, for the first time in this store"},
		{"failed", "FAILED"},
		{"blocked", "NOT BUILT"},
		{"rebuild", "would be built"},
		{"waits", "would perhaps be built"},
	};

	if (!strcmp(state, "changed"))
		return built ? "outputs changed" : "outputs changed (the store had them)";
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(state, words[i][0]))
			return words[i][1];
	return state;
}

/* Errors of a build begin with its title, which stands in front already. */
static const char *reason_of(const json_t *o)
{
	const char *text = json_get_str(json_object_get(o, "error"), "message", NULL);
	const char *title = json_get_str(o, "title", NULL);
	size_t len = title ? strlen(title) : 0;

	return text && len && !strncmp(text, title, len) && str_starts(text + len, ": ")
		       ? text + len + 2
		       : text;
}

static void print_why(const json_t *o)
{
	const char *text = reason_of(o);
	const char *waits = json_get_str(o, "waits", NULL), *by = json_get_str(o, "by", NULL);

	if (by)
		fprintf(stderr, ", it needs %s", by);
	else if (text) {
		fputs(": ", stderr);
		cli_put(stderr, text, strlen(text));
	} else if (waits)
		fprintf(stderr, ": it %s", waits);
}

static void print_one(const struct cli *c, const json_t *o)
{
	const char *state = json_get_str(o, "state", "?"), *golden = json_get_str(o, "golden", "");
	const char *title = json_get_str(o, "title", NULL);
	bool built = json_get_bool(o, "built", false);
	size_t i;
	json_t *change;

	fputs(render_bold(&c->render), stderr);
	if (title)
		fputs(title, stderr);
	else
		fprintf(stderr, "%s%s%s", json_get_str(o, "selector", "?"),
			*json_get_str(o, "target", "") ? " for " : "",
			json_get_str(o, "target", ""));
	fprintf(stderr, "%s: %s", render_plain(&c->render), words_of(state, built));
	print_why(o);
	if (built)
		fprintf(stderr, ", built in %.1f s", (double)json_get_int(o, "ms", 0) / 1000);
	if (!strcmp(golden, "different") || !strcmp(golden, "stale"))
		fprintf(stderr, "; golden: %s", golden);
	fputc('\n', stderr);
	json_array_foreach (json_object_get(o, "changes"), i, change)
		print_change(change);
}

/* What is said although only warnings and errors are wanted. */
static bool is_bad(const json_t *o)
{
	return json_object_get(o, "error") || !strcmp(json_get_str(o, "golden", ""), "different");
}

void many_print(const struct cli *c, const json_t *doc)
{
	bool quiet = c->render.verbosity < 0;
	size_t i;
	json_t *o;

	json_array_foreach (json_object_get(doc, "builds"), i, o)
		if (!quiet || is_bad(o))
			print_one(c, o);
	if (quiet)
		return;
	json_array_foreach (json_object_get(doc, "left_out"), i, o)
		fprintf(stderr, "%s%s%s: left out: %s\n", json_get_str(o, "selector", "?"),
			*json_get_str(o, "target", "") ? " for " : "",
			json_get_str(o, "target", ""), json_get_str(o, "why", "?"));
}
