/* SPDX-License-Identifier: Apache-2.0 */
/* What a room used, from the kernel's accounts: the cgroup's, wait4's, /proc's. */
#include "internal.h"

#include <sys/resource.h>

static uint64_t microseconds(const struct timeval *t)
{
	return (uint64_t)t->tv_sec * 1000000 + (uint64_t)t->tv_usec;
}

static uint64_t since(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

void usage_phase(struct room *r, struct room_phase *phase)
{
	struct room_cpu now, *before = &r->cpu_before;

	/* init has not been reaped yet, so that its times are there even when it is gone */
	if (!room_cgroup_cpu(r, &now) && !procs_waited(r->pid, &now))
		return;
	phase->cpu_known = true;
	phase->cpu.user_us = since(now.user_us, before->user_us);
	phase->cpu.system_us = since(now.system_us, before->system_us);
	*before = now;
}

/* The kernel forgets what those used that it kills with their init. */
void usage_strike(struct room *r)
{
	if (r->pid > 0)
		procs_spent(r->pid, r->watch.processes, &r->struck);
}

void usage_end(struct room *r, const struct rusage *ru)
{
	const struct room_cpu *struck = &r->struck.cpu;
	struct room_cpu *out = &r->out->cpu;

	r->out->max_rss_kib = (uint64_t)ru->ru_maxrss;
	if (r->struck.max_rss_kib > r->out->max_rss_kib)
		r->out->max_rss_kib = r->struck.max_rss_kib;
	r->out->cpu_from = "cgroup";
	if (room_cgroup_cpu(r, out))
		return;
	r->out->cpu_from = "wait";
	*out = (struct room_cpu){microseconds(&ru->ru_utime), microseconds(&ru->ru_stime)};
	/* of two lower bounds the better one */
	if (struck->user_us + struck->system_us > out->user_us + out->system_us)
		*out = *struck;
}
