/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The tree hash: SHA-256 over the NAR serialisation of a directory, file or symbolic link, as
 * specified in "The Purely Functional Software Deployment Model" (E. Dolstra, 2006), section 5.2.1,
 * and as `nix hash path` prints it. NAR sees names, contents, the owner's execute bit and link
 * targets; it does not see owners, other mode bits, times, hard links or xattrs.
 */

#include <base/digest.h>
#include <base/err.h>

struct nar_stats {
	uint64_t files, dirs, links, bytes;
};

/*
 * Hash the object @name below @dirfd (never following a symbolic link at any step). @stats may be
 * NULL. A socket, fifo or device is ERR_INPUT naming its path.
 */
int nar_hash_at(int dirfd, const char *name, struct sha256 *out, struct nar_stats *stats,
		struct err *err) __attribute__((warn_unused_result, nonnull(2, 3, 5)));

/* The same bytes, given to @sink in order; the sink returns 0 or a negative number with *err set.
 */
typedef int (*nar_sink_fn)(void *arg, const void *data, size_t len, struct err *err);
int nar_dump_at(int dirfd, const char *name, nar_sink_fn sink, void *arg, struct nar_stats *stats,
		struct err *err) __attribute__((warn_unused_result, nonnull(2, 3, 6)));
