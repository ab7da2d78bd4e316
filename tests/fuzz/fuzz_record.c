/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines from the FIFO that every process of a room can write: each gives one row, and each row one
 * line of JSON in the ledger's file.
 */
#include "fuzz.h"

#include "internal.h"
#include <base/json.h>
#include <runner/ledgerfile.h>
#include <string.h>

static void on_ledger(void *arg, const struct ledger_row *row)
{
	_cleanup_free_ char *line = ledger_line(row);
	_cleanup_json_ json_t *j = NULL;
	struct err err = ERR_INIT;
	size_t *rows = arg;

	++*rows;
	fuzz_check(strchr(line, '\n') == line + strlen(line) - 1);
	fuzz_check(json_parse("ledger", line, strlen(line), &j, &err) == 0);
	fuzz_check(strcmp(json_get_str(j, "kind", ""), "shim") == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_close_ int fd = fuzz_fd(data, size);
	size_t rows = 0, lines = 0;
	struct room_spec spec = {.record_fd = fd};
	struct room_handler handler = {.arg = &rows, .on_ledger = on_ledger};
	struct room_result result = {0};
	static struct room r;

	r = (struct room){.spec = &spec, .handler = &handler, .out = &result};
	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	for (size_t i = 0; i < size / 65536 + 2; i++)
		record_read(&r);
	fuzz_check(rows <= lines);
	fuzz_check(r.record.len <= sizeof(r.record.line));
	return 0;
}
