/* SPDX-License-Identifier: Apache-2.0 */
#include "results.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <errno.h>
#include <fcntl.h>
#include <runner/build.h>
#include <store/archive.h>
#include <string.h>
#include <sys/stat.h>

/* A folder that is missing is a mistake of the command line; all else is the disk. */
static int cannot_write(const char *path, struct err *err)
{
	int errnum = err->sys_errno;
	bool missing = errnum == ENOENT || errnum == ENOTDIR || errnum == EISDIR;

	return err_set(err, missing ? ERR_USAGE : ERR_STORE, errnum, "--output: cannot write %s",
		       path);
}

/* A device or a pipe is written to; renaming a file to its name would take its place. */
static bool is_no_file(const char *path)
{
	struct stat st;

	return !stat(path, &st) && !S_ISREG(st.st_mode);
}

static int export_to_device(struct cli *c, const struct sha256 *tree, const char *format,
			    int64_t epoch, const char *path, struct err *err)
{
	_cleanup_close_ int fd = file_open(AT_FDCWD, path, O_WRONLY, 0, err);

	if (fd < 0)
		return cannot_write(path, err);
	return store_export(c->runner.store, tree, format, epoch, fd, err);
}

/*
 * Written under another name, so that a failure leaves no half archive. Made anew: in a folder that
 * others can write to, a link of that name would have root write wherever it leads.
 */
static int export_to_file(struct cli *c, const struct sha256 *tree, const char *format,
			  int64_t epoch, const char *path, struct err *err)
{
	_cleanup_free_ char *part = xasprintf("%s.part", path);
	_cleanup_close_ int fd = -1;

	unlink(part); /* what a kill left */
	fd = file_open(AT_FDCWD, part, O_WRONLY | O_CREAT | O_EXCL, 0644, err);
	if (fd < 0)
		return cannot_write(path, err);
	if (store_export(c->runner.store, tree, format, epoch, fd, err) < 0) {
		unlink(part);
		return -1;
	}
	if (rename(part, path) < 0) {
		err_set(err, ERR_STORE, errno, "cannot rename %s to %s", part, path);
		unlink(part);
		return -1;
	}
	return 0;
}

int cmd_export(struct cli *c, struct err *err)
{
	const char *format = opt_value(&c->parsed, OPT_FORMAT);
	const char *path = opt_value(&c->parsed, OPT_OUTPUT);
	struct sha256 tree;
	int64_t epoch = 1;

	if (!format)
		format = path && str_ends(path, ".tar.zst") ? "tar.zst" : "tar";
	if (strcmp(format, "tar") && strcmp(format, "tar.zst"))
		return err_set(err, ERR_USAGE, 0, "--format: expected tar or tar.zst, found '%s'",
			       format);
	if (!path || (!strcmp(path, "-") && isatty(1)))
		return err_set(
			err, ERR_USAGE, 0,
			"export needs --output FILE; - is standard output, if that is no terminal");
	if (result_hash(c, c->parsed.operands[0], &tree, err) < 0 ||
	    cli_open_store(c, STORE_READONLY, err) < 0 ||
	    result_epoch(c->runner.store, &tree, &epoch, err) < 0)
		return -1;
	if (!strcmp(path, "-"))
		return store_export(c->runner.store, &tree, format, epoch, 1, err);
	if (is_no_file(path))
		return export_to_device(c, &tree, format, epoch, path, err);
	return export_to_file(c, &tree, format, epoch, path, err);
}
