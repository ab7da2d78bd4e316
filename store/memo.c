/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

/*
 * A memo begins with the hash of its text. So it need not be fsynced, which would cost more than
 * the lookup saves: one that a power cut tore is unknown, like one that was never written.
 */
#define MEMO_MAX (1024 * 1024)

static int check_kind(const char *kind, struct err *err)
{
	size_t n = strspn(kind, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n && !kind[n] ? 0 : err_set(err, ERR_BUG, 0, "'%s' is no kind of memo", kind);
}

static char *memo_rel(const char *kind, const struct sha256 *key)
{
	char hex[SHA256_HEX_LEN + 1];

	sha256_to_hex(key, hex);
	return xasprintf("%s/%s", kind, hex);
}

int store_memo_get(struct store *s, const char *kind, const struct sha256 *key, char **out,
		   struct err *err)
{
	_cleanup_free_ char *rel = memo_rel(kind, key), *all = NULL;
	char hex[SHA256_HEX_LEN + 1];
	struct sha256 hash;
	size_t len;

	*out = NULL;
	if (check_kind(kind, err) < 0)
		return -1;
	if (file_read(s->dirs[DIR_MEMO], rel, MEMO_MAX + SHA256_HEX_LEN + 1, &all, &len, err) < 0) {
		if (err->sys_errno != ENOENT)
			return err_wrap(err, "read a memo");
		err_clear(err);
		return 0;
	}
	if (len <= SHA256_HEX_LEN || all[SHA256_HEX_LEN] != '\n')
		return 0;
	sha256_of(all + SHA256_HEX_LEN + 1, len - SHA256_HEX_LEN - 1, &hash);
	sha256_to_hex(&hash, hex);
	if (memcmp(hex, all, SHA256_HEX_LEN) == 0)
		*out = xstrndup(all + SHA256_HEX_LEN + 1, len - SHA256_HEX_LEN - 1);
	return 0;
}

int store_memo_put(struct store *s, const char *kind, const struct sha256 *key, const char *text,
		   struct err *err)
{
	_cleanup_free_ char *rel = memo_rel(kind, key), *all = NULL;
	char hex[SHA256_HEX_LEN + 1];
	struct sha256 hash;

	if (store_need_write(s, err) < 0 || check_kind(kind, err) < 0)
		return -1;
	if (strlen(text) > MEMO_MAX)
		return err_set(err, ERR_BUG, 0, "a memo of kind '%s' is too long", kind);
	if (mkdirat(s->dirs[DIR_MEMO], kind, 0755) < 0 && errno != EEXIST) {
		err_set(err, ERR_STORE, errno, "create %s/memo/%s", s->path, kind);
		return store_explain(s, err);
	}
	sha256_of(text, strlen(text), &hash);
	sha256_to_hex(&hash, hex);
	all = xasprintf("%s\n%s", hex, text);
	return store_put_file(s, s->dirs[DIR_MEMO], rel, all, strlen(all), false, err);
}
