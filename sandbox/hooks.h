/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Hooks for the tests: let an operation fail, or take a wall away, to see that the error is clean
 * and that the other walls hold alone. They exist only in the copy of the library that the tests
 * build with ROOM_TEST_HOOKS; in belljar they are nothing.
 */

#include "plan.h"
#include <linux/filter.h>

#ifdef ROOM_TEST_HOOKS

struct room_hooks {
	int fail_at;      /* operation that fails with EIO, -1: none */
	uint64_t drop;    /* bit per enum room_op_kind: left out of the plan */
	bool open_filter; /* a filter that allows everything */
	bool no_time_ns;  /* as if the kernel had no time namespaces */
};

extern struct room_hooks room_hooks; /* defined by the test program */

static inline int hook_fail_at(void)
{
	return room_hooks.fail_at;
}

static inline void hook_plan(struct room_plan *plan)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->n; i++)
		if (!(room_hooks.drop >> plan->ops[i].kind & 1))
			plan->ops[n++] = plan->ops[i];
	plan->n = n;
}

static inline void hook_facts(struct room_facts *facts)
{
	facts->time_ns = facts->time_ns && !room_hooks.no_time_ns;
}

static inline void hook_filter(struct sock_fprog *filter)
{
	static struct sock_filter allow = {BPF_RET | BPF_K, 0, 0, 0x7fff0000};

	if (room_hooks.open_filter)
		*filter = (struct sock_fprog){1, &allow};
}

#else

static inline int hook_fail_at(void)
{
	return -1;
}

static inline void hook_plan(struct room_plan *plan)
{
}

static inline void hook_facts(struct room_facts *facts)
{
}

static inline void hook_filter(struct sock_fprog *filter)
{
}

#endif
