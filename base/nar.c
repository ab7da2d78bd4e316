/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk keeps an explicit stack of folders, so that a hostile depth costs heap and not the call
 * stack, and only the last OPEN_LEVELS of them open, so that it does not cost fds either: a folder
 * that was closed is found again as ".." of its child, and must be the same inode.
 *
 * File contents are read straight into the buffer that goes to the sink: one copy less, and the
 * hash sees large pieces also where files are small.
 */
#include <base/nar.h>

#include <base/cleanup.h>
#include <base/file.h>
#include <base/str.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>

#define BUFFER      (256 * 1024)
#define OPEN_LEVELS 128

struct folder {
	int fd; /* -1 while it is closed because the walk is far below */
	dev_t dev;
	ino_t ino;
	char *arena;    /* the names, each after one byte of d_type */
	size_t *offset; /* of each name in the arena, sorted by name */
	size_t n, at;
};

struct nar {
	nar_sink_fn sink;
	void *arg;
	struct nar_stats stats;
	const char *root; /* the name the caller gave, for messages */
	char *buf;
	size_t fill;
	struct folder *stack;
	size_t n, cap;
};

static const char *folder_name(const struct folder *f)
{
	return f->arena + f->offset[f->at] + 1;
}

static void folder_release(struct folder *f)
{
	cleanup_closep(&f->fd);
	free(f->arena);
	free(f->offset);
}

static void nar_release(struct nar *n)
{
	while (n->n > 0)
		folder_release(&n->stack[--n->n]);
	free(n->stack);
	free(n->buf);
}

/* The path of the object at hand; @err is filled with it only when something failed. */
static int fail(const struct nar *n, enum err_code code, int errnum, const char *what,
		struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf path = STRBUF_INIT;

	strbuf_adds(&path, n->root);
	/* A message has no room for more than this many levels anyway. */
	for (size_t i = 0; i < n->n && path.len < 2 * sizeof(err->msg); i++)
		if (n->stack[i].at < n->stack[i].n)
			strbuf_addf(&path, "/%s", folder_name(&n->stack[i]));
	return err_set(err, code, errnum, "%s: %s", strbuf_str(&path), what);
}

static int flush(struct nar *n, struct err *err)
{
	size_t len = n->fill;

	n->fill = 0;
	return len ? n->sink(n->arg, n->buf, len, err) : 0;
}

static int put(struct nar *n, const void *data, size_t len, struct err *err)
{
	const char *p = data;

	while (len > 0) {
		size_t part = BUFFER - n->fill < len ? BUFFER - n->fill : len;

		memcpy(n->buf + n->fill, p, part);
		n->fill += part;
		p += part;
		len -= part;
		if (n->fill == BUFFER && flush(n, err) < 0)
			return -1;
	}
	return 0;
}

static int put_length(struct nar *n, uint64_t len, struct err *err)
{
	uint8_t le[8];

	for (int i = 0; i < 8; i++)
		le[i] = (uint8_t)(len >> (8 * i));
	return put(n, le, sizeof(le), err);
}

static int put_padding(struct nar *n, uint64_t len, struct err *err)
{
	static const char zero[8];

	return put(n, zero, (8 - len % 8) % 8, err);
}

static int put_text(struct nar *n, const char *s, struct err *err)
{
	size_t len = strlen(s);

	if (put_length(n, len, err) < 0 || put(n, s, len, err) < 0)
		return -1;
	return put_padding(n, len, err);
}

static int put_texts(struct nar *n, const char *const *list, struct err *err)
{
	for (; *list; list++)
		if (put_text(n, *list, err) < 0)
			return -1;
	return 0;
}

#define PUT(n, err, ...) put_texts((n), (const char *const[]){__VA_ARGS__, NULL}, (err))

static int put_contents(struct nar *n, int fd, uint64_t size, struct err *err)
{
	uint64_t left = size;

	if (put_length(n, size, err) < 0)
		return -1;
	while (left > 0) {
		size_t room = BUFFER - n->fill;
		ssize_t got = read(fd, n->buf + n->fill, left < room ? (size_t)left : room);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(n, ERR_STORE, errno, "read", err);
		if (got == 0)
			return fail(n, ERR_STORE, 0, "became shorter while it was read", err);
		n->fill += (size_t)got;
		left -= (uint64_t)got;
		if (n->fill == BUFFER && flush(n, err) < 0)
			return -1;
	}
	return put_padding(n, size, err);
}

static int put_file(struct nar *n, int parent, const char *name, struct err *err)
{
	/* O_NONBLOCK: should a fifo have taken the file's place, opening it must not wait. */
	_cleanup_close_ int fd =
		openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return fail(n, ERR_STORE, errno, "open", err);
	if (fstat(fd, &st) < 0)
		return fail(n, ERR_STORE, errno, "stat", err);
	if (!S_ISREG(st.st_mode))
		return fail(n, ERR_STORE, 0, "changed its type while it was read", err);
	if (PUT(n, err, "(", "type", "regular") < 0)
		return -1;
	if ((st.st_mode & S_IXUSR) && PUT(n, err, "executable", "") < 0)
		return -1;
	if (PUT(n, err, "contents") < 0 || put_contents(n, fd, (uint64_t)st.st_size, err) < 0)
		return -1;
	n->stats.files++;
	n->stats.bytes += (uint64_t)st.st_size;
	return PUT(n, err, ")");
}

static int put_link(struct nar *n, int parent, const char *name, struct err *err)
{
	_cleanup_free_ char *target = NULL;

	if (file_readlink(parent, name, &target, err) < 0)
		return fail(n, ERR_STORE, err->sys_errno, "read link", err);
	n->stats.links++;
	return PUT(n, err, "(", "type", "symlink", "target", target, ")");
}

static int compare_names(const void *a, const void *b, void *arena)
{
	return strcmp((char *)arena + *(const size_t *)a + 1,
		      (char *)arena + *(const size_t *)b + 1);
}

static int list_folder(struct nar *n, struct folder *f, DIR *dir, struct err *err)
{
	struct strbuf arena = STRBUF_INIT;
	size_t cap = 0;

	for (;;) {
		struct dirent *ent;

		errno = 0;
		ent = readdir(dir);
		f->arena = arena.s;
		if (!ent)
			break;
		if (strcmp(ent->d_name, ".") == 0 || strcmp(ent->d_name, "..") == 0)
			continue;
		ARRAY_GROW(f->offset, f->n, cap);
		f->offset[f->n++] = arena.len;
		strbuf_addc(&arena, (char)ent->d_type);
		strbuf_add(&arena, ent->d_name, strlen(ent->d_name) + 1);
	}
	if (errno) {
		int why = errno;

		f->at = f->n; /* no entry is at hand: the folder itself failed */
		return fail(n, ERR_STORE, why, "list", err);
	}
	if (f->n > 1)
		qsort_r(f->offset, f->n, sizeof(*f->offset), compare_names, f->arena);
	return 0;
}

/* Open and list a folder and make it the last of the stack. */
static int push_folder(struct nar *n, int parent, const char *name, struct err *err)
{
	_cleanup_closedir_ DIR *dir = NULL;
	_cleanup_close_ int fd =
		openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_close_ int listing = -1;
	struct folder f = {.fd = -1};
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return fail(n, ERR_STORE, errno, "open", err);
	listing = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	dir = listing < 0 ? NULL : fdopendir(listing);
	if (!dir)
		return fail(n, ERR_STORE, errno, "open", err);
	(void)TAKE_FD(listing);
	f.fd = TAKE_FD(fd);
	f.dev = st.st_dev;
	f.ino = st.st_ino;
	if (n->n >= OPEN_LEVELS) {
		int *far = &n->stack[n->n - OPEN_LEVELS].fd;

		cleanup_closep(far);
		*far = -1;
	}
	ARRAY_GROW(n->stack, n->n, n->cap);
	n->stack[n->n] = f;
	n->n++;
	n->stats.dirs++;
	if (list_folder(n, &n->stack[n->n - 1], dir, err) < 0)
		return -1;
	return PUT(n, err, "(", "type", "directory");
}

/* The parent of the last folder, if it was closed, is reached again through "..". */
static int reopen_parent(struct nar *n, struct err *err)
{
	struct folder *child = &n->stack[n->n - 1], *f = child - 1;
	struct stat st;

	if (f->fd >= 0)
		return 0;
	f->fd = openat(child->fd, "..", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (f->fd < 0 || fstat(f->fd, &st) < 0)
		return fail(n, ERR_STORE, errno, "reopen its folder", err);
	if (st.st_dev != f->dev || st.st_ino != f->ino)
		return fail(n, ERR_STORE, 0, "was moved while it was read", err);
	return 0;
}

static int pop_folder(struct nar *n, struct err *err)
{
	if (n->n > 1 && reopen_parent(n, err) < 0)
		return -1;
	folder_release(&n->stack[--n->n]);
	if (PUT(n, err, ")") < 0)
		return -1;
	if (n->n == 0)
		return 0;
	n->stack[n->n - 1].at++;
	return PUT(n, err, ")"); /* of the entry in the parent */
}

static int put_object(struct nar *n, int parent, const char *name, unsigned char type,
		      struct err *err)
{
	struct stat st;

	if (type == DT_UNKNOWN) {
		if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return fail(n, errno == ENOENT ? ERR_INPUT : ERR_STORE, errno, "stat", err);
		type = IFTODT(st.st_mode);
	}
	switch (type) {
	case DT_REG:
		return put_file(n, parent, name, err);
	case DT_LNK:
		return put_link(n, parent, name, err);
	case DT_DIR:
		return push_folder(n, parent, name, err);
	default:
		return fail(
			n, ERR_INPUT, 0,
			"is neither a file nor a folder nor a symbolic link: it has no tree hash",
			err);
	}
}

static int put_entry(struct nar *n, struct err *err)
{
	const struct folder *f = &n->stack[n->n - 1];
	const char *name = folder_name(f);
	unsigned char type = (unsigned char)f->arena[f->offset[f->at]];
	size_t level = n->n;

	if (PUT(n, err, "entry", "(", "name", name, "node") < 0)
		return -1;
	if (put_object(n, f->fd, name, type, err) < 0)
		return -1;
	if (n->n > level)
		return 0; /* a folder: its end is written when it is popped */
	n->stack[level - 1].at++;
	return PUT(n, err, ")");
}

/* The folder that holds @path, reached without following a link. */
static int open_above(int dirfd, const char *path, struct err *err)
{
	_cleanup_free_ char *folder = xstrndup(path, (size_t)(path_base(path) - path));
	struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	if (dirfd != AT_FDCWD)
		how.resolve |= RESOLVE_BENEATH;
	do
		fd = syscall(SYS_openat2, dirfd, *folder ? folder : ".", &how, sizeof(how));
	while (fd < 0 && (errno == EINTR || errno == EAGAIN));
	if (fd < 0)
		return err_set(err, ERR_INPUT, errno, "%s: open its folder", path);
	return (int)fd;
}

int nar_dump_at(int dirfd, const char *name, nar_sink_fn sink, void *arg, struct nar_stats *stats,
		struct err *err)
{
	_cleanup_(nar_release) struct nar n = {.sink = sink, .arg = arg, .root = name};
	_cleanup_close_ int above = open_above(dirfd, name, err);
	const char *base = path_base(name);

	if (above < 0)
		return -1;
	n.buf = xmalloc(BUFFER);
	if (PUT(&n, err, "nix-archive-1") < 0)
		return -1;
	if (put_object(&n, above, *base ? base : ".", DT_UNKNOWN, err) < 0)
		return -1;
	while (n.n > 0) {
		const struct folder *f = &n.stack[n.n - 1];

		if ((f->at < f->n ? put_entry(&n, err) : pop_folder(&n, err)) < 0)
			return -1;
	}
	if (flush(&n, err) < 0)
		return -1;
	if (stats)
		*stats = n.stats;
	return 0;
}

static int hash_sink(void *arg, const void *data, size_t len, struct err *err)
{
	sha256_update(arg, data, len);
	return 0;
}

int nar_hash_at(int dirfd, const char *name, struct sha256 *out, struct nar_stats *stats,
		struct err *err)
{
	_cleanup_(sha256_freep) struct sha256_ctx *c = sha256_new();

	if (nar_dump_at(dirfd, name, hash_sink, c, stats, err) < 0)
		return -1;
	sha256_finish(c, out);
	return 0;
}
