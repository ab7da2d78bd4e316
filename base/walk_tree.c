/* SPDX-License-Identifier: Apache-2.0 */
#include <base/walk_tree.h>

#include <base/cleanup.h>
#include <base/printable.h>
#include <base/str.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A folder that is being visited. Its fd is only held while nothing below it is visited. */
struct frame {
	struct strv names;
	size_t next;
	size_t path_len; /* length of the folder's own path in walk.path */
	struct stat st;
};

struct walk {
	struct frame *frames;
	size_t n, cap;
	struct strbuf path; /* of the object at hand, from the top, "" for the top */
	int fd;             /* the innermost folder, readable */
	walk_fn fn;
	void *arg;
};

static void walk_release(struct walk *w)
{
	for (size_t i = 0; i < w->n; i++)
		strv_release(&w->frames[i].names);
	free(w->frames);
	strbuf_release(&w->path);
	cleanup_closep(&w->fd);
}

static int walk_fail(const char *path, const char *what, int errnum, struct err *err)
{
	_cleanup_free_ char *shown = printable(*path ? path : ".", WALK_SHOWN_MAX);

	if (errnum == EXDEV)
		return err_set(err, ERR_INPUT, 0, "%s: a mount point inside the tree", shown);
	return err_set(err, ERR_STORE, errnum, "%s %s", what, shown);
}

static int open_inside(int dirfd, const char *name, int flags)
{
	struct open_how how = {
		.flags = (unsigned)(flags | O_NOFOLLOW | O_CLOEXEC),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS |
			   RESOLVE_NO_XDEV,
	};

	return (int)syscall(SYS_openat2, dirfd, name, &how, sizeof(how));
}

static int read_names(int fd, struct strv *out)
{
	union {
		struct dirent64 align;
		char bytes[32768];
	} buf;
	ssize_t n;

	while ((n = getdents64(fd, &buf, sizeof(buf))) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *d = (const void *)(buf.bytes + at);

			if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
				strv_push(out, d->d_name);
			at += d->d_reclen;
		}
	}
	strv_sort(out);
	return n < 0 ? -errno : 0;
}

/* Enter the folder behind the O_PATH fd @fd, whose path is in w->path. */
static int walk_enter(struct walk *w, int fd, const struct stat *st, struct err *err)
{
	struct frame *f;
	int dir = open_inside(fd, ".", O_RDONLY | O_DIRECTORY), r;

	if (dir < 0)
		return walk_fail(strbuf_str(&w->path), "open", errno, err);
	cleanup_closep(&w->fd);
	w->fd = dir;
	ARRAY_GROW(w->frames, w->n, w->cap);
	f = &w->frames[w->n++];
	*f = (struct frame){.path_len = w->path.len, .st = *st};
	r = read_names(dir, &f->names);
	if (r < 0)
		return walk_fail(strbuf_str(&w->path), "read", -r, err);
	return 0;
}

/* Tell the caller that a folder is done, and go back to the one that holds it. */
static int walk_leave(struct walk *w, struct err *err)
{
	struct frame *f = &w->frames[w->n - 1];
	struct walk_entry e = {.dirfd = w->fd, .name = ".", .fd = w->fd, .leave = true};
	struct stat st;
	int up;

	w->path.s[w->path.len = f->path_len] = '\0';
	e.path = w->path.len ? w->path.s : ".";
	e.st = f->st;
	if (w->fn(w->arg, &e, err) < 0)
		return -1;
	strv_release(&f->names);
	if (--w->n == 0)
		return 0;
	/* ".." may lead elsewhere when someone moves the folder meanwhile: it must be the one that
	 * we came from. */
	f = &w->frames[w->n - 1];
	up = openat(w->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (up < 0)
		return walk_fail(w->path.s, "open the folder above", errno, err);
	close(w->fd);
	w->fd = up;
	if (fstat(up, &st) < 0 || st.st_dev != f->st.st_dev || st.st_ino != f->st.st_ino)
		return err_set(err, ERR_INPUT, 0, "the tree changed while it was read");
	return 0;
}

static int walk_object(struct walk *w, int dirfd, const char *name, struct err *err)
{
	struct walk_entry e = {.dirfd = dirfd, .name = name};
	int r;

	e.path = w->path.len ? w->path.s : ".";
	e.fd = open_inside(dirfd, name, O_PATH);
	if (e.fd < 0)
		return walk_fail(e.path, "open", errno, err);
	if (fstat(e.fd, &e.st) < 0)
		r = walk_fail(e.path, "stat", errno, err);
	else
		r = w->fn(w->arg, &e, err);
	if (r >= 0 && S_ISDIR(e.st.st_mode))
		r = walk_enter(w, e.fd, &e.st, err);
	cleanup_closep(&e.fd);
	return r < 0 ? -1 : 0;
}

int walk_tree(int dirfd, const char *name, walk_fn fn, void *arg, struct err *err)
{
	_cleanup_(walk_release) struct walk w = {.fd = -1, .fn = fn, .arg = arg};

	strbuf_adds(&w.path, ""); /* so that path.s is never NULL */
	strbuf_addc(&w.path, '.');
	w.path.s[w.path.len = 0] = '\0';
	if (walk_object(&w, dirfd, name, err) < 0)
		return -1;
	while (w.n) {
		struct frame *f = &w.frames[w.n - 1];
		const char *child;

		if (f->next == f->names.n) {
			if (walk_leave(&w, err) < 0)
				return -1;
			continue;
		}
		child = f->names.v[f->next++];
		w.path.s[w.path.len = f->path_len] = '\0';
		if (w.path.len)
			strbuf_addc(&w.path, '/');
		strbuf_adds(&w.path, child);
		if (walk_object(&w, w.fd, child, err) < 0)
			return -1;
	}
	return 0;
}
