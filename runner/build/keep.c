/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a plan under their own names, in a folder that --from takes. */
#include <runner/build.h>

#include "generated.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <fcntl.h>
#include <stdio.h>
#include <store/archive.h>
#include <store/git.h>

/* Under a temporary name first: a folder of tarballs never holds half of one. */
/* The end of both: @part becomes @name when it was @written (0) and is on the disk, else it goes.
 */
static int publish(int dirfd, const char *part, const char *name, int out, int written,
		   struct err *err)
{
	if (written == 0 && fsync(out) == 0 && renameat(dirfd, part, dirfd, name) == 0)
		return 0;
	if (!err->code)
		err_set(err, ERR_STORE, errno, "keep %s", name);
	unlinkat(dirfd, part, 0);
	return -1;
}

static int keep_blob(struct store *s, const struct sha256 *hash, const char *name, int dirfd,
		     struct err *err)
{
	_cleanup_free_ char *part = xasprintf(".%s.part", name);
	_cleanup_close_ int in = -1, out = -1;

	if (file_exists(dirfd, name))
		return 0;
	in = store_blob_open(s, hash, err);
	if (in < 0)
		return -1;
	out = file_open(dirfd, part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0644, err);
	if (out < 0)
		return -1;
	return publish(dirfd, part, name, out, file_copy_fd(in, out, err), err);
}

/* As the archive that --from knows by the name of source and commit. */
static int keep_checkout(struct store *s, const struct source *src, int dirfd, struct err *err)
{
	const struct git_item item = {.name = src->name, .commit = src->commit};
	_cleanup_free_ char *name = git_item_file(&item), *part = xasprintf(".%s.part", name);
	_cleanup_close_ int out = -1;

	if (file_exists(dirfd, name))
		return 0;
	out = file_open(dirfd, part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0644, err);
	if (out < 0)
		return -1;
	return publish(dirfd, part, name, out, store_export(s, &src->hash, "tar", 1, out, err),
		       err);
}

static int keep_node(struct store *s, const struct plan_node *n, int dirfd, struct err *err)
{
	for (size_t i = 0; i < n->branch->n_sources; i++) {
		const struct source *src = &n->branch->sources[i];

		if (!node_has_source(n, src))
			continue;
		if ((src->kind == SOURCE_GIT ? keep_checkout(s, src, dirfd, err)
					     : keep_blob(s, &src->hash, src->file, dirfd, err)) < 0)
			return -1;
	}
	return 0;
}

int build_keep_files(struct runner *rn, const struct plan *p, const char *dir, struct err *err)
{
	_cleanup_close_ int fd = -1;

	if (file_mkdir_p(AT_FDCWD, dir, 0755, err) < 0)
		return -1;
	fd = file_open(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY, 0, err);
	if (fd < 0)
		return -1;
	for (size_t i = 0; i < p->n_roots; i++) {
		for (size_t k = 0; k < lock_count(p->roots[i].lock); k++) {
			const struct lock_package *lp = lock_at(p->roots[i].lock, k);

			if (keep_blob(rn->store, &lp->hash, path_base(lp->path), fd, err) < 0)
				return -1;
		}
	}
	for (size_t i = 0; i < p->n_nodes; i++) {
		if (keep_node(rn->store, &p->nodes[i], fd, err) < 0)
			return -1;
	}
	return 0;
}
