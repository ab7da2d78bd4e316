/* SPDX-License-Identifier: Apache-2.0 */
#include "results.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <fcntl.h>
#include <string.h>

/* The tree hash in "/any/store/trees/HASH". */
static bool hash_of_path(const char *path, struct sha256 *out)
{
	return sha256_from_hex(path_base(path), out);
}

int result_hash(struct cli *c, const char *what, struct sha256 *out, struct err *err)
{
	_cleanup_free_ char *target = NULL;

	if (sha256_from_hex(what, out))
		return 0;
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
	int fd;

	if (!sha256_from_hex(what, &hash)) {
		fd = file_open(AT_FDCWD, what, O_RDONLY | O_DIRECTORY, 0, err);
		if (fd < 0 && err->sys_errno == ENOENT)
			err->code = ERR_USAGE;
		return fd;
	}
	if (!c->runner.store && cli_open_store(c, STORE_READONLY, err) < 0)
		return -1;
	return store_tree_open(c->runner.store, &hash, err);
}
