/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removal of trees that a hostile build left: folders without permissions, deeper than PATH_MAX or
 * the limit on open files, with links that lead outside, with something mounted inside.
 *
 * The walk holds at most LEVELS folders open. A folder below the last level is renamed up into the
 * top folder, whose listing is repeated until it is empty: memory and fds do not depend on depth.
 */
#include <base/file.h>

#include <base/str.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>

#define LEVELS 64

struct level {
	DIR *dir;
	bool changed; /* something was removed since the listing began */
	char name[NAME_MAX + 1];
};

struct removal {
	const char *path; /* for messages */
	size_t n;
	unsigned int moved;
	struct level level[LEVELS];
};

static void removal_close(struct removal *r)
{
	while (r->n > 0)
		closedir(r->level[--r->n].dir);
}

static int fail(const struct removal *r, int errnum, const char *name, struct err *err)
{
	if (errnum == EXDEV || errnum == EBUSY)
		return err_set(err, ERR_STORE, errnum, "remove %s: %s is a mount point", r->path,
			       name);
	return err_set(err, ERR_STORE, errnum, "remove %s: %s", r->path, name);
}

static int open_folder(int dirfd, const char *name)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
	};
	long fd;

	do
		fd = syscall(SYS_openat2, dirfd, name, &how, sizeof(how));
	while (fd < 0 && (errno == EINTR || errno == EAGAIN));
	return (int)fd;
}

/*
 * Open a folder for emptying: listing needs r, removal from it w and x. fchmodat() with
 * AT_SYMLINK_NOFOLLOW works on a folder that cannot be opened and never follows a link.
 */
static int open_writable(int dirfd, const char *name)
{
	_cleanup_close_ int fd = open_folder(dirfd, name);
	struct stat st;

	if (fd < 0 && errno == EACCES) {
		if (fchmodat(dirfd, name, 0700, AT_SYMLINK_NOFOLLOW) < 0)
			return -1;
		fd = open_folder(dirfd, name);
	}
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && (st.st_mode & 0700) != 0700 && fchmod(fd, 0700) < 0)
		return -1;
	return TAKE_FD(fd);
}

static int push(struct removal *r, int fd_taken, const char *name)
{
	_cleanup_close_ int fd = fd_taken;
	struct level *l = &r->level[r->n];

	l->dir = fdopendir(fd);
	if (!l->dir)
		return -1;
	(void)TAKE_FD(fd);
	l->changed = false;
	snprintf(l->name, sizeof(l->name), "%s", name);
	r->n++;
	return 0;
}

/* Bring a folder that is too deep up to the top, under a name that is free there. */
static int move_up(struct removal *r, int parent, const char *name, struct err *err)
{
	_cleanup_close_ int fd = open_writable(parent, name); /* its ".." entry is rewritten */
	char fresh[64];

	if (fd < 0)
		return fail(r, errno, name, err);
	for (;;) {
		snprintf(fresh, sizeof(fresh), ".belljar-remove-%u", r->moved++);
		/* Replacing an empty folder of that name is no loss: it would be removed too. */
		if (renameat(parent, name, dirfd(r->level[0].dir), fresh) == 0) {
			r->level[0].changed = true;
			return 0;
		}
		if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR)
			return fail(r, errno, name, err);
	}
}

static int descend(struct removal *r, int parent, const char *name, struct err *err)
{
	int fd;

	if (r->n == LEVELS)
		return move_up(r, parent, name, err);
	fd = open_writable(parent, name);
	if (fd < 0 || push(r, fd, name) < 0)
		return errno == ENOENT ? 0 : fail(r, errno, name, err);
	return 0;
}

static bool is_folder(int parent, const struct dirent *ent)
{
	struct stat st;

	if (ent->d_type != DT_UNKNOWN)
		return ent->d_type == DT_DIR;
	return fstatat(parent, ent->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static int remove_entry(struct removal *r, const struct dirent *ent, struct err *err)
{
	struct level *l = &r->level[r->n - 1];
	int parent = dirfd(l->dir);

	if (strcmp(ent->d_name, ".") == 0 || strcmp(ent->d_name, "..") == 0)
		return 0;
	l->changed = true;
	if (is_folder(parent, ent))
		return descend(r, parent, ent->d_name, err);
	if (unlinkat(parent, ent->d_name, 0) < 0 && errno != ENOENT)
		return fail(r, errno, ent->d_name, err);
	return 0;
}

/* The listing of the last level has ended: repeat it if it may have missed something, or go up. */
static int end_of_level(struct removal *r, int above, struct err *err)
{
	struct level *l = &r->level[r->n - 1];

	if (l->changed) {
		l->changed = false;
		rewinddir(l->dir);
		return 0;
	}
	closedir(l->dir);
	r->n--;
	if (r->n > 0)
		above = dirfd(r->level[r->n - 1].dir);
	if (unlinkat(above, l->name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return fail(r, errno, l->name, err);
	return 0;
}

static int empty_levels(struct removal *r, int above, struct err *err)
{
	while (r->n > 0) {
		struct dirent *ent;
		int ret;

		errno = 0;
		ent = readdir(r->level[r->n - 1].dir);
		if (!ent && errno)
			return fail(r, errno, r->level[r->n - 1].name, err);
		ret = ent ? remove_entry(r, ent, err) : end_of_level(r, above, err);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int remove_in(int above, const char *name, const char *path, struct err *err)
{
	_cleanup_(removal_close) struct removal r = {.path = path};
	struct stat st;

	if (fstatat(above, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : fail(&r, errno, name, err);
	if (!S_ISDIR(st.st_mode)) {
		if (unlinkat(above, name, 0) < 0 && errno != ENOENT)
			return fail(&r, errno, name, err);
		return 0;
	}
	if (descend(&r, above, name, err) < 0)
		return -1;
	return empty_levels(&r, above, err);
}

int file_remove_tree(int dirfd, const char *path, struct err *err)
{
	_cleanup_free_ char *clean = xstrdup(path), *folder = NULL;
	_cleanup_close_ int above = -1;
	size_t len = strlen(clean);
	const char *name;

	while (len > 0 && clean[len - 1] == '/')
		clean[--len] = '\0';
	name = path_base(clean);
	if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return err_set(err, ERR_BUG, 0, "remove '%s': this names no tree", path);
	folder = xstrndup(clean, (size_t)(name - clean));
	above = openat(dirfd, *folder ? folder : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (above < 0 && errno == ENOENT)
		return 0;
	if (above < 0)
		return err_set(err, ERR_STORE, errno, "remove %s: open its folder", path);
	return remove_in(above, name, path, err);
}
