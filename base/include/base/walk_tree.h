/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A walk over a tree that its maker may have built to hurt us: no link is followed, no mount is
 * entered (openat2(2) with RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS, RESOLVE_NO_XDEV), neither the
 * call stack nor the number of open fds grows with the depth, and everything is done to an fd of
 * the very object that was looked at. Names are visited in bytewise order.
 */

#include <base/err.h>
#include <stdbool.h>
#include <sys/stat.h>

struct walk_entry {
	int dirfd;        /* the folder that holds it */
	const char *name; /* its name there */
	const char *path; /* from the top, "." for the top itself */
	int fd;           /* O_PATH; when leaving a folder, a readable fd of it */
	struct stat st;
	bool leave; /* a folder whose entries have all been visited */
};

/*
 * @fn sees each object once, and a folder a second time with @leave. It may replace entry->fd by
 * an fd of a new object of the same name (closing the old one). A negative return ends the walk.
 */
typedef int (*walk_fn)(void *arg, struct walk_entry *entry, struct err *err);
int walk_tree(int dirfd, const char *name, walk_fn fn, void *arg, struct err *err)
	__attribute__((warn_unused_result));

/* Of a path in a message; it leaves room for the reason. */
#define WALK_SHOWN_MAX 600
