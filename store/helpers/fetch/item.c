/* SPDX-License-Identifier: Apache-2.0 */
#include "item.h"

#include <base/file.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

/* For a file whose size nobody pinned: enough for any source, too little to fill a disk quietly. */
#define UNKNOWN_SIZE_CAP (8ull << 30)

static int parse_urls(struct item *it, const json_t *urls, struct err *err)
{
	const json_t *url;
	size_t i;

	json_array_foreach (urls, i, url) {
		const char *text = json_string_value(url);

		if (!text || (!str_starts(text, "http://") && !str_starts(text, "https://")))
			return err_set(err, ERR_INPUT, 0, "'%s' is no http or https URL",
				       text ? text : "?");
		strv_push(&it->urls, text);
	}
	return it->urls.n > 0 ? 0 : err_set(err, ERR_INPUT, 0, "a request has no URL");
}

int item_parse(struct item *it, const json_t *line, struct err *err)
{
	const char *hex = json_get_str(line, "sha256", NULL);
	const char *out = json_get_str(line, "out", "");

	*it = (struct item){.fd = -1, .id = json_get_int(line, "id", -1)};
	if (!path_is_clean(out) || strchr(out, '/'))
		return err_set(err, ERR_INPUT, 0, "'%s' is no plain file name", out);
	it->out = xstrdup(out);
	it->pinned = hex != NULL;
	if (hex && !sha256_from_hex(hex, &it->want))
		return err_set(err, ERR_INPUT, 0, "'%s' is no SHA-256", hex);
	it->size = (uint64_t)json_get_int(line, "size", 0);
	it->cap = it->size > 0 ? it->size : UNKNOWN_SIZE_CAP;
	it->failures = json_array();
	it->hash = sha256_new();
	if (parse_urls(it, json_object_get(line, "urls"), err) < 0)
		return -1;
	it->location = xstrdup(it->urls.v[0]);
	return 0;
}

void item_release(struct item *it)
{
	cleanup_closep(&it->fd);
	sha256_freep(&it->hash);
	strv_release(&it->urls);
	json_decref(it->failures);
	free(it->out);
	free(it->location);
	free(it->refused);
	*it = (struct item){.fd = -1};
}

int item_reset(struct item *it, struct err *err)
{
	sha256_free(it->hash);
	it->hash = sha256_new();
	it->have = 0;
	if (ftruncate(it->fd, 0) < 0)
		return err_set(err, ERR_STORE, errno, "empty %s", it->out);
	return 0;
}

/* What an earlier run left is worth nothing before it is hashed: another program may have made it.
 */
static int hash_existing(struct item *it, struct err *err)
{
	_cleanup_free_ char *buf = xmalloc(1 << 17);
	struct stat st;

	if (fstat(it->fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, ERR_STORE, errno, "%s is no regular file", it->out);
	if (!it->pinned || (uint64_t)st.st_size > it->cap)
		return item_reset(it, err);
	for (;;) {
		ssize_t n = pread(it->fd, buf, 1 << 17, (off_t)it->have);

		if (n < 0)
			return err_set(err, ERR_STORE, errno, "read %s", it->out);
		if (n == 0)
			return 0;
		sha256_update(it->hash, buf, (size_t)n);
		it->have += (uint64_t)n;
	}
}

int item_open(struct item *it, int dirfd, struct err *err)
{
	it->fd = file_open_beneath(dirfd, it->out, O_RDWR | O_CREAT | O_NONBLOCK, 0600, err);
	if (it->fd < 0 || hash_existing(it, err) < 0)
		return -1;
	if (it->size == 0 || it->have < it->size)
		return 0;
	if (!item_verify(it))
		return item_reset(it, err);
	it->state = ITEM_DONE;
	return 0;
}

int item_write(struct item *it, const void *data, size_t len, struct err *err)
{
	const char *p = data;

	sha256_update(it->hash, data, len);
	while (len > 0) {
		ssize_t n = pwrite(it->fd, p, len, (off_t)it->have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, ERR_STORE, errno, "write %s", it->out);
		p += n;
		len -= (size_t)n;
		it->have += (uint64_t)n;
	}
	return 0;
}

bool item_verify(struct item *it)
{
	sha256_finish(it->hash, &it->found);
	return !it->pinned || sha256_equal(&it->found, &it->want);
}

void item_next_url(struct item *it, const char *reason)
{
	json_t *failure = json_object();

	json_set_str(failure, "url", it->urls.v[it->url]);
	json_set_str(failure, "reason", reason);
	json_array_append_new(it->failures, failure);
	it->tries = it->all_tries = 0;
	it->redirects = 0;
	it->not_before = 0;
	it->url++;
	it->state = it->url < it->urls.n ? ITEM_WAITING : ITEM_FAILED;
	free(it->location);
	it->location = it->url < it->urls.n ? xstrdup(it->urls.v[it->url]) : NULL;
}
