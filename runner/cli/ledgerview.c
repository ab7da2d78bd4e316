/* SPDX-License-Identifier: Apache-2.0 */
#include "ledgerview.h"

#include <base/cleanup.h>
#include <string.h>

static const char *const kinds[] = {"net", "exec", "fact", "shim", "limit"};

int ledgerview_init(struct ledgerview *v, const struct cli *c, struct err *err)
{
	size_t i = 0;

	*v = (struct ledgerview){.kind = opt_value(&c->parsed, OPT_KIND),
				 .refused = opt_has(&c->parsed, OPT_REFUSED),
				 .human = !c->json && isatty(1)};
	while (v->kind && i < ARRAY_SIZE(kinds) && strcmp(kinds[i], v->kind) != 0)
		i++;
	if (i == ARRAY_SIZE(kinds))
		return err_set(err, ERR_USAGE, 0,
			       "--kind: expected net, exec, fact, shim or limit, found '%s'",
			       v->kind);
	return 0;
}

void ledgerview_release(struct ledgerview *v)
{
	strv_release(&v->rows);
	strbuf_release(&v->rest);
}

static void put(const char *text)
{
	cli_put(stdout, text, strlen(text));
}

static void put_field(const json_t *row, const char *before, const char *key, const char *after)
{
	const char *text = json_get_str(row, key, "");

	if (!*text)
		return;
	fputs(before, stdout);
	put(text);
	fputs(after, stdout);
}

/*
 *	  12.345  build  net   REFUSED  connect tcp 192.0.2.1:80 -> ENETUNREACH
 *	          python3 setup.py  (pid 42, make < sh < init, in /build)
 */
static void show(const json_t *row)
{
	int64_t us = json_get_int(row, "us", 0);
	bool refused = json_get_bool(row, "refused", false);

	printf("%9.3f  ", (double)us / 1e6);
	put(json_get_str(row, "phase", ""));
	printf("  %-5s%s", json_get_str(row, "kind", "?"), refused ? "  REFUSED" : "");
	put_field(row, "  ", "call", "");
	put_field(row, " ", "object", "");
	put_field(row, " -> ", "answer", "");
	fputs("\n", stdout);
	put_field(row, "           ", *json_get_str(row, "argv", "") ? "argv" : "exe", "");
	if (json_get_int(row, "pid", 0)) {
		printf("  (pid %lld", (long long)json_get_int(row, "pid", 0));
		put_field(row, ", ", "parents", "");
		put_field(row, ", in ", "cwd", "");
		putchar(')');
	}
	fputs("\n", stdout);
}

static int print_row(struct ledgerview *v, const char *line, const json_t *row)
{
	if (v->human)
		show(row);
	else
		printf("%s\n", line);
	return ferror(stdout) ? err_set(&v->err, ERR_STORE, errno, "write") : 0;
}

static int take_line(struct ledgerview *v, const char *line)
{
	_cleanup_json_ json_t *row = json_loads(line, 0, NULL);

	if (!row)
		return err_set(&v->err, ERR_STORE, 0, "the ledger holds a line that is no JSON");
	if (v->kind && strcmp(json_get_str(row, "kind", ""), v->kind) != 0)
		return 0;
	if (v->refused && !json_get_bool(row, "refused", false))
		return 0;
	if (!v->tail)
		return print_row(v, line, row);
	strv_push(&v->rows, line);
	return 0;
}

int ledgerview_take(void *arg, const char *data, size_t len)
{
	struct ledgerview *v = arg;

	while (len) {
		const char *end = memchr(data, '\n', len);
		size_t n = end ? (size_t)(end - data) : len;

		strbuf_add(&v->rest, data, n);
		if (!end)
			return 0;
		if (take_line(v, strbuf_str(&v->rest)) < 0)
			return 1;
		strbuf_clear(&v->rest);
		data += n + 1;
		len -= n + 1;
	}
	return 0;
}

int ledgerview_end(struct ledgerview *v, struct err *err)
{
	size_t first = v->rows.n > v->tail ? v->rows.n - v->tail : 0;

	for (size_t i = first; i < v->rows.n && !v->err.code; i++) {
		_cleanup_json_ json_t *row = json_loads(v->rows.v[i], 0, NULL);

		(void)print_row(v, v->rows.v[i], row);
	}
	if (v->err.code && v->err.sys_errno != EPIPE) {
		*err = v->err;
		return -1;
	}
	return v->err.code ? 0 : cli_flush(err);
}
