/* SPDX-License-Identifier: Apache-2.0 */
/* Files that need no network: --from directories and file: URLs. */
#include "fetching.h"

#include <base/file.h>
#include <fcntl.h>
#include <string.h>

/* -1 with errno, or the fd of a regular file. Not a fifo: opening one would wait for ever. */
static int open_regular(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return -1;
	}
	return TAKE_FD(fd);
}

static int from_path(struct fetching *f, struct want *w, const char *path, struct err *err)
{
	_cleanup_close_ int fd = open_regular(path);

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd < 0)
		return err_set(err, ERR_INPUT, errno, "--from: %s", path);
	event_step(f->sink, "fetch", w->item->name);
	if (want_import(f, w, fd, path, err) < 0)
		return err_wrap(err, "--from");
	event_done(f->sink, "fetch", w->item->name, path);
	return 0;
}

int fetch_from_directories(struct fetching *f, struct want *w, struct err *err)
{
	const struct strv *from = f->opt->from;
	const char *name = w->item->name;

	/* the name is the recipe's: it must not lead out of the directory */
	if (!path_is_clean(name) || strchr(name, '/'))
		return 0;
	for (size_t i = 0; from && i < from->n && !w->done; i++) {
		_cleanup_free_ char *path = path_join(from->v[i], name);

		if (from_path(f, w, path, err) < 0)
			return -1;
	}
	return 0;
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *p = strchr(digits, c | 0x20);

	return c && p ? (int)(p - digits) : -1;
}

/* The path of file:///path or file:/path with its %XX undone; NULL for anything else. RFC 8089. */
static char *path_of_url(const char *url)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	url += strlen("file:");
	if (str_starts(url, "//localhost/"))
		url += strlen("//localhost");
	else if (str_starts(url, "///"))
		url += 2;
	if (url[0] != '/' || url[1] == '/')
		return NULL;
	for (; *url; url++) {
		int high = *url == '%' ? hex_digit(url[1]) : -1;
		int low = high >= 0 ? hex_digit(url[2]) : -1;

		if (*url == '%' && high * 16 + low <= 0)
			return NULL;
		strbuf_addf(&sb, "%c", low >= 0 ? high * 16 + low : *url);
		url += low >= 0 ? 2 : 0;
	}
	return strbuf_steal(&sb);
}

static int from_url(struct fetching *f, struct want *w, const char *url, struct err *err)
{
	_cleanup_free_ char *path = path_of_url(url);
	_cleanup_close_ int fd = path ? open_regular(path) : -1;
	struct err why = ERR_INIT;

	if (!path || fd < 0) {
		want_failed(w, url, path ? strerror(errno) : "not of the form file:///path");
		if (!path || errno != ENOENT)
			w->gone = false;
		return 0;
	}
	event_step(f->sink, "fetch", w->item->name);
	if (want_import(f, w, fd, path, &why) == 0) {
		event_done(f->sink, "fetch", w->item->name, url);
		return 0;
	}
	if (why.code != ERR_INPUT) { /* the store's fault: no other URL will help */
		*err = why;
		return -1;
	}
	want_failed(w, url, why.msg);
	return 0;
}

int fetch_local(struct fetching *f, struct want *w, struct err *err)
{
	for (size_t i = 0; i < w->local.n && !w->done; i++)
		if (from_url(f, w, w->local.v[i], err) < 0)
			return -1;
	return 0;
}
