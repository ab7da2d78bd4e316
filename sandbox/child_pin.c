/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process passes on to its children besides limits and signals, and what no child of a
 * build needs to have from whoever started belljar. Left alone on purpose are nice value, io
 * priority, scheduling policy and OOM score: they are the user's word on how urgent a build is.
 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef PR_SET_MEMORY_MERGE /* Linux 6.4 */
#define PR_SET_MEMORY_MERGE 67
#endif
#define SLACK_NS        50000  /* what the kernel starts with */
#define COREDUMP_FILTER "0x33" /* the same, core(5) */

/* A kernel that lacks one has nothing to pin. */
static int unless_missing(long result)
{
	return result < 0 && errno != EINVAL && errno != ENOSYS ? -errno : 0;
}

/* It stays with the memory of a process over exec, and shows in /proc/self. */
static int pin_coredump_filter(void)
{
	int fd = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC), r = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (write(fd, COREDUMP_FILTER, sizeof(COREDUMP_FILTER) - 1) < 0)
		r = -errno;
	close(fd);
	return r;
}

int room_apply_pin(struct room_child *c, const struct room_op *op)
{
	static const unsigned long calls[][3] = {
		{PR_SET_TIMERSLACK, SLACK_NS, 0},
		{PR_SET_THP_DISABLE, 0, 0},
		{PR_SET_MEMORY_MERGE, 0, 0},
		{PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_DEFAULT}};
	int r = pin_coredump_filter();

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]) && r == 0; i++)
		r = unless_missing(prctl((int)calls[i][0], calls[i][1], calls[i][2], 0, 0));
	if (r == 0)
		r = unless_missing(syscall(SYS_set_mempolicy, 0, NULL, 0)); /* MPOL_DEFAULT */
	return r;
}
