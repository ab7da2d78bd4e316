/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Where the archive goes: an fd, through zstd or as it is. */

#include <base/err.h>
#include <stdbool.h>
#include <stddef.h>

struct sink; /* opaque: owns the compressor; borrows the fd */

/*
 * With @zstd: level 12, checksum, and at least one worker thread. libzstd cuts the input for
 * workers at places that depend on level and content only, so the bytes do not depend on how many
 * there are; with no worker at all they would be others.
 */
int sink_new(int fd, bool zstd, struct sink **out, struct err *err)
	__attribute__((warn_unused_result));
void sink_freep(struct sink **s);
int sink_write(struct sink *s, const void *data, size_t len, struct err *err)
	__attribute__((warn_unused_result));
/* Write what is left. */
int sink_finish(struct sink *s, struct err *err) __attribute__((warn_unused_result));
