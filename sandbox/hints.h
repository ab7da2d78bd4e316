/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What stands in the way of a room, and the switch that takes it away: which distribution this is
 * (os-release(5)), which container or virtual machine, what the switches say now. Looking and
 * wording are apart, so that a test can word for hosts that it is not on.
 */

#include <stdbool.h>
#include <stddef.h>

enum hint_container { HINT_NO_CONTAINER, HINT_DOCKER, HINT_PODMAN, HINT_LXC, HINT_OTHER_CONTAINER };

struct hint_host {
	char id[32], like[64]; /* ID and ID_LIKE of os-release; "" when unknown */
	enum hint_container container;
	bool wsl1;            /* the first Windows subsystem, which has no Linux kernel */
	bool selinux;         /* enforcing */
	bool userns;          /* the kernel has user namespaces */
	long clone_switch;    /* kernel.unprivileged_userns_clone, -1: there is none */
	long apparmor_switch; /* kernel.apparmor_restrict_unprivileged_userns, -1 */
	long max_namespaces;  /* user.max_user_namespaces, -1 */
	char exe[256];        /* of belljar, for a profile */
};

/* Look, below @root ("" for this host; a test gives a folder). */
void hint_look(const char *root, struct hint_host *out);

/* Each writes one clause without "; " in front, cut at @size. */
void hint_userns(const struct hint_host *h, char *buf, size_t size);
/* proc cannot be mounted. */
void hint_proc(const struct hint_host *h, char *buf, size_t size);
/* A call is refused that the kernel has: somebody's seccomp profile. */
void hint_profile(const struct hint_host *h, char *buf, size_t size);
void hint_landlock(const struct hint_host *h, char *buf, size_t size);
