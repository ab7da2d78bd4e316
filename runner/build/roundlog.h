/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a round says while it runs: the log and the ledger (compressed files in a folder that
 * becomes the record), the last part of the log and the last program for an error message, and the
 * counts for the summary.
 */

#include "zfile.h"

#include <base/json.h>
#include <sandbox/room.h>

struct tally { /* equal rows, counted */
	char *what, *by, *phase, *answer;
	/* Of the first of them; "" when the kind of row has none. */
	char *call, *object, *parents, *url;
	uint64_t n;
};

struct roundlog {
	struct zwriter *log, *ledger;
	char *tail; /* a ring of the last bytes */
	size_t tail_at, tail_len;
	uint64_t phase_at; /* log_bytes when the phase that runs began */
	size_t execs;      /* of that phase */
	char *last_exec;   /* the last of them but for the phase's own shell, short; or NULL */
	struct tally *refused, *shims;
	size_t n_refused, n_shims;
	uint64_t refused_total, shims_total, log_bytes;
	bool capped; /* the ledger was full: later rows were not told */
};

#define ROUNDLOG_INIT ((struct roundlog){0})

/* log.zst and ledger.jsonl.zst in @dirfd. */
int roundlog_open(struct roundlog *l, int dirfd, struct err *err)
	__attribute__((warn_unused_result));
void roundlog_output(struct roundlog *l, const char *data, size_t len);
void roundlog_row(struct roundlog *l, const struct ledger_row *row);
/* What comes from now on is of another phase. */
void roundlog_phase(struct roundlog *l);
/* End both files. */
int roundlog_close(struct roundlog *l, struct err *err) __attribute__((warn_unused_result));
void roundlog_release(struct roundlog *l);

/* The last @lines lines of the output. Caller frees. */
char *roundlog_tail(const struct roundlog *l, size_t lines) __attribute__((returns_nonnull));
/* The same of the phase that runs or that ran last: "" when it printed nothing but empty lines. */
char *roundlog_phase_tail(const struct roundlog *l, size_t lines) __attribute__((returns_nonnull));
/* [{"what", "by", "phase", "answer", "call", "object", "parents", "url", "count"}], new reference.
 */
json_t *tally_json(const struct tally *t, size_t n);
