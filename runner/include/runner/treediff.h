/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Two trees, path by path, as the tree hash sees them: names, kinds, contents, execute bit. */

#include <base/err.h>
#include <stddef.h>
#include <stdint.h>

enum treediff_kind {
	DIFF_ONLY_A,
	DIFF_ONLY_B,
	DIFF_KIND,   /* a file here, a folder or link there */
	DIFF_LINK,   /* other target */
	DIFF_EXEC,   /* other execute bit */
	DIFF_CONTENT /* sizes, and the first byte that differs */
};

struct treediff_row {
	enum treediff_kind kind;
	const char *path; /* relative; borrowed for the call */
	uint64_t size_a, size_b, offset;
};

typedef void (*treediff_fn)(void *arg, const struct treediff_row *row);

/* Compare the directories @a and @b (fds, not taken). *out_rows counts the differences. */
int treediff(int a, int b, treediff_fn fn, void *arg, uint64_t *out_rows, struct err *err)
	__attribute__((warn_unused_result));
/* "content differs: 12 and 14 bytes, first at offset 3". Written into @buf. */
void treediff_describe(const struct treediff_row *row, char *buf, size_t size);
