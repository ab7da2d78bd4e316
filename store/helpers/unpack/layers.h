/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The libarchive adapter: the layers of an archive, each reading from the one below, so that every
 * byte between them is counted here.
 *
 *	file -> [ar, for a .deb: the data.tar member] -> decompression -> tar
 *
 * Only tar and (outermost) ar; only gzip, bzip2, xz, zstd or nothing, and only once.
 */

#include <archive.h>
#include <archive_entry.h>
#include <base/err.h>
#include <stdbool.h>
#include <stdint.h>

/* Where in a stream the last byte that is not zero was seen. */
struct tail {
	uint64_t seen, nonzero_end;
};

struct layers {
	struct archive *ar, *raw, *tar; /* ar only for a .deb */
	int fd;                         /* borrowed */
	struct tail packed, unpacked;
	uint64_t max_unpacked;
	char *buf; /* of the lowest layer */
};

#define LAYERS_INIT ((struct layers){.fd = -1})

/* @max_unpacked bounds the whole tar stream. Errors say what is wrong, without the archive's name.
 */
int layers_open(struct layers *l, int fd, bool deb, uint64_t max_unpacked, struct err *err)
	__attribute__((warn_unused_result));
void layers_release(struct layers *l);
/* 1 and the next entry (borrowed until the next call), 0 at the end. */
int layers_next(struct layers *l, struct archive_entry **out, struct err *err)
	__attribute__((warn_unused_result));
/* 1 and a block of the present entry's contents, 0 at its end. */
int layers_data(struct layers *l, const void **data, size_t *len, int64_t *offset, struct err *err)
	__attribute__((warn_unused_result));
/* After the last entry: nothing but zeros may follow, in no layer. */
int layers_finish(struct layers *l, struct err *err) __attribute__((warn_unused_result));
