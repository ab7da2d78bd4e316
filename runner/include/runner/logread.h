/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Reading what a round left: its log, its ledger, its record. */

#include <base/json.h>
#include <stdbool.h>
#include <store/store.h>

struct log_request {
	int round;   /* 0: the newest */
	bool ledger; /* ledger.jsonl instead of the log */
	size_t tail; /* only that many lines; 0: all */
};

/* The one action whose key begins with @prefix (hex). ERR_INPUT when there is none or several. */
int log_find_key(struct store *s, const char *prefix, struct sha256 *out, struct err *err)
	__attribute__((warn_unused_result));
/* Give the text to @fn, which returns 0 to go on. */
int log_read(struct store *s, const struct sha256 *key, const struct log_request *rq,
	     int (*fn)(void *arg, const char *data, size_t len), void *arg, struct err *err)
	__attribute__((warn_unused_result));
/* New reference. */
int log_record(struct store *s, const struct sha256 *key, int round, json_t **out, struct err *err)
	__attribute__((warn_unused_result));
