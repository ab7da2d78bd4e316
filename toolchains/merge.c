/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/*
 * Packages are already normalised trees of the store (merged /usr, no set-id bits, no devices): the
 * root is made of hard links to their files. They are read-only wherever they are used.
 */

#define MAX_DEPTH 64

/* One folder being merged: the same path on both sides. */
struct place {
	struct merge *m;
	size_t package;
	int src, dst;
	const char *path; /* "" for the root */
	int depth;
};

static bool is_dropped(const struct toolchain *tc, const char *path)
{
	for (size_t i = 0; i < tc->drop.n; i++) {
		size_t n = strlen(tc->drop.v[i]);

		if (strncmp(path, tc->drop.v[i], n) == 0 && (path[n] == '\0' || path[n] == '/'))
			return true;
	}
	return false;
}

static const char *package_name(const struct merge *m, size_t i)
{
	return m->lock->packages[i].name;
}

static int same_content(int a, int b)
{
	char x[1 << 15], y[1 << 15];
	off_t at = 0;

	for (;;) {
		ssize_t n = pread(a, x, sizeof(x), at), k = pread(b, y, sizeof(y), at);

		if (n < 0 || k < 0)
			return -1;
		if (n != k || memcmp(x, y, (size_t)n) != 0)
			return 0;
		if (n == 0)
			return 1;
		at += n;
	}
}

static int same_links(const struct place *at, const char *name, struct err *err)
{
	_cleanup_free_ char *a = NULL, *b = NULL;

	if (file_readlink(at->src, name, &a, err) < 0 || file_readlink(at->dst, name, &b, err) < 0)
		return -1;
	return strcmp(a, b) == 0;
}

/* 1 when both sides' @name hold the same, 0 when not. */
static int same_objects(const struct place *at, const char *name, struct err *err)
{
	_cleanup_close_ int a = -1, b = -1;
	struct stat x, y;
	int r;

	if (fstatat(at->src, name, &x, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fstatat(at->dst, name, &y, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(err, ERR_STORE, errno, "compare %s", name);
	if (x.st_dev == y.st_dev && x.st_ino == y.st_ino)
		return 1;
	if ((x.st_mode & S_IFMT) != (y.st_mode & S_IFMT))
		return 0;
	if (S_ISLNK(x.st_mode))
		return same_links(at, name, err);
	if (!S_ISREG(x.st_mode) || x.st_size != y.st_size ||
	    (x.st_mode & 0100) != (y.st_mode & 0100))
		return 0;
	a = file_open(at->src, name, O_RDONLY | O_NOFOLLOW, 0, err);
	b = a < 0 ? -1 : file_open(at->dst, name, O_RDONLY | O_NOFOLLOW, 0, err);
	if (b < 0)
		return -1;
	r = same_content(a, b);
	return r < 0 ? err_set(err, ERR_STORE, errno, "compare %s", name) : r;
}

static bool replaces(const struct merge *m, size_t i, size_t other)
{
	return strv_contains(&m->lock->replaces[i], package_name(m, other));
}

static int refuse(const struct merge *m, size_t i, size_t other, const char *path, struct err *err)
{
	return err_set(err, ERR_INPUT, 0,
		       "toolchain %s: /%s is in package %s and, different, in package %s, and "
		       "neither replaces the other",
		       m->tc->name, path, package_name(m, other), package_name(m, i));
}

/*
 * Two packages bring @path with unequal contents: the one that Replaces: the other has it, else it
 * is an error. 1: the new package's wins, 0: what is there stays.
 */
static int who_wins(const struct merge *m, size_t i, const char *path, struct err *err)
{
	bool stays = false, wins = true, found = false;
	struct stat st;

	for (size_t k = 0; k < i; k++) {
		if (fstatat(m->tree_fds[k], path, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		found = true;
		if (!replaces(m, i, k))
			wins = false;
		if (replaces(m, k, i))
			stays = true;
		else if (!replaces(m, i, k))
			return refuse(m, i, k, path, err);
	}
	if (!found)
		return err_set(err, ERR_INPUT, 0,
			       "toolchain %s: /%s of package %s is in the way of the root's layout",
			       m->tc->name, path, package_name(m, i));
	return wins && !stays;
}

/* Decide about a file or link that is there already. 1: removed, make it again. */
static int settle(const struct place *at, const char *name, const char *path, struct err *err)
{
	struct stat st;
	int r = same_objects(at, name, err);

	if (r < 0)
		return err_wrap(err, "package %s", package_name(at->m, at->package));
	if (r)
		return 0;
	r = who_wins(at->m, at->package, path, err);
	if (r <= 0)
		return r;
	if (fstatat(at->dst, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || S_ISDIR(st.st_mode) ||
	    unlinkat(at->dst, name, 0) < 0)
		return err_set(err, ERR_INPUT, 0,
			       "toolchain %s: /%s of package %s replaces a folder", at->m->tc->name,
			       path, package_name(at->m, at->package));
	return 1;
}

static int copy_file(const struct place *at, const char *name, struct err *err)
{
	_cleanup_close_ int in = file_open(at->src, name, O_RDONLY | O_NOFOLLOW, 0, err), out = -1;
	struct stat st;

	if (in < 0)
		return -1;
	if (fstat(in, &st) < 0)
		return err_set(err, ERR_STORE, errno, "stat %s", name);
	out = file_open(at->dst, name, O_WRONLY | O_CREAT | O_EXCL, st.st_mode & 0777, err);
	if (out < 0)
		return -1;
	return file_copy_fd(in, out, err);
}

static int put_file(const struct place *at, const char *name, const char *path, struct err *err)
{
	at->m->files++;
	if (linkat(at->src, name, at->dst, name, 0) == 0)
		return 0;
	if (errno == EEXIST) {
		int r = settle(at, name, path, err);

		if (r <= 0)
			return r;
		if (linkat(at->src, name, at->dst, name, 0) == 0)
			return 0;
	}
	/* Full link count, or a file system that has no hard links. */
	if (errno == EMLINK || errno == EPERM || errno == EXDEV || errno == EOPNOTSUPP)
		return copy_file(at, name, err);
	return err_set(err, ERR_STORE, errno, "link /%s into the root", path);
}

static int put_link(const struct place *at, const char *name, const char *path, struct err *err)
{
	_cleanup_free_ char *to = NULL;
	int r;

	if (file_readlink(at->src, name, &to, err) < 0)
		return -1;
	if (symlinkat(to, at->dst, name) == 0)
		return 0;
	if (errno == EEXIST) {
		r = settle(at, name, path, err);
		if (r <= 0)
			return r;
		if (symlinkat(to, at->dst, name) == 0)
			return 0;
	}
	return err_set(err, ERR_STORE, errno, "make the link /%s in the root", path);
}

static int merge_folder(const struct place *at, struct err *err);

static int put_folder(const struct place *at, const char *name, const char *path, struct err *err)
{
	_cleanup_close_ int src = -1, dst = -1;
	struct place below = *at;
	struct stat st;

	if (at->depth >= MAX_DEPTH)
		return err_set(err, ERR_INPUT, 0, "package %s: /%s is too deep",
			       package_name(at->m, at->package), path);
	if (mkdirat(at->dst, name, 0755) < 0 && errno != EEXIST)
		return err_set(err, ERR_STORE, errno, "make the folder /%s", path);
	if (fstatat(at->dst, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
		return err_set(err, ERR_INPUT, 0,
			       "toolchain %s: /%s is a folder in package %s and something else in "
			       "one before it",
			       at->m->tc->name, path, package_name(at->m, at->package));
	src = file_open(at->src, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);
	dst = src < 0 ? -1 : file_open(at->dst, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);
	if (dst < 0)
		return -1;
	below.src = src;
	below.dst = dst;
	below.path = path;
	below.depth++;
	return merge_folder(&below, err);
}

static int put_entry(const struct place *at, const char *name, struct err *err)
{
	_cleanup_free_ char *path = *at->path ? path_join(at->path, name) : xstrdup(name);
	struct stat st;

	if (is_dropped(at->m->tc, path))
		return 0;
	if (fstatat(at->src, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(err, ERR_STORE, errno, "stat /%s of package %s", path,
			       package_name(at->m, at->package));
	if (S_ISDIR(st.st_mode))
		return put_folder(at, name, path, err);
	if (S_ISLNK(st.st_mode))
		return put_link(at, name, path, err);
	return put_file(at, name, path, err);
}

static int merge_folder(const struct place *at, struct err *err)
{
	int fd = fcntl(at->src, F_DUPFD_CLOEXEC, 3);
	_cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!dir) {
		cleanup_closep(&fd);
		return err_set(err, ERR_STORE, errno, "read the folder /%s", at->path);
	}
	for (errno = 0; (e = readdir(dir)); errno = 0) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (put_entry(at, e->d_name, err) < 0)
			return -1;
	}
	if (errno)
		return err_set(err, ERR_STORE, errno, "read the folder /%s", at->path);
	return 0;
}

int merge_package(struct merge *m, size_t i, struct err *err)
{
	struct place at = {.m = m, .package = i, .src = m->tree_fds[i], .dst = m->root, .path = ""};

	return merge_folder(&at, err);
}
