/* SPDX-License-Identifier: Apache-2.0 */
#include "filter.h"

#include "filter_programs.h"
#include <base/cleanup.h>
#include <stdint.h>
#include <string.h>

#define PROGRAM(name)                                                                              \
	{                                                                                          \
		(unsigned short)ARRAY_SIZE(name), (struct sock_filter *)(uintptr_t)(name)          \
	}

bool filter_program(const char *machine, enum filter_kind kind, struct sock_fprog *out)
{
	static const struct {
		const char *machine;
		struct sock_fprog program[FILTER_KINDS];
	} all[] = {{"x86_64",
		    {PROGRAM(filter_x86_64_quiet), PROGRAM(filter_x86_64_ledger),
		     PROGRAM(filter_x86_64_trace)}},
		   {"aarch64",
		    {PROGRAM(filter_aarch64_quiet), PROGRAM(filter_aarch64_ledger),
		     PROGRAM(filter_aarch64_trace)}}};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (!strcmp(all[i].machine, machine)) {
			*out = all[i].program[kind];
			return true;
		}
	return false;
}

const char *filter_machine(void)
{
#if defined(__x86_64__) && !defined(__ILP32__)
	return "x86_64";
#elif defined(__aarch64__)
	return "aarch64";
#else
	return "";
#endif
}
