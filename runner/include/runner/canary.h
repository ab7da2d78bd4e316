/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What an attack on a room looks for on the host: a service on loopback, sockets by name and by
 * path, System V objects, a POSIX queue, a process, descriptors left open. What cannot be made here
 * is left out, and the attack says so.
 */

#include <base/str.h>
#include <stdbool.h>
#include <sys/types.h>

struct canary {
	int tcp, abstract, path; /* listening sockets */
	int port;
	int key, shm, msg, sem; /* System V */
	bool queue;
	pid_t victim;
	int loose[3]; /* without O_CLOEXEC, as a careless caller leaves them */
	char name[64], socket_path[64], queue_name[64];
};

#define CANARY_INIT                                                                                \
	((struct canary){.tcp = -1,                                                                \
			 .abstract = -1,                                                           \
			 .path = -1,                                                               \
			 .shm = -1,                                                                \
			 .msg = -1,                                                                \
			 .sem = -1,                                                                \
			 .loose = {-1, -1, -1}})

void canary_set_out(struct canary *c);
/* Everything is gone afterwards, the victim too. */
void canary_release(struct canary *c);
/* The options of belljar-attack that name what there is. */
void canary_arguments(const struct canary *c, struct strv *argv);
bool canary_victim_lives(const struct canary *c);
/* Somebody connected to one of the sockets. */
bool canary_was_called(const struct canary *c);
