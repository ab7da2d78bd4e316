/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What `belljar describe` knows, for its two ways to say it. */

#include "cli.h"

#include <runner/golden.h>

struct described {
	struct recipe *recipe;
	struct branch *branch;
	struct settings values;
	const char *target;
	enum support support;
	struct plan plan; /* empty when it could not be made: no toolchain, no lock */
	char *no_plan;    /* why */
	const json_t
		*result;     /* what the store has of it; NULL: not built. Borrowed from the plan */
	struct store *store; /* borrowed, may be NULL */
	const char *toolchains_dir; /* may be NULL */
};

void describe_text(const struct described *d);
/* New reference. */
json_t *describe_json(const struct described *d);

/* When a patch is applied: as the source that it changes is there, and it itself where it is
 * fetched. Released by the caller. */
struct settings patch_when(const struct branch *b, const struct patch *p);

/* "full", "security", "past", "unknown". */
const char *support_name(enum support s);
/* "released D, full support until D, security support until D"; "" when no date is known. Frees. */
char *support_dates(const struct branch *b);
/* Today's date of UTC, as in 2026-11-24. */
void today_is(char buf[16]);
/* "current", "stale", "unknown". */
const char *golden_age_name(enum golden_age age);
/* What the outputs of this selector are, against @g: "same", "different", or NULL: not comparable
 */
const char *golden_verdict(const struct described *d, const struct golden *g);
