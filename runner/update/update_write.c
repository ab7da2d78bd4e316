/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All changes or none. One change is one rename. More than one are made in a
 * copy of the recipe's folder (hard links, so nothing but names is copied) beside it, and the two
 * folders change places in one call, RENAME_EXCHANGE of renameat2(2). What a killed run leaves is
 * such a folder, named .NAME.update-..., which nobody reads and the next run removes.
 */
#include "updating.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <fcntl.h>
#include <runner/branch_edit.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define FILE_NAME "branch.yaml"
#define DEPTH_MAX 32

struct writing {
	const struct update *u;
	int parent;        /* the folder of recipes */
	char *path, *name; /* of the recipe's folder, without links */
	char *prefix;      /* ".NAME.update-" */
	char *copy;        /* name of the copy below parent */
};

static void writing_release(struct writing *w)
{
	struct err ignored = ERR_INIT;

	if (w->copy && w->parent >= 0 && file_remove_tree(w->parent, w->copy, &ignored) < 0)
		err_clear(&ignored); /* the next run tries again */
	if (w->parent >= 0)
		close(w->parent);
	free(w->path);
	free(w->name);
	free(w->prefix);
	free(w->copy);
}

/* What killed runs left behind. */
static void sweep(struct writing *w)
{
	_cleanup_(strv_release) struct strv old = STRV_INIT;
	int fd = openat(w->parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_closedir_ DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct err ignored = ERR_INIT;
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (str_starts(e->d_name, w->prefix))
			strv_push(&old, e->d_name);
	for (size_t i = 0; i < old.n; i++)
		if (file_remove_tree(w->parent, old.v[i], &ignored) < 0)
			err_clear(&ignored);
}

static int open_folder(struct writing *w, struct err *err)
{
	_cleanup_free_ char *parent = NULL;

	w->path = realpath(w->u->dir, NULL);
	if (!w->path)
		return err_set(err, ERR_INPUT, errno, "%s", w->u->dir);
	w->name = xstrdup(path_base(w->path));
	w->prefix = xasprintf(".%s.update-", w->name);
	parent = xstrndup(w->path, (size_t)(path_base(w->path) - w->path));
	w->parent = file_open(AT_FDCWD, parent, O_RDONLY | O_DIRECTORY, 0, err);
	if (w->parent < 0)
		return -1;
	if (flock(w->parent, LOCK_EX | LOCK_NB) < 0)
		return err_set(err, ERR_STORE, errno == EWOULDBLOCK ? 0 : errno,
			       "%s: another belljar update is writing there", parent);
	sweep(w);
	return 0;
}

/* Somebody may have edited the file while the question stood on the screen. */
static int check_unchanged(const struct writing *w, const struct update_branch *b, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/%s/" FILE_NAME, w->path, b->name), *now = NULL;
	_cleanup_free_ char *dir = path_join(w->path, b->name);
	size_t len = 0;

	if (!b->old_text)
		return file_exists(AT_FDCWD, dir) ? err_set(err, ERR_INPUT, EEXIST, "%s", dir) : 0;
	if (file_read(AT_FDCWD, path, BRANCH_MAX, &now, &len, err) < 0)
		return -1;
	if (strcmp(now, b->old_text) != 0)
		return err_set(err, ERR_INPUT, 0,
			       "%s was changed meanwhile: nothing was written, update again", path);
	return 0;
}

/* ---- the copy ---- */

static int link_entry(int from, int to, const char *name, unsigned depth, struct err *err);

static int link_tree(int from, int to, unsigned depth, struct err *err)
{
	int fd = fcntl(from, F_DUPFD_CLOEXEC, 3);
	_cleanup_closedir_ DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d)
		return err_set(err, ERR_STORE, errno, "read the recipe's folder");
	rewinddir(d);
	if (depth > DEPTH_MAX)
		return err_set(err, ERR_INPUT, 0, "the recipe's folder is nested too deep");
	while ((e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (link_entry(from, to, e->d_name, depth, err) < 0)
			return -1;
	}
	return file_fsync_dir(to, err);
}

static int link_folder(int from, int to, const char *name, mode_t mode, unsigned depth,
		       struct err *err)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	_cleanup_close_ int in = openat(from, name, flags), out = -1;

	if (in < 0 || mkdirat(to, name, 0700) < 0)
		return err_set(err, ERR_STORE, errno, "%s", name);
	out = openat(to, name, flags);
	if (out < 0 || fchmod(out, mode & 07777) < 0)
		return err_set(err, ERR_STORE, errno, "%s", name);
	return link_tree(in, out, depth + 1, err);
}

static int link_entry(int from, int to, const char *name, unsigned depth, struct err *err)
{
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(err, ERR_STORE, errno, "%s", name);
	if (S_ISDIR(st.st_mode))
		return link_folder(from, to, name, st.st_mode, depth, err);
	if (linkat(from, name, to, name, 0) < 0)
		return err_set(err, ERR_STORE, errno, "link %s", name);
	return 0;
}

static int make_folder(struct writing *w, struct err *err)
{
	w->copy = xasprintf("%s%d", w->prefix, (int)getpid());
	if (mkdirat(w->parent, w->copy, 0700) < 0)
		return err_set(err, ERR_STORE, errno, "%s beside %s", w->copy, w->path);
	return 0;
}

static int make_copy(struct writing *w, struct err *err)
{
	_cleanup_close_ int in =
		openat(w->parent, w->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (in < 0 || fstat(in, &st) < 0)
		return err_set(err, ERR_STORE, errno, "%s", w->path);
	if (make_folder(w, err) < 0)
		return -1;

	_cleanup_close_ int out =
		openat(w->parent, w->copy, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (out < 0 || fchmod(out, st.st_mode & 07777) < 0)
		return err_set(err, ERR_STORE, errno, "%s beside %s", w->copy, w->path);
	return link_tree(in, out, 1, err);
}

/* ---- one change ---- */

/* In the folder @dir of a recipe, which may be the copy. */
static int apply(int dir, const struct update_branch *b, struct err *err)
{
	_cleanup_close_ int fd = -1;

	if (b->kind == UPDATE_DROP)
		return file_remove_tree(dir, b->name, err);
	if (b->kind == UPDATE_NEW && mkdirat(dir, b->name, 0755) < 0)
		return err_set(err, ERR_STORE, errno, "%s", b->name);
	fd = openat(dir, b->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, ERR_STORE, errno, "%s", b->name);
	return branch_edit_write(fd, b->new_text, err);
}

static const struct update_branch *only_change(const struct update *u)
{
	const struct update_branch *found = NULL;

	for (size_t i = 0; i < u->n; i++) {
		if (u->v[i].kind < UPDATE_CHANGE)
			continue;
		if (found)
			return NULL;
		found = &u->v[i];
	}
	return found;
}

/* One rename does it, and no folder has to change its place. */
static int write_one(struct writing *w, const struct update_branch *b, struct err *err)
{
	_cleanup_close_ int dir = file_open(w->parent, w->name, O_RDONLY | O_DIRECTORY, 0, err);
	_cleanup_close_ int side = -1;

	if (dir < 0)
		return -1;
	if (b->kind == UPDATE_CHANGE)
		return apply(dir, b, err);
	if (make_folder(w, err) < 0)
		return -1;
	side = file_open(w->parent, w->copy, O_RDONLY | O_DIRECTORY, 0, err);
	if (side < 0 || (b->kind == UPDATE_NEW && apply(side, b, err) < 0))
		return -1;
	if (b->kind == UPDATE_NEW ? renameat2(side, b->name, dir, b->name, RENAME_NOREPLACE) < 0
				  : renameat(dir, b->name, side, b->name) < 0)
		return err_set(err, ERR_STORE, errno, "%s/%s", w->path, b->name);
	return file_fsync_dir(dir, err);
}

static int exchange(struct writing *w, struct err *err)
{
	if (renameat2(w->parent, w->copy, w->parent, w->name, RENAME_EXCHANGE) < 0)
		return err_set(err, ERR_STORE, errno,
			       "%s: this file system cannot exchange two folders, so that several "
			       "changes would not be one step: nothing was written; update one "
			       "branch at a time, as in `belljar update %s@BRANCH`",
			       w->path, w->u->recipe);
	return file_fsync_dir(w->parent, err);
}

static int write_all(struct writing *w, struct err *err)
{
	const struct update_branch *only = only_change(w->u);
	_cleanup_close_ int dir = -1;

	for (size_t i = 0; i < w->u->n; i++)
		if (w->u->v[i].kind >= UPDATE_CHANGE && check_unchanged(w, &w->u->v[i], err) < 0)
			return -1;
	if (only)
		return write_one(w, only, err);
	if (make_copy(w, err) < 0)
		return -1;
	dir = file_open(w->parent, w->copy, O_RDONLY | O_DIRECTORY, 0, err);
	if (dir < 0)
		return -1;
	for (size_t i = 0; i < w->u->n; i++)
		if (w->u->v[i].kind >= UPDATE_CHANGE && apply(dir, &w->u->v[i], err) < 0)
			return -1;
	if (file_fsync_dir(dir, err) < 0)
		return -1;
	return exchange(w, err);
}

int update_write(const struct update *u, struct err *err)
{
	struct writing w = {.u = u, .parent = -1};
	int rc = open_folder(&w, err);

	if (rc == 0)
		rc = write_all(&w, err);
	writing_release(&w);
	return rc;
}
