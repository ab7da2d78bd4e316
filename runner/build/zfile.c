/* SPDX-License-Identifier: Apache-2.0 */
#include "zfile.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <base/library.h>
#include <base/str.h>
#include <zstd.h>

#define CALLS(X)                                                                                   \
	X(ZSTD_CCtx_setParameter)                                                                  \
	X(ZSTD_CStreamOutSize)                                                                     \
	X(ZSTD_DStreamInSize)                                                                      \
	X(ZSTD_DStreamOutSize)                                                                     \
	X(ZSTD_compressStream2)                                                                    \
	X(ZSTD_createCCtx)                                                                         \
	X(ZSTD_createDCtx)                                                                         \
	X(ZSTD_decompressStream)                                                                   \
	X(ZSTD_freeCCtx)                                                                           \
	X(ZSTD_freeDCtx)                                                                           \
	X(ZSTD_getErrorName)                                                                       \
	X(ZSTD_isError)
#define SYMBOL(call) {#call, &zstd.call},

static struct {
	CALLS(LIBRARY_POINTER)
} zstd;
static const struct library_symbol symbols[] = {CALLS(SYMBOL)};
static struct library library = LIBRARY_INIT(SONAME_ZSTD, symbols);
LIBRARY_NOTE(zstd, "logs", SONAME_ZSTD);

#define LEVEL 3

struct zwriter {
	int fd;
	ZSTD_CCtx *z;
	char *out;
	size_t out_size;
	struct err err;
};

struct zwriter *zwriter_new(int fd)
{
	struct zwriter *z = xcalloc(1, sizeof(*z));

	z->fd = fd;
	if (library_load(&library, &z->err) < 0)
		return z;
	z->z = zstd.ZSTD_createCCtx();
	if (!z->z)
		err_nomem(&z->err);
	else
		zstd.ZSTD_CCtx_setParameter(z->z, ZSTD_c_compressionLevel, LEVEL);
	z->out_size = zstd.ZSTD_CStreamOutSize();
	z->out = xmalloc(z->out_size);
	return z;
}

static void push(struct zwriter *z, const void *data, size_t len, ZSTD_EndDirective end)
{
	ZSTD_inBuffer in = {.src = data, .size = len};
	size_t left;

	do {
		ZSTD_outBuffer out = {.dst = z->out, .size = z->out_size};

		if (z->err.code)
			return;
		left = zstd.ZSTD_compressStream2(z->z, &out, &in, end);
		if (zstd.ZSTD_isError(left)) {
			err_set(&z->err, ERR_BUG, 0, "zstd: %s", zstd.ZSTD_getErrorName(left));
			return;
		}
		if (file_write_all(z->fd, z->out, out.pos, &z->err) < 0)
			return;
	} while (end == ZSTD_e_continue ? in.pos < in.size : left > 0);
}

void zwriter_write(struct zwriter *z, const void *data, size_t len)
{
	push(z, data, len, ZSTD_e_continue);
}

int zwriter_close(struct zwriter *z, const char *name, struct err *err)
{
	int rc = 0;

	push(z, "", 0, ZSTD_e_end);
	if (z->err.code) {
		*err = z->err;
		rc = err_wrap(err, "%s", name);
	}
	zwriter_freep(&z);
	return rc;
}

void zwriter_freep(struct zwriter **z)
{
	if (!*z)
		return;
	if ((*z)->z)
		zstd.ZSTD_freeCCtx((*z)->z);
	close((*z)->fd);
	free((*z)->out);
	free(*z);
	*z = NULL;
}

static void free_dctx(ZSTD_DCtx **z)
{
	if (*z)
		zstd.ZSTD_freeDCtx(*z);
}

static int inflate_piece(ZSTD_DCtx *z, ZSTD_inBuffer *in, char *buf, size_t size, const char *name,
			 int (*fn)(void *arg, const char *data, size_t len), void *arg,
			 size_t *left, struct err *err)
{
	while (in->pos < in->size) {
		ZSTD_outBuffer out = {.dst = buf, .size = size};

		*left = zstd.ZSTD_decompressStream(z, &out, in);
		if (zstd.ZSTD_isError(*left))
			return err_set(err, ERR_STORE, 0, "%s is damaged: %s", name,
				       zstd.ZSTD_getErrorName(*left));
		if (out.pos && fn(arg, buf, out.pos))
			return 1;
	}
	return 0;
}

int zread(int fd, const char *name, int (*fn)(void *arg, const char *data, size_t len), void *arg,
	  struct err *err)
{
	_cleanup_(free_dctx) ZSTD_DCtx *z = NULL;
	_cleanup_free_ char *in_buf = NULL, *out_buf = NULL;
	size_t in_size, out_size, left = 0;
	ssize_t n;
	int rc;

	if (library_load(&library, err) < 0)
		return -1;
	z = zstd.ZSTD_createDCtx();
	if (!z)
		return err_nomem(err);
	in_buf = xmalloc(in_size = zstd.ZSTD_DStreamInSize());
	out_buf = xmalloc(out_size = zstd.ZSTD_DStreamOutSize());
	while ((n = read(fd, in_buf, in_size)) > 0) {
		ZSTD_inBuffer in = {.src = in_buf, .size = (size_t)n};

		rc = inflate_piece(z, &in, out_buf, out_size, name, fn, arg, &left, err);
		if (rc)
			return rc < 0 ? -1 : 0;
	}
	if (n < 0)
		return err_set(err, ERR_STORE, errno, "cannot read %s", name);
	if (left)
		return err_set(err, ERR_STORE, 0, "%s is cut short", name);
	return 0;
}
