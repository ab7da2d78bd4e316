/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How long the phases of a recipe took the last time that it was built here, for an estimate. A
 * memo of the store: what is lost is only the estimate. One memo per recipe, branch, variant, host
 * and target, so that a changed action still has the times of its predecessor.
 */

#include "record.h"

struct times {
	char *text; /* "NAME MS\n" per phase */
};

#define TIMES_INIT ((struct times){0})
void times_release(struct times *t);
/* Nothing is known when nothing can be read. */
void times_load(struct times *out, struct store *s, const struct plan_node *n);
/* Milliseconds; 0: not known. */
uint64_t times_get(const struct times *t, const char *phase);
/* Of a round that succeeded. */
void times_save(const struct recorder *rec, struct store *s, const struct plan_node *n);
