/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * check: run the same action several times under default conditions, and compare what came out: the
 * rounds with each other, with what the store had before, and with the golden hashes.
 */

#include <runner/build.h>
#include <runner/golden.h>

struct check_difference { /* two observations of one output that are not equal */
	char *output;
	char *name_a, *name_b; /* "round 1", "round 2", "the store" */
	struct sha256 a, b;
};

struct check_report {
	struct round *rounds;
	size_t n_rounds;
	struct check_difference *differences;
	size_t n_differences;
	bool stored; /* the store had a result before, which round 1 was compared with */
	const struct golden *golden; /* borrowed from the plan; NULL: the branch has none */
	enum golden_state golden_state;
};

#define CHECK_REPORT_INIT ((struct check_report){0})
void check_report_release(struct check_report *r);

/*
 * Build the inputs, then the wanted node @rounds times (at least once). A round that fails ends
 * the check with its error; it is the last one of out->rounds then. Whether anything differs is
 * for the caller to judge: 0 is returned.
 */
int check_run(struct runner *rn, struct plan *p, unsigned rounds, struct check_report *out,
	      struct err *err) __attribute__((warn_unused_result));
