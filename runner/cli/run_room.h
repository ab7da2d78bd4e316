/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the words of `belljar run` ask for, and the texts that it points at. */

#include "cli.h"

#include <sandbox/room.h>

struct stand {
	struct strv texts;
	struct room_mount *mounts;
	size_t n_mounts;
	struct strv env;
	const char *root; /* a folder; NULL: the host's */
};

void stand_release(struct stand *s);
/* Mounts, environment, root. ERR_USAGE says which option is wrong, and how it is right. */
int stand_make(struct stand *s, struct cli *c, bool terminal, struct err *err)
	__attribute__((warn_unused_result));
