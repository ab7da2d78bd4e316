/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shims' records: JSON lines from a FIFO that every process of the room can write. A line is
 * what the room says of itself, bounded and parsed as hostile; it never decides anything.
 */
#include "internal.h"

#include <base/json.h>
#include <string.h>
#include <unistd.h>

#define MALFORMED_ROWS 20

static void tell_malformed(struct room *r)
{
	struct ledger_row row = {.kind = LEDGER_SHIM, .object = "malformed shim record"};

	if (r->record.malformed++ < MALFORMED_ROWS)
		ledger_tell(r, &row);
}

static void join(const json_t *argv, struct strbuf *out)
{
	size_t i;
	json_t *item;

	json_array_foreach (argv, i, item) {
		if (i)
			strbuf_addc(out, ' ');
		ledger_quote(out, json_is_string(item) ? json_string_value(item) : "?");
	}
}

/* As it is, so that it can be copied; but one line, and nothing that a terminal would obey. */
static void plain_text(const char *text, struct strbuf *out)
{
	for (; *text; text++)
		strbuf_addc(out, (unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text);
}

static pid_t pid_of(const json_t *j)
{
	int64_t pid = json_get_int(j, "pid", 0);

	return pid > 0 && pid <= INT32_MAX ? (pid_t)pid : 0;
}

static void tell_line(struct room *r, const char *line, size_t len)
{
	struct strbuf argv = STRBUF_INIT, answer = STRBUF_INIT, url = STRBUF_INIT;
	json_t *j = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	const char *name = json_get_str(j, "name", NULL);
	struct ledger_row row = {.kind = LEDGER_SHIM, .object = name};

	if (!json_is_object(j) || !name || !json_is_array(json_object_get(j, "argv"))) {
		tell_malformed(r);
	} else {
		join(json_object_get(j, "argv"), &argv);
		strbuf_addf(&answer, "%s: %s", json_get_str(j, "policy", "?"),
			    json_get_str(j, "answer", "?"));
		if (*json_get_str(j, "text", ""))
			strbuf_addf(&answer, " (%s)", json_get_str(j, "text", ""));
		plain_text(json_get_str(j, "url", ""), &url);
		row.pid = pid_of(j);
		row.parents = json_get_str(j, "parents", "");
		row.url = strbuf_str(&url);
		row.argv = strbuf_str(&argv);
		row.answer = strbuf_str(&answer);
		row.cwd = json_get_str(j, "cwd", "");
		row.call = json_get_str(j, "policy", "");
		row.refused = !strcmp(json_get_str(j, "answer", ""), "denied");
		ledger_tell(r, &row);
	}
	strbuf_release(&argv);
	strbuf_release(&answer);
	strbuf_release(&url);
	json_decref(j);
}

static void take(struct room *r, const char *data, size_t n)
{
	struct record *rec = &r->record;

	for (size_t i = 0; i < n; i++) {
		if (data[i] == '\n') {
			if (rec->skipping)
				tell_malformed(r);
			else if (rec->len)
				tell_line(r, rec->line, rec->len);
			rec->len = 0;
			rec->skipping = false;
		} else if (rec->len == sizeof(rec->line)) {
			rec->skipping = true;
		} else {
			rec->line[rec->len++] = data[i];
		}
	}
}

/* A bounded amount at a time, so that a flood does not starve the other sources. */
void record_read(struct room *r)
{
	char buf[16384];
	ssize_t n;

	for (int i = 0; i < 4; i++) {
		n = read(r->spec->record_fd, buf, sizeof(buf));
		if (n <= 0)
			return;
		take(r, buf, (size_t)n);
		if (n < (ssize_t)sizeof(buf))
			return;
	}
}
