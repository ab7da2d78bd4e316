/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <base/cleanup.h>
#include <inttypes.h>
#include <runner/history.h>
#include <runner/selector.h>
#include <runner/usage.h>
#include <string.h>

static bool is_key(const char *s)
{
	return strlen(s) >= 8 && strspn(s, "0123456789abcdef") == strlen(s);
}

static char *title_of(const json_t *row)
{
	const char *variant = json_get_str(row, "variant", NULL);
	const char *host = json_get_str(row, "host", ""), *target = json_get_str(row, "target", "");
	bool cross = strcmp(host, target) != 0;

	return xasprintf("%s@%s%s%s%s%s", json_get_str(row, "name", "?"),
			 json_get_str(row, "branch", "?"), variant ? ":" : "",
			 variant ? variant : "", cross ? " for " : "", cross ? target : "");
}

static void print_row(const struct cli *c, const json_t *row)
{
	_cleanup_free_ char *title = title_of(row);
	const char *failure = json_get_str(row, "failure", NULL);
	int64_t refused = json_get_int(row, "refused", 0);
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	struct room_cpu cpu;

	strbuf_addf(&sb, "%.19sZ  %.16s  round %-3" PRId64 "  %-6s %8.1f s  %s  %s",
		    json_get_str(row, "started", "?"), json_get_str(row, "key", "?"),
		    json_get_int(row, "round", 0), json_get_str(row, "outcome", "?"),
		    (double)json_get_int(row, "ms", 0) / 1000, title,
		    json_get_str(row, "version", "?"));
	if (usage_of(row, &cpu))
		strbuf_addf(&sb, ", CPU %.1f s", usage_seconds(&cpu));
	if (refused)
		strbuf_addf(&sb, ", %" PRId64 " refused", refused);
	strbuf_addf(&sb, ", on %s", json_get_str(row, "kernel", "?"));
	if (failure)
		strbuf_addf(&sb, "\n    %s", failure);
	strbuf_addc(&sb, '\n');
	cli_put(stdout, sb.s, sb.len);
}

/* Only the last @tail rows. */
static json_t *cut(const json_t *rows, unsigned tail)
{
	size_t n = json_array_size(rows), from = tail && tail < n ? n - tail : 0;
	json_t *out = json_array();

	for (size_t i = from; i < n; i++)
		json_array_append(out, json_array_get(rows, i));
	return out;
}

static int show(struct cli *c, const struct history_filter *want, struct err *err)
{
	_cleanup_json_ json_t *all = NULL, *rows = NULL;
	const char *what = c->parsed.n_operands ? c->parsed.operands[0] : NULL;
	unsigned tail = 0;
	json_t *row;
	size_t i;

	if (opt_number(&c->parsed, OPT_TAIL, 1, 1000000, &tail, err) < 0 ||
	    cli_open_store(c, STORE_READONLY, err) < 0 ||
	    history_list(c->runner.store, want, &c->sink, &all, err) < 0)
		return -1;
	rows = cut(all, tail);
	if (c->json)
		return cli_print_json(json_incref(rows), err);
	if (!json_array_size(rows))
		event_note(&c->sink, "no build%s%s is recorded in %s", what ? " of " : "",
			   what ? what : "", store_path(c->runner.store));
	json_array_foreach (rows, i, row)
		print_row(c, row);
	return cli_flush(err);
}

int cmd_history(struct cli *c, struct err *err)
{
	_cleanup_(selector_release) struct selector sel = SELECTOR_INIT;
	struct history_filter want = {.target = opt_value(&c->parsed, OPT_TARGET)};
	const char *what = c->parsed.n_operands ? c->parsed.operands[0] : NULL;

	if (what && is_key(what)) {
		want.key = what;
	} else if (what) {
		if (selector_parse(what, &sel, err) < 0)
			return -1;
		want.name = sel.name;
		want.branch = sel.branch;
		want.variant = sel.variant;
	}
	return show(c, &want, err);
}
