/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A row of the ledger as one line of JSON, with its newline. Caller frees. */

#include <sandbox/room.h>

char *ledger_line(const struct ledger_row *row) __attribute__((returns_nonnull));
/* "net", "exec", "fact", "shim", "limit". */
const char *ledger_kind_name(enum ledger_kind kind);
