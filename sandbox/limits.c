/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

/* Resource limits by cgroup v2 are not implemented: rlimits and the tmpfs sizes hold alone. */
int room_cgroup_make(struct room *r)
{
	return r->cgroup;
}

void room_cgroup_remove(struct room *r)
{
	cleanup_closep(&r->cgroup);
}
