/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * belljar-attack runs inside a room and attacks it: the classes of docs/SECURITY.md that can be
 * tried from inside, one file per class or family. It links libc only and is static, so that it
 * runs in any root. Each check prints one JSON line on stdout; the last line counts them.
 *
 * Every family runs in a child of its own, so that nothing that it changes reaches the next one,
 * and a filter that kills is seen.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What an int argument's high word may hold, which the kernel does not read. */
#define GARBAGE (0xdeadbeefUL << 32)

/* Up to four errnos of which any is the expected one. */
#define EITHER(a, b)        ((unsigned)(a) | (unsigned)(b) << 8)
#define ANY_OF(a, b, c)     (EITHER(a, b) | (unsigned)(c) << 16)
#define ANY_OF4(a, b, c, d) (ANY_OF(a, b, c) | (unsigned)(d) << 24)

/* What the command line says of the outside and of this room. */
struct options {
	uint64_t outside_user, outside_pid, outside_mnt; /* inodes of the starter's namespaces */
	bool proc_full;          /* the room's /proc is a whole one, masked */
	bool terminal;           /* stdin is a terminal of the room's own */
	bool room;               /* a belljar room: expect its very errnos and its fixed values */
	int tcp_port;            /* a service on the host's loopback; 0: none */
	const char *abstract;    /* name of a socket of the host, without its NUL; NULL: none */
	const char *path_socket; /* path of a socket of the host; NULL: none */
	int ipc_key;             /* of a SysV segment, queue and semaphore of the host; 0: none */
	const char *mq;          /* a POSIX message queue of the host; NULL: none */
	pid_t victim;            /* a process of the host; 0: none */
	int cpus;                /* that a room shows; 0: unknown */
};

extern struct options opt;

/* What the program has proved of itself before it did anything. */
struct standing {
	bool own_user, own_pid, own_mnt;
	bool harmless; /* own pid and mount namespace, and no privilege on the host */
};

extern struct standing standing;

/* safety.c: fill `standing`; a text that says why nothing may be tried, or NULL. */
const char *safety_prove(void);

/* ---- report.c ---- */
void report_family(int class, const char *title);
/*
 * A deed: @result is the call's (negative, and errno, when it failed). It must have failed with
 * @want. An errno that speaks of arguments rather than of permission counts as success: the call
 * was reached.
 */
void refused(const char *check, long result, unsigned want);
/*
 * The same for a call with empty arguments: it says only whether the filter knows the call, and is
 * not comparable with other tools.
 */
void door(const char *check, long result, unsigned want);
/* The deed has no effect on anything outside the room, or the room shows nothing: @ok. */
void contained(bool ok, const char *check, const char *detail, ...)
	__attribute__((format(printf, 3, 4)));
void not_applicable(const char *check, const char *why);
void not_tried(const char *check, const char *why);

struct totals {
	unsigned checks, refused, contained, succeeded, not_applicable, not_tried, unexpected,
		deeds;
};

/* Shared with the children. */
extern struct totals *totals;

/* A child died of a signal, or hung. */
void report_death(int status);
void report_summary(void);

/* ---- families ---- */
void attack_terminal(void);
void attack_descriptors(void);
void attack_program(void);
void attack_smuggling(void);
void attack_chmod(void);
void attack_creation(void);
void attack_xattr(void);
void attack_uring(void);
void attack_namespaces(void);
void attack_mount_api(void);
void attack_locked_mounts(void);
void attack_sysctl(void);
void attack_proc_leaks(void);
void attack_keyrings(void);
void attack_kernel(void);
void attack_families(void);
void attack_network(void);
void attack_abi(void);
void attack_races(void);
void attack_supervisor(void);
void attack_ipc(void);
void attack_devices(void);
void attack_exhaustion(void);
void attack_exec(void);
void attack_shims(void);
void attack_time(void);
void attack_randomness(void);
void attack_cpu(void);
void attack_environment(void);

/* files.c: open @path with @flags and close it again; the result as refused() wants it. */
int try_open(const char *path, int flags);
