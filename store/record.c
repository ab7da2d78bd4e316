/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* A round's folder is flat and holds a few files that belljar itself wrote. */
static int sync_flat(int dirfd, const char *name, struct err *err)
{
	_cleanup_(strv_release) struct strv names = STRV_INIT;
	_cleanup_close_ int dir = file_open_beneath(dirfd, name, O_RDONLY | O_DIRECTORY, 0, err);

	if (dir < 0 || store_list(dirfd, name, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_close_ int fd = file_open_beneath(dir, names.v[i], O_RDONLY, 0, err);

		if (fd < 0)
			return -1;
		if (fsync(fd) < 0)
			return err_set(err, ERR_STORE, errno, "fsync %s", names.v[i]);
	}
	return file_fsync_dir(dir, err);
}

/* "1", "17"; 0 for a name that is no round. */
static int round_of(const char *name)
{
	char *end;
	long n = strtol(name, &end, 10);

	return *end || n < 1 || n > 1000000 || name[0] < '1' || name[0] > '9' ? 0 : (int)n;
}

static int newest_round(int builds, const char *hex, int *out, struct err *err)
{
	_cleanup_(strv_release) struct strv names = STRV_INIT;

	if (store_list(builds, hex, &names, err) < 0)
		return -1;
	*out = 0;
	for (size_t i = 0; i < names.n; i++)
		if (round_of(names.v[i]) > *out)
			*out = round_of(names.v[i]);
	return 0;
}

/* Rounds of other processes may appear meanwhile: a number that is taken is followed by the next.
 */
static int rename_next(int dirfd, const char *name, int key_dir, int round, int *out_round,
		       struct err *err)
{
	char to[16];

	do {
		snprintf(to, sizeof(to), "%d", ++round);
		if (renameat(dirfd, name, key_dir, to) == 0) {
			*out_round = round;
			return file_fsync_dir(key_dir, err);
		}
	} while (errno == EEXIST || errno == ENOTEMPTY);
	return err_set(err, ERR_STORE, errno, "publish round %d", round);
}

int store_record_publish(struct store *s, const struct sha256 *key, int dirfd, const char *name,
			 int *out_round, struct err *err)
{
	_cleanup_close_ int key_dir = -1;
	char hex[SHA256_HEX_LEN + 1];
	int builds = s->dirs[DIR_BUILDS], round;

	if (store_need_write(s, err) < 0)
		return -1;
	sha256_to_hex(key, hex);
	if (sync_flat(dirfd, name, err) < 0)
		return store_explain(s, err);
	if (mkdirat(builds, hex, 0755) < 0 && errno != EEXIST) {
		err_set(err, ERR_STORE, errno, "create %s/builds/%s", s->path, hex);
		return store_explain(s, err);
	}
	key_dir = file_open(builds, hex, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);
	if (key_dir < 0 || file_fsync_dir(builds, err) < 0 ||
	    newest_round(builds, hex, &round, err) < 0 ||
	    rename_next(dirfd, name, key_dir, round, out_round, err) < 0)
		return store_explain(s, err);
	return 0;
}

int store_record_open(struct store *s, const struct sha256 *key, int round, int *out_fd,
		      int *out_round, struct err *err)
{
	char hex[SHA256_HEX_LEN + 1], rel[SHA256_HEX_LEN + 16];
	int newest;

	sha256_to_hex(key, hex);
	if (newest_round(s->dirs[DIR_BUILDS], hex, &newest, err) < 0)
		return -1;
	if (newest == 0)
		return err_set(err, ERR_INPUT, 0, "no build of %s is recorded", hex);
	*out_round = round > 0 ? round : newest;
	snprintf(rel, sizeof(rel), "%s/%d", hex, *out_round);
	*out_fd = openat(s->dirs[DIR_BUILDS], rel, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*out_fd >= 0)
		return 0;
	if (errno == ENOENT)
		return err_set(err, ERR_INPUT, 0, "%s has no round %d, the newest is %d", hex,
			       *out_round, newest);
	return err_set(err, ERR_STORE, errno, "open builds/%s", rel);
}
