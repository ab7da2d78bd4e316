/* SPDX-License-Identifier: Apache-2.0 */
#include "results.h"

#include <base/cleanup.h>
#include <inttypes.h>
#include <runner/treediff.h>

static void print_row(void *arg, const struct treediff_row *row)
{
	char text[160];

	treediff_describe(row, text, sizeof(text));
	printf("%s: %s\n", row->path, text);
}

static void collect_row(void *arg, const struct treediff_row *row)
{
	json_t *o = json_object();
	char text[160];

	treediff_describe(row, text, sizeof(text));
	json_set_str(o, "path", row->path);
	json_set_str(o, "what", text);
	json_array_append_new(arg, o);
}

int cmd_diff(struct cli *c, struct err *err)
{
	_cleanup_json_ json_t *rows = json_array();
	_cleanup_close_ int a = -1, b = -1;
	uint64_t n = 0;

	a = result_open(c, c->parsed.operands[0], err);
	if (a < 0)
		return -1;
	b = result_open(c, c->parsed.operands[1], err);
	if (b < 0 || treediff(a, b, c->json ? collect_row : print_row, rows, &n, err) < 0)
		return -1;
	if (c->json && cli_result(c, json_incref(rows), err) < 0)
		return -1;
	if (cli_flush(err) < 0)
		return -1;
	return n ? err_set(err, ERR_MISMATCH, 0, "%" PRIu64 " difference%s", n, n == 1 ? "" : "s")
		 : 0;
}
