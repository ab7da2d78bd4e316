/* SPDX-License-Identifier: Apache-2.0 */
#include "date.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What a conversion means is left to strftime(3), one bare conversion at a time. Flags, widths, E
 * and O, the zone with colons, %N, %q and %s are done here as coreutils 9.1 does them (date(1),
 * "DATE FORMAT"; the corners were read off its output, and tests/shims/date compares the two):
 * glibc's own reading of them differs from release to release.
 *
 * Three kinds: numbers are filled after their sign, text before everything, and a compound ("%F")
 * hands its flag to the year within it.
 */
enum { WIDTH_MAX = 1000 };

struct conversion {
	char text[64]; /* as it is written, '%' included */
	size_t len;
	char pad;   /* the last of "_-0+" that was given, or 0 */
	bool upper; /* ^ */
	bool swap;  /* # */
	int width;  /* or -1 */
	unsigned colons;
	char modifier; /* E, O or 0 */
	char letter;   /* 0 at the end of the format */
};

struct output {
	char *buf;
	size_t size, len;
};

/* How many digits a number has when nothing else is asked for, and what fills them. */
static const struct number {
	char letter;
	int digits;
	char pad;
} numbers[] = {
	{'C', 2, '0'}, {'d', 2, '0'}, {'e', 2, '_'}, {'g', 2, '0'}, {'G', 4, '0'}, {'H', 2, '0'},
	{'I', 2, '0'}, {'j', 3, '0'}, {'k', 2, '_'}, {'l', 2, '_'}, {'m', 2, '0'}, {'M', 2, '0'},
	{'S', 2, '0'}, {'u', 1, '0'}, {'U', 2, '0'}, {'V', 2, '0'}, {'w', 1, '0'}, {'W', 2, '0'},
	{'y', 2, '0'}, {'Y', 4, '0'}, {'q', 1, '0'}, {'s', 1, '0'},
};

/* Conversions that may follow E or O; and those that mean something else then, and are text. */
static const char with_e[] = "cCnpPqrRstTuxXyYzZ", era[] = "cCxXyY";
static const char with_o[] = "bBCdeGghHIjklmMnNpPqrRsStTuUVwWyzZ",
		  alternative[] = "CdegGHIjmMSuUVwWy";

static int put(struct output *o, const char *bytes, size_t n)
{
	if (n >= o->size - o->len)
		return -1;
	memcpy(o->buf + o->len, bytes, n);
	o->len += n;
	o->buf[o->len] = '\0';
	return 0;
}

static int put_fill(struct output *o, char c, int n)
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
	for (; *p && strchr("_-0+^#", *p); p++) {
		c->upper |= *p == '^';
		c->swap |= *p == '#';
		c->pad = *p == '^' || *p == '#' ? c->pad : *p;
	}
	if (isdigit((unsigned char)*p)) {
		char *end;
		long width = strtol(p, &end, 10);

		p = end;
		if (width > WIDTH_MAX)
			return -1;
		c->width = (int)width;
	}
	if (*p == 'E' || *p == 'O')
		c->modifier = *p++;
	for (; *p == ':'; p++)
		c->colons++;
	c->letter = *p;
	c->len = (size_t)(p - s) + (*p != '\0');
	if (c->len >= sizeof(c->text))
		return -1;
	memcpy(c->text, s, c->len);
	c->text[c->len] = '\0';
	return 0;
}

static int fill_of(const struct conversion *c, size_t len)
{
	return c->pad == '-' || c->width < 0 ? 0 : c->width - (int)len;
}

static int put_text(struct output *o, const struct conversion *c, const char *text)
{
	size_t start;

	if (put_fill(o, c->pad == '0' || c->pad == '+' ? '0' : ' ', fill_of(c, strlen(text))) < 0)
		return -1;
	start = o->len;
	if (put(o, text, strlen(text)) < 0)
		return -1;
	for (; c->upper && start < o->len; start++)
		o->buf[start] = (char)toupper((unsigned char)o->buf[start]);
	return 0;
}

/* @digits, with @sign before them unless it is 0; @default_width counts the sign. */
static int put_number(struct output *o, const struct conversion *c, char sign, const char *digits,
		      int default_width, char default_pad)
{
	char pad = c->pad ? c->pad : default_pad;
	int width = pad == '-' ? 0 : c->width >= 0 ? c->width : default_width;
	int fill = width - (int)strlen(digits) - (sign != 0);

	if (pad == '_' && put_fill(o, ' ', fill) < 0)
		return -1;
	if (sign && put(o, &sign, 1) < 0)
		return -1;
	if (pad != '_' && put_fill(o, '0', fill) < 0)
		return -1;
	return put(o, digits, strlen(digits));
}

/* One bare conversion. */
static void ask_libc(char letter, const struct tm *tm, char *buf, size_t size)
{
	char format[] = {'%', letter, '\0'};

	/* what does not fit is left out, and nothing of one letter is that long */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	if (strftime(buf, size, format, tm) == 0)
		buf[0] = '\0';
#pragma GCC diagnostic pop
}

static int put_counted(struct output *o, const struct conversion *c, const struct number *number,
		       const struct tm *tm, time_t seconds)
{
	unsigned long long magnitude = (unsigned long long)seconds;
	char digits[64];
	char sign = 0;
	char *first = digits;

	if (c->letter == 's') {
		sign = seconds < 0 ? '-' : 0;
		snprintf(digits, sizeof(digits), "%llu", sign ? 0ULL - magnitude : magnitude);
	} else if (c->letter == 'q') {
		snprintf(digits, sizeof(digits), "%d", tm->tm_mon / 3 + 1);
	} else {
		ask_libc(c->letter, tm, digits, sizeof(digits));
		first += strspn(digits, " 0");
		first -= *first == '\0'; /* a single zero */
	}
	/* a year that is given more digits than it needs shows its sign */
	if (c->pad == '+' && strchr("CGYy", c->letter) && c->width > number->digits)
		sign = '+';
	return put_number(o, c, sign, first, number->digits, number->pad);
}

/*
 * Nanoseconds are a fraction: a width cuts or fills at the right, and a flag says what becomes of
 * the zeros there.
 */
static int put_nanoseconds(struct output *o, const struct conversion *c, long ns)
{
	int width = c->width > 0 ? c->width : 9, len;
	char digits[16];

	snprintf(digits, sizeof(digits), "%09ld", ns);
	len = width < 9 ? width : 9;
	while (len > 1 && digits[len - 1] == '0')
		len--;
	if (put(o, digits, (size_t)len) < 0)
		return -1;
	/* "%-N" alone means as many digits as the clock has, and that is all */
	if (c->pad == '-' && c->width > 0)
		return 0;
	return put_fill(o, c->pad == '_' ? ' ' : '0', width - len);
}

/* %z +hhmm, %:z +hh:mm, %::z +hh:mm:ss, %:::z as short as it can be without loss. */
static int put_zone(struct output *o, const struct conversion *c, const struct tm *tm)
{
	long east = tm->tm_gmtoff, a = east < 0 ? -east : east;
	int h = (int)(a / 3600), m = (int)(a / 60 % 60), s = (int)(a % 60);
	unsigned parts = c->colons == 3 ? (s ? 3 : m ? 2 : 1) : c->colons + 1;
	static const int widths[] = {5, 3, 6, 9}; /* without colons, and by parts */
	char digits[32];

	if (c->colons == 0)
		snprintf(digits, sizeof(digits), "%d", h * 100 + m);
	else if (parts == 1)
		snprintf(digits, sizeof(digits), "%d", h);
	else if (parts == 2)
		snprintf(digits, sizeof(digits), "%d:%02d", h, m);
	else
		snprintf(digits, sizeof(digits), "%d:%02d:%02d", h, m, s);
	return put_number(o, c, east < 0 ? '-' : '+', digits, widths[c->colons ? parts : 0], '0');
}

static int put_named(struct output *o, const struct conversion *c, const struct tm *tm)
{
	struct conversion changed = *c;
	char text[256];

	ask_libc(c->letter, tm, text, sizeof(text));
	if (c->swap && strchr("pZ", c->letter)) {
		changed.upper = false;
		for (char *p = text; *p; p++)
			*p = (char)tolower((unsigned char)*p);
	} else if (c->letter == 'P') {
		changed.upper = false;
	} else if (c->swap && strchr("aAbBh", c->letter)) {
		changed.upper = true;
	}
	return put_text(o, &changed, text);
}

/* The flag goes to the year, and in %F the width too. */
static int put_compound(struct output *o, const struct conversion *c, const struct tm *tm)
{
	struct conversion year = {
		.pad = c->pad, .width = -1, .letter = c->letter == 'F' ? 'Y' : 'y'};
	const struct number *number = numbers;
	char day[32];

	while (number->letter != year.letter)
		number++;
	if (c->letter == 'F') {
		if (c->pad || c->width >= 0)
			year.width = c->width > 6 ? c->width - 6 : 0;
		snprintf(day, sizeof(day), "-%02d-%02d", (tm->tm_mon + 1) % 100, tm->tm_mday % 100);
		return put_counted(o, &year, number, tm, 0) < 0 ? -1 : put(o, day, strlen(day));
	}
	snprintf(day, sizeof(day), "%02d/%02d/", (tm->tm_mon + 1) % 100, tm->tm_mday % 100);
	struct output piece = {day, sizeof(day), strlen(day)};

	return put_counted(&piece, &year, number, tm, 0) < 0 ? -1 : put_text(o, c, day);
}

/* What is no conversion stands as it was written, filled like any text. */
static bool is_known(const struct conversion *c)
{
	if (c->colons)
		return c->letter == 'z' && c->colons <= 3 && c->modifier != 'O';
	if (c->letter == '\0')
		return false;
	if (c->letter == '%')
		return c->len == 2;
	if (c->modifier)
		return strchr(c->modifier == 'E' ? with_e : with_o, c->letter) != NULL;
	return strchr("aAbBcCdDeFgGhHIjklmMnNpPqrRsSTtuUVwWxXyYzZ", c->letter) != NULL;
}

static int put_conversion(struct output *o, const struct conversion *c, const struct tm *tm,
			  const struct timespec *when)
{
	bool as_text = c->modifier && strchr(c->modifier == 'E' ? era : alternative, c->letter);

	if (!is_known(c))
		return put_text(o, c, c->text);
	if (c->letter == 'z')
		return put_zone(o, c, tm);
	if (c->letter == 'N')
		return put_nanoseconds(o, c, when->tv_nsec);
	if (strchr("DF", c->letter))
		return put_compound(o, c, tm);
	for (size_t i = 0; !as_text && i < sizeof(numbers) / sizeof(*numbers); i++)
		if (numbers[i].letter == c->letter)
			return put_counted(o, c, &numbers[i], tm, when->tv_sec);
	return put_named(o, c, tm);
}

int date_format(const char *format, const struct timespec *when, char *buf, size_t size)
{
	struct output o = {buf, size, 0};
	struct tm tm;

	buf[0] = '\0';
	/* years of four digits: others have signs and widths of their own, and no build needs them
	 */
	if (!localtime_r(&when->tv_sec, &tm) || tm.tm_year < 1000 - 1900 ||
	    tm.tm_year > 9999 - 1900)
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
