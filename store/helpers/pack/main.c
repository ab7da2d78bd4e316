/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack: a tree as an archive on stdout, the same bytes for the same tree.
 *
 *	pack --format tar|tar.zst --epoch SECONDS <directory
 *
 * Stdin is the directory itself (an open directory fd). Names are sorted bytewise, owner and group
 * are 0 without a name, times are SECONDS, modes 0755 or 0644; hard links are not looked for. pax
 * headers (POSIX.1-2008, pax "Interchange Format") only where ustar cannot say it. An error goes
 * to stderr as one line "CODE MESSAGE".
 */
#include "sink.h"

#include <archive.h>
#include <archive_entry.h>
#include <base/confine.h>
#include <base/file.h>
#include <base/str.h>
#include <dirent.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <locale.h>
#include <string.h>

struct pack {
	int root;
	time_t epoch;
	struct archive *tar;
	struct sink *sink;
	struct err *err; /* of a failure inside libarchive's callback */
	char *buf;
};

#define BUF (256u << 10)

static la_ssize_t on_write(struct archive *a, void *arg, const void *data, size_t len)
{
	struct pack *p = arg;

	if (sink_write(p->sink, data, len, p->err) == 0)
		return (la_ssize_t)len;
	archive_set_error(a, EIO, "%s", p->err->msg);
	return -1;
}

static int tar_failed(struct pack *p, const char *path, struct err *err)
{
	const char *text = archive_error_string(p->tar);

	if (err->code) /* it was on_write() */
		return -1;
	return err_set(err, ERR_STORE, 0, "%s: %s", path, text ? text : "tar");
}

static int open_at(struct pack *p, const char *path, int flags, struct err *err)
{
	if (*path == '\0')
		path = ".";
	return file_open_beneath(p->root, path, flags | O_NOFOLLOW, 0, err);
}

static int write_contents(struct pack *p, const char *path, const struct stat *st, struct err *err)
{
	_cleanup_close_ int fd = open_at(p, path, O_RDONLY, err);
	off_t left = st->st_size;

	if (fd < 0)
		return -1;
	while (left > 0) {
		ssize_t n = read(fd, p->buf, BUF);

		if (n < 0)
			return err_set(err, ERR_STORE, errno, "read %s", path);
		if (n == 0 || n > left)
			return err_set(err, ERR_STORE, 0, "%s changed while it was read", path);
		if (archive_write_data(p->tar, p->buf, (size_t)n) != n)
			return tar_failed(p, path, err);
		left -= n;
	}
	return 0;
}

static int describe(struct pack *p, const char *path, const struct stat *st,
		    struct archive_entry *entry, struct err *err)
{
	_cleanup_free_ char *target = NULL;
	const mode_t kind = st->st_mode & S_IFMT;

	if (kind != S_IFREG && kind != S_IFDIR && kind != S_IFLNK)
		return err_set(err, ERR_INPUT, 0, "%s is no file, directory or symbolic link",
			       path);
	archive_entry_set_pathname(entry, path);
	archive_entry_set_filetype(entry, kind);
	archive_entry_set_perm(entry, kind == S_IFLNK                              ? 0777
				      : kind == S_IFDIR || (st->st_mode & S_IXUSR) ? 0755
										   : 0644);
	archive_entry_set_mtime(entry, p->epoch, 0);
	archive_entry_set_size(entry, kind == S_IFREG ? st->st_size : 0);
	if (kind != S_IFLNK)
		return 0;
	if (file_readlink(p->root, path, &target, err) < 0)
		return -1;
	archive_entry_set_symlink(entry, target);
	return 0;
}

static int write_entry(struct pack *p, const char *path, const struct stat *st, struct err *err)
{
	struct archive_entry *entry = archive_entry_new();
	int r;

	if (!entry)
		return err_nomem(err);
	r = describe(p, path, st, entry, err);
	/* a warning means that a name is no UTF-8: it is written as it is ("hdrcharset=BINARY") */
	if (r == 0 && archive_write_header(p->tar, entry) < ARCHIVE_WARN)
		r = tar_failed(p, path, err);
	archive_entry_free(entry);
	if (r == 0 && S_ISREG(st->st_mode))
		r = write_contents(p, path, st, err);
	return r;
}

static int list(struct pack *p, const char *path, struct strv *names, struct err *err)
{
	int fd = open_at(p, path, O_RDONLY | O_DIRECTORY, err);
	_cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd); /* takes fd */
	struct dirent *de;

	if (fd < 0)
		return -1;
	if (!dir) {
		err_set(err, ERR_STORE, errno, "read directory %s", path);
		close(fd);
		return -1;
	}
	while ((errno = 0, de = readdir(dir)))
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0)
			strv_push(names, de->d_name);
	if (errno)
		return err_set(err, ERR_STORE, errno, "read directory %s", path);
	strv_sort(names);
	return 0;
}

/*
 * Push what @path holds, last name first, so that popping gives them in order: the stack replaces a
 * recursion whose depth a stranger would choose.
 */
static int push_children(struct pack *p, const char *path, struct strv *stack, struct err *err)
{
	_cleanup_(strv_release) struct strv names = STRV_INIT;

	if (list(p, path, &names, err) < 0)
		return -1;
	for (size_t i = names.n; i-- > 0;)
		strv_push_take(stack, *path ? path_join(path, names.v[i]) : xstrdup(names.v[i]));
	return 0;
}

static int walk(struct pack *p, struct err *err)
{
	_cleanup_(strv_release) struct strv stack = STRV_INIT;

	if (push_children(p, "", &stack, err) < 0)
		return -1;
	while (stack.n > 0) {
		_cleanup_free_ char *path = stack.v[--stack.n];
		struct stat st;

		stack.v[stack.n] = NULL;
		if (fstatat(p->root, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return err_set(err, errno == ENAMETOOLONG ? ERR_INPUT : ERR_STORE, errno,
				       "%s", path);
		if (write_entry(p, path, &st, err) < 0)
			return -1;
		if (S_ISDIR(st.st_mode) && push_children(p, path, &stack, err) < 0)
			return -1;
	}
	return 0;
}

static int open_tar(struct pack *p, struct err *err)
{
	p->tar = archive_write_new();
	if (!p->tar || archive_write_set_format_pax_restricted(p->tar) != ARCHIVE_OK ||
	    archive_write_set_bytes_per_block(p->tar, 10240) != ARCHIVE_OK ||
	    archive_write_open(p->tar, p, NULL, on_write, NULL) != ARCHIVE_OK)
		return err_nomem(err);
	return 0;
}

static int run(struct pack *p, bool zstd, struct err *err)
{
	const struct confine c = {.read_fds = &p->root, .n_read_fds = 1};
	const char *missing;
	int r;

	/* before the compressor: its threads must be confined with us */
	if (confine_self(&c, &missing, err) < 0)
		return -1;
	p->buf = xmalloc(BUF);
	r = sink_new(STDOUT_FILENO, zstd, &p->sink, err);
	if (r == 0)
		r = open_tar(p, err);
	if (r == 0)
		r = walk(p, err);
	if (r == 0 && archive_write_close(p->tar) != ARCHIVE_OK)
		r = tar_failed(p, "end of archive", err);
	if (r == 0)
		r = sink_finish(p->sink, err);
	if (p->tar)
		archive_write_free(p->tar);
	sink_freep(&p->sink);
	free(p->buf);
	return r;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"format", required_argument, NULL, 'f'},
						{"epoch", required_argument, NULL, 'e'},
						{0}};
	struct err err = ERR_INIT;
	struct pack p = {.root = STDIN_FILENO, .err = &err};
	const char *format = "";
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'f')
			format = optarg;
		else if (c == 'e')
			p.epoch = strtoll(optarg, NULL, 10);
	}
	setlocale(LC_CTYPE, "C.UTF-8"); /* pax headers are UTF-8 */
	if (strcmp(format, "tar") != 0 && strcmp(format, "tar.zst") != 0)
		err_set(&err, ERR_USAGE, 0, "pack: unknown format '%s': tar and tar.zst are known",
			format);
	else if (run(&p, strcmp(format, "tar.zst") == 0, &err) == 0)
		return 0;
	dprintf(STDERR_FILENO, "%d %s\n", err.code, err.msg);
	return err.code ? err.code : ERR_BUG;
}
