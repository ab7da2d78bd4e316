/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * belljar attacks its own room: the program libexec/belljar-attack runs in it, while on the host
 * there are a service on loopback, a socket, System V and POSIX objects, open descriptors and a
 * victim that it is told to look for. See docs/SECURITY.md for the classes.
 */

#include <base/json.h>
#include <sandbox/room.h>

struct attack {
	json_t *checks;  /* array: class, family, check, verdict, ok, seen, expected, detail */
	json_t *summary; /* version, checks, refused, contained, succeeded, not_applicable, ... */
};

#define ATTACK_INIT ((struct attack){0})
void attack_release(struct attack *a);

/*
 * Attack a room with the root, proc, CPUs and limits of @like; the other members of @like are not
 * looked at. ERR_HOST when the room cannot be made, or the program did not run to its end. That an
 * attack succeeded is no error here: look at attack_succeeded().
 */
int attack_run(const struct room_spec *like, struct attack *out, struct err *err)
	__attribute__((warn_unused_result));
/* How many attacks were neither refused nor contained. */
unsigned attack_succeeded(const struct attack *a);
/* For a record: the summary with the list of what was not refused. A new reference. */
json_t *attack_attestation(const struct attack *a);
