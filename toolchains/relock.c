/* SPDX-License-Identifier: Apache-2.0 */
/* Two locks side by side, and several locks written as one. */
#include "internal.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

const char *lock_date(const struct lock *l)
{
	return l->release_date;
}

bool lock_same_release(const struct lock *a, const struct lock *b)
{
	return sha256_equal(&a->release, &b->release);
}

static bool compare_package(const struct lock_package *a, const struct lock_package *b,
			    struct lock_change *out)
{
	*out = (struct lock_change){.kind = LOCK_OTHER_VERSION, .old = a, .now = b};
	if (strcmp(a->version, b->version) != 0)
		return true;
	out->kind = LOCK_OTHER_CONTENT;
	return !sha256_equal(&a->hash, &b->hash);
}

static int order(const struct lock_package *a, const struct lock_package *b)
{
	int c = strcmp(a->name, b->name);

	return c ? c : strcmp(a->arch, b->arch);
}

/* Both lists are in the same order: walk them side by side. */
size_t lock_compare(const struct lock *old, const struct lock *now, lock_change_fn fn, void *arg)
{
	size_t i = 0, k = 0, n_old = old ? old->n : 0, changes = 0;

	while (i < n_old || k < now->n) {
		const struct lock_package *a = i < n_old ? &old->packages[i] : NULL;
		const struct lock_package *b = k < now->n ? &now->packages[k] : NULL;
		int c = !a ? 1 : !b ? -1 : order(a, b);
		struct lock_change change = {.kind = LOCK_REMOVED, .old = a};
		bool differs = true;

		if (c > 0)
			change = (struct lock_change){.kind = LOCK_ADDED, .now = b};
		else if (c == 0)
			differs = compare_package(a, b, &change);
		if (differs && fn)
			fn(arg, &change);
		changes += differs;
		i += c <= 0;
		k += c >= 0;
	}
	return changes;
}

bool lock_same(const struct lock *a, const struct lock *b)
{
	if (lock_compare(a, b, NULL, NULL) || !strv_equal(&a->wanted, &b->wanted) ||
	    strcmp(a->mirror, b->mirror) != 0)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->packages[i].path, b->packages[i].path) != 0 ||
		    !strv_equal(&a->replaces[i], &b->replaces[i]))
			return false;
	return true;
}

struct staged {
	int dir;          /* of the locks; -1: not open */
	char *name, *tmp; /* below it */
	char *before;     /* the present text; NULL: there is no file */
	size_t before_len;
	bool renamed;
};

static void staged_release(struct staged *st, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (st[i].dir >= 0 && st[i].tmp && !st[i].renamed)
			unlinkat(st[i].dir, st[i].tmp, 0);
		cleanup_closep(&st[i].dir);
		free(st[i].name);
		free(st[i].tmp);
		free(st[i].before);
	}
	free(st);
}

static int stage(const struct lock_writing *w, struct staged *st, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	_cleanup_close_ int top = file_open(AT_FDCWD, w->tc->dir, O_RDONLY | O_DIRECTORY, 0, err);
	struct stat now;

	if (top < 0 || file_mkdir_p(top, "locks", 0755, err) < 0)
		return -1;
	st->dir = file_open(top, "locks", O_RDONLY | O_DIRECTORY, 0, err);
	if (st->dir < 0)
		return -1;
	st->name = xasprintf("%s-%s.yaml", w->lock->host, w->lock->target);
	if (fstatat(st->dir, st->name, &now, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(now.st_mode) &&
	    file_read(st->dir, st->name, 1 << 20, &st->before, &st->before_len, err) < 0)
		return -1;
	lock_format(w->tc, w->lock, &sb);
	st->tmp = xasprintf(".%s.new.%d", st->name, (int)getpid());
	return file_write_atomic(st->dir, st->tmp, strbuf_str(&sb), sb.len, 0644, err);
}

static void put_back(const struct staged *st)
{
	struct err ignored = ERR_INIT;

	if (!st->before)
		unlinkat(st->dir, st->name, 0);
	else
		(void)!file_write_atomic(st->dir, st->name, st->before, st->before_len, 0644,
					 &ignored);
}

static int rename_all(struct staged *st, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (renameat(st[i].dir, st[i].tmp, st[i].dir, st[i].name) < 0) {
			err_set(err, ERR_STORE, errno, "rename the lock %s", st[i].name);
			while (i-- > 0)
				put_back(&st[i]);
			return -1;
		}
		st[i].renamed = true;
	}
	for (size_t i = 0; i < n; i++)
		if (file_fsync_dir(st[i].dir, err) < 0)
			return -1;
	return 0;
}

int lock_write_all(const struct lock_writing *list, size_t n, struct err *err)
{
	struct staged *st = xcalloc(n ? n : 1, sizeof(*st));
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		st[i].dir = -1;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = stage(&list[i], &st[i], err);
		if (rc < 0)
			err_wrap(err, "write the lock of %s for %s-%s", list[i].tc->name,
				 list[i].lock->host, list[i].lock->target);
	}
	if (rc == 0)
		rc = rename_all(st, n, err);
	staged_release(st, n);
	return rc;
}
