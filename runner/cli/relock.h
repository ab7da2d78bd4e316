/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* toolchain lock --update: locks anew, compared with those that are there. */

#include "cli.h"

#include <runner/stale.h>

struct relocked {             /* one pair of one toolchain */
	struct toolchain *tc; /* borrowed */
	const char *name;     /* of the toolchain; borrowed */
	char *host, *target;
	struct lock *old; /* NULL: there was none that can be read */
	struct lock *now;
	bool changed;
};

struct relock {
	struct toolchain **tcs; /* the one that was named, then those that extend it */
	struct strv names;      /* theirs */
	struct relocked *v;
	size_t n;
	struct stale_report stale;
};

/* For a person, on standard output. */
void relock_print(const struct relock *r);
/* For a program; new reference. */
json_t *relock_json(const struct relock *r, bool written);
/* How many locks are not as they were. */
size_t relock_changes(const struct relock *r);
