/* SPDX-License-Identifier: Apache-2.0 */
#include "sink.h"

#include <base/file.h>
#include <base/str.h>
#include <sched.h>
#include <zstd.h>

#define LEVEL       3 /* as zstd(1): 12 was a tenth smaller for twelve times the work */
#define MAX_WORKERS 8

struct sink {
	int fd;
	ZSTD_CCtx *zstd; /* NULL: plain */
	void *buf;
	size_t cap;
};

static int workers(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

	return n < 1 ? 1 : n > MAX_WORKERS ? MAX_WORKERS : n;
}

static int check(size_t r, struct err *err)
{
	if (ZSTD_isError(r))
		return err_set(err, ERR_HOST, 0, "zstd: %s", ZSTD_getErrorName(r));
	return 0;
}

static int open_zstd(struct sink *s, struct err *err)
{
	s->zstd = ZSTD_createCCtx();
	if (!s->zstd)
		return err_nomem(err);
	s->cap = ZSTD_CStreamOutSize();
	s->buf = xmalloc(s->cap);
	if (check(ZSTD_CCtx_setParameter(s->zstd, ZSTD_c_compressionLevel, LEVEL), err) < 0 ||
	    check(ZSTD_CCtx_setParameter(s->zstd, ZSTD_c_checksumFlag, 1), err) < 0)
		return -1;
	/* fails where libzstd was built without threads: its bytes would differ, so that is an
	 * error */
	return check(ZSTD_CCtx_setParameter(s->zstd, ZSTD_c_nbWorkers, workers()), err);
}

int sink_new(int fd, bool zstd, struct sink **out, struct err *err)
{
	struct sink *s = xcalloc(1, sizeof(*s));

	s->fd = fd;
	*out = s;
	return zstd ? open_zstd(s, err) : 0;
}

void sink_freep(struct sink **s)
{
	if (!*s)
		return;
	ZSTD_freeCCtx((*s)->zstd);
	free((*s)->buf);
	free(*s);
	*s = NULL;
}

static int compress(struct sink *s, const void *data, size_t len, ZSTD_EndDirective how,
		    struct err *err)
{
	ZSTD_inBuffer in = {.src = data, .size = len};
	size_t left;

	do {
		ZSTD_outBuffer out = {.dst = s->buf, .size = s->cap};

		left = ZSTD_compressStream2(s->zstd, &out, &in, how);
		if (check(left, err) < 0 || file_write_all(s->fd, s->buf, out.pos, err) < 0)
			return -1;
	} while (how == ZSTD_e_end ? left > 0 : in.pos < in.size);
	return 0;
}

int sink_write(struct sink *s, const void *data, size_t len, struct err *err)
{
	if (!s->zstd)
		return file_write_all(s->fd, data, len, err);
	return compress(s, data, len, ZSTD_e_continue, err);
}

int sink_finish(struct sink *s, struct err *err)
{
	return s->zstd ? compress(s, NULL, 0, ZSTD_e_end, err) : 0;
}
