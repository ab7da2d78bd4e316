/* SPDX-License-Identifier: Apache-2.0 */
#include "results.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* The tree hash in "/any/store/trees/HASH". */
static bool hash_of_path(const char *path, struct sha256 *out)
{
	return sha256_from_hex(path_base(path), out);
}

/* What `build` prints of a hash, or at least half of that. */
static bool is_start(const char *what)
{
	size_t len = strlen(what);

	return len >= 8 && len < SHA256_HEX_LEN && strspn(what, "0123456789abcdef") == len;
}

static int find_tree(struct cli *c, const char *start, struct sha256 *out, struct err *err)
{
	struct store *s = c->runner.store;
	int found = store_find(s, "trees", start, out, err);

	if (found < 0)
		return -1;
	if (found == 1)
		return 1;
	return err_set(err, ERR_USAGE, 0, "%s in the store %s begins with %s",
		       found ? "more than one tree" : "no tree", store_path(s), start);
}

int result_tree(struct cli *c, const char *what, struct sha256 *out, struct err *err)
{
	if (sha256_from_hex(what, out))
		return 1;
	if (!is_start(what) || file_exists(AT_FDCWD, what))
		return 0;
	if (cli_open_store(c, STORE_READONLY, err) < 0)
		return -1;
	return find_tree(c, what, out, err);
}

int result_hash(struct cli *c, const char *what, struct sha256 *out, struct err *err)
{
	_cleanup_free_ char *target = NULL;
	int rc = result_tree(c, what, out, err);

	if (rc)
		return rc < 0 ? -1 : 0;
	if (!file_exists(AT_FDCWD, what))
		return err_set(err, ERR_USAGE, ENOENT, "'%s' is no tree hash and no result", what);
	target = realpath(what, NULL);
	if (!target || !hash_of_path(target, out))
		return err_set(err, ERR_USAGE, 0, "'%s' is not a result of belljar", what);
	return 0;
}

int result_open(struct cli *c, const char *what, struct err *err)
{
	struct sha256 hash;
	int fd = -1, rc = result_tree(c, what, &hash, err);

	if (rc < 0)
		return -1;
	if (!rc) {
		fd = file_open(AT_FDCWD, what, O_RDONLY | O_DIRECTORY, 0, err);
		if (fd < 0 && (err->sys_errno == ENOENT || err->sys_errno == ENOTDIR))
			err_set(err, ERR_USAGE, err->sys_errno,
				"'%s' is no folder, result link or tree hash", what);
		return fd;
	}
	if (cli_open_store(c, STORE_READONLY, err) < 0)
		return -1;
	return store_tree_open(c->runner.store, &hash, err);
}
