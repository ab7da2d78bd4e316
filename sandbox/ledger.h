/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the parts of the ledger share: ledger.c receives a notification and hands it to the part
 * that it belongs to, which reads what it can, answers, and tells a row.
 */

#include "internal.h"

/* Everything a row says about the caller; the texts live in the scene. */
struct scene {
	const struct seccomp_notif *req;
	struct target who;
	char exe[512], cwd[512];
	struct strbuf parents, argv, object;
	struct ledger_row row;
};

/* Who calls, from /proc: worth something only if the notification is still valid afterwards. */
void scene_look(struct room *r, struct scene *s);
/* The command line that the caller was started with, for rows that are not an exec. */
void scene_cmdline(struct scene *s);
/* Is the caller still waiting for this answer, so that what was read was its own? */
bool scene_valid(struct room *r, const struct seccomp_notif *req);
/* End the notification: let the call go on, or with @error (0 or a negative errno). */
void scene_answer(struct room *r, const struct seccomp_notif *req, int error, bool go_on);
/* Hand the row to the caller, with the ancestors looked up. */
void scene_tell(struct room *r, struct scene *s);

/* ledger_facts.c: uname, sysinfo. */
void ledger_serve_fact(struct room *r, struct scene *s);
/* ledger_net.c: socket and socketpair of a family or type that is refused. */
void ledger_serve_socket(struct room *r, struct scene *s);
/* ledger_net.c: a call that carries an address. */
void ledger_serve_address(struct room *r, struct scene *s);
/* ledger_exec.c */
void ledger_serve_exec(struct room *r, struct scene *s);
