/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* Open @path as a process inside the root would; -1 with errno. */
static int open_in_root(int root, const char *path, uint64_t flags)
{
	struct open_how how = {.flags = flags | O_CLOEXEC,
			       .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};

	return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

int finish_layout(int root, struct err *err)
{
	for (const char *const *name = layout_dirs; *name; name++)
		if (file_mkdir_p(root, *name, 0755, err) < 0)
			return err_wrap(err, "root layout");
	for (const struct fixed_file *l = layout_usr_links; l->path; l++)
		if (symlinkat(l->text, root, l->path) < 0)
			return err_set(err, ERR_STORE, errno, "root layout: link /%s", l->path);
	return 0;
}

static int write_file(int root, const struct fixed_file *f, struct err *err)
{
	_cleanup_close_ int fd = -1;

	/* Never through what is there: it may be a hard link into a package. */
	if (unlinkat(root, f->path, 0) < 0 && errno != ENOENT)
		return err_set(err, ERR_STORE, errno, "replace /%s", f->path);
	fd = file_open(root, f->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644, err);
	if (fd < 0)
		return -1;
	return file_write_all(fd, f->text, strlen(f->text), err);
}

int finish_files(int root, struct err *err)
{
	for (const struct fixed_file *f = layout_files; f->path; f++)
		if (write_file(root, f, err) < 0)
			return err_wrap(err, "root");
	return 0;
}

static bool target_exists(int root, const char *folder, const char *to)
{
	_cleanup_free_ char *path = to[0] == '/' ? xstrdup(to) : path_join(folder, to);
	_cleanup_close_ int fd = open_in_root(root, path, O_PATH);

	return fd >= 0;
}

static int make_link(int root, const struct toolchain *tc, const struct tc_link *link,
		     struct err *err)
{
	const char *name = path_base(link->path);
	_cleanup_free_ char *folder = xstrndup(link->path, (size_t)(name - link->path));
	_cleanup_close_ int dir = -1;

	if (!target_exists(root, folder, link->to)) {
		if (link->optional)
			return 0;
		return err_set(
			err, ERR_INPUT, 0,
			"toolchain %s: links: /%s -> %s: there is no such target in the root",
			tc->name, link->path, link->to);
	}
	dir = open_in_root(root, *folder ? folder : ".", O_RDONLY | O_DIRECTORY);
	if (dir < 0)
		return err_set(err, ERR_INPUT, errno, "toolchain %s: links: the folder of /%s",
			       tc->name, link->path);
	if (symlinkat(link->to, dir, name) == 0)
		return 0;
	if (errno == EEXIST && link->optional)
		return 0;
	if (errno == EEXIST)
		return err_set(err, ERR_INPUT, 0,
			       "toolchain %s: links: /%s is in a package already", tc->name,
			       link->path);
	return err_set(err, ERR_STORE, errno, "make the link /%s", link->path);
}

int finish_links(int root, const struct toolchain *tc, struct err *err)
{
	for (size_t i = 0; i < tc->n_links; i++)
		if (make_link(root, tc, &tc->links[i], err) < 0)
			return -1;
	return 0;
}

static bool is_shim(const char *name)
{
	for (const char *const *s = toolchain_shim_names(); *s; s++)
		if (strcmp(*s, name) == 0)
			return true;
	return false;
}

/* A relative link that is moved elsewhere must still lead to the same program. */
static int move_real_link(int dir, const char *folder, int real, const char *name, struct err *err)
{
	_cleanup_free_ char *to = NULL, *moved = NULL;

	if (file_readlink(dir, name, &to, err) < 0)
		return -1;
	moved = to[0] == '/' || is_shim(to) ? xstrdup(to) : xasprintf("/%s/%s", folder, to);
	if (symlinkat(moved, real, name) < 0 || unlinkat(dir, name, 0) < 0)
		return err_set(err, ERR_STORE, errno, "move /%s/%s", folder, name);
	return 0;
}

/* /usr/bin is looked at before /usr/sbin: the first of a name is the real one. */
static int move_real(int dir, const char *folder, int real, const char *name, struct err *err)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT)
			return 0;
		return err_set(err, ERR_STORE, errno, "stat /%s/%s", folder, name);
	}
	if (file_exists(real, name)) {
		if (unlinkat(dir, name, 0) < 0)
			return err_set(err, ERR_STORE, errno, "remove /%s/%s", folder, name);
		return 0;
	}
	if (S_ISLNK(st.st_mode))
		return move_real_link(dir, folder, real, name, err);
	if (renameat(dir, name, real, name) < 0)
		return err_set(err, ERR_STORE, errno, "move /%s/%s", folder, name);
	return 0;
}

static int shims_of(int root, const char *folder, int real, struct err *err)
{
	_cleanup_close_ int dir = file_open(root, folder, O_RDONLY | O_DIRECTORY, 0, err);

	if (dir < 0)
		return -1;
	for (const char *const *s = toolchain_shim_names(); *s; s++) {
		_cleanup_free_ char *to = xasprintf("/shims/%s", *s);

		if (move_real(dir, folder, real, *s, err) < 0)
			return -1;
		if (symlinkat(to, dir, *s) < 0)
			return err_set(err, ERR_STORE, errno, "link /%s/%s", folder, *s);
	}
	return 0;
}

int finish_shims(int root, struct err *err)
{
	_cleanup_close_ int real =
		file_open(root, "usr/libexec/real", O_RDONLY | O_DIRECTORY, 0, err);

	if (real < 0 || shims_of(root, "usr/bin", real, err) < 0)
		return -1;
	return shims_of(root, "usr/sbin", real, err);
}
