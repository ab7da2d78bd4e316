/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * trim: which packages of a toolchain's root a build uses. One traced round tells every path that
 * was opened or looked at; each is resolved in the root as a process of the room would see it, and
 * counted for the packages whose file or link it met on its way. A link that the build itself made
 * is not seen through. Paths are as requested, and a hostile build could name others than it opens:
 * this is for people who write recipes, no wall.
 */

#include <runner/build.h>

struct trim_package {
	const struct lock_package *p; /* borrowed from the plan */
	bool wanted;                  /* named in toolchain.yaml */
	uint64_t bytes;               /* unpacked */
	uint64_t files;               /* and links */
	uint64_t opened, looked;      /* of these: opened or executed; only looked at */
};

struct trim_report {
	struct trim_package *packages; /* in the lock's order */
	size_t n;
	const char *toolchain; /* borrowed from the plan */
	double seconds;        /* of the round */
};

#define TRIM_REPORT_INIT ((struct trim_report){0})
void trim_report_release(struct trim_report *r);

/*
 * Build the inputs, then the wanted node in a traced round, whose outputs are published like those
 * of `check`. @out_round is the round, for its log when it failed; the caller releases it.
 */
int trim_run(struct runner *rn, struct plan *p, struct trim_report *out, struct round *out_round,
	     struct err *err) __attribute__((warn_unused_result));
