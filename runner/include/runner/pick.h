/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* From what a user asks for at once (selectors, branches in support, targets) to single builds. */

#include <runner/plan.h>

struct pick_request { /* borrowed */
	const char *recipes_dir, *toolchains_dir;
	const char *const *selectors;
	size_t n;
	const struct strv *targets; /* none: the host; "all": each that a recipe has */
	bool supported;             /* of each NAME[:VARIANT] the branches in security support */
	const char *today;          /* as in 2026-11-24 */
	const struct strv *set;
	const char *toolchain;
};

struct pick {
	char *selector, *target;
	char *left_out; /* why it is not built, where nobody asked for it by name; NULL */
	struct err err; /* code not 0: it was asked for, and cannot be planned */
	size_t node;    /* of the plan, otherwise */
};

struct picks {
	struct pick *v;
	size_t n, cap;
	struct plan plan;
};

#define PICKS_INIT ((struct picks){0})
void picks_release(struct picks *p);

/*
 * One plan for all. A branch that is past its security support, says no date of it, or is not
 * pinned, is left out by `supported`; a combination that a recipe refuses is left out when it was
 * not named but came from `supported` or "all". Anything else that is wrong with one of them stands
 * in its err. ERR_USAGE when a selector names a branch along with `supported`, is none, or nothing
 * is left.
 */
int picks_make(const struct pick_request *rq, struct picks *out, struct err *err)
	__attribute__((warn_unused_result));
