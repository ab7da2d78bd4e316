/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Plan and apply: a struct room_spec (what is wanted) and a struct room_facts (what this host has)
 * become a flat list of operations, without touching anything. The child applies the list in
 * order, one small function per kind (child.c); a test or a reader can print it.
 */

#include "filter/kind.h"
#include <base/err.h>
#include <base/str.h>
#include <sandbox/room.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What a source of a mount is, found out before the plan is made. */
struct room_source {
	bool present;
	bool directory;
	int tree; /* as root: a detached mount of it, with its flags set; -1: the child clones it */
};

/* An entry of the host's root directory that ROOM_ROOT_HOST_RO shows. */
struct room_host_entry {
	char name[16];
	char link[64]; /* target when it is a symbolic link, else "" */
	int tree;
};

#define ROOM_HOST_ENTRIES 12

struct room_facts {
	uid_t uid; /* the room's, in our user namespace; never the host's root */
	gid_t gid;
	bool root_mode;
	bool cgroup;      /* the room has a cgroup of its own */
	int landlock;     /* ABI, 0: none */
	bool time_ns;     /* time namespaces exist */
	char clocks[128]; /* text for /proc/self/timens_offsets */
	unsigned cpus;    /* in our own affinity */
	struct room_source root;
	struct room_source *sources; /* one per spec->mounts[i]; owned */
	size_t n_sources;
	struct room_host_entry host[ROOM_HOST_ENTRIES];
	size_t n_host;
};

/* The device nodes of every room; a NULL name ends the list. */
struct room_device {
	const char *name; /* below /dev, on the host and inside */
	unsigned major, minor;
};
extern const struct room_device room_devices[];

enum room_op_kind {
	ROOM_OP_FDS,      /* close all but stdio and what the room needs */
	ROOM_OP_DEATHSIG, /* die with the supervisor */
	ROOM_OP_WRITE,    /* write text src to file dst */
	ROOM_OP_UNSHARE,  /* namespaces a */
	ROOM_OP_BINFMT,   /* an empty binfmt_misc: the host's registered interpreters go */
	ROOM_OP_CGROUP,   /* wait until the supervisor has moved us into the room's cgroup */
	ROOM_OP_HOSTNAME, /* src */
	ROOM_OP_NET,      /* begin to make the network namespace; src: "loopback" to bring lo up */
	ROOM_OP_JOIN_NET, /* enter it */
	ROOM_OP_TREE,     /* bind src (or the detached mount fd) on dst; a: mount attributes */
	ROOM_OP_TMPFS,  /* on dst; src: size; a: mode; b: mount attributes; c: files, 0: kernel's */
	ROOM_OP_PROC,   /* on dst; src: "pid" or NULL */
	ROOM_OP_DEVPTS, /* on dst */
	ROOM_OP_MKDIR,  /* dst; a: mode */
	ROOM_OP_MKFILE, /* dst, empty or with text src */
	ROOM_OP_SYMLINK,  /* dst -> src */
	ROOM_OP_MASK,     /* hide dst, if it is there, below the room's src or an empty folder */
	ROOM_OP_SEAL,     /* the mount dst becomes read-only */
	ROOM_OP_PTY,      /* allocate the terminal and send its master to the supervisor */
	ROOM_OP_PIVOT,    /* the new root becomes /, the old one goes */
	ROOM_OP_CHDIR,    /* dst */
	ROOM_OP_LIMIT,    /* resource a: soft limit b, hard limit c, neither above the host's */
	ROOM_OP_AFFINITY, /* the first a CPUs of ours */
	ROOM_OP_PERSONA,  /* personality a */
	ROOM_OP_UMASK,    /* a */
	ROOM_OP_PIN,      /* timer slack, huge pages, KSM, memory policy, core filter: the usual */
	ROOM_OP_CAPS,     /* drop every capability from every set */
	ROOM_OP_NNP,      /* no new privileges */
	ROOM_OP_LANDLOCK, /* new ruleset handling rights a, scopes b */
	ROOM_OP_GRANT,    /* rights a below dst; b: may be missing */
	ROOM_OP_GRANT_FD, /* rights a on the file behind descriptor fd */
	ROOM_OP_ENFORCE,  /* the ruleset */
	ROOM_OP_STDIN,    /* the room's /dev/null when no stdin was given */
	ROOM_OP_FILTER,   /* the seccomp program, with its listener; src: "quiet", "ledger", "trace"
			   */
	ROOM_OP_KINDS
};

struct room_op {
	enum room_op_kind kind;
	const char *src, *dst; /* owned by the plan, or static */
	uint64_t a, b, c;
	int fd; /* ROOM_OP_TREE: a detached mount or -1; ROOM_OP_GRANT_FD */
};

struct room_plan {
	struct room_op *ops;
	size_t n, cap;
	struct strv texts; /* what src and dst point to */
	char walls[256];
};

/* Pure. ERR_USAGE when the spec contradicts itself. */
int room_plan_make(struct room_plan *plan, const struct room_spec *spec,
		   const struct room_facts *facts, struct err *err)
	__attribute__((warn_unused_result));
void room_plan_release(struct room_plan *plan);
/* One operation as a line without newline: "tmpfs /build size=50% mode=0755 nosuid,nodev". */
void room_plan_print_op(const struct room_op *op, struct strbuf *out);
void room_plan_print(const struct room_plan *plan, struct strbuf *out);

/* walls.c: fill plan->walls. */
void room_plan_describe_walls(struct room_plan *plan, const struct room_spec *spec,
			      const struct room_facts *facts);

/* Used by the parts of the planner. Texts are copied. */
struct room_op *room_plan_add(struct room_plan *plan, enum room_op_kind kind, const char *src,
			      const char *dst) __attribute__((returns_nonnull));
/* Which of the filter programs the room gets. */
enum filter_kind room_filter_kind(const struct room_spec *spec);
const char *room_filter_name(const struct room_spec *spec);
/* How many CPUs the room gets. */
unsigned room_plan_cpus(const struct room_spec *spec, const struct room_facts *facts);
int room_plan_mounts(struct room_plan *plan, const struct room_spec *spec,
		     const struct room_facts *facts, struct err *err)
	__attribute__((warn_unused_result));
void room_plan_walls(struct room_plan *plan, const struct room_spec *spec,
		     const struct room_facts *facts);
