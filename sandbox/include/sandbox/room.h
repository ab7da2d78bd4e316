/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The sealed room: a struct room_spec (what is wanted) becomes a struct room_plan (the list of
 * operations, pure, printable, testable without privilege), which a child applies between clone and
 * exec; a supervisor (event loop over pidfd, pipes, seccomp listener, timers) watches it to its
 * end.
 *
 * Inside: user 1000 "builder", group 1000; hostname "belljar"; / is the given root, read-only;
 * /build (cwd), /out/NAME, /tmp writable; /inputs, /shims read-only; a fixed /dev; /proc with
 * subset=pid; no network but a loopback of its own; no capability; no new privileges; an allowlist
 * filter with a ledger. See docs/SECURITY.md for each wall.
 */

#include <base/err.h>
#include <base/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * In every action key. Raise it when a change of the room can change what a build sees (a new fixed
 * value, another /dev entry), not when a wall gets thicker.
 */
#define ROOM_VERSION 1

/* What uname(2) answers in every room. */
#define ROOM_RELEASE "6.1.0-belljar"

/*
 * As root, rooms run as the host uids (and gids) from here on, one per running room. The range lies
 * above all that distributions and systemd hand out (its last one ends at 0x6fffffff).
 */
#define ROOM_UID_BASE 0x7e000000
#define ROOM_UIDS     64

enum room_mount_kind {
	ROOM_BIND_RO, /* a host directory or file, read-only, nosuid, nodev */
	ROOM_BIND_RW, /* the same, writable */
	ROOM_TMPFS    /* an empty tmpfs of @size bytes */
};

struct room_mount {
	enum room_mount_kind kind;
	const char
		*src; /* host path, trusted (from belljar or its user), NULL for tmpfs; borrowed */
	const char *dst; /* absolute path inside; missing parents below /inputs, /out, /shims are
			    made */
	uint64_t size;   /* ROOM_TMPFS: bytes, 0 = half of memory */
	bool noexec;
	/*
	 * ROOM_BIND_RW as root: false gives the top folder to the room's uid (a folder of belljar's
	 * own); true leaves it alone and shows root's files as the builder's by an id-mapped mount,
	 * so that what the room writes there belongs to root (a folder of the user's).
	 */
	bool keep_owner;
};

struct room_command {
	const char *name;        /* phase name, for events and records */
	const char *const *argv; /* argv[0] absolute inside */
	const char *const *env;  /* the complete environment; NULL-terminated */
	const char *cwd;         /* absolute inside; NULL: /build */
	bool or_above; /* @cwd cannot be entered: say so, and run in the deepest folder above */
};

enum room_root {
	ROOM_ROOT_TREE,   /* root_path is the whole root, mount points exist in it */
	ROOM_ROOT_HOST_RO /* the host's own /usr, /etc, ... read-only on an empty skeleton (belljar
			     run) */
};

enum room_net { ROOM_NET_LOOPBACK, ROOM_NET_NONE }; /* NONE: loopback stays down */
enum room_proc { ROOM_PROC_PID, ROOM_PROC_FULL };   /* FULL: whole proc, the leaking files masked */

/* The defaults of struct room_limits. */
#define ROOM_PROCESSES    4096
#define ROOM_OPEN_FILES   4096
#define ROOM_FILE_BYTES   (64ULL << 30)
#define ROOM_LOG_BYTES    (1ULL << 30)
#define ROOM_WALL_SECONDS (24 * 3600)
#define ROOM_ENTRIES      (4ULL << 20)

/*
 * Of the room as a whole unless it says otherwise. Held by a cgroup v2 where one was delegated, by
 * rlimits and the sizes of its tmpfs, and by the supervisor, which looks about every 100 ms.
 */
struct room_limits {          /* 0: the default */
	uint64_t build_bytes; /* of /build; default half of memory, on disk half of what is free */
	uint64_t tmp_bytes;   /* of /tmp; default half of memory */
	uint64_t out_bytes;   /* of all of /out/NAME together; default half of what is free */
	uint64_t entries;     /* files and folders in /build, /tmp, all of /out, each */
	uint64_t memory;      /* of all processes and every tmpfs together; default nine tenths of
				 memory and swap; when given, also twice as much data per process
				 (RLIMIT_DATA) */
	uint64_t processes;   /* and threads */
	uint64_t open_files;  /* per process */
	uint64_t file_bytes;  /* of one file (RLIMIT_FSIZE) */
	uint64_t log_bytes;   /* of what goes to on_output */
	uint64_t wall_seconds;
	uint64_t cpu_seconds; /* per process (RLIMIT_CPU); default none */
};

struct room_spec {
	enum room_root root;
	const char *root_path;           /* ROOM_ROOT_TREE */
	const struct room_mount *mounts; /* besides /proc /dev /tmp, which are always there */
	size_t n_mounts;
	const struct room_command
		*commands; /* run one after the other by init; the first failure ends the room */
	size_t n_commands;
	const char *hostname; /* NULL: "belljar" */
	const char *machine;  /* uname -m inside, NULL: the host's */
	unsigned cpus;        /* CPUs made visible by affinity, 0: all of ours */
	enum room_net net;
	enum room_proc proc;
	struct room_limits limits;
	bool ledger_exec; /* notify exec (network, uname, sysinfo are always notified) */
	bool trace;       /* tell the handler of every path that is opened or looked at; slow */
	bool terminal; /* interactive: stdin/out/err are the caller's, job control works through a
			  pty of the room */
	int stdin_fd;  /* -1: /dev/null */
	int stdout_fd, stderr_fd; /* -1: piped to on_output */
	int record_fd;  /* read end of the shims' FIFO (its host path is mounted by the caller), or
			   -1 */
	bool keep_aslr; /* default: ASLR off */
	const char *require; /* walls that must stand, as room_require_walls(); NULL: none */
	bool uncounted; /* nobody asks how many processes there were: result.processes stays 0 */
	uid_t host_uid; /* as root: the dedicated uid of this room; 0: chosen from the configured
			   range */
};

enum ledger_kind { LEDGER_NET, LEDGER_EXEC, LEDGER_FACT, LEDGER_SHIM, LEDGER_LIMIT };

struct ledger_row { /* texts are borrowed for the duration of the callback; "" when unknown */
	enum ledger_kind kind;
	double time; /* seconds since the room began */
	const char *phase;
	pid_t pid;           /* inside the room */
	const char *parents; /* "make < sh < init": names from the caller's parent up */
	const char *exe, *argv,
		*cwd;       /* argv joined by spaces, quoted, as requested, cut at 4 KiB */
	const char *call;   /* "connect", "execve", "uname" */
	const char *object; /* "tcp 192.0.2.1:80", "AF_NETLINK", path of an exec, a shim's name */
	const char *answer; /* "ENETUNREACH", "allowed", "fixed", a shim's verdict */
	const char *url;    /* what a shim was asked to fetch, printable */
	bool refused;
};

enum room_look { ROOM_LOOK, ROOM_OPEN, ROOM_EXEC }; /* stat and the like; open; execve */

/*
 * CPU time as the kernel accounts for it, read by the supervisor from outside: nothing that a
 * process of the room says goes into it, and init's reports do not either. What it covers
 * (room_result.cpu_from):
 *
 * "cgroup": all that any process of the room used, by cpu.stat of its cgroup (cgroups(7)).
 *
 * "wait": where no cgroup was delegated, what the supervisor's wait4(2) told of init, a lower
 * bound: init's own time (the set-up of the room in it) and that of its descendants that were
 * waited for, each by its parent or, once orphaned, by init (getrusage(2), RUSAGE_CHILDREN). Not in
 * it are the children of a process that ignores SIGCHLD, and what is killed together with the room:
 * what still ran when the last command ended, or when init was killed. Only when a limit of the
 * supervisor strikes does it first sum up, from /proc, what all that live have used.
 */
struct room_cpu {
	uint64_t user_us, system_us;
};

/*
 * A command began or ended. @cpu is what the room used since the command before ended, as far as
 * it was known when the supervisor heard of the end: with a cgroup what was used, else what was
 * waited for in that time (proc(5), cutime and cstime of init, in steps of 10 ms).
 */
struct room_phase {
	size_t index;
	bool ended; /* the rest is valid then only */
	int status;
	double seconds;
	bool cpu_known;
	struct room_cpu cpu;
};

struct room_handler {
	void *arg;
	/*
	 * stdout and stderr, in order of arrival: what a command wrote comes between the news of
	 * its beginning and of its end, as do its rows of the ledger. What it leaves behind as
	 * processes may write and call later, in the time of another.
	 */
	void (*on_output)(void *arg, const char *data, size_t len);
	void (*on_ledger)(void *arg, const struct ledger_row *row);
	/* spec->trace: an absolute path as requested, also one that is not there; borrowed */
	void (*on_path)(void *arg, const char *path, enum room_look look);
	void (*on_phase)(void *arg, const struct room_phase *phase);
	bool (*on_tick)(void *arg); /* about every 100 ms; true: stop the room (ERR_INTERRUPTED) */
};

/* Why a command did not even begin: its cwd could not be entered, its program not be run. */
enum room_start { ROOM_STARTED, ROOM_NO_CWD, ROOM_NO_EXEC };

struct room_result {
	int status;    /* of the last command that ran: exit status, or 128+signal */
	size_t failed; /* index of the command that failed; n_commands when none */
	/* Of the command that failed, whose status then is 125, 126 or 127. */
	enum room_start start;
	int start_errno;
	/*
	 * ROOM_NO_CWD, when it lies in what the room may write: the deepest folder on the way to it
	 * that is there, and the folders in that one, sorted, each with a '/' behind it; as many as
	 * there is space for. Named by the build: not printable. Else "".
	 */
	char there[256], folders[1024];
	double seconds;
	struct room_cpu cpu;
	const char *cpu_from; /* "cgroup", "wait": see struct room_cpu; NULL: there was no room */
	uint64_t max_rss_kib; /* of the largest process, init included, of those "wait" covers */
	uint64_t processes;   /* and threads that were started; init counts them */
	uint64_t net_refused, execs, facts; /* counts of ledger rows */
	/*
	 * The limit that was met, or "": "wall time, 60 s (--limit time=N raises it)". Struck: it
	 * killed the room. Else a command failed, and this is probably why.
	 */
	char limit[200];
	char limit_name[16]; /* as --limit calls it: "time" */
	bool limit_struck;
	char walls[256]; /* which walls stand: "userns landlock7 seccomp-notify timens ..." */
};

/*
 * Run the room to its end. 0 when every command was started and the room ended by itself (look at
 * result->status); negative: the room could not be set up (ERR_HOST with the step, and the switch
 * that allows it where known), was interrupted, or a wall could not be raised. Never leaves a
 * process, a mount or a file behind. Not reentrant per thread; several threads may each run a room.
 */
int room_run(const struct room_spec *spec, const struct room_handler *handler,
	     struct room_result *out, struct err *err) __attribute__((warn_unused_result));

/*
 * 0 when every wall of @list ("all", or names with commas: landlock, landlock-scopes, timens,
 * cgroup) is among @walls, which is as struct room_result says. ERR_HOST names the one that is
 * missing; ERR_USAGE: there is no such wall.
 */
int room_require_walls(const char *list, const char *walls, struct err *err)
	__attribute__((warn_unused_result));

/* The host uid that rooms of a root belljar use for slot @n (0..63): owner of /build and /out on
 * disk. */
uid_t room_host_uid(unsigned slot);
