/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What runs between clone and exec. The child is a copy of a possibly multi-threaded process, so
 * nothing here allocates, locks, uses stdio or touches errno-independent global state: only system
 * calls, one small function per operation of the plan. It reports over a SOCK_SEQPACKET pair with
 * fixed structs; everything the supervisor reads from there is checked as if a stranger wrote it.
 *
 * A command runs only when the supervisor has said so, by one byte: it then has read all that the
 * commands before printed, so that no output and no ledger row is taken for another command's.
 */

#include "plan.h"
#include <linux/filter.h>

enum room_report_kind {
	ROOM_REPORT_FAILED = 1, /* operation @index failed with @value = errno */
	ROOM_REPORT_CGROUP,     /* waits to be moved into the room's cgroup */
	ROOM_REPORT_PTY,        /* carries the terminal's master by SCM_RIGHTS */
	ROOM_REPORT_READY,      /* all walls stand; @value = the listener's number in init */
	ROOM_REPORT_NOCWD,      /* the folder of command @index cannot be entered: @value = errno */
	ROOM_REPORT_NOEXEC,     /* command @index could not be executed: @value = errno */
	ROOM_REPORT_END         /* command @index ended: @value = exit status or 128 + signal */
};

struct room_report {
	uint32_t kind;
	uint32_t index;
	int32_t value;
	uint32_t processes; /* END: processes and threads so far */
};

struct room_child {
	const struct room_plan *plan;
	const struct room_command *commands;
	size_t n_commands;
	bool uncounted;
	int control;    /* our end of the pair */
	int stdio[3];   /* above 2, or -1: replaced by /dev/null */
	int keep[1024]; /* descriptors to keep open, ascending, all above 2 */
	unsigned n_keep;
	uid_t drop_uid; /* as root: become this before clone; else 0 */
	gid_t drop_gid;
	struct sock_fprog filter;
	int fail_at; /* tests: operation that fails with EIO; -1 */

	int root;   /* state: the new root */
	int folder; /* state: the folder of it that was used last, or -1 */
	char folder_path[256];
	int ruleset;    /* state: Landlock */
	int terminal;   /* state: slave side of the terminal */
	int listener;   /* state: until the supervisor has taken it */
	int net;        /* state: the network namespace, until it is entered */
	pid_t netmaker; /* state: the process that makes it */
	unsigned at;    /* state: operation being applied */
};

/* Runs in the new process; never returns. */
void room_child_main(struct room_child *c) __attribute__((noreturn));

/*
 * The process that a root belljar forks first: it becomes the room's uid for good, clones init as
 * its sibling (CLONE_PARENT) and writes init's pid, or a negative errno, to @out. Never returns.
 */
void room_child_drop(struct room_child *c, int out) __attribute__((noreturn));

/* clone3 into all namespaces, with a pidfd; 0 in the child. Negative errno on failure. */
long room_clone(uint64_t flags, int *out_pidfd);

/* One per kind of operation: 0 or a negative errno. Split over child_*.c. */
typedef int (*room_apply_fn)(struct room_child *c, const struct room_op *op);
extern const room_apply_fn room_apply_mount[ROOM_OP_KINDS];
extern const room_apply_fn room_apply_wall[ROOM_OP_KINDS];
extern const room_apply_fn room_apply_net[ROOM_OP_KINDS];

/* child_pin.c */
int room_apply_pin(struct room_child *c, const struct room_op *op);

/* 0 or -errno, for system calls that return -1. */
int room_errno(long result);
/* Send a report, with @fd attached when it is not -1. */
int room_send(int control, const struct room_report *r, int fd);
