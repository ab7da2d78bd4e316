/* SPDX-License-Identifier: Apache-2.0 */
/* What takes room in a store. */
#include "internal.h"

#include <base/cleanup.h>
#include <base/walk_tree.h>
#include <fcntl.h>
#include <string.h>

static int add_size(void *arg, struct walk_entry *e, struct err *err)
{
	uint64_t *bytes = arg, size = (uint64_t)e->st.st_blocks * 512;

	if (e->leave)
		return 0;
	/* Trees share files by hard links: each name bears its part. */
	*bytes += S_ISDIR(e->st.st_mode) ? size : size / (e->st.st_nlink ? e->st.st_nlink : 1);
	return 0;
}

int tree_size(int dirfd, const char *name, uint64_t *bytes, struct err *err)
{
	return walk_tree(dirfd, name, add_size, bytes, err);
}

/* Count the entries of one folder and the bytes below them. */
static int size_of_entries(int dirfd, const char *name, uint64_t *count, uint64_t *bytes,
			   struct err *err)
{
	_cleanup_(strv_release) struct strv names = STRV_INIT;

	if (store_list(dirfd, name, &names, err) < 0)
		return -1;
	*count += names.n;
	return tree_size(dirfd, name, bytes, err);
}

static int du_blobs(struct store *s, struct store_du *out, struct err *err)
{
	_cleanup_(strv_release) struct strv dirs = STRV_INIT;

	if (store_list(s->dirs[DIR_BLOBS], ".", &dirs, err) < 0)
		return -1;
	for (size_t i = 0; i < dirs.n; i++)
		if (size_of_entries(s->dirs[DIR_BLOBS], dirs.v[i], &out->blobs, &out->blob_bytes,
				    err) < 0)
			return -1;
	return 0;
}

static int du_builds(struct store *s, struct store_du *out, struct err *err)
{
	_cleanup_(strv_release) struct strv keys = STRV_INIT;

	if (store_list(s->dirs[DIR_BUILDS], ".", &keys, err) < 0)
		return -1;
	for (size_t i = 0; i < keys.n; i++)
		if (size_of_entries(s->dirs[DIR_BUILDS], keys.v[i], &out->builds, &out->build_bytes,
				    err) < 0)
			return -1;
	return 0;
}

int store_du(struct store *s, struct store_du *out, struct err *err)
{
	uint64_t ignored = 0;

	*out = (struct store_du){0};
	if (du_blobs(s, out, err) < 0 || du_builds(s, out, err) < 0)
		return -1;
	if (size_of_entries(s->fd, "trees", &out->trees, &out->tree_bytes, err) < 0)
		return -1;
	return size_of_entries(s->fd, "tmp", &ignored, &out->tmp_bytes, err);
}
