/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A file written or read as one zstd stream (RFC 8878). */

#include <base/err.h>
#include <stddef.h>

struct zwriter; /* opaque */

/* Takes @fd, also on failure. */
struct zwriter *zwriter_new(int fd) __attribute__((returns_nonnull));
/* A failed write is remembered and told by zwriter_close(). */
void zwriter_write(struct zwriter *z, const void *data, size_t len);
/* End the stream and close; frees @z. */
int zwriter_close(struct zwriter *z, const char *name, struct err *err)
	__attribute__((warn_unused_result));
void zwriter_freep(struct zwriter **z); /* abandon */

/* Decompress @fd piece by piece into @fn, which returns 0 to go on. */
int zread(int fd, const char *name, int (*fn)(void *arg, const char *data, size_t len), void *arg,
	  struct err *err) __attribute__((warn_unused_result));
