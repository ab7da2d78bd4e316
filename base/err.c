/* SPDX-License-Identifier: Apache-2.0 */
#include <base/err.h>

#include <base/str.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(struct err) <= 4096, "an err must cross a pipe in one write (PIPE_BUF)");

/*
 * Messages quote names from hostile archives and recipes. What is not UTF-8 and what a terminal
 * would obey (control characters but newline and tab) becomes '?', here and once for everybody.
 */
static void sanitise(char *s)
{
	while (*s) {
		size_t n = str_utf8_char(s, strlen(s));
		bool c1 = n == 2 && (unsigned char)s[0] == 0xc2 && (unsigned char)s[1] < 0xa0;

		if (n == 1 && ((unsigned char)*s < ' ' || *s == 0x7f) && *s != '\n' && *s != '\t')
			*s = '?';
		else if (n == 0 || c1)
			*s = '?', n = 1;
		s += n;
	}
}

/* Cut @s so that @room bytes suffice for it and its terminator, at a character, with "...". */
static void cut(char *s, size_t room)
{
	size_t end = room - sizeof("...");

	while (end > 0 && ((unsigned char)s[end] & 0xc0) == 0x80)
		end--;
	memcpy(s + end, "...", sizeof("..."));
}

static void compose(struct err *err, const char *text, const char *tail)
{
	size_t tail_len = strlen(tail);
	size_t room = sizeof(err->msg) - tail_len;
	size_t len = strnlen(text, room);

	memcpy(err->msg, text, len < room ? len + 1 : room);
	if (len == room)
		cut(err->msg, room);
	else
		while (len > 0 && err->msg[len - 1] == '\n')
			err->msg[--len] = '\0';
	memcpy(err->msg + strlen(err->msg), tail, tail_len + 1);
	sanitise(err->msg);
}

int(err_set)(struct err *err, enum err_code code, int errnum, const char *fmt, ...)
{
	char text[sizeof(err->msg) + 8], tail[160] = "", why[128];
	int saved = errno;
	va_list ap;

	/* %m in @fmt must mean the caller's errno. */
	va_start(ap, fmt);
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		snprintf(text, sizeof(text), "%s", fmt);
	va_end(ap);
	if (errnum)
		snprintf(tail, sizeof(tail), ": %s", strerror_r(errnum, why, sizeof(why)));
	err->code = code;
	err->sys_errno = errnum;
	compose(err, text, tail);
	errno = saved;
	return -1;
}

int(err_wrap)(struct err *err, const char *fmt, ...)
{
	char text[2 * sizeof(err->msg) + 8];
	int saved = errno, n;
	va_list ap;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(err->msg), fmt, ap);
	va_end(ap);
	if (n < 0)
		n = 0;
	if ((size_t)n >= sizeof(err->msg))
		n = sizeof(err->msg) - 1;
	snprintf(text + n, sizeof(text) - (size_t)n, ": %s", err->msg);
	compose(err, text, "");
	errno = saved;
	return -1;
}

int err_nomem(struct err *err)
{
	return err_set(err, ERR_STORE, ENOMEM, "out of memory");
}

void err_clear(struct err *err)
{
	*err = ERR_INIT;
}

const char *err_code_name(int code)
{
	switch (code) {
	case ERR_NONE:
		return "none";
	case ERR_BUILD:
		return "build-failed";
	case ERR_USAGE:
		return "usage";
	case ERR_INPUT:
		return "input";
	case ERR_HOST:
		return "host";
	case ERR_MISMATCH:
		return "mismatch";
	case ERR_STORE:
		return "store";
	case ERR_INTERRUPTED:
		return "interrupted";
	default:
		return "bug";
	}
}
