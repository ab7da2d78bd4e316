/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The workshop: the folders and files on the host that one room is made of, and the room_spec that
 * names them. Everything lies in one struct store_tmp and goes away with it.
 */

#include <runner/execute.h>
#include <sandbox/room.h>

struct workshop {
	struct store_tmp tmp;
	struct room_spec spec;
	struct strv texts; /* owns what the spec points at */
	struct room_mount *mounts;
	size_t n_mounts, cap_mounts;
	struct room_command *commands;
	size_t n_commands;
	char ***vectors; /* owns argv and env of the commands */
	size_t n_vectors, cap_vectors;
	int record_fd; /* read end of the shims' FIFO */
};

#define WORKSHOP_INIT ((struct workshop){.tmp = STORE_TMP_INIT, .record_fd = -1})

/* Make the folders, unpack what is not yet unpacked, fill w->spec. */
int workshop_open(struct workshop *w, struct runner *rn, const struct plan *p,
		  const struct plan_node *n, unsigned width, struct err *err)
	__attribute__((warn_unused_result));
void workshop_release(struct workshop *w);

/* ---- parts in files of their own, in the order in which workshop_open() calls them ---- */
int workshop_add_sources(struct workshop *w, struct store *s, const struct plan_node *n,
			 struct err *err) __attribute__((warn_unused_result));
int workshop_add_inputs(struct workshop *w, struct store *s, const struct plan *p,
			const struct plan_node *n, struct err *err)
	__attribute__((warn_unused_result));
int workshop_add_shims(struct workshop *w, const struct plan_node *n, struct err *err)
	__attribute__((warn_unused_result));
void workshop_add_phases(struct workshop *w, const struct plan_node *n, unsigned width);

/* ---- for the parts ---- */
/* A text that lives as long as the workshop. */
const char *workshop_keep(struct workshop *w, char *text_taken);
void workshop_mount(struct workshop *w, enum room_mount_kind kind, const char *src,
		    const char *dst);
/* mkdir below the workshop; the path is kept. What is mounted writable, the room makes its own. */
int workshop_mkdir(struct workshop *w, const char *name, const char **out_path, struct err *err)
	__attribute__((warn_unused_result));
/* Add a command; @argv and @env are copied. */
void workshop_command(struct workshop *w, const char *name, const char *const *argv,
		      const struct strv *env, const char *cwd);
/* The environment of a phase, as NAME=value, with MAKEFLAGS. */
void phase_env_vector(const json_t *phase, unsigned width, struct strv *out);
