/* SPDX-License-Identifier: Apache-2.0 */
#include "date.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * glibc's strftime knows the flags and widths of GNU date and does most of the work, one conversion
 * at a time. Here are the conversions that it lacks: %N, %q, the zone with colons, and %s, which it
 * computes from the broken-down time and so gets wrong where an hour comes twice.
 */
enum { WIDTH_MAX = 1000 };

struct conversion {
	char text[64]; /* as it is written, '%' included */
	size_t len;
	char pad;  /* the last of "_-0+" that was given, or 0 */
	int width; /* or -1 */
	unsigned colons;
	bool modified; /* by E or O */
	char letter;   /* 0 at the end of the format */
};

struct output {
	char *buf;
	size_t size, len;
};

static int put(struct output *o, const char *bytes, size_t n)
{
	if (n >= o->size - o->len)
		return -1;
	memcpy(o->buf + o->len, bytes, n);
	o->len += n;
	o->buf[o->len] = '\0';
	return 0;
}

static int put_pad(struct output *o, char c, size_t n)
{
	for (; n > 0; n--)
		if (put(o, &c, 1) < 0)
			return -1;
	return 0;
}

/* @s points to a '%'. -1 when it is longer than any that means something. */
static int read_conversion(const char *s, struct conversion *c)
{
	const char *p = s + 1;

	*c = (struct conversion){.width = -1};
	for (; *p && strchr("_-0+^#", *p); p++)
		if (*p != '^' && *p != '#')
			c->pad = *p;
	if (isdigit((unsigned char)*p)) {
		char *end;
		long width = strtol(p, &end, 10);

		p = end;
		if (width > WIDTH_MAX)
			return -1;
		c->width = (int)width;
	}
	for (; *p == ':'; p++)
		c->colons++;
	for (; *p == 'E' || *p == 'O'; p++)
		c->modified = true;
	c->letter = *p;
	c->len = (size_t)(p - s) + (*p != '\0');
	if (c->len >= sizeof(c->text))
		return -1;
	memcpy(c->text, s, c->len);
	c->text[c->len] = '\0';
	return 0;
}

/* @digits to the right of what the width and the flag ask for. */
static int put_number(struct output *o, const struct conversion *c, bool negative,
		      const char *digits, int default_width)
{
	size_t len = strlen(digits) + negative;
	int width = c->width >= 0 ? c->width : c->pad == '-' ? 0 : default_width;
	size_t fill = width > 0 && (size_t)width > len ? (size_t)width - len : 0;

	if (c->pad == '_' && put_pad(o, ' ', fill) < 0)
		return -1;
	if (negative && put(o, "-", 1) < 0)
		return -1;
	if (c->pad != '_' && put_pad(o, '0', fill) < 0)
		return -1;
	return put(o, digits, strlen(digits));
}

static int put_seconds(struct output *o, const struct conversion *c, time_t seconds)
{
	unsigned long long magnitude = (unsigned long long)seconds;
	char digits[32];

	if (seconds < 0)
		magnitude = 0ULL - magnitude;
	snprintf(digits, sizeof(digits), "%llu", magnitude);
	return put_number(o, c, seconds < 0, digits, 1);
}

/*
 * Nanoseconds are a fraction: a width cuts or fills at the right, and a flag says what becomes of
 * the zeros there.
 */
static int put_nanoseconds(struct output *o, const struct conversion *c, long ns)
{
	size_t width = c->width > 0 ? (size_t)c->width : 9, len;
	char digits[16];

	snprintf(digits, sizeof(digits), "%09ld", ns);
	len = width < 9 ? width : 9;
	while (len > 1 && digits[len - 1] == '0')
		len--;
	if (put(o, digits, len) < 0)
		return -1;
	if (c->pad == '-')
		return 0;
	return put_pad(o, c->pad == '_' ? ' ' : '0', width - len);
}

/* %:z +hh:mm, %::z +hh:mm:ss, %:::z as short as it can be without loss. */
static int put_zone(struct output *o, const struct conversion *c, const struct tm *tm)
{
	long east = tm->tm_gmtoff, a = east < 0 ? -east : east;
	int h = (int)(a / 3600), m = (int)(a / 60 % 60), s = (int)(a % 60);
	unsigned parts = c->colons == 3 ? (s ? 3 : m ? 2 : 1) : c->colons + 1;
	char rest[16] = "", hours[16];
	size_t len, fill;
	int width;

	if (parts > 1)
		snprintf(rest, sizeof(rest), parts > 2 ? ":%02d:%02d" : ":%02d", m, s);
	snprintf(hours, sizeof(hours), "%d", h);
	len = 1 + strlen(hours) + strlen(rest);
	width = c->width >= 0 ? c->width : c->pad == '-' ? 0 : (int)(3 + strlen(rest));
	fill = width > 0 && (size_t)width > len ? (size_t)width - len : 0;
	if (c->pad == '_' && put_pad(o, ' ', fill) < 0)
		return -1;
	if (put(o, east < 0 ? "-" : "+", 1) < 0)
		return -1;
	if (c->pad != '_' && put_pad(o, '0', fill) < 0)
		return -1;
	return put(o, hours, strlen(hours)) < 0 ? -1 : put(o, rest, strlen(rest));
}

static int put_quarter(struct output *o, const struct conversion *c, const struct tm *tm)
{
	char digits[2] = {(char)('1' + tm->tm_mon / 3), '\0'};

	return put_number(o, c, false, digits, 1);
}

static int put_strftime(struct output *o, const struct conversion *c, const struct tm *tm)
{
	char piece[WIDTH_MAX + 256], marked[sizeof(c->text) + 1];
	size_t n;

	/* strftime returns 0 for an empty result and for one that does not fit: a mark tells them
	 * apart */
	snprintf(marked, sizeof(marked), "%s.", c->text);
	/* one conversion that is read above; it can only be too long, and then the result is 0 */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	n = strftime(piece, sizeof(piece), marked, tm);
#pragma GCC diagnostic pop
	return n == 0 ? -1 : put(o, piece, n - 1);
}

static int put_conversion(struct output *o, const struct conversion *c, const struct tm *tm,
			  const struct timespec *when)
{
	if (c->colons && (c->letter != 'z' || c->colons > 3 || c->modified))
		return put(o, c->text, c->len);
	if (c->letter == '\0')
		return put(o, c->text, c->len);
	if (c->colons)
		return put_zone(o, c, tm);
	if (c->letter == 'N' && !c->modified)
		return put_nanoseconds(o, c, when->tv_nsec);
	if (c->letter == 's' && !c->modified)
		return put_seconds(o, c, when->tv_sec);
	if (c->letter == 'q' && !c->modified)
		return put_quarter(o, c, tm);
	return put_strftime(o, c, tm);
}

int date_format(const char *format, const struct timespec *when, char *buf, size_t size)
{
	struct output o = {buf, size, 0};
	struct tm tm;

	buf[0] = '\0';
	if (!localtime_r(&when->tv_sec, &tm))
		return -1;
	while (*format) {
		size_t plain = strcspn(format, "%");
		struct conversion c;

		if (put(&o, format, plain) < 0)
			return -1;
		format += plain;
		if (!*format)
			break;
		if (read_conversion(format, &c) < 0 || put_conversion(&o, &c, &tm, when) < 0)
			return -1;
		format += c.len;
	}
	return 0;
}
