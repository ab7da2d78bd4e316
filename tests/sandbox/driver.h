/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Drives rooms from outside: starts roomtool as root, as a user, or inside an outer user namespace,
 * and looks at its exit status, its output and its ledger.
 */

#include <base/str.h>
#include <stdbool.h>
#include <sys/types.h>

#define TEST_UID 1234

enum mode { MODE_ROOT, MODE_USER, MODE_NESTED };

extern enum mode mode;

/* Copied to where every user can read them. */
struct places {
	char work[64]; /* a folder of this run, mode 0755 */
	char probe_dir[96], tool[96], hooked[96];
	char outside[96]; /* for belljar-attack --outside */
	char pid_ns[64], cpus[16], pid[16], machine[65];
};

extern struct places places;

struct room_case {
	const char *name;
	unsigned modes; /* bits of enum mode; 0: all */
	bool hooked;    /* with the copy of the library that has test hooks */
	int status;
	double max_ms; /* 0: any */
	const char *args[24];
	const char *out[8]; /* parts of stdout; with '!' in front: must not be there */
	const char *err[8];
};

struct run {
	struct strbuf out, err;
	int status;
	double ms;
};

/* Start @argv in the mode's surroundings. */
pid_t spawn(const char *const *argv, int in, int out, int err);
/*
 * A room whose probe is told @what (NULL at the end) and stays, once it has said @word; *out is its
 * standard output, @in (-1: /dev/null) its standard input. The case fails when it does not say so;
 * -1: there is no process, so none to be killed.
 */
pid_t spawn_probe(const char *const *what, const char *word, int in, int *out);
/* Run to the end; @in -1: /dev/null. Release with run_release(). */
void run_tool(const char *tool, const char *const *args, int in, struct run *r);
void run_release(struct run *r);
/* True when every writer of the pipe is gone within @ms. */
bool closes_within(int fd, double ms);
bool has(const struct strbuf *text, const char *part);
const char *expand(const char *arg);
void begin_case(const char *name);
void fails(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void skip(const char *why);
/* The arguments `root|user|nested BIN` of a driver. -1: go on; else the exit status to leave with.
 */
int begin_mode(int argc, char **argv);
/* The table's cases; the exit status of the program. At least @least cases must have run. */
int drive(const struct room_case *table, size_t n, int least);

/* places.c: @bin is the folder of the test programs. */
bool places_prepare(const char *bin);
void places_clean(void);

/* special.c: what a table cannot say. */
void special_cases(void);
void terminal_cases(void);
void race_cases(void);
void usage_cases(void);
