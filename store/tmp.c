/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

/*
 * Ownership in tmp/: a file is locked itself; a folder NAME has a file NAME.lock beside it, where
 * no build can reach it, made before the folder and removed after it. Whoever can take the lock of
 * an entry knows that its owner is dead. A maker that is slower than a sweep finds its lock file
 * without a name and starts again.
 */
#define LOCK_SUFFIX ".lock"

static int random_name(char *out, size_t size, const char *suffix, struct err *err)
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return err_set(err, ERR_STORE, errno, "read random bytes");
	snprintf(out, size, "%016llx%s", (unsigned long long)random, suffix);
	return 0;
}

static int new_locked_file(struct store *s, const char *suffix, char *name, size_t size,
			   struct err *err)
{
	for (;;) {
		_cleanup_close_ int fd = -1;
		struct stat st;

		if (random_name(name, size, suffix, err) < 0)
			return -1;
		fd = openat(s->dirs[DIR_TMP], name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0) {
			/* A sweep may hold the lock of a file that is about to vanish. */
			if (errno == EEXIST || errno == EWOULDBLOCK)
				continue;
			return err_set(err, ERR_STORE, errno, "create %s/tmp/%s", s->path, name);
		}
		if (fstat(fd, &st) == 0 && st.st_nlink > 0)
			return TAKE_FD(fd);
	}
}

static struct store_tmp tmp_take(struct store_tmp *t)
{
	struct store_tmp taken = *t;

	*t = STORE_TMP_INIT;
	return taken;
}

int store_tmp_new(struct store *s, struct store_tmp *out, struct err *err)
{
	_cleanup_(store_tmp_release) struct store_tmp t = STORE_TMP_INIT;
	char lock_name[32];

	if (store_need_write(s, err) < 0)
		return -1;
	t.lock_fd = new_locked_file(s, LOCK_SUFFIX, lock_name, sizeof(lock_name), err);
	if (t.lock_fd < 0)
		return store_explain(s, err);
	t.store = s;
	memcpy(t.name, lock_name, strlen(lock_name) - strlen(LOCK_SUFFIX));
	t.path = xasprintf("%s/tmp/%s", s->path, t.name);
	if (mkdirat(s->dirs[DIR_TMP], t.name, 0700) < 0) {
		err_set(err, ERR_STORE, errno, "create %s", t.path);
		return store_explain(s, err);
	}
	t.fd = file_open(s->dirs[DIR_TMP], t.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);
	if (t.fd < 0)
		return -1;
	*out = tmp_take(&t);
	return 0;
}

/* What cannot be removed now is left to the next sweep. */
void store_tmp_release(struct store_tmp *t)
{
	struct err ignored = ERR_INIT;

	if (t->store && t->name[0]) {
		char lock_name[sizeof(t->name) + sizeof(LOCK_SUFFIX)];

		snprintf(lock_name, sizeof(lock_name), "%s%s", t->name, LOCK_SUFFIX);
		if (file_remove_tree(t->store->dirs[DIR_TMP], t->name, &ignored) == 0)
			unlinkat(t->store->dirs[DIR_TMP], lock_name, 0);
	}
	cleanup_closep(&t->fd);
	cleanup_closep(&t->lock_fd);
	free(t->path);
	*t = STORE_TMP_INIT;
}

int tmp_file_new(struct store *s, struct tmp_file *out, struct err *err)
{
	*out = TMP_FILE_INIT;
	if (store_need_write(s, err) < 0)
		return -1;
	out->fd = new_locked_file(s, "", out->name, sizeof(out->name), err);
	if (out->fd < 0) {
		*out = TMP_FILE_INIT;
		store_explain(s, err);
		return -1;
	}
	out->store = s;
	return 0;
}

int tmp_file_publish(struct tmp_file *t, int dirfd, const char *name, mode_t mode, bool durable,
		     struct err *err)
{
	if (fchmod(t->fd, mode) < 0 || (durable && fsync(t->fd) < 0) ||
	    renameat(t->store->dirs[DIR_TMP], t->name, dirfd, name) < 0) {
		err_set(err, ERR_STORE, errno, "store %s", name);
		return store_explain(t->store, err);
	}
	t->name[0] = '\0';
	return durable ? file_fsync_dir(dirfd, err) : 0;
}

int tmp_file_publish_once(struct tmp_file *t, int dirfd, const char *name, mode_t mode,
			  struct err *err)
{
	if (fchmod(t->fd, mode) == 0 && fsync(t->fd) == 0 &&
	    renameat2(t->store->dirs[DIR_TMP], t->name, dirfd, name, RENAME_NOREPLACE) == 0) {
		t->name[0] = '\0';
		return file_fsync_dir(dirfd, err);
	}
	if (errno == EEXIST)
		return file_fsync_dir(dirfd, err);
	/* A file system that cannot do it: some network ones. */
	if (errno == EINVAL || errno == ENOSYS)
		return tmp_file_publish(t, dirfd, name, mode, true, err);
	err_set(err, ERR_STORE, errno, "store %s", name);
	return store_explain(t->store, err);
}

void tmp_file_release(struct tmp_file *t)
{
	if (t->store && t->name[0])
		unlinkat(t->store->dirs[DIR_TMP], t->name, 0);
	cleanup_closep(&t->fd);
	*t = TMP_FILE_INIT;
}

int store_put_file(struct store *s, int dirfd, const char *name, const char *text, size_t len,
		   bool durable, struct err *err)
{
	_cleanup_(tmp_file_release) struct tmp_file t = TMP_FILE_INIT;

	if (tmp_file_new(s, &t, err) < 0)
		return -1;
	if (file_write_all(t.fd, text, len, err) < 0)
		return store_explain(s, err);
	return tmp_file_publish(&t, dirfd, name, 0644, durable, err);
}

int store_trash(struct store_tmp *t, int dirfd, const char *name, struct err *err)
{
	if (renameat(dirfd, name, t->fd, name) < 0)
		return err_set(err, ERR_STORE, errno, "remove %s", name);
	return file_remove_tree(t->fd, name, err);
}

static bool sweep_lock(int tmp, const char *name, int *out_fd)
{
	_cleanup_close_ int fd = openat(tmp, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &st) < 0 || st.st_nlink == 0)
		return false;
	*out_fd = TAKE_FD(fd);
	return true;
}

static int sweep_entry(int tmp, const char *name, struct err *err)
{
	_cleanup_free_ char *partner = NULL;
	_cleanup_close_ int lock = -1;
	struct stat st;

	if (fstatat(tmp, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0; /* its owner has finished meanwhile */
	if (S_ISDIR(st.st_mode)) {
		partner = xasprintf("%s%s", name, LOCK_SUFFIX);
		/* With a lock file it is dealt with under that name. */
		return file_exists(tmp, partner) ? 0 : file_remove_tree(tmp, name, err);
	}
	if (S_ISREG(st.st_mode) && !sweep_lock(tmp, name, &lock))
		return 0;
	if (str_ends(name, LOCK_SUFFIX)) {
		partner = xstrndup(name, strlen(name) - strlen(LOCK_SUFFIX));
		if (file_remove_tree(tmp, partner, err) < 0)
			return -1;
	}
	if (unlinkat(tmp, name, 0) < 0 && errno != ENOENT)
		return err_set(err, ERR_STORE, errno, "remove tmp/%s", name);
	return 0;
}

int store_sweep(struct store *s, struct err *err)
{
	_cleanup_(strv_release) struct strv names = STRV_INIT;

	if (store_list(s->dirs[DIR_TMP], ".", &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++)
		if (sweep_entry(s->dirs[DIR_TMP], names.v[i], err) < 0)
			return err_wrap(err, "clean %s/tmp", s->path);
	return 0;
}
