/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What every request works with. Built by the caller, borrowed by the runner. The sink is called
 * from one thread at a time; `stopped` from any.
 */

#include <base/event.h>
#include <sandbox/room.h>
#include <stdbool.h>
#include <store/fetch.h>
#include <store/store.h>

/* Told of every path that a round opens or looks at, as requested; slow. See room_handler. */
struct tracer {
	void *arg;
	void (*on_path)(void *arg, const char *path, enum room_look look);
};

struct runner {
	struct store *store;
	struct fetch_options fetch;
	unsigned cores;              /* for all builds together; 0: those this process may use */
	unsigned jobs;               /* actions side by side; 0: 2 */
	struct room_limits limits;   /* of every room; zeros are the room's defaults */
	bool build_on_disk;          /* /build in the store's tmp/ instead of a tmpfs */
	bool attest_room;            /* attack each room before its build (runner/attack.h) */
	const struct tracer *tracer; /* NULL: none */
	const char *require_walls;   /* of every room, see room_require_walls(); NULL: none */
	bool strict;                 /* an undeclared attempt fails the build, see strict.h */
	const struct event_sink *sink;
	bool (*stopped)(void *arg); /* true: stop everything (ERR_INTERRUPTED); may be NULL */
	void *stop_arg;
};

/* The number of cores that builds may use together. */
unsigned runner_cores(const struct runner *rn);
bool runner_stopped(const struct runner *rn);
