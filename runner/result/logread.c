/* SPDX-License-Identifier: Apache-2.0 */
#include <runner/logread.h>

#include "zfile.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <base/str.h>
#include <fcntl.h>
#include <string.h>

int log_find_key(struct store *s, const char *prefix, struct sha256 *out, struct err *err)
{
	int found = store_find(s, "builds", prefix, out, err);

	if (found < 0)
		return -1;
	if (found == 1)
		return 0;
	return err_set(err, ERR_INPUT, 0, "%s of %s begins with %s",
		       found ? "more than one action" : "no recorded action", store_path(s),
		       prefix);
}

#define TAIL_FIRST (1u << 20)
/* A build can write a gigabyte without a newline: of lines that long only the end is kept. */
#define TAIL_MAX (64u << 20)

struct tail {
	size_t lines;
	size_t limit;       /* cut when it holds more */
	struct strbuf text; /* what may still be among the last lines */
};

/* Forget lines in front once twice as many are held: each byte is moved a constant number of times.
 */
static void cut(struct tail *t, size_t keep)
{
	size_t seen = 0, end = t->text.len;
	const size_t floor = end > TAIL_MAX / 2 ? end - TAIL_MAX / 2 : 0;

	if (end && t->text.s[end - 1] == '\n')
		end--;
	while (end > floor) {
		if (t->text.s[end - 1] == '\n' && ++seen == keep)
			break;
		end--;
	}
	memmove(t->text.s, t->text.s + end, t->text.len - end);
	t->text.len -= end;
}

static int keep_tail(void *arg, const char *data, size_t len)
{
	struct tail *t = arg;

	strbuf_add(&t->text, data, len);
	if (t->text.len > t->limit) {
		cut(t, t->lines);
		if (t->limit < 2 * t->text.len)
			t->limit = 2 * t->text.len;
	}
	return 0;
}

int log_read(struct store *s, const struct sha256 *key, const struct log_request *rq,
	     int (*fn)(void *arg, const char *data, size_t len), void *arg, struct err *err)
{
	const char *name = rq->ledger ? "ledger.jsonl.zst" : "log.zst";
	_cleanup_close_ int dirfd = -1, fd = -1;
	struct tail t = {.lines = rq->tail, .limit = TAIL_FIRST, .text = STRBUF_INIT};
	int round = 0, rc;

	if (store_record_open(s, key, rq->round, &dirfd, &round, err) < 0)
		return -1;
	fd = file_open(dirfd, name, O_RDONLY | O_NOFOLLOW, 0, err);
	if (fd < 0)
		return -1;
	if (!rq->tail)
		return zread(fd, name, fn, arg, err);
	rc = zread(fd, name, keep_tail, &t, err);
	if (!rc && t.text.len) {
		cut(&t, rq->tail);
		fn(arg, t.text.s, t.text.len);
	}
	strbuf_release(&t.text);
	return rc;
}

int log_record(struct store *s, const struct sha256 *key, int round, json_t **out, struct err *err)
{
	_cleanup_close_ int dirfd = -1;
	int found = 0;

	if (store_record_open(s, key, round, &dirfd, &found, err) < 0 ||
	    json_read_file(dirfd, "record.json", out, err) < 0)
		return -1;
	if (!json_is_object(*out)) {
		json_decref(*out);
		*out = NULL;
		return err_set(err, ERR_STORE, 0,
			       "%s: the record of round %d is damaged: expected an object",
			       store_path(s), found);
	}
	json_set(*out, "round", json_integer(found));
	return 0;
}
