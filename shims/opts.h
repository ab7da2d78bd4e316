/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Walks a command line as the imitated tool would, so that the destination of a download is known
 * and not guessed. Not getopt_long: curl has its own rules, and an option that is in no table must
 * be reported, never passed over (its value would be taken for a URL).
 */
#include <stdbool.h>

enum {
	OPTS_EQUALS = 1, /* --name=value is understood */
	OPTS_NO = 2,     /* --no-NAME is understood for every NAME, without a value */
	OPTS_STOP = 4    /* the first operand ends the options (git's own, before the command) */
};

struct opts_spec {
	const char *shorts; /* as for getopt: "ab:c::" */
	const char *longs;  /* words: "flag value: optional::", parted by spaces */
	unsigned flags;
};

enum opts_kind { OPTS_END, OPTS_OPTION, OPTS_OPERAND, OPTS_BAD };

struct opts {
	const struct opts_spec *spec;
	char **argv; /* argv[0] is passed over */
	int index;
	const char *cluster; /* the rest of a group of short options */
	bool operands_only;
	/* Set by opts_next(): */
	char name[48]; /* of an option: "O" or "output-document"; OPTS_BAD: as it was written */
	const char
		*value; /* of an option, NULL when it has none; the operand itself; OPTS_BAD: why */
};

void opts_init(struct opts *o, const struct opts_spec *spec, char **argv);

/* The next thing on the command line. A long option may be cut to an unambiguous prefix; name holds
 * it in full. */
enum opts_kind opts_next(struct opts *o);

/* Is the option that opts_next() found one of these? Each may be NULL. */
bool opts_is(const struct opts *o, const char *one, const char *other);
