/* SPDX-License-Identifier: Apache-2.0 */
/* The names in the store's folders. */
#include "internal.h"

#include <base/cleanup.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

int store_list(int dirfd, const char *name, struct strv *out, struct err *err)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *d;
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : err_set(err, ERR_STORE, errno, "open %s", name);
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return err_nomem(err);
	}
	while (errno = 0, (d = readdir(dir)))
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			strv_push(out, d->d_name);
	if (errno)
		return err_set(err, ERR_STORE, errno, "read %s", name);
	strv_sort(out);
	return 0;
}

bool name_is_hash(const char *name)
{
	struct sha256 ignored;

	return sha256_from_hex(name, &ignored);
}
