/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Unpack one archive below one directory. Runs in a process of its own, confined. */

#include <base/err.h>
#include <stdbool.h>
#include <stdint.h>

struct unpack_job {
	int archive_fd, dirfd; /* borrowed */
	const char *name;      /* of the archive, for messages; borrowed */
	bool deb;
	unsigned strip;
	uint64_t max_bytes, max_entries;
};

struct unpack_stats {
	uint64_t entries, bytes;
};

/* Errors read "ARCHIVE: entry NAME: what" or "ARCHIVE: what". */
int unpack_archive(const struct unpack_job *job, struct unpack_stats *out, struct err *err)
	__attribute__((warn_unused_result));
