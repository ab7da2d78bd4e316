/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <base/cleanup.h>
#include <base/digest.h>
#include <base/file.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

/* The layout's version; a change that older programs would misread gets another number. */
#define VERSION_TEXT "1\n"

static const char *const dir_names[DIR_COUNT] = {
	[DIR_BLOBS] = "blobs/sha256",
	[DIR_TREES] = "trees",
	[DIR_ACTIONS] = "actions",
	[DIR_BUILDS] = "builds",
	[DIR_MEMO] = "memo",
	[DIR_ROOTS] = "roots",
	[DIR_TMP] = "tmp",
	[DIR_LOCKS] = "locks",
};

/* What may lie in the top folder: anything else means that the folder is not ours. */
static const char *const top_names[] = {"actions", "bad",        "blobs",  "builds",
					"locks",   "lost+found", "memo",   "roots",
					"tmp",     "trees",      "version"};

static int default_path(char **out, struct err *err)
{
	const char *env = getenv("BELLJAR_STORE"), *home = getenv("HOME"),
		   *data = getenv("XDG_DATA_HOME");

	if (!str_empty(env))
		*out = xstrdup(env);
	else if (geteuid() == 0)
		*out = xstrdup("/var/lib/belljar");
	else if (data && data[0] == '/')
		*out = path_join(data, "belljar");
	else if (home && home[0] == '/')
		*out = path_join(home, ".local/share/belljar");
	else
		return err_set(err, ERR_STORE, 0,
			       "no place for the store: set BELLJAR_STORE or HOME");
	return 0;
}

/* Create the folder and what leads to it. Only the last one is private. */
static int make_top(const char *path, struct err *err)
{
	_cleanup_free_ char *above = xstrdup(path);
	size_t len = strlen(above);
	char *slash;

	while (len > 1 && above[len - 1] == '/')
		above[--len] = '\0';
	slash = strrchr(above, '/');
	if (slash && slash != above) {
		*slash = '\0';
		if (file_mkdir_p(AT_FDCWD, above, 0755, err) < 0)
			return err_wrap(err, "create the store %s", path);
	}
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_set(err, ERR_STORE, errno, "create the store %s", path);
	return 0;
}

/* Whoever can write here decides what builds use: the folder must be ours alone. */
static int check_owner(const struct store *s, struct err *err)
{
	struct stat st;

	if (fstat(s->fd, &st) < 0)
		return err_set(err, ERR_STORE, errno, "stat the store %s", s->path);
	if (s->readonly)
		return 0;
	if (st.st_uid != geteuid())
		return err_set(err, ERR_STORE, 0,
			       "the store %s belongs to user %u, not to you (user %u): set "
			       "BELLJAR_STORE to one of your own",
			       s->path, st.st_uid, geteuid());
	if (st.st_mode & 022)
		return err_set(err, ERR_STORE, 0,
			       "others may write to the store %s: run chmod go-w on it", s->path);
	/* Every new folder below would inherit the set-group-id bit, which no tree may have. */
	if ((st.st_mode & S_ISGID) && fchmod(s->fd, st.st_mode & 0777) < 0)
		return err_set(err, ERR_STORE, errno, "change the mode of the store %s", s->path);
	return 0;
}

/* Nothing but a store's own names may be in it. *out_begun: at least one is. */
static int check_foreign(const struct store *s, bool *out_begun, struct err *err)
{
	_cleanup_(strv_release) struct strv names = STRV_INIT;

	if (store_list(s->fd, ".", &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		bool known = false;

		for (size_t k = 0; k < ARRAY_SIZE(top_names); k++)
			known |= strcmp(names.v[i], top_names[k]) == 0;
		if (!known)
			return err_set(err, ERR_STORE, 0,
				       "%s is not a belljar store: it holds '%s'", s->path,
				       names.v[i]);
	}
	*out_begun = names.n > 0;
	return 0;
}

/*
 * Absent: *out_absent. Written last when a store is made, so that what has no version is either an
 * unfinished store, which whoever may write to it completes, or somebody's folder.
 */
static int check_version(const struct store *s, bool *out_absent, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len;

	*out_absent = !file_exists(s->fd, "version");
	if (*out_absent)
		return 0;
	if (file_read(s->fd, "version", 64, &text, &len, err) < 0)
		return err_wrap(err, "the store %s", s->path);
	if (strcmp(text, VERSION_TEXT) == 0)
		return 0;
	text[strcspn(text, "\n")] = '\0';
	return err_set(err, ERR_STORE, 0,
		       "the store %s has layout version '%.16s', this belljar knows 1: use the "
		       "belljar that made it, or set BELLJAR_STORE to another folder",
		       s->path, text);
}

static int open_dirs(struct store *s, bool create, struct err *err)
{
	for (int i = 0; i < DIR_COUNT; i++) {
		if (create && file_mkdir_p(s->fd, dir_names[i], 0700, err) < 0)
			return -1;
		s->dirs[i] = openat(s->fd, dir_names[i],
				    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (s->dirs[i] < 0)
			return err_set(err, ERR_STORE, errno, "open %s/%s", s->path, dir_names[i]);
	}
	return 0;
}

static int open_top(struct store *s, const char *path, bool create, struct err *err)
{
	if (create && make_top(path, err) < 0)
		return -1;
	s->path = realpath(path, NULL);
	if (!s->path)
		return err_set(err, ERR_STORE, errno, "no store at %s", path);
	s->fd = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->fd < 0)
		return err_set(err, ERR_STORE, errno, "open the store %s", s->path);
	return check_owner(s, err);
}

static int open_locked(struct store *s, bool finish, struct err *err)
{
	_cleanup_close_ int fd = -1;

	if (open_dirs(s, true, err) < 0)
		return -1;
	fd = file_open(s->dirs[DIR_LOCKS], "store", O_RDWR | O_CREAT | O_NOFOLLOW, 0600, err);
	if (fd < 0)
		return err_wrap(err, "the store %s cannot be written", s->path);
	s->lock_fd = TAKE_FD(fd);
	if (store_lock_open(s, err) < 0)
		return -1;
	if (finish &&
	    store_put_file(s, s->fd, "version", VERSION_TEXT, strlen(VERSION_TEXT), true, err) < 0)
		return -1;
	return store_sweep(s, err);
}

/* 1: no store is there, and none is missed. */
static int open_all(struct store *s, const char *path, int flags, struct err *err)
{
	bool create = (flags & STORE_CREATE) && !s->readonly, absent, begun = false;
	bool may_miss = (flags & STORE_MAY_MISS) && s->readonly;

	if (may_miss && access(path, F_OK) < 0 && errno == ENOENT)
		return 1;
	if (open_top(s, path, create, err) < 0 || check_version(s, &absent, err) < 0)
		return -1;
	if (absent && check_foreign(s, &begun, err) < 0)
		return -1;
	if (absent && may_miss)
		return 1;
	if (absent && !create && !begun)
		return err_set(err, ERR_STORE, 0, "%s is not a belljar store: it is empty",
			       s->path);
	if (absent && s->readonly)
		return err_set(err, ERR_STORE, 0,
			       "the store %s is unfinished, as belljar was stopped while it made "
			       "it: the next build completes it",
			       s->path);
	return s->readonly ? open_dirs(s, false, err) : open_locked(s, absent, err);
}

int store_open(const char *path, int flags, struct store **out, struct err *err)
{
	return store_open_waiting(path, flags, &(struct store_wait){0}, out, err);
}

int store_open_waiting(const char *path, int flags, const struct store_wait *wait,
		       struct store **out, struct err *err)
{
	_cleanup_free_ char *chosen = path ? xstrdup(path) : NULL;
	_cleanup_(store_closep) struct store *s = xcalloc(1, sizeof(*s));
	int rc;

	*out = NULL;
	s->wait = *wait;
	s->fd = s->lock_fd = -1;
	for (int i = 0; i < DIR_COUNT; i++)
		s->dirs[i] = -1;
	s->readonly = flags & STORE_READONLY;
	if (sha256_ready(err) < 0 || (!chosen && default_path(&chosen, err) < 0))
		return -1;
	rc = open_all(s, chosen, flags, err);
	if (rc < 0) {
		/* A folder on the way that may not be entered is no input of a build. */
		if (err->code == ERR_INPUT)
			err->code = ERR_STORE;
		return s->path ? store_explain(s, err) : -1;
	}
	if (rc == 0)
		*out = TAKE_PTR(s);
	return 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	for (int i = 0; i < DIR_COUNT; i++)
		cleanup_closep(&s->dirs[i]);
	cleanup_closep(&s->fd);
	cleanup_closep(&s->lock_fd);
	free(s->path);
	free(s);
}

void store_closep(struct store **s)
{
	store_close(*s);
}

const char *store_path(const struct store *s)
{
	return s->path;
}

int store_fd(const struct store *s)
{
	return s->fd;
}

int store_find(struct store *s, const char *folder, const char *start, struct sha256 *out,
	       struct err *err)
{
	int fd = openat(s->fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), found = 0;
	_cleanup_closedir_ DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d)
		return err_set(err, ERR_STORE, errno, "cannot read %s/%s", s->path, folder);
	while ((e = readdir(d)))
		found += str_starts(e->d_name, start) && sha256_from_hex(e->d_name, out);
	return found;
}

int store_need_write(const struct store *s, struct err *err)
{
	if (s->readonly)
		return err_set(err, ERR_BUG, 0, "the store %s is open for reading only", s->path);
	return 0;
}

int store_explain(const struct store *s, struct err *err)
{
	if (strstr(err->msg, "of the store"))
		return -1; /* it was asked about already, further down */
	if (err->sys_errno == ENOSPC || err->sys_errno == EDQUOT) {
		err->code = ERR_STORE;
		return err_wrap(err,
				err->sys_errno == ENOSPC
					? "the disk of the store %s is full"
					: "the disk quota of the store %s is used up",
				s->path);
	}
	return -1;
}
