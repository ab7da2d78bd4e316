/* SPDX-License-Identifier: Apache-2.0 */
#include "layers.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <inttypes.h>
#include <string.h>

#define BLOCK (128u << 10)
/* No honest archive of this size shrinks its contents so far; zeros shrink 1000 to 30000 times. */
#define RATIO_FLOOR (64ull << 20)
#define RATIO_MAX   250

static void tail_see(struct tail *t, const char *data, size_t len)
{
	size_t i = len;

	while (i > 0 && data[i - 1] == '\0')
		i--;
	if (i > 0)
		t->nonzero_end = t->seen + i;
	t->seen += len;
}

static int failed(struct archive *a, struct err *err, const char *what)
{
	const char *text = archive_error_string(a);

	return err_set(err, ERR_INPUT, 0, "%s: %s", what, text ? text : "unknown error");
}

static la_ssize_t read_file(struct archive *a, void *arg, const void **out)
{
	struct layers *l = arg;
	ssize_t n;

	do
		n = read(l->fd, l->buf, BLOCK);
	while (n < 0 && errno == EINTR);
	*out = l->buf;
	if (n < 0)
		archive_set_error(a, errno, "read: %s", strerror(errno));
	else if (!l->ar)
		tail_see(&l->packed, l->buf, (size_t)n);
	return n;
}

/* Contents of the present entry of @from as the stream that @a reads. */
static la_ssize_t read_entry(struct archive *a, struct archive *from, struct tail *tail,
			     const void **out)
{
	la_int64_t offset;
	size_t len = 0;
	int r;

	do
		r = archive_read_data_block(from, out, &len, &offset);
	while (r == ARCHIVE_OK && len == 0);
	if (r == ARCHIVE_EOF)
		return 0;
	if (r != ARCHIVE_OK) {
		archive_set_error(a, archive_errno(from), "%s", archive_error_string(from));
		return -1;
	}
	tail_see(tail, *out, len);
	return (la_ssize_t)len;
}

static la_ssize_t read_member(struct archive *a, void *arg, const void **out)
{
	struct layers *l = arg;

	return read_entry(a, l->ar, &l->packed, out);
}

static la_ssize_t read_unpacked(struct archive *a, void *arg, const void **out)
{
	struct layers *l = arg;
	la_ssize_t n = read_entry(a, l->raw, &l->unpacked, out);
	uint64_t size = l->unpacked.seen;

	if (n > 0 && size > l->max_unpacked) {
		archive_set_error(a, EFBIG, "unpacks to more than %" PRIu64 " bytes",
				  l->max_unpacked);
		return -1;
	}
	if (n > 0 && size > RATIO_FLOOR && size / RATIO_MAX > l->packed.seen) {
		archive_set_error(a, EFBIG, "unpacks to more than %d times its size: a bomb",
				  RATIO_MAX);
		return -1;
	}
	return n;
}

/* ---- the outer layer of a .deb, see deb(5) ---- */

static int next_member(struct layers *l, struct archive_entry **entry, struct err *err)
{
	int r = archive_read_next_header(l->ar, entry);

	if (r != ARCHIVE_OK && r != ARCHIVE_EOF)
		return failed(l->ar, err, "not a Debian package");
	return r == ARCHIVE_OK;
}

static int expect_member(struct layers *l, const char *prefix, struct err *err)
{
	struct archive_entry *entry;
	const char *name;
	int r;

	do {
		r = next_member(l, &entry, err);
		if (r < 0)
			return -1;
		name = r ? archive_entry_pathname(entry) : NULL;
	} while (name && *name == '_'); /* deb(5): for extensions, to be ignored */
	if (!name || !str_starts(name, prefix))
		return err_set(err, ERR_INPUT, 0,
			       "not a Debian package: member '%s' expected, found '%s'", prefix,
			       name ? name : "the end");
	return 0;
}

static int open_deb(struct layers *l, struct err *err)
{
	char version[8] = "";

	l->ar = archive_read_new();
	if (!l->ar || archive_read_support_format_ar(l->ar) != ARCHIVE_OK)
		return err_nomem(err);
	if (archive_read_open(l->ar, l, NULL, read_file, NULL) != ARCHIVE_OK)
		return failed(l->ar, err, "not a Debian package");
	if (expect_member(l, "debian-binary", err) < 0)
		return -1;
	if (archive_read_data(l->ar, version, sizeof(version) - 1) < 0)
		return failed(l->ar, err, "debian-binary");
	if (strcmp(version, "2.0\n") != 0)
		return err_set(err, ERR_INPUT, 0, "not a Debian package of format 2.0");
	if (expect_member(l, "control.tar", err) < 0)
		return -1;
	return expect_member(l, "data.tar", err);
}

/* ---- opening ---- */

static int open_raw(struct layers *l, struct err *err)
{
	int (*const filters[])(struct archive *) = {
		archive_read_support_filter_gzip, archive_read_support_filter_bzip2,
		archive_read_support_filter_xz, archive_read_support_filter_zstd};

	l->raw = archive_read_new();
	if (!l->raw || archive_read_support_format_raw(l->raw) != ARCHIVE_OK)
		return err_nomem(err);
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++)
		/* ARCHIVE_WARN: libarchive was built without it and would run a program */
		if (filters[i](l->raw) != ARCHIVE_OK)
			return failed(l->raw, err, "libarchive");
	if (archive_read_open(l->raw, l, NULL, l->ar ? read_member : read_file, NULL) != ARCHIVE_OK)
		return l->packed.seen ? failed(l->raw, err, "decompress")
				      : err_set(err, ERR_INPUT, 0, "is empty");
	return 0;
}

int layers_open(struct layers *l, int fd, bool deb, uint64_t max_unpacked, struct err *err)
{
	struct archive_entry *entry;
	int r;

	l->fd = fd;
	l->max_unpacked = max_unpacked;
	l->buf = xmalloc(BLOCK);
	if ((deb && open_deb(l, err) < 0) || open_raw(l, err) < 0)
		return -1;
	r = archive_read_next_header(l->raw, &entry);
	if (r != ARCHIVE_OK)
		return failed(l->raw, err, "decompress");
	if (archive_filter_count(l->raw) > 2) /* the last is always "none" */
		return err_set(err, ERR_INPUT, 0, "is compressed more than once");
	l->tar = archive_read_new();
	if (!l->tar || archive_read_support_format_tar(l->tar) != ARCHIVE_OK)
		return err_nomem(err);
	if (archive_read_open(l->tar, l, NULL, read_unpacked, NULL) != ARCHIVE_OK)
		return failed(l->tar, err, "no tar archive");
	return 0;
}

void layers_release(struct layers *l)
{
	archive_read_free(l->tar);
	archive_read_free(l->raw);
	archive_read_free(l->ar);
	free(l->buf);
	*l = LAYERS_INIT;
}

int layers_next(struct layers *l, struct archive_entry **out, struct err *err)
{
	int r = archive_read_next_header(l->tar, out);
	const char *text;

	if (r == ARCHIVE_OK)
		return 1;
	if (r == ARCHIVE_EOF)
		return 0;
	if (r != ARCHIVE_WARN)
		return failed(l->tar, err, "tar");
	/* a warning about an owner's name is nothing; a header read in two ways is something */
	text = archive_error_string(l->tar);
	if (text && strcasestr(text, "malformed"))
		return failed(l->tar, err, "tar");
	return 1;
}

int layers_data(struct layers *l, const void **data, size_t *len, int64_t *offset, struct err *err)
{
	int r = archive_read_data_block(l->tar, data, len, offset);

	if (r == ARCHIVE_EOF)
		return 0;
	return r == ARCHIVE_OK ? 1 : failed(l->tar, err, "tar");
}

/* ---- the end ---- */

static int drain(struct archive *a, la_ssize_t (*fn)(struct archive *, void *, const void **),
		 struct layers *l, struct err *err)
{
	const void *data;
	la_ssize_t n;

	do
		n = fn(a, l, &data);
	while (n > 0);
	return n < 0 ? failed(a, err, "after the end") : 0;
}

int layers_finish(struct layers *l, struct err *err)
{
	struct archive_entry *entry;
	int r;

	/* how far the parser went, taken before what follows is read to be looked at */
	uint64_t tar_end = (uint64_t)archive_filter_bytes(l->tar, -1), packed_end;

	if (drain(l->tar, read_unpacked, l, err) < 0)
		return -1;
	if (l->unpacked.nonzero_end > tar_end)
		return err_set(err, ERR_INPUT, 0, "has data after the end of the tar archive");
	packed_end = (uint64_t)archive_filter_bytes(l->raw, -1);
	if (drain(l->raw, l->ar ? read_member : read_file, l, err) < 0)
		return -1;
	if (l->packed.nonzero_end > packed_end)
		return err_set(err, ERR_INPUT, 0,
			       "has data after the end of the compressed stream");
	while (l->ar && (r = next_member(l, &entry, err)) != 0) {
		if (r < 0)
			return -1;
		if (*archive_entry_pathname(entry) != '_')
			return err_set(err, ERR_INPUT, 0, "has a member '%s' after data.tar",
				       archive_entry_pathname(entry));
	}
	return 0;
}
