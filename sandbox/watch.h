/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The supervisor's own eyes on what a room uses as a whole: memory of all its processes and its
 * tmpfs, number of processes, size of what it writes to disk. They hold where no cgroup was
 * delegated, and where none could (files on a disk); and they know afterwards which limit a command
 * met that failed.
 *
 * A look costs two small reads as long as the whole host uses less than the room may; only then
 * the room's processes are walked, for about a twentieth of the time.
 */

#include <dirent.h>
#include <sandbox/room.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct room;

/* The processes below one, as /proc tells of them (proc(5)). */
struct procs_use {
	uint64_t tasks;
	uint64_t anon, shared; /* bytes; swapped-out pages and page tables are anonymous */
	uint64_t unmapped;     /* of memfds, which need not be mapped anywhere */
	bool too_many_files;   /* open ones: not all were looked at, so that @unmapped lacks some */
};

/*
 * Walk init's descendants. Stops at @max_tasks, and returns what was counted so far. @exact: pages
 * that several processes share count once (dear; needs the right to trace them), as far as a few
 * seconds reach. Bounded in time, whatever the processes do: nothing else is supervised meanwhile.
 */
void procs_measure(pid_t init, uint64_t max_tasks, bool exact, struct procs_use *out);

struct procs_spent {
	struct room_cpu cpu;
	uint64_t max_rss_kib; /* of the largest one, at its worst */
};

/*
 * CPU time of init and all its descendants that live, each with the children that it waited for.
 * Parents are read before their children: what ends meanwhile is missed, not counted twice. Stops
 * at @max_tasks.
 */
void procs_spent(pid_t init, uint64_t max_tasks, struct procs_spent *out);
/* CPU time of the children that this one process waited for; false where /proc does not tell. */
bool procs_waited(pid_t pid, struct room_cpu *out);
/* Whether this kernel tells the children of a process at all (CONFIG_PROC_CHILDREN). */
bool procs_available(void);

#define WALK_LEVELS 64

/* A folder measured a little at a time; folders that cannot be read are only noted. */
struct walk {
	int top; /* borrowed */
	DIR *level[WALK_LEVELS];
	size_t n;
	uint64_t bytes, entries;           /* of the round that runs */
	uint64_t last_bytes, last_entries; /* of the last complete round */
	bool blind;                        /* something could not be read, or was too deep */
};

/* Look at up to @budget entries; true when a round ended with this step. */
bool walk_step(struct walk *w, unsigned budget);
void walk_close(struct walk *w);

enum place_kind { PLACE_TMPFS, PLACE_DISK, PLACE_USER };

/* Somewhere the room can write. */
struct place {
	enum place_kind kind;
	int fd;
	const char *dst;           /* borrowed */
	const char *limit;         /* "build", "tmp", "out", or "" */
	uint64_t size;             /* of a tmpfs */
	uint64_t free, free_nodes; /* of a disk when the room began */
	bool full, no_nodes;
	struct walk walk;
};

struct watch {
	struct place *places;
	size_t n;
	int meminfo, loadavg; /* kept open: -1 when there is none */
	uint64_t memory, processes;
	uint64_t peak_tasks;
	uint64_t oom_kills; /* of the host, at the first look */
	bool looked, at_max;
	double next; /* no walk of the processes before */
};

/* When all walls stand and the room waits. Never fails: what cannot be watched is not. */
void watch_open(struct room *r);
/* About every 100 ms. */
void watch_look(struct room *r, double now);
/* After the end of a command that failed: which limit it met, as far as that can be known. */
void watch_explain(struct room *r);
void watch_close(struct watch *w);
