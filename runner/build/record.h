/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* record.json: what one round was, on which host, and what came of it. */

#include "roundlog.h"

#include <runner/execute.h>
#include <time.h>

struct phase_time {
	const char *name; /* borrowed */
	int status;
	double seconds;
	bool cpu_known;
	struct room_cpu cpu;
};

struct recorder {
	struct roundlog log;
	struct phase_time *phases;
	size_t n_phases;
	struct timespec started;
	unsigned width;
	const char *toolchain; /* its name; borrowed */
	json_t *attested;      /* what came of attacking this room beforehand, or NULL; owned */
};

/*
 * The document, a new reference. @outputs and @sizes may be NULL; @why is the message of a failed
 * build or NULL.
 */
json_t *record_make(const struct recorder *rec, const struct runner *rn, const struct plan_node *n,
		    const struct room_result *room, json_t *outputs, json_t *sizes,
		    const char *why);
