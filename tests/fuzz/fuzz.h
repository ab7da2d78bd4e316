/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the targets share. Each target is one file with LLVMFuzzerTestOneInput(), linked either with
 * libFuzzer (the preset `fuzz`) or with replay.c, which runs it over a folder of files.
 *
 * A target reports a broken promise by fuzz_check(): it aborts, which both drivers count.
 */

#include <base/cleanup.h>
#include <base/err.h>
#include <base/str.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define fuzz_check(cond)                                                                           \
	do {                                                                                       \
		if (!(cond))                                                                       \
			fuzz_broken(__FILE__, __LINE__, #cond);                                    \
	} while (0)
void fuzz_broken(const char *file, int line, const char *what) __attribute__((noreturn));

/* A failure must have a code, an exit status by that, and a message; returns @rc. */
int fuzz_result(int rc, const struct err *err);
/* The input as a text: cut at the first NUL. The caller frees. */
char *fuzz_text(const uint8_t *data, size_t size) __attribute__((returns_nonnull));
/* An empty folder in memory or below $TMPDIR, made at the first call, removed at exit. Borrowed. */
const char *fuzz_dir(void) __attribute__((returns_nonnull));
int fuzz_dirfd(void);
/* Write @name in that folder anew. */
void fuzz_put(const char *name, const void *data, size_t size);
/* The input as an open file at its start. The caller closes. */
int fuzz_fd(const void *data, size_t size);
/* Cut @text into words at @by, in place; argv[0] is @first, and a NULL ends it. Returns argc. */
int fuzz_words(char *text, char by, char *first, char **argv, int max);
/* For targets that print: stdout and stderr go to /dev/null, but for what sanitizers report. */
void fuzz_hush(void);
/*
 * From here on this process writes nowhere but below fuzz_dir() and its working folder (Landlock,
 * where the kernel has it): a target that unpacks hostile things must not prove an escape on the
 * host.
 */
void fuzz_fence(void);
