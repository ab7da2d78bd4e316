/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <base/cleanup.h>
#include <criterion/criterion.h>
#include <internal.h>
#include <string.h>
#include <toolchains/toolchain.h>

/* A temporary folder that holds toolchains/t/... */
struct bench {
	char dir[32]; /* absolute */
	int fd;
};
struct bench bench_new(void);
void bench_release(struct bench *b);
#define BENCH(name) _cleanup_(bench_release) struct bench name = bench_new()

/* Write a file, its folders first. */
void put(const struct bench *b, const char *path, const char *text);
void put_exec(const struct bench *b, const char *path, const char *text);
void put_link(const struct bench *b, const char *path, const char *to);
void put_dir(const struct bench *b, const char *path);
/* Text of a file or target of a link; NULL when there is neither. Caller frees. */
char *get(const struct bench *b, const char *path);

/* A toolchain.yaml that is right; @old, once, replaced by @now. Caller frees. */
char *yaml_with(const char *old, const char *now);
/* Write @yaml as toolchain "t" and load it. */
int load(const struct bench *b, const char *yaml, struct toolchain **out, struct err *err);
/* The right one, loaded. */
struct toolchain *loaded(const struct bench *b, const char *old, const char *now);

/* A lock that is right, @old replaced by @now. Caller frees. */
char *lock_with(const char *old, const char *now);
struct lock *parsed(const char *old, const char *now);

#define OK(call)                                                                                   \
	do {                                                                                       \
		if ((call) < 0)                                                                    \
			cr_assert_fail("%s: %s", #call, err.msg);                                  \
	} while (0)
/* The call fails with @want_code, and the message holds @want_text. */
#define REFUSED(call, want_code, want_text)                                                        \
	do {                                                                                       \
		cr_assert((call) < 0, "%s was accepted", #call);                                   \
		cr_assert_eq(err.code, (want_code), "code %d: %s", err.code, err.msg);             \
		cr_assert(strstr(err.msg, (want_text)), "'%s' is not in '%s'", (want_text),        \
			  err.msg);                                                                \
		err_clear(&err);                                                                   \
	} while (0)
