/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The command line as data. One table of options and one of commands drive parsing, --help, man
 * pages and completions.
 */

#include <base/err.h>
#include <base/str.h>
#include <stdbool.h>
#include <stdio.h>

enum opt {
	OPT_END, /* ends a list of options */
	OPT_HELP,
	OPT_VERBOSE,
	OPT_QUIET,
	OPT_COLOR,
	OPT_JSON,
	OPT_STORE,
	OPT_RECIPES,
	OPT_TOOLCHAINS,
	OPT_TOOLCHAIN,
	OPT_TARGET,
	OPT_SET,
	OPT_MIRROR,
	OPT_FROM,
	OPT_KEEP,
	OPT_PRINT_NAR,
	OPT_OFFLINE,
	OPT_CORES,
	OPT_JOBS,
	OPT_BUILD_ON,
	OPT_LIMIT,
	OPT_STRICT,
	OPT_WALLS,
	OPT_OUT_LINK,
	OPT_NO_LINK,
	OPT_PHASE,
	OPT_ROUND,
	OPT_LEDGER,
	OPT_KIND,
	OPT_REFUSED,
	OPT_TAIL,
	OPT_ROUNDS,
	OPT_GOLDEN,
	OPT_REGOLD,
	OPT_RO,
	OPT_RW,
	OPT_TMPFS,
	OPT_ROOT,
	OPT_ENV,
	OPT_UNSETENV,
	OPT_CLEARENV,
	OPT_CWD,
	OPT_NET,
	OPT_PROC,
	OPT_HOSTNAME,
	OPT_CPUS,
	OPT_KEEP_ASLR,
	OPT_RESULT,
	OPT_BIND,
	OPT_RO_BIND,
	OPT_BIND_TRY,
	OPT_RO_BIND_TRY,
	OPT_SETENV,
	OPT_CHDIR,
	OPT_DEV,
	OPT_UNSHARE_ALL,
	OPT_DIE_WITH_PARENT,
	OPT_NEW_SESSION,
	OPT_LEDGER_FILE,
	OPT_FORMAT,
	OPT_OUTPUT,
	OPT_DRY_RUN,
	OPT_KEEP_SOURCES,
	OPT_REPAIR,
	OPT_HOST,
	OPT_AS,
	OPT_COUNT
};

struct cli_option {
	char letter;      /* 0: none */
	const char *name; /* without the dashes */
	const char *arg;  /* NULL: a switch; with a space: two words */
	const char *help;
};

struct cli;

struct cli_command {
	const char *name;
	const char *args; /* for the usage line */
	const char *summary;
	const char *text; /* more, for its own --help; NULL */
	const enum opt *options;
	int min, max;  /* operands; max -1: any number */
	bool passthru; /* the first operand ends the options (belljar run) */
	int (*run)(struct cli *c, struct err *err);
};

/* What was given, in order. Texts are borrowed from argv. */
struct given {
	enum opt id;
	const char *value;
	const char *second; /* of an option with two words */
};

struct parsed {
	const struct cli_command *command; /* NULL: none named */
	struct given *given;
	size_t n_given;
	const char **operands;
	size_t n_operands;
};

extern const struct cli_option cli_options[OPT_COUNT];
extern const struct cli_command cli_commands[];
extern const size_t cli_n_commands;
/* Options that every command has. */
extern const enum opt cli_common[];

/* ERR_USAGE with a suggestion. @out is released by the caller, also after a failure. */
int cli_parse(int argc, char **argv, struct parsed *out, struct err *err)
	__attribute__((warn_unused_result));
void parsed_release(struct parsed *p);
bool opt_has(const struct parsed *p, enum opt id);
/* The last value given, or NULL. */
const char *opt_value(const struct parsed *p, enum opt id);
/* All values, appended. */
void opt_values(const struct parsed *p, enum opt id, struct strv *out);
/* The last value as a number between @min and @max; *out stays as it is when it was not given. */
int opt_number(const struct parsed *p, enum opt id, unsigned min, unsigned max, unsigned *out,
	       struct err *err) __attribute__((warn_unused_result));

const struct cli_command *cli_find_command(const char *name);
void help_all(FILE *to);
void help_command(FILE *to, const struct cli_command *cmd);
/* The man page belljar(1), in the man(7) macros. */
void help_man(FILE *to);
/* Completion for bash: a script to be sourced. */
void help_bash(FILE *to);
