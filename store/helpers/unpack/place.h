/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Making files below one directory from names that a stranger chose. Every component is opened by
 * itself, without following a link, below the directory opened before it; nothing that exists is
 * ever replaced.
 */

#include <base/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct place {
	int root;          /* borrowed */
	int parent;        /* the directory opened last, -1 none */
	char *parent_path; /* its path */
	uint64_t bytes, max_bytes;
};

#define PLACE_INIT ((struct place){.root = -1, .parent = -1})

void place_release(struct place *p);
/* A directory; one that is there already is fine. "" is the root itself. */
int place_dir(struct place *p, const char *path, struct err *err)
	__attribute__((warn_unused_result));
/* A new file, open for writing; the caller closes. */
int place_file(struct place *p, const char *path, bool executable, struct err *err)
	__attribute__((warn_unused_result));
int place_symlink(struct place *p, const char *path, const char *target, struct err *err)
	__attribute__((warn_unused_result));
/* A copy of the file (or symbolic link) @target that was placed before: what a hard link becomes.
 */
int place_copy(struct place *p, const char *path, const char *target, struct err *err)
	__attribute__((warn_unused_result));
/* Count bytes against the limit, before they are written. */
int place_count(struct place *p, uint64_t bytes, struct err *err)
	__attribute__((warn_unused_result));
