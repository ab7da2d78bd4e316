/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define BLOB_BUFFER (256 * 1024)

/* "ab/abcd...": two digits of folder keep the folders small. */
#define BLOB_REL_LEN (3 + SHA256_HEX_LEN + 1)
static const char *blob_rel(const struct sha256 *hash, char out[BLOB_REL_LEN])
{
	char hex[SHA256_HEX_LEN + 1];

	sha256_to_hex(hash, hex);
	snprintf(out, BLOB_REL_LEN, "%.2s/%s", hex, hex);
	return out;
}

static int blob_openat(const struct store *s, const struct sha256 *hash)
{
	char rel[BLOB_REL_LEN];

	return openat(s->dirs[DIR_BLOBS], blob_rel(hash, rel), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
}

bool store_blob_has(struct store *s, const struct sha256 *hash)
{
	char rel[BLOB_REL_LEN];
	struct stat st;

	return fstatat(s->dirs[DIR_BLOBS], blob_rel(hash, rel), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode);
}

int store_blob_open(struct store *s, const struct sha256 *hash, struct err *err)
{
	int fd = blob_openat(s, hash);
	char rel[BLOB_REL_LEN];

	if (fd < 0)
		return err_set(err, ERR_STORE, errno, "open the blob %s in the store %s",
			       blob_rel(hash, rel) + 3, s->path);
	return fd;
}

char *store_blob_path(const struct store *s, const struct sha256 *hash)
{
	char rel[BLOB_REL_LEN];

	return xasprintf("%s/blobs/sha256/%s", s->path, blob_rel(hash, rel));
}

/* One pass: what is hashed is what is written, whatever happens to the source meanwhile. */
static int copy_hashed(int in, int out, const char *name, uint64_t limit, struct sha256 *hash,
		       uint64_t *size, struct err *err)
{
	_cleanup_(sha256_freep) struct sha256_ctx *ctx = sha256_new();
	_cleanup_free_ char *buf = xmalloc(BLOB_BUFFER);

	*size = 0;
	for (;;) {
		ssize_t n = read(in, buf, BLOB_BUFFER);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, ERR_INPUT, errno, "read %s", name);
		if (n == 0)
			break;
		*size += (uint64_t)n;
		if (limit && *size > limit)
			return err_set(err, ERR_INPUT, 0, "%s: expected %llu bytes, found more",
				       name, (unsigned long long)limit);
		sha256_update(ctx, buf, (size_t)n);
		if (file_write_all(out, buf, (size_t)n, err) < 0)
			return err_wrap(err, "store %s", name);
	}
	sha256_finish(ctx, hash);
	return 0;
}

static int check_content(const char *name, const struct sha256 *expected, uint64_t size,
			 const struct sha256 *found, uint64_t found_size, struct err *err)
{
	char want[SHA256_HEX_LEN + 1], got[SHA256_HEX_LEN + 1];

	if (size && found_size != size)
		return err_set(err, ERR_INPUT, 0, "%s: expected %llu bytes, found %llu", name,
			       (unsigned long long)size, (unsigned long long)found_size);
	if (!expected || sha256_equal(expected, found))
		return 0;
	sha256_to_hex(expected, want);
	sha256_to_hex(found, got);
	return err_set(err, ERR_INPUT, 0, "%s: expected sha256 %s, found %s", name, want, got);
}

static int publish_blob(struct store *s, struct tmp_file *t, const struct sha256 *hash,
			struct err *err)
{
	_cleanup_close_ int dir = -1;
	char rel[BLOB_REL_LEN];
	int blobs = s->dirs[DIR_BLOBS];

	blob_rel(hash, rel);
	rel[2] = '\0';
	if (mkdirat(blobs, rel, 0755) == 0) {
		if (file_fsync_dir(blobs, err) < 0)
			return -1;
	} else if (errno != EEXIST) {
		return err_set(err, ERR_STORE, errno, "create blobs/sha256/%s", rel);
	}
	dir = file_open(blobs, rel, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);
	if (dir < 0)
		return -1;
	return tmp_file_publish_once(t, dir, rel + 3, 0444, err);
}

int store_blob_add_fd(struct store *s, int fd, const char *name, const struct sha256 *expected,
		      uint64_t size, struct sha256 *out, struct err *err)
{
	_cleanup_(tmp_file_release) struct tmp_file t = TMP_FILE_INIT;
	struct sha256 hash;
	uint64_t found_size;

	if (tmp_file_new(s, &t, err) < 0)
		return -1;
	if (copy_hashed(fd, t.fd, name, size, &hash, &found_size, err) < 0)
		return store_explain(s, err);
	if (check_content(name, expected, size, &hash, found_size, err) < 0)
		return -1;
	if (!store_blob_has(s, &hash) && publish_blob(s, &t, &hash, err) < 0)
		return store_explain(s, err);
	if (out)
		*out = hash;
	return 0;
}
