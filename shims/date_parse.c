/* SPDX-License-Identifier: Apache-2.0 */
#include "date.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ".5" is 500000000 ns; digits beyond the ninth are dropped. @s is left behind the last digit. */
static int take_fraction(const char **s, long *out_ns)
{
	long unit = 100000000;

	*out_ns = 0;
	if (**s != '.' && **s != ',')
		return 0;
	(*s)++;
	if (!isdigit((unsigned char)**s))
		return -1;
	for (; isdigit((unsigned char)**s); (*s)++, unit /= 10)
		*out_ns += unit * (**s - '0');
	return 0;
}

static int parse_seconds(const char *s, struct timespec *out)
{
	bool negative = *s == '-';
	char *end;

	if (!isdigit((unsigned char)s[negative]))
		return -1;
	errno = 0;
	out->tv_sec = strtoll(s, &end, 10);
	s = end;
	if (errno || take_fraction(&s, &out->tv_nsec) < 0 || *s)
		return -1;
	if (negative && out->tv_nsec) { /* -1.25 is 0.75 after -2 */
		if (out->tv_sec == LLONG_MIN)
			return -1;
		out->tv_sec--;
		out->tv_nsec = 1000000000 - out->tv_nsec;
	}
	return 0;
}

/* Exactly @digits digits. */
static int take_number(const char **s, int digits, int *out)
{
	*out = 0;
	for (int i = 0; i < digits; i++, (*s)++) {
		if (!isdigit((unsigned char)**s))
			return -1;
		*out = *out * 10 + (**s - '0');
	}
	return 0;
}

static int take_char(const char **s, char c)
{
	if (**s != c)
		return -1;
	(*s)++;
	return 0;
}

static int take_day(const char **s, struct tm *tm)
{
	if (take_number(s, 4, &tm->tm_year) < 0 || take_char(s, '-') < 0 ||
	    take_number(s, 2, &tm->tm_mon) < 0 || take_char(s, '-') < 0 ||
	    take_number(s, 2, &tm->tm_mday) < 0)
		return -1;
	tm->tm_year -= 1900;
	tm->tm_mon--;
	return 0;
}

static int take_time(const char **s, struct tm *tm, long *out_ns)
{
	if (take_number(s, 2, &tm->tm_hour) < 0 || take_char(s, ':') < 0 ||
	    take_number(s, 2, &tm->tm_min) < 0)
		return -1;
	if (**s != ':')
		return 0;
	(*s)++;
	return take_number(s, 2, &tm->tm_sec) < 0 ? -1 : take_fraction(s, out_ns);
}

/* The zone at the end, if there is one: @out_known, and its seconds east of Greenwich. */
static int take_zone(const char *s, bool *out_known, long *out_east)
{
	int sign, hours, minutes = 0;

	while (*s == ' ')
		s++;
	*out_east = 0;
	*out_known = *s != '\0';
	if (!*s || strcmp(s, "Z") == 0 || strcmp(s, "UTC") == 0 || strcmp(s, "GMT") == 0)
		return 0;
	sign = *s == '-' ? -1 : 1;
	if (*s != '+' && *s != '-')
		return -1;
	s++;
	if (take_number(&s, 2, &hours) < 0)
		return -1;
	if (*s == ':')
		s++;
	if (*s && take_number(&s, 2, &minutes) < 0)
		return -1;
	*out_east = sign * (hours * 3600L + minutes * 60L);
	return *s || hours > 24 || minutes > 59 ? -1 : 0;
}

/* mktime(3) takes the 31st of February for the 3rd of March; date(1) does not. */
static bool is_same(const struct tm *a, const struct tm *b)
{
	return a->tm_year == b->tm_year && a->tm_mon == b->tm_mon && a->tm_mday == b->tm_mday &&
	       a->tm_hour == b->tm_hour && a->tm_min == b->tm_min && a->tm_sec == b->tm_sec;
}

static int parse_calendar(const char *s, struct timespec *out)
{
	struct tm tm = {.tm_isdst = -1}, checked;
	bool zone_known;
	long east;

	out->tv_nsec = 0;
	if (take_day(&s, &tm) < 0)
		return -1;
	if (*s == 'T' || (*s == ' ' && isdigit((unsigned char)s[1]))) {
		s++;
		if (take_time(&s, &tm, &out->tv_nsec) < 0)
			return -1;
	}
	if (take_zone(s, &zone_known, &east) < 0)
		return -1;
	checked = tm;
	out->tv_sec = zone_known ? timegm(&checked) : mktime(&checked);
	if (!is_same(&tm, &checked))
		return -1;
	out->tv_sec -= east;
	return 0;
}

int date_parse(const char *text, const struct timespec *now, struct timespec *out)
{
	while (*text == ' ')
		text++;
	if (strcmp(text, "now") == 0 || strcmp(text, "today") == 0) {
		*out = *now;
		return 0;
	}
	return *text == '@' ? parse_seconds(text + 1, out) : parse_calendar(text, out);
}
