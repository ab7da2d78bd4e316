/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * struct err: the one error object of belljar.
 *
 * A function that can fail returns 0 or more on success and a negative number on failure; on
 * failure it has filled *err exactly once, at the place where the failure was first seen, naming
 * the object and the errno. Callers add context with err_wrap() and pass the negative number up.
 * Nobody logs *and* returns: only runner/cli prints an error.
 *
 * The object is a fixed-size plain value without pointers, so that it crosses a pipe in one write
 * (it is smaller than PIPE_BUF) and needs no cleanup. Each code stands for a different thing that
 * the user can do about it, and is the exit status of the program.
 */

enum err_code {
	ERR_NONE = 0,
	ERR_BUILD = 1,    /* the build itself failed: read the log */
	ERR_USAGE = 2,    /* the command line is wrong, or asks for what is not implemented */
	ERR_INPUT = 3,    /* a recipe, lock, source, URL or index is wrong: file, line, expected */
	ERR_HOST = 4,     /* this host cannot do it: see `belljar doctor` */
	ERR_MISMATCH = 5, /* not reproducible, or a hash differs from the expected one */
	ERR_STORE = 6,    /* the store or the disk failed */
	ERR_BUG = 70,     /* belljar is wrong: report it */
	ERR_INTERRUPTED = 130 /* the user asked to stop */
};

struct err {
	int code;       /* enum err_code */
	int sys_errno;  /* errno at the place of the failure, 0 when there was none */
	char msg[1016]; /* UTF-8, no newline at the end, always terminated, cut with "..." when too
			   long */
};

#define ERR_INIT ((struct err){0})

/*
 * Fill *err. @errnum, when not 0, is recorded and ": strerror(errnum)" is appended. Returns -1, so
 * that `return err_set(err, ERR_STORE, errno, "open %s", name);` is the usual form.
 */
int err_set(struct err *err, enum err_code code, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 4, 5), nonnull(1, 4)));

/* Put "context: " before the message. Keeps code and errno. Returns -1. */
int err_wrap(struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), nonnull(1, 2)));

/* Out of memory: ERR_STORE/ENOMEM naming what was wanted. Returns -1. */
int err_nomem(struct err *err) __attribute__((nonnull(1)));

/* Back to the empty state. */
void err_clear(struct err *err) __attribute__((nonnull(1)));

/* "build-failed", "usage", "input", "host", "mismatch", "store", "bug", "interrupted": for --json.
 */
const char *err_code_name(int code);

#ifdef __clang_analyzer__
/* The analyser sees one file at a time: tell it what these return. */
#define err_set(...)                                                                               \
	({                                                                                         \
		(void)err_set(__VA_ARGS__);                                                        \
		-1;                                                                                \
	})
#define err_wrap(...)                                                                              \
	({                                                                                         \
		(void)err_wrap(__VA_ARGS__);                                                       \
		-1;                                                                                \
	})
#endif
