/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

/*
 * A root is indirect: roots/<hash of the path> -> the user's link -> the tree. When the user
 * removes the link, or points it elsewhere, the root ends by itself.
 */

/* "/home/me/result" from "result"; the folder must exist, the link need not. */
static int absolute_link(const char *link, char **out, struct err *err)
{
	_cleanup_free_ char *above = xstrdup(link), *real = NULL;
	const char *base = path_base(link);

	if (str_empty(base) || strcmp(base, ".") == 0 || strcmp(base, "..") == 0)
		return err_set(err, ERR_USAGE, 0, "'%s' cannot be the name of a result link", link);
	above[base - link] = '\0';
	real = realpath(*above ? above : ".", NULL);
	if (!real)
		return err_set(err, ERR_USAGE, errno, "the folder of the result link %s", link);
	*out = path_join(real, base);
	return 0;
}

/* Does @target look like a tree of some belljar store? */
static bool is_tree_target(const char *target)
{
	size_t len = strlen(target);
	const char *hex = target + len - SHA256_HEX_LEN;
	static const char above[] = "/trees/";

	if (target[0] != '/' || len < SHA256_HEX_LEN + sizeof(above) - 1)
		return false;
	return memcmp(hex - (sizeof(above) - 1), above, sizeof(above) - 1) == 0 &&
	       name_is_hash(hex);
}

/* Only a link that belljar made may be replaced. *out_exists tells whether there is one. */
static int check_replaceable(const char *link, bool *out_exists, struct err *err)
{
	_cleanup_free_ char *target = NULL;
	struct stat st;

	*out_exists = false;
	if (fstatat(AT_FDCWD, link, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_set(err, ERR_STORE, errno, "look at %s", link);
	if (!S_ISLNK(st.st_mode))
		return err_set(err, ERR_USAGE, 0,
			       "%s is not a result link: belljar does not replace it", link);
	if (file_readlink(AT_FDCWD, link, &target, err) < 0)
		return -1;
	if (!is_tree_target(target))
		return err_set(err, ERR_USAGE, 0,
			       "%s is a link to %s, which is not in a store: belljar does not "
			       "replace it",
			       link, target);
	*out_exists = true;
	return 0;
}

static int place_link(const char *link, const char *target, bool exists, struct err *err)
{
	_cleanup_free_ char *temp = NULL;
	size_t dir_len = (size_t)(path_base(link) - link);

	if (!exists)
		return symlinkat(target, AT_FDCWD, link) < 0
			       ? err_set(err, ERR_STORE, errno, "create the link %s", link)
			       : 0;
	/* A fixed name, so that what a kill leaves is taken over by the next run. */
	temp = xasprintf("%.*s.%s.belljar", (int)dir_len, link, path_base(link));
	unlinkat(AT_FDCWD, temp, 0);
	if (symlinkat(target, AT_FDCWD, temp) < 0 || renameat(AT_FDCWD, temp, AT_FDCWD, link) < 0) {
		err_set(err, ERR_STORE, errno, "replace the link %s", link);
		unlinkat(AT_FDCWD, temp, 0);
		return -1;
	}
	return 0;
}

static int register_root(struct store *s, const char *link, struct err *err)
{
	char hex[SHA256_HEX_LEN + 1];
	struct sha256 hash;

	sha256_of(link, strlen(link), &hash);
	sha256_to_hex(&hash, hex);
	/* The name is the hash of the target: what is there already is the same. */
	if (symlinkat(link, s->dirs[DIR_ROOTS], hex) < 0 && errno != EEXIST)
		return err_set(err, ERR_STORE, errno, "register the result link %s", link);
	return file_fsync_dir(s->dirs[DIR_ROOTS], err);
}

/* Nothing to do, as after most builds: the link is right and its root is there. */
static bool is_linked(struct store *s, const char *link, const char *target)
{
	char hex[SHA256_HEX_LEN + 1];
	_cleanup_free_ char *now = NULL;
	struct err ignored = ERR_INIT;
	struct sha256 hash;

	if (file_readlink(AT_FDCWD, link, &now, &ignored) < 0 || strcmp(now, target) != 0)
		return false;
	sha256_of(link, strlen(link), &hash);
	sha256_to_hex(&hash, hex);
	return file_exists(s->dirs[DIR_ROOTS], hex);
}

int store_root_check(const char *link, struct err *err)
{
	_cleanup_free_ char *path = NULL, *folder = NULL;
	bool exists;

	if (absolute_link(link, &path, err) < 0)
		return -1;
	folder = xstrndup(path, (size_t)(path_base(path) - path));
	if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) < 0)
		return err_set(err, ERR_STORE, errno, "make the result link %s", path);
	return check_replaceable(path, &exists, err);
}

int store_root_link(struct store *s, const char *link, const struct sha256 *tree, struct err *err)
{
	_cleanup_free_ char *path = NULL, *target = store_tree_path(s, tree);
	_cleanup_close_ int lock = -1;
	bool exists;

	if (store_need_write(s, err) < 0)
		return -1;
	if (!store_tree_has(s, tree))
		return err_set(err, ERR_STORE, 0, "%s is not there, no link to it is made", target);
	if (absolute_link(link, &path, err) < 0)
		return -1;
	if (is_linked(s, path, target))
		return 0;
	lock = store_lock_file(s, "roots", NULL, NULL, err);
	if (lock < 0 || check_replaceable(path, &exists, err) < 0)
		return -1;
	/* Registered first: a root without its link is no root, a link without its root is lost. */
	if (register_root(s, path, err) < 0)
		return store_explain(s, err);
	return place_link(path, target, exists, err);
}
