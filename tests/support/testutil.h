/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What every Criterion suite needs: a temporary folder, errors that tell, skips that can be
 * forbidden. */

#include <base/err.h>
#include <criterion/criterion.h>
#include <stdbool.h>
#include <stddef.h>

/* A fresh folder below $TMPDIR or /tmp, removed with everything in it by test_dir_release(). */
struct test_dir {
	int fd;
	char path[256];
};

#define TEST_DIR_NONE ((struct test_dir){.fd = -1})

/* Abort the test on failure. */
void test_dir_make(struct test_dir *d);
void test_dir_release(struct test_dir *d);

/*
 * One folder per test: TEST_DIR_FIXTURE(name) defines `struct test_dir name` and the functions
 * name_setup and name_teardown, for
 *	TestSuite(file, .init = name_setup, .fini = name_teardown);
 */
#define TEST_DIR_FIXTURE(name)                                                                     \
	static struct test_dir name = {.fd = -1};                                                  \
	static void name##_setup(void)                                                             \
	{                                                                                          \
		test_dir_make(&name);                                                              \
	}                                                                                          \
	static void name##_teardown(void)                                                          \
	{                                                                                          \
		test_dir_release(&name);                                                           \
	}

/* Write @len bytes to a new or emptied file below @dirfd; aborts the test on failure. */
void test_write(int dirfd, const char *path, const void *data, size_t len);
void test_write_text(int dirfd, const char *path, const char *text);

/* The call succeeds, or the test ends with the message of @err. */
#define assert_ok(call, err)                                                                       \
	do {                                                                                       \
		if ((call) < 0)                                                                    \
			cr_assert_fail("%s: %s", #call, (err).msg);                                \
	} while (0)

/* The call is refused with this code and this reason (a part of the message). */
#define assert_refused(call, err, wanted, reason)                                                  \
	do {                                                                                       \
		err_clear(&(err));                                                                 \
		cr_assert((call) < 0, "%s: not refused", #call);                                   \
		test_assert_err(&(err), (wanted), (reason), #call, __FILE__, __LINE__);            \
	} while (0)
void test_assert_err(const struct err *err, int code, const char *reason, const char *call,
		     const char *file, int line);

/* Skip with a reason; where BELLJAR_TEST_MUST_RUN=1 says that all must run, fail instead. */
#define test_skip(reason)                                                                          \
	do {                                                                                       \
		if (test_must_run())                                                               \
			cr_assert_fail("must run, but would be skipped: %s", (reason));            \
		cr_skip_test("skipped: %s", (reason));                                             \
	} while (0)
bool test_must_run(void);

/*
 * Run @fn in a forked child, which has one thread (a Criterion test body has two), and which may
 * confine itself or drop its user. @fn returns 0, or another number and writes what went wrong into
 * @report; Criterion's asserts must not be used in it. A failure of the child fails the test.
 */
typedef int (*test_child_fn)(void *arg, char *report, size_t size);
void test_in_child(test_child_fn fn, void *arg);
/* In such a child: from root to user and group 65534, so that modes mean something. */
int test_drop_root(char *report, size_t size);

/* In such a child: leave with a report unless @cond holds. */
#define child_check(cond, ...)                                                                     \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			snprintf(report, size, __VA_ARGS__);                                       \
			return 1;                                                                  \
		}                                                                                  \
	} while (0)
