/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Archives in and out, through the helper programs `unpack` and `pack` (libarchive: tar with gzip,
 * bzip2, xz, zstd or nothing, and .deb; no other format is enabled). The helper that parses is
 * confined: no network, writes only below its one output folder.
 */

#include <base/err.h>
#include <base/event.h>
#include <store/store.h>

enum archive_kind { ARCHIVE_TAR, ARCHIVE_DEB };

/*
 * Unpack a blob into a tree of its own and publish it; remembered in memo/, so that a second call
 * costs a lookup. ARCHIVE_TAR: @strip leading components are dropped; entries outside or through a
 * link, devices, set-id bits and the rest of store/helpers/README.md are ERR_INPUT naming archive
 * and entry. A symbolic link that leads outside is kept, and was not followed. ARCHIVE_DEB: only
 * data.tar; leading bin sbin lib lib64 lib32 libx32 become usr/... (a link bin -> usr/bin is left
 * out); devices and fifos refused; set-id bits dropped. Hard links within the archive become
 * copies.
 */
int store_unpack(struct store *s, const struct sha256 *blob, const char *name,
		 enum archive_kind kind, unsigned strip, struct sha256 *out_tree, struct err *err)
	__attribute__((warn_unused_result));

struct unpack_item {
	struct sha256 blob;
	const char *name;
	struct sha256 tree; /* out */
};
/* Many .debs at once on all cores; progress events "unpack" count packages. */
int store_unpack_debs(struct store *s, struct unpack_item *items, size_t n,
		      const struct event_sink *sink, struct err *err)
	__attribute__((warn_unused_result));

/*
 * Export a tree as a byte-stable archive: names sorted, owner 0:0, mtime @epoch, pax format.
 * @format is "tar" or "tar.zst" (level 3, one worker at least; stable for
 * one libzstd).
 */
int store_export(struct store *s, const struct sha256 *tree, const char *format, int64_t epoch,
		 int out_fd, struct err *err) __attribute__((warn_unused_result));
