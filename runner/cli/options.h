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
	OPT_SUPPORTED,
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
	OPT_UPDATE,
	OPT_YES,
	OPT_AS,
	OPT_ATTACK,
	OPT_ATTEST_ROOM,
	OPT_EVENTS,
	OPT_DROP,
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

/* NULL when there is none of that name. */
const struct cli_command *cli_find_command(const char *name);
/* The options of a command (NULL: none named yet) and the common ones. Returns how many. */
size_t cli_all_options(const struct cli_command *cmd, enum opt out[OPT_COUNT]);
/* Command lines and what they are for, ended by NULLs; NULL: the command has no examples. */
struct cli_example {
	const char *line, *text;
};
const struct cli_example *cli_examples(const char *command);

/* ERR_USAGE with a suggestion. */
int cli_unknown_command(const char *word, struct err *err) __attribute__((warn_unused_result));
void help_all(FILE *to);
void help_command(FILE *to, const struct cli_command *cmd);
/* The man page belljar(1), or that of one command, in the man(7) macros. */
void help_man(FILE *to, const struct cli_command *cmd);
/* A script for "bash", "zsh" or "fish"; false when it is none of these. */
bool help_completion(FILE *to, const char *shell);
