/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <runner/build.h>

/* Mark node @i and what it needs, as far as there is no result: what is built needs no inputs. */
void sched_mark(const struct plan *p, size_t i, bool *marks);
/*
 * Run the nodes of @list (inputs before their users; whatever else they need has a result), each in
 * a thread of its own; the plan is changed by one thread at a time. The first failure stops all
 * that has not begun and is the result; with @keep_going only what needs the failed node is left,
 * the errors are in the nodes' reports, and -1 says that nothing more could be started at all.
 */
int sched_run(struct runner *rn, struct plan *p, const size_t *list, size_t n, bool keep_going,
	      struct build_report *out, struct err *err) __attribute__((warn_unused_result));
