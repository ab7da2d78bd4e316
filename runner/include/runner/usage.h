/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * CPU time in documents: records, their phases, `run --result`. Beside the key, never in it: what a
 * build used says nothing of what it is.
 */

#include <base/json.h>
#include <sandbox/room.h>

/* Sets user_ms and system_ms. */
void usage_set(json_t *o, const struct room_cpu *cpu);
/* Reads them back; false when @o does not say, as older records do not of phases. */
bool usage_of(const json_t *o, struct room_cpu *out);
/* All of what a room_result says of what was used, except for the wall time. */
void usage_set_room(json_t *o, const struct room_result *r);
/* Both together, in seconds. */
double usage_seconds(const struct room_cpu *cpu);
