/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the parts of the supervisor share. */

#include "child.h"
#include "plan.h"
#include "watch.h"
#include <base/cleanup.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <termios.h>

/* A process of the room as /proc tells of it. */
struct target {
	pid_t tid;    /* as we see it */
	pid_t tgid;   /* as we see it */
	pid_t inside; /* process id as the room sees it */
	pid_t parent; /* as we see it */
	char name[32];
};

/* What the ledger has counted and said. */
struct ledger {
	struct strv said; /* "call exe" of FACT rows: each pair is told once */
	uint64_t rows;
	bool capped;
	void *request, *response; /* sized as the kernel asks */
};

/* The shims' FIFO: bytes of an incomplete line. */
struct record {
	char line[4096];
	size_t len;
	bool skipping; /* inside a line that was too long */
	uint64_t malformed;
};

/* The caller's terminal while it is relayed. */
struct terminal {
	int master;
	int in, out; /* in: -1 once it is at its end */
	int tty;     /* the caller's terminal, to be restored */
	bool raw;
	struct termios saved;
	char rest[4096]; /* typed, but the room's terminal did not take it yet */
	size_t rest_len;
};

enum room_end { ROOM_RUNS, ROOM_STOPPED, ROOM_LIMIT };

struct room {
	const struct room_spec *spec;
	const struct room_handler *handler;
	struct room_result *out;
	struct room_facts facts;
	struct room_plan plan;
	struct room_child child;
	pid_t pid;
	int control, pidfd, listener, output;
	int slot;   /* as root: the locked slot file, or -1 */
	int cgroup; /* or -1 */
	char cgroup_path[256];
	double start;
	size_t phase;
	bool in_phase;
	double phase_start;
	struct room_cpu cpu_before; /* used when the last command ended */
	struct procs_spent struck;  /* by all that lived when a limit struck */
	size_t ended;               /* commands that ended */
	bool hung_up;               /* init has closed its end of the control socket */
	uint64_t logged;
	enum room_end end;
	struct ledger ledger;
	struct record record;
	struct terminal terminal;
	struct watch watch;
	struct strbuf scratch;
};

/* facts.c: look at the host; opens nothing that must be closed but facts->sources. */
int room_facts_probe(struct room_facts *f, const struct room_spec *spec, struct err *err)
	__attribute__((warn_unused_result));
void room_facts_release(struct room_facts *f);
/* As root: whether we are real root that has to step down, into f->root_mode. */
int room_facts_identity(struct room_facts *f, struct err *err) __attribute__((warn_unused_result));

/* rootmode.c */
/* Choose and lock a uid (spec->host_uid or the first free slot); the lock is the returned *slot. */
int room_root_uid(struct room_facts *f, const struct room_spec *spec, int *out_slot,
		  struct err *err) __attribute__((warn_unused_result));
/* Open every source as a detached mount with its flags and owners; RW tops get the room's uid. */
int room_root_trees(struct room_facts *f, const struct room_spec *spec, struct err *err)
	__attribute__((warn_unused_result));

/* fail.c: fill *err with ERR_HOST for a failed step, with the switch that would allow it. */
int room_fail_clone(int errnum, struct err *err);
int room_fail_step(const struct room_op *op, int errnum, struct err *err);
/* The same for a call on @path that the supervisor itself makes. */
int room_fail_call(struct err *err, const char *what, const char *path, int errnum);

/* limits.c */
/* Where the hierarchy is and what tells our own place in it; tests point them elsewhere. */
struct cgroup_place {
	const char *top;  /* "/sys/fs/cgroup" */
	const char *self; /* "/proc/self/cgroup" */
	bool any_fs;      /* @top need not be a cgroup2 */
};
extern struct cgroup_place room_cgroup_place;
void room_cgroup_make(struct room *r);
/* Did the room's cgroup meet one of its limits? Says so, and returns true. */
bool room_cgroup_explain(struct room *r);
/* 0 and where, or an errno and why not. */
int room_cgroup_available(char *detail, size_t size);
void room_cgroup_enter(struct room *r);
void room_cgroup_remove(struct room *r);
/* What all of the room has used so far; false where no cgroup tells. */
bool room_cgroup_cpu(const struct room *r, struct room_cpu *out);

/* supervisor.c */
double room_now(void);
void room_kill(struct room *r);
enum limit_unit { LIMIT_NONE, LIMIT_BYTES, LIMIT_SECONDS, LIMIT_NUMBER };
/*
 * A limit struck: the room ends, and the result and the ledger tell which. @name is what --limit
 * calls it, or ""; what it limits is said by @fmt, its value by @value and @unit.
 */
void room_strike(struct room *r, const char *name, uint64_t value, enum limit_unit unit,
		 const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* The same for a limit that a failed command met and that killed nobody. */
void room_explain(struct room *r, const char *name, uint64_t value, enum limit_unit unit,
		  const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* Receive one report: 1, 0 when there is none, negative when the child broke the protocol. */
int room_receive(struct room *r, struct room_report *report, int *out_fd);
/* Init waits for a word of ours, at several places: say it. False when init is gone. */
bool room_go_on(struct room *r);
int room_supervise(struct room *r, struct err *err) __attribute__((warn_unused_result));

/* cwd.c: the folder of the running command cannot be entered. Tells the result what is there. */
void room_look_for_cwd(struct room *r);

/* usage.c: see struct room_cpu for what the figures cover */
struct rusage;
/* A command ended: fills in what it used. */
void usage_phase(struct room *r, struct room_phase *phase);
/* The room is about to be killed for a limit. */
void usage_strike(struct room *r);
/* Init was reaped, with @ru: fills in the result. */
void usage_end(struct room *r, const struct rusage *ru);

/* ledger.c */
void ledger_init(struct ledger *l);
void ledger_release(struct ledger *l);
/* Answer one notification; false when there was none. */
bool ledger_serve(struct room *r);
/* Hand a row to the caller: fills in time and phase, counts, caps. */
void ledger_tell(struct room *r, struct ledger_row *row);

/* trace.c: tell the path of a call; true when that was all, and the call was let go on. */
bool trace_serve(struct room *r, const struct seccomp_notif *req);

/* target.c: hostile memory and /proc. */
int target_look(pid_t tid, struct target *out);
ssize_t target_read(pid_t tid, uint64_t addr, void *buf, size_t len);
/* A terminated copy of at most @size - 1 bytes; its length or -errno. */
ssize_t target_string(pid_t tid, uint64_t addr, char *buf, size_t size);
int target_write(pid_t tid, int listener, uint64_t id, uint64_t addr, const void *data, size_t len);
void target_argv(pid_t tid, uint64_t argv, struct strbuf *out);
void target_parents(const struct target *t, pid_t init, struct strbuf *out);
void target_link(pid_t tid, const char *name, char *buf, size_t size);
/* A duplicate of the process's descriptor, or -1. */
int target_socket(const struct target *t, int fd);
/* Quote for a shell and cut at 4 KiB. */
void ledger_quote(struct strbuf *out, const char *word);

/* address.c */
enum address_class { ADDRESS_NONE, ADDRESS_UNIX, ADDRESS_LOCAL, ADDRESS_REMOTE, ADDRESS_OTHER };
/* Classify a socket address and write "192.0.2.1:80", "[::1]:53", "AF_NETLINK" to @text. */
enum address_class address_decode(const void *addr, size_t len, struct strbuf *text);
const char *address_family(int family, char *buf, size_t size);

/* record.c: read what the shims wrote. */
void record_read(struct room *r);

/* terminal.c */
int terminal_open(struct room *r, int master, struct err *err) __attribute__((warn_unused_result));
void terminal_close(struct terminal *t);
/* Move bytes both ways; the callers polls t->in and t->master. */
void terminal_from_user(struct terminal *t);
bool terminal_from_room(struct terminal *t);
void terminal_resize(struct terminal *t);
