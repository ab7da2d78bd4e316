/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * File calls that are safe under hostile trees: every path is (dirfd, name), every fd is O_CLOEXEC,
 * and file_open_beneath() resolves with openat2(2) RESOLVE_BENEATH|RESOLVE_NO_SYMLINKS
 * |RESOLVE_NO_MAGICLINKS. Errors name the path as given. No function uses or changes the cwd except
 * through AT_FDCWD given by the caller.
 */

#include <base/cleanup.h>
#include <base/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Open without following any link below @dirfd. @mode only with O_CREAT. Returns the fd. */
int file_open_beneath(int dirfd, const char *path, int flags, mode_t mode,
		      struct err *err) _must_check_;
/* Plain openat + O_CLOEXEC, for trusted paths (command line, configuration). Returns the fd. */
int file_open(int dirfd, const char *path, int flags, mode_t mode, struct err *err) _must_check_;

/* Whole file into memory: *out is terminated and the caller frees. More than @max bytes: ERR_INPUT.
 */
int file_read_fd(int fd, const char *name, size_t max, char **out, size_t *out_len,
		 struct err *err) _must_check_;
int file_read(int dirfd, const char *path, size_t max, char **out, size_t *out_len,
	      struct err *err) _must_check_;
int file_write_all(int fd, const void *data, size_t len, struct err *err) _must_check_;

/* Write under a temporary name beside @path, fsync, rename over, fsync the directory. */
int file_write_atomic(int dirfd, const char *path, const void *data, size_t len, mode_t mode,
		      struct err *err) _must_check_;

int file_mkdir_p(int dirfd, const char *path, mode_t mode, struct err *err) _must_check_;
/*
 * Remove a tree whatever its modes are (folders of mode 000 are chmod-ed first), never following a
 * link, never crossing a mount point, without recursion in memory proportional to depth. A missing
 * tree is success.
 */
int file_remove_tree(int dirfd, const char *path, struct err *err) _must_check_;
int file_copy_fd(int in, int out,
		 struct err *err) _must_check_; /* reflink, copy_file_range, then read/write */
bool file_exists(int dirfd, const char *path);  /* lstat */
int file_readlink(int dirfd, const char *path, char **out,
		  struct err *err) _must_check_; /* caller frees */
int file_fsync_dir(int dirfd, struct err *err) _must_check_;
/* True for a relative path without empty, "." or ".." components and without NUL or newline. */
bool path_is_clean(const char *path);
char *path_join(const char *a, const char *b) __attribute__((returns_nonnull)); /* caller frees */
const char *path_base(const char *path); /* after the last '/'; borrowed */
