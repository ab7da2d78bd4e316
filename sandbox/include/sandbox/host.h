/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What this host can give a room: one row per feature, found out by trying in a process of its own
 * where a try is harmless, else by looking. Pure data for `belljar doctor`; nothing is printed.
 */

#include <stdbool.h>
#include <stddef.h>

struct host_feature {
	const char *name; /* "user namespaces" */
	bool present;
	bool required;      /* without it there is no room at all */
	const char *since;  /* first kernel, "5.13"; "" when it is not a matter of the kernel */
	const char *lost;   /* what is missing without it */
	const char *enable; /* how to turn it on; "" when there is only a newer kernel. It may be
			       @hint */
	char hint[480];     /* the switch of this very host, see hints.h */
	char detail[96];    /* what was seen: "ABI 7", "Operation not permitted"; may be "" */
};

#define HOST_FEATURES 16

struct host_features {
	char kernel[65]; /* uname -r */
	bool rooms;      /* every required feature is present */
	struct host_feature f[HOST_FEATURES];
	size_t n;
};

/* Takes some milliseconds; leaves nothing behind. Texts are static or in *out. */
void host_features(struct host_features *out);
