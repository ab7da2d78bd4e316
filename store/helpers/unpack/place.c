/* SPDX-License-Identifier: Apache-2.0 */
#include "place.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <base/str.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

void place_release(struct place *p)
{
	cleanup_closep(&p->parent);
	free(p->parent_path);
	*p = PLACE_INIT;
}

static const char *kind_at(int dirfd, const char *name)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return "missing";
	return S_ISLNK(st.st_mode)   ? "a symbolic link"
	       : S_ISDIR(st.st_mode) ? "a directory"
				     : "a file";
}

/* Open one component as a directory, making it when @make and it is missing. */
static int step(int dirfd, const char *name, const char *shown, bool make, struct err *err)
{
	const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(dirfd, name, flags);

	if (fd < 0 && errno == ENOENT && make) {
		if (mkdirat(dirfd, name, 0755) < 0 && errno != EEXIST)
			return err_set(err, ERR_STORE, errno, "mkdir %s", shown);
		fd = openat(dirfd, name, flags);
	}
	if (fd >= 0)
		return fd;
	if (errno == ENOENT)
		return err_set(err, ERR_INPUT, 0, "goes through '%s', which is missing", shown);
	if (errno == ENOTDIR || errno == ELOOP)
		return err_set(err, ERR_INPUT, 0, "goes through '%s', which is %s", shown,
			       kind_at(dirfd, name));
	return err_set(err, ERR_STORE, errno, "open %s", shown);
}

/* Walk to the directory @path (len bytes). The caller closes. */
static int walk(int root, const char *path, size_t len, bool make, struct err *err)
{
	_cleanup_close_ int fd = fcntl(root, F_DUPFD_CLOEXEC, 3);
	_cleanup_free_ char *buf = xstrndup(path, len);

	if (fd < 0)
		return err_set(err, ERR_STORE, errno, "duplicate the output directory");
	for (char *name = buf, *end; *name; name = end) {
		char saved;
		int next;

		end = strchrnul(name, '/');
		saved = *end;
		*end = '\0';
		next = step(fd, name, buf, make, err);
		if (next < 0)
			return -1;
		close(fd);
		fd = next;
		*end = saved;
		end += saved == '/';
	}
	return TAKE_FD(fd);
}

static size_t parent_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) : 0;
}

/* The directory that holds @path; borrowed, kept for the entries beside it. */
static int parent_of(struct place *p, const char *path, struct err *err)
{
	size_t len = parent_len(path);

	if (p->parent >= 0 && strlen(p->parent_path) == len &&
	    memcmp(p->parent_path, path, len) == 0)
		return p->parent;
	cleanup_closep(&p->parent);
	p->parent = walk(p->root, path, len, true, err);
	free(p->parent_path);
	p->parent_path = xstrndup(path, len);
	return p->parent;
}

static int exists(int dirfd, const char *name, const char *as, struct err *err)
{
	const char *was = kind_at(dirfd, name);

	if (errno == EEXIST && strcmp(was, as) == 0)
		return err_set(err, ERR_INPUT, 0, "appears twice");
	return err_set(err, ERR_INPUT, 0, "is %s, and was %s before", as, was);
}

int place_dir(struct place *p, const char *path, struct err *err)
{
	const char *name = path_base(path);
	struct stat st;
	int dirfd;

	if (*path == '\0')
		return 0;
	dirfd = parent_of(p, path, err);
	if (dirfd < 0)
		return -1;
	if (mkdirat(dirfd, name, 0755) == 0)
		return 0;
	if (errno != EEXIST)
		return err_set(err, ERR_STORE, errno, "mkdir");
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
		return 0;
	return exists(dirfd, name, "a directory", err);
}

int place_file(struct place *p, const char *path, bool executable, struct err *err)
{
	int dirfd = parent_of(p, path, err), fd;

	if (dirfd < 0)
		return -1;
	fd = openat(dirfd, path_base(path), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    executable ? 0755 : 0644);
	if (fd >= 0)
		return fd;
	if (errno == EEXIST)
		return exists(dirfd, path_base(path), "a file", err);
	return err_set(err, ERR_STORE, errno, "create");
}

int place_symlink(struct place *p, const char *path, const char *target, struct err *err)
{
	int dirfd = parent_of(p, path, err);

	if (dirfd < 0)
		return -1;
	if (symlinkat(target, dirfd, path_base(path)) == 0)
		return 0;
	if (errno == EEXIST)
		return exists(dirfd, path_base(path), "a symbolic link", err);
	return err_set(err, errno == ENAMETOOLONG || errno == ENOENT ? ERR_INPUT : ERR_STORE, errno,
		       "symbolic link");
}

int place_count(struct place *p, uint64_t bytes, struct err *err)
{
	if (bytes > p->max_bytes - p->bytes)
		return err_set(err, ERR_INPUT, 0, "makes the contents more than %" PRIu64 " bytes",
			       p->max_bytes);
	p->bytes += bytes;
	return 0;
}

static int copy_link(struct place *p, const char *path, int dirfd, const char *name,
		     struct err *err)
{
	_cleanup_free_ char *target = NULL;

	if (file_readlink(dirfd, name, &target, err) < 0)
		return -1;
	return place_symlink(p, path, target, err);
}

int place_copy(struct place *p, const char *path, const char *target, struct err *err)
{
	_cleanup_close_ int dirfd = walk(p->root, target, parent_len(target), false, err);
	_cleanup_close_ int in = -1, out = -1;
	const char *name = path_base(target);
	struct stat st;

	if (dirfd < 0)
		return err_wrap(err, "is a hard link to '%s', which", target);
	if (*target == '\0' || fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(err, ERR_INPUT, 0,
			       "is a hard link to '%s', which is not in the archive before it",
			       target);
	if (S_ISLNK(st.st_mode))
		return copy_link(p, path, dirfd, name, err);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_INPUT, 0, "is a hard link to '%s', which is a directory",
			       target);
	if (place_count(p, (uint64_t)st.st_size, err) < 0)
		return -1;
	in = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (in < 0)
		return err_set(err, ERR_STORE, errno, "open %s", target);
	out = place_file(p, path, st.st_mode & S_IXUSR, err);
	return out < 0 ? -1 : file_copy_fd(in, out, err);
}
