/* SPDX-License-Identifier: Apache-2.0 */
#include <runner/runner.h>

#include <sched.h>
#include <stddef.h>

unsigned runner_cores(const struct runner *rn)
{
	cpu_set_t set;

	if (rn->cores)
		return rn->cores;
	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	return (unsigned)CPU_COUNT(&set);
}

bool runner_stopped(const struct runner *rn)
{
	return rn->stopped && rn->stopped(rn->stop_arg);
}
