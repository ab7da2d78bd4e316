/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The system call policy of the room, as data. Read by the generator (generate.c) when belljar is
 * built; belljar itself only contains the finished programs. What is not named here does not exist
 * inside: the default answer is ENOSYS, which C libraries take as "old kernel" and work around.
 */

#include <stddef.h>
#include <stdint.h>

enum verdict {
	VERDICT_ALLOW,
	VERDICT_ENOSYS,  /* "no such call" */
	VERDICT_EPERM,   /* "you may not" */
	VERDICT_ENOTSUP, /* "this file system cannot": extended attributes */
	VERDICT_ZERO,    /* not executed, answers 0 */
	VERDICT_NOTIFY,  /* the supervisor decides and writes the ledger */
	VERDICT_EXEC,    /* NOTIFY in the program with the exec ledger, ALLOW in the quiet one */
	VERDICT_LOOK     /* NOTIFY in the tracing program, ALLOW in the others */
};

/*
 * A test of one argument. The kernel truncates int and mode_t arguments to their low word, so all
 * tests but TEST_NULL look at the low word only: comparing 64 bits would let garbage in the high
 * word evade the test.
 */
enum test_op {
	TEST_NONE,
	TEST_EQ,        /* low == value */
	TEST_NE,        /* low != value */
	TEST_ANY,       /* (low & mask) != 0 */
	TEST_MASKED_EQ, /* (low & mask) == value */
	TEST_MASKED_GT, /* (low & mask) > value */
	TEST_NULL       /* all 64 bits are 0: pointers */
};

struct policy_test {
	enum test_op op;
	unsigned arg; /* 0..5 */
	uint32_t mask, value;
};

#define POLICY_TESTS 3

/* Rules of one call are tried in the order of the table; the last one has no test. */
struct policy_rule {
	const char *call;
	enum verdict verdict;
	struct policy_test test[POLICY_TESTS]; /* all must hold; TEST_NONE ends */
};

/* Whole calls with one verdict. */
struct policy_list {
	enum verdict verdict;
	const char *const *calls; /* NULL-terminated */
};

/* Calls newer than the libseccomp we build with; since 5.1 numbers are equal on all machines. */
struct policy_number {
	const char *call;
	int number;
};

extern const struct policy_list policy_lists[];
extern const size_t policy_n_lists;
extern const struct policy_rule policy_rules[];
extern const size_t policy_n_rules;
extern const struct policy_number policy_numbers[];
extern const size_t policy_n_numbers;
