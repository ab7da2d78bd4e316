/* SPDX-License-Identifier: Apache-2.0 */
/* Trees: prepared, committed to the disk, published by rename, opened. */
#include "internal.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <base/nar.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int store_tree_prepare(struct store *s, int dirfd, const char *name, bool keep_hardlinks,
		       struct sha256 *out, struct tree_stats *stats, struct err *err)
{
	struct nar_stats nar;

	if (store_need_write(s, err) < 0)
		return -1;
	if (tree_normalise(dirfd, name, keep_hardlinks, err) < 0 ||
	    nar_hash_at(dirfd, name, out, &nar, err) < 0)
		return store_explain(s, err);
	if (stats)
		*stats = (struct tree_stats){.files = nar.files,
					     .dirs = nar.dirs,
					     .links = nar.links,
					     .bytes = nar.bytes};
	return 0;
}

static int commit_one(struct store *s, const struct tree_commit *c, struct err *err)
{
	char hex[SHA256_HEX_LEN + 1];

	sha256_to_hex(&c->hash, hex);
	/* A folder cannot be renamed over one that has entries: an equal tree that another process
	 * publishes at this moment wins. */
	if (!store_tree_has(s, &c->hash)) {
		if (renameat(c->dirfd, c->name, s->dirs[DIR_TREES], hex) == 0)
			return 0;
		if (errno != EEXIST && errno != ENOTEMPTY)
			return err_set(err, ERR_STORE, errno, "publish the tree %s", hex);
	}
	return file_remove_tree(c->dirfd, c->name, err);
}

int store_tree_commit(struct store *s, const struct tree_commit *items, size_t n, struct err *err)
{
	if (store_need_write(s, err) < 0)
		return -1;
	/* One call for all files: an fsync of each would wait for the disk as many times. It
	 * reports write errors since the store was opened. */
	if (syncfs(s->fd) < 0) {
		err_set(err, ERR_STORE, errno, "write the tree to the disk");
		return store_explain(s, err);
	}
	for (size_t i = 0; i < n; i++)
		if (commit_one(s, &items[i], err) < 0)
			return store_explain(s, err);
	if (file_fsync_dir(s->dirs[DIR_TREES], err) < 0)
		return store_explain(s, err);
	return 0;
}

int store_tree_publish(struct store *s, int dirfd, const char *name, bool keep_hardlinks,
		       struct sha256 *out, struct tree_stats *stats, struct err *err)
{
	struct tree_commit c = {.dirfd = dirfd, .name = name};

	if (store_tree_prepare(s, dirfd, name, keep_hardlinks, &c.hash, stats, err) < 0)
		return -1;
	if (store_tree_commit(s, &c, 1, err) < 0)
		return -1;
	*out = c.hash;
	return 0;
}

bool store_tree_has(struct store *s, const struct sha256 *hash)
{
	char hex[SHA256_HEX_LEN + 1];
	struct stat st;

	sha256_to_hex(hash, hex);
	return fstatat(s->dirs[DIR_TREES], hex, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode);
}

int store_tree_open(struct store *s, const struct sha256 *hash, struct err *err)
{
	char hex[SHA256_HEX_LEN + 1];
	int fd;

	sha256_to_hex(hash, hex);
	fd = openat(s->dirs[DIR_TREES], hex, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, ERR_STORE, errno, "open the tree %s in the store %s", hex,
			       s->path);
	return fd;
}

char *store_tree_path(const struct store *s, const struct sha256 *hash)
{
	char hex[SHA256_HEX_LEN + 1];

	sha256_to_hex(hash, hex);
	return xasprintf("%s/trees/%s", s->path, hex);
}
