/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What belljar and belljar-shim agree on: paths inside the room, the policy file, the record lines.
 * The long description, with examples, is shims/README.md.
 *
 * The program that starts a room writes the policy file, makes the FIFO and one link per tool; the
 * shims only read the first and write the second. This header holds constants only, so that both
 * sides can include it and neither links the other.
 */

/*
 * In every action key. Raise it when a change can alter what a build sees: the output of a tool,
 * its exit status, the files that it writes. Not for messages on stderr or for new fields in a
 * record.
 */
#define SHIM_VERSION 1

/* Paths inside the room. */
#define SHIM_DIR         "/shims"
#define SHIM_PROGRAM     "belljar-shim"      /* SHIM_DIR/NAME are links to SHIM_DIR/this */
#define SHIM_POLICY_PATH SHIM_DIR "/policy"  /* text, see below; may be missing */
#define SHIM_RECORD_PATH SHIM_DIR "/record"  /* FIFO, see below; may be missing */
#define SHIM_REAL_DIR    "/usr/libexec/real" /* where the root's own tools were moved to */
#define SHIM_FILES_DIR   "/inputs/files"     /* where `serve` may take files from */

/*
 * The policy file: lines ended by '\n', fields parted by one '\t'. The first line is exactly
 * SHIM_POLICY_MAGIC. An empty line and one that begins with '#' mean nothing. The rest:
 *
 *   TOOL       POLICY   TEXT     at most one per tool; TEXT may be empty, but its tab is there
 *   serve      URL      PATH     this very URL is answered by the file PATH
 *   serve-glob PATTERN  PATH     so is each URL that fnmatch(3) finds to match (no flags)
 *
 * PATH is below SHIM_FILES_DIR. No field holds a control character. The first serve line that
 * matches wins. A tool without a line has its default, below. A file that breaks a rule makes every
 * call fail.
 */
#define SHIM_POLICY_MAGIC "belljar-shims 1"
#define SHIM_LINE_SERVE   "serve"
#define SHIM_LINE_GLOB    "serve-glob"
#define SHIM_POLICY_MAX   262144 /* bytes of the whole file */
#define SHIM_SERVE_LINES  1024   /* serve and serve-glob lines together */
#define SHIM_TEXT_MAX     1024   /* bytes of TEXT */

/*
 * A record: one JSON object on one line, '\n' included at most this long, written by one write(2)
 * and so never mixed with another (PIPE_BUF). Fields: name, policy, answer, pid, ppid, parent,
 * parents, cwd, text, url, argv, and "cut": true where something did not fit.
 */
#define SHIM_RECORD_MAX 4096

/* What a policy is called, in the policy file, in recipes and in records. */
enum shim_policy {
	SHIM_DENY,   /* fail */
	SHIM_NOOP,   /* succeed, do nothing */
	SHIM_EXISTS, /* succeed only if the destination that the call names is there */
	SHIM_SERVE,  /* "serve": hand over a pinned source */
	SHIM_FIXED,  /* print TEXT */
	SHIM_EPOCH,  /* date at TEXT, at SOURCE_DATE_EPOCH when TEXT is empty */
	SHIM_REAL,   /* run the root's own program */
	SHIM_POLICIES_COUNT
};

#define SHIM_POLICIES(X)                                                                           \
	X(SHIM_DENY, "deny")                                                                       \
	X(SHIM_NOOP, "noop")                                                                       \
	X(SHIM_EXISTS, "exists")                                                                   \
	X(SHIM_SERVE, "serve")                                                                     \
	X(SHIM_FIXED, "fixed")                                                                     \
	X(SHIM_EPOCH, "epoch")                                                                     \
	X(SHIM_REAL, "real")

/* Which policies make sense for a tool; another one is an error of the recipe, and refused by the
 * shim. */
#define SHIM_ALLOW(policy) (1u << (policy))
#define SHIM_ALLOW_ANY                                                                             \
	(SHIM_ALLOW(SHIM_DENY) | SHIM_ALLOW(SHIM_NOOP) | SHIM_ALLOW(SHIM_FIXED) |                  \
	 SHIM_ALLOW(SHIM_REAL))
#define SHIM_ALLOW_DOWNLOAD (SHIM_ALLOW_ANY | SHIM_ALLOW(SHIM_EXISTS) | SHIM_ALLOW(SHIM_SERVE))

/* X(tool, default policy, default text, allowed policies) */
#define SHIM_TOOLS(X)                                                                              \
	X("git", SHIM_DENY, "", SHIM_ALLOW_DOWNLOAD)                                               \
	X("wget", SHIM_DENY, "", SHIM_ALLOW_DOWNLOAD)                                              \
	X("curl", SHIM_DENY, "", SHIM_ALLOW_DOWNLOAD)                                              \
	X("hostname", SHIM_FIXED, "belljar", SHIM_ALLOW_ANY)                                       \
	X("dnsdomainname", SHIM_FIXED, "", SHIM_ALLOW_ANY)                                         \
	X("domainname", SHIM_FIXED, "", SHIM_ALLOW_ANY)                                            \
	X("date", SHIM_EPOCH, "", SHIM_ALLOW_ANY | SHIM_ALLOW(SHIM_EPOCH))                         \
	X("uname", SHIM_FIXED, "", SHIM_ALLOW_ANY)                                                 \
	X("whoami", SHIM_FIXED, "builder", SHIM_ALLOW_ANY)

/* The values of a record's "answer". */
#define SHIM_ANSWER_DENIED    "denied"    /* the call failed, nothing was done */
#define SHIM_ANSWER_SUCCEEDED "succeeded" /* noop, or exists with the destination in place */
#define SHIM_ANSWER_SERVED    "served"    /* a pinned source was handed over; "text" names it */
#define SHIM_ANSWER_PRINTED   "printed"   /* "text" was printed */
#define SHIM_ANSWER_RAN       "ran"       /* the real program took over */
