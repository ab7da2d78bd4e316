/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of a store, read back after anything may have happened to them. The first line says which
 * one the rest becomes: action, memo, record, log, ledger.
 */
#include "fuzz.h"

#include <base/file.h>
#include <fcntl.h>
#include <runner/logread.h>
#include <store/store.h>
#include <string.h>
#include <sys/stat.h>

#define KEY "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *word, *path;
} places[] = {{"action", "store/actions/" KEY ".json"},
	      {"memo", "store/memo/tar/" KEY},
	      {"record", "store/builds/" KEY "/1/record.json"},
	      {"log", "store/builds/" KEY "/1/log.zst"},
	      {"ledger", "store/builds/" KEY "/1/ledger.jsonl.zst"}};

static struct store *store(void)
{
	static struct store *s;
	_cleanup_free_ char *path = path_join(fuzz_dir(), "store");
	struct err err = ERR_INIT;

	if (s)
		return s;
	fuzz_check(store_open(path, STORE_CREATE, &s, &err) == 0);
	fuzz_check(file_mkdir_p(store_fd(s), "builds/" KEY "/1", 0755, &err) == 0);
	fuzz_check(file_mkdir_p(store_fd(s), "memo/tar", 0755, &err) == 0);
	return s;
}

static int count(void *arg, const char *data, size_t len)
{
	*(size_t *)arg += len;
	return *(size_t *)arg > 64 << 20; /* what a reader that had enough does */
}

static void read_all(struct store *s, const struct sha256 *key)
{
	_cleanup_json_ json_t *action = NULL, *record = NULL;
	_cleanup_free_ char *memo = NULL;
	struct err err = ERR_INIT;
	struct store_verified seen;

	fuzz_result(store_action_get(s, key, &action, &err), &err);
	fuzz_result(store_memo_get(s, "tar", key, &memo, &err), &err);
	fuzz_result(log_record(s, key, 0, &record, &err), &err);
	for (int i = 0; i < 4; i++) {
		struct log_request rq = {.ledger = i & 1, .tail = i & 2 ? 10 : 0};
		size_t bytes = 0;

		fuzz_result(log_read(s, key, &rq, count, &bytes, &err), &err);
	}
	fuzz_result(store_verify(s, false, NULL, &seen, &err), &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *eol = size ? memchr(data, '\n', size) : NULL;
	size_t head = eol ? (size_t)(eol - data) : 0;
	struct store *s = store();
	struct sha256 key;

	fuzz_check(sha256_from_hex(KEY, &key));
	for (size_t i = 0; eol && i < ARRAY_SIZE(places); i++) {
		if (head != strlen(places[i].word) || memcmp(data, places[i].word, head) != 0)
			continue;
		fuzz_put(places[i].path, eol + 1, size - head - 1);
		read_all(s, &key);
		fuzz_check(unlinkat(fuzz_dirfd(), places[i].path, 0) == 0);
	}
	return 0;
}
