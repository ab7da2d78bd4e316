/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <runner/build.h>

/*
 * Run the nodes of @list (inputs before their users; whatever else they need has a result), each in
 * a thread of its own; the plan is changed by one thread at a time.
 */
int sched_run(struct runner *rn, struct plan *p, const size_t *list, size_t n,
	      struct build_report *out, struct err *err) __attribute__((warn_unused_result));
