/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The state of one run of the program, and what its subcommands share. */

#include "eventlog.h"
#include "options.h"
#include "render.h"

#include <base/json.h>
#include <runner/plan.h>
#include <runner/runner.h>

struct cli {
	struct parsed parsed;
	struct render render;
	struct eventlog events;
	struct event_sink sink;
	struct runner runner;
	struct strv mirrors, from, set;
	char *recipes_dir, *toolchains_dir;
	bool json;  /* --json */
	bool told;  /* its one document is out: an error after it gets none of its own */
	int status; /* exit status when the command returns 0 */
};

int cli_main(int argc, char **argv);

/* ---- context.c ---- */
/* For who writes nothing: the store stays NULL where there is none yet, and nothing is built. */
#define CLI_LOOK (STORE_READONLY | STORE_MAY_MISS)
/* Open the store; flags as in store_open(). One that is open stays as it is. */
int cli_open_store(struct cli *c, int flags, struct err *err) __attribute__((warn_unused_result));
/* recipes_dir, toolchains_dir. */
int cli_find_recipes(struct cli *c, struct err *err) __attribute__((warn_unused_result));
int cli_find_toolchains(struct cli *c, struct err *err) __attribute__((warn_unused_result));
/* The data folders, and what the options and the first operand ask for. */
int cli_request(struct cli *c, struct request *out, struct err *err)
	__attribute__((warn_unused_result));
/* The store, the data folders, and the plan of the first operand. */
int cli_make_plan(struct cli *c, int store_flags, struct plan *out, struct err *err)
	__attribute__((warn_unused_result));
/*
 * Warn of an epoch that lies in the future, nearly always a mistake of who wrote it. No more than
 * that: what a recipe gives must not depend on the clock.
 */
void cli_warn_future(struct cli *c, const char *recipe, const struct branch *b);
/* Of each branch of a plan, once. */
void cli_warn_epochs(struct cli *c, const struct plan *p);
void cli_release(struct cli *c);

/* ---- limits.c ---- */
/* Every --limit. */
/* "10", with @bytes also "10K", "10M", "10G". */
bool cli_parse_amount(const char *text, bool bytes, uint64_t *out);
int cli_read_limits(const struct parsed *p, struct room_limits *out, struct err *err)
	__attribute__((warn_unused_result));

/* ---- signals.c ---- */
/* The first SIGINT, SIGTERM or SIGHUP asks to stop, the second one ends the program. */
void cli_catch_signals(void);
bool cli_stopped(void *unused);
/* There is a terminal to ask a question on. */
bool cli_can_ask(void);
/* What was typed, with its newline; "" and false when nothing was, or the user wants to stop. */
bool cli_read_answer(char *buf, size_t size);

/* ---- output.c ---- */
/*
 * Text that is not ours (logs, recipes, names in archives), for a terminal: control characters,
 * which could move the cursor or answer in the user's name, become '?'.
 */
void cli_put(FILE *to, const char *text, size_t len);
/* The document on stdout, one line. Takes the reference. */
int cli_print_json(json_t *doc_taken, struct err *err) __attribute__((warn_unused_result));
/* Does anybody want the document of a command that tells what goes on? */
bool cli_wants_result(const struct cli *c);
/* That document: on stdout with --json, and as an event. Takes the reference. */
int cli_result(struct cli *c, json_t *doc_taken, struct err *err)
	__attribute__((warn_unused_result));
/* "12.3 MB" */
void cli_format_bytes(uint64_t bytes, char *buf, size_t size);
/* Everything written to stdout has arrived; ERR_STORE otherwise (a full disk behind a pipe). */
int cli_flush(struct err *err) __attribute__((warn_unused_result));
/* Write all of @data, whatever it is. */
int cli_write(int fd, const char *data, size_t len, struct err *err)
	__attribute__((warn_unused_result));
/* Put the error into @o, as {code, message, exit} under "error". */
void cli_set_error(json_t *o, const struct err *err, int status);
/*
 * The error, as a person wants it and, with --json, as a program does that got no document yet.
 * @status: what the program ends with.
 */
void cli_print_error(struct cli *c, const struct err *err, int status);

/* ---- one file each ---- */
int cmd_build(struct cli *c, struct err *err);
/* Does the command line ask for more than one build, or for a forecast? */
bool cli_builds_many(const struct cli *c);
int cmd_build_many(struct cli *c, struct err *err);
int cmd_fetch(struct cli *c, struct err *err);
int cmd_plan(struct cli *c, struct err *err);
int cmd_shell(struct cli *c, struct err *err);
int cmd_log(struct cli *c, struct err *err);
int cmd_history(struct cli *c, struct err *err);
int cmd_complete(struct cli *c, struct err *err);
int cmd_run(struct cli *c, struct err *err);
int cmd_check(struct cli *c, struct err *err);
int cmd_list(struct cli *c, struct err *err);
int cmd_describe(struct cli *c, struct err *err);
int cmd_diff(struct cli *c, struct err *err);
int cmd_export(struct cli *c, struct err *err);
int cmd_toolchain(struct cli *c, struct err *err);
/* toolchain lock --update, for these pairs ("x86_64-aarch64"). */
int cmd_relock(struct cli *c, const struct strv *pairs, struct err *err);
/* The verb trim of cmd_toolchain(). */
int cmd_trim(struct cli *c, struct err *err);
int cmd_update(struct cli *c, struct err *err);
int cmd_store(struct cli *c, struct err *err);
int cmd_doctor(struct cli *c, struct err *err);
/* belljar doctor --attack */
int doctor_attack(struct cli *c, struct err *err);
int cmd_version(struct cli *c, struct err *err);
int cmd_help(struct cli *c, struct err *err);
int cmd_not_yet(struct cli *c, struct err *err);
