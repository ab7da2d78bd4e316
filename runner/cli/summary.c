/* SPDX-License-Identifier: Apache-2.0 */
#include "summary.h"

#include <base/cleanup.h>
#include <inttypes.h>
#include <runner/selector.h>
#include <runner/unserved.h>
#include <string.h>

static void print_outputs(const struct cli *c, const struct plan_node *n, const struct strv *links)
{
	json_t *outputs = json_object_get(n->result, "outputs"), *hex;
	const json_t *sizes = json_object_get(n->result, "sizes");
	const char *name;
	size_t i = 0;

	json_object_foreach (outputs, name, hex) {
		const json_t *size = json_object_get(sizes, name);
		int64_t files = json_get_int(size, "files", 0);
		char bytes[32];

		cli_format_bytes((uint64_t)json_get_int(size, "bytes", 0), bytes, sizeof(bytes));
		fprintf(stderr, "  %-8s %.16s  %" PRId64 " file%s, %s%s%s\n", name,
			json_string_value(hex), files, files == 1 ? "" : "s", bytes,
			i < links->n ? "  -> " : "", i < links->n ? links->v[i] : "");
		i++;
	}
}

static void print_refused(const json_t *record)
{
	size_t i;
	json_t *row;

	json_array_foreach (json_object_get(record, "refused"), i, row) {
		int64_t n = json_get_int(row, "count", 0);
		const char *what = json_get_str(row, "what", "");

		if (i == 8) {
			fprintf(stderr, "refused: more, see belljar log --ledger\n");
			break;
		}
		fprintf(stderr, "refused: %" PRId64 " %s attempt%s by %s, phase %s (%s)\n", n,
			strcmp(what, "net") ? what : "network", n == 1 ? "" : "s",
			json_get_str(row, "by", "?"), json_get_str(row, "phase", "?"),
			json_get_str(row, "answer", "?"));
	}
}

struct shim_count {
	const char *what, *answer;
	int64_t n;
};

/* The tally tells calls apart by their arguments; the summary line does not. */
static size_t merge_shims(const json_t *record, struct shim_count *out, size_t max)
{
	size_t i, n = 0;
	json_t *row;

	json_array_foreach (json_object_get(record, "shim_calls"), i, row) {
		const char *what = json_get_str(row, "what", "");
		const char *answer = json_get_str(row, "answer", "");
		size_t k = 0;

		while (k < n && (strcmp(out[k].what, what) || strcmp(out[k].answer, answer)))
			k++;
		if (k == max)
			continue;
		if (k == n)
			out[n++] = (struct shim_count){.what = what, .answer = answer};
		out[k].n += json_get_int(row, "count", 0);
	}
	return n;
}

static void print_shims(const json_t *record)
{
	struct shim_count counts[24];
	size_t n = merge_shims(record, counts, ARRAY_SIZE(counts));

	for (size_t i = 0; i < n; i++)
		fprintf(stderr, "%s %s %" PRId64 " %s", i ? "," : "shims:", counts[i].what,
			counts[i].n, counts[i].answer);
	if (n)
		fputc('\n', stderr);
}

void summary_print(const struct cli *c, const struct plan_node *n, const struct node_report *report,
		   const struct strv *links)
{
	_cleanup_free_ char *title = plan_node_title(n);
	char hex[SHA256_HEX_LEN + 1];

	if (c->render.verbosity < 0)
		return;
	sha256_to_hex(&n->key, hex);
	fprintf(stderr, "%s%s%s %s, action %.16s", render_bold(&c->render), title,
		render_plain(&c->render), n->branch->version, hex);
	if (report->ran)
		fprintf(stderr, ", built in %.1f s\n", report->round.seconds);
	else
		fprintf(stderr, ", already in the store\n");
	print_outputs(c, n, links);
	if (report->ran) {
		print_refused(report->round.record);
		print_shims(report->round.record);
	}
}

json_t *summary_json(const struct plan_node *n, const struct node_report *report,
		     const struct strv *links)
{
	json_t *o = json_object();

	json_set(o, "belljar_build", json_integer(1));
	json_set_str(o, "name", n->recipe->name);
	json_set_str(o, "version", n->branch->version);
	json_set_str(o, "branch", n->branch->name);
	json_set_str(o, "host", n->host);
	json_set_str(o, "target", n->target);
	json_set_sha256(o, "key", &n->key);
	json_set(o, "built", json_boolean(report->ran));
	json_set(o, "outputs", json_incref(json_object_get(n->result, "outputs")));
	json_set(o, "sizes", json_incref(json_object_get(n->result, "sizes")));
	json_set(o, "round", json_incref(json_object_get(n->result, "round")));
	json_set(o, "links", json_texts(links));
	if (report->ran) {
		const json_t *rec = report->round.record;

		json_set(o, "ms", json_integer((json_int_t)(report->round.seconds * 1000)));
		json_set(o, "refused", json_incref(json_object_get(rec, "refused")));
		json_set(o, "shim_calls", json_incref(json_object_get(rec, "shim_calls")));
	}
	return o;
}

/* As a word of a POSIX shell. */
static void add_quoted(struct strbuf *sb, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-_./:@=+,%";

	strbuf_addc(sb, ' ');
	if (*word && !word[strspn(word, plain)]) {
		strbuf_adds(sb, word);
		return;
	}
	strbuf_addc(sb, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			strbuf_adds(sb, "'\\''");
		else
			strbuf_addc(sb, *word);
	}
	strbuf_addc(sb, '\'');
}

static void add_option(struct strbuf *sb, enum opt id, const char *value)
{
	strbuf_addf(sb, " --%s", cli_options[id].name);
	add_quoted(sb, value);
}

/* What was given of these, again. */
static void add_given(struct strbuf *sb, const struct cli *c, const enum opt *list)
{
	for (; *list; list++) {
		_cleanup_(strv_release) struct strv values = STRV_INIT;

		opt_values(&c->parsed, *list, &values);
		for (size_t i = 0; i < values.n; i++)
			add_option(sb, *list, values.v[i]);
	}
}

static void add_selector(struct strbuf *sb, const struct plan_node *n)
{
	_cleanup_free_ char *selector = selector_text(n->recipe->name, n->branch->name, n->variant);

	add_quoted(sb, selector);
}

/* An input has its own target, and none of the options that were set for the wanted recipe. */
static void print_shell(const struct cli *c, const struct plan_node *n, const char *phase,
			bool wanted)
{
	static const enum opt again[] = {OPT_RECIPES, OPT_TOOLCHAINS, OPT_TOOLCHAIN, OPT_STORE,
					 OPT_LIMIT,   OPT_BUILD_ON,   OPT_END};
	static const enum opt own[] = {OPT_SET, OPT_END};
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	strbuf_adds(&sb, "belljar shell");
	if (wanted)
		add_quoted(&sb, c->parsed.operands[0]);
	else
		add_selector(&sb, n);
	if (strcmp(n->host, n->target))
		add_option(&sb, OPT_TARGET, n->target);
	if (wanted)
		add_given(&sb, c, own);
	add_given(&sb, c, again);
	add_option(&sb, OPT_PHASE, phase);
	fprintf(stderr, "shell: %s\n", strbuf_str(&sb));
}

static void print_log(const struct cli *c, const struct plan_node *n)
{
	static const enum opt again[] = {OPT_STORE, OPT_END};
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	char hex[SHA256_HEX_LEN + 1];

	sha256_to_hex(&n->key, hex);
	add_given(&sb, c, again);
	fprintf(stderr, "log:   belljar log %.16s%s\n", hex, strbuf_str(&sb));
}

static void print_unserved(const struct plan_node *n, const struct round *round)
{
	_cleanup_free_ char *advice =
		unserved_advice(json_object_get(round->record, "shim_calls"), n, round->phase);

	if (!advice)
		return;
	fputs("---- asked for, and no source of the branch ----\n", stderr);
	cli_put(stderr, advice, strlen(advice));
	fputs("----\n", stderr);
}

void summary_failure(struct cli *c, const struct plan_node *n, const struct round *round,
		     bool wanted)
{
	render_clear(&c->render);
	if (!str_empty(round->tail) && c->render.verbosity < 1) {
		fprintf(stderr, "---- the last lines of %s%s ----\n",
			round->phase ? "phase " : "the log", round->phase ? round->phase : "");
		cli_put(stderr, round->tail, strlen(round->tail));
		fputs("\n----\n", stderr);
	}
	print_unserved(n, round);
	if (round->number)
		print_log(c, n);
	if (round->phase)
		print_shell(c, n, round->phase, wanted);
}
