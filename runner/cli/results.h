/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Results as a user names them: a tree hash, a result link, any folder. */

#include "cli.h"

/*
 * 1 and the tree hash when @what is one, or at least 8 digits that one tree of the store begins
 * with; 0 when it is none, or a file of that name is there; else an error.
 */
int result_tree(struct cli *c, const char *what, struct sha256 *out, struct err *err)
	__attribute__((warn_unused_result));
/* The tree hash of a result link or of a hash. */
int result_hash(struct cli *c, const char *what, struct sha256 *out, struct err *err)
	__attribute__((warn_unused_result));
/* The directory, of a folder too. Returns the fd. */
int result_open(struct cli *c, const char *what, struct err *err)
	__attribute__((warn_unused_result));
