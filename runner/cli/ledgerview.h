/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The ledger as `belljar log --ledger` shows it: chosen rows, as JSON lines for programs or as
 * lines for a person.
 */

#include "cli.h"

struct ledgerview {
	const char *kind; /* "net", ...; NULL: all */
	bool refused;     /* only these */
	bool human;
	size_t tail;        /* only the last rows; 0: all */
	struct strv rows;   /* with @tail: what may still be among them */
	struct strbuf rest; /* a line whose end has not come yet */
	struct err err;
};

/* Options of the command line. ERR_USAGE for a kind that there is not. */
int ledgerview_init(struct ledgerview *v, const struct cli *c, struct err *err)
	__attribute__((warn_unused_result));
void ledgerview_release(struct ledgerview *v);
/* For log_read(): pieces of the JSON lines. 0 to go on. */
int ledgerview_take(void *arg, const char *data, size_t len);
/* After the last piece. */
int ledgerview_end(struct ledgerview *v, struct err *err) __attribute__((warn_unused_result));
