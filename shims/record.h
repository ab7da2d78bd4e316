/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One call, one JSON line into the FIFO. The reader is the supervisor, outside the room; what
 * arrives is a statement of the build about itself (a hostile build can write lines of its own), so
 * it serves honest recipes and their authors. The sandbox's ledger is the one that cannot be talked
 * to.
 */
#include <sys/types.h>

struct record {
	const char *name, *policy, *answer;
	const char *text; /* what was printed, served, or why it was refused */
	const char *url;  /* what the call would fetch, or NULL */
	char *const *argv;
	pid_t pid, ppid;
	const char *parent, *parents; /* "make", "make < sh < init" */
};

/* 0 when it was handed over or nobody is there to take it; -1 when a reader is there and it was
 * not. */
int record_send(const struct record *r);

/*
 * The names of at most @max processes above us, nearest first, parted by " < ", into @buf; as far
 * as /proc shows them and @size allows. An empty text if it shows none.
 */
void record_parents(char *buf, size_t size, int max);
