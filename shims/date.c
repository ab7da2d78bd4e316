/* SPDX-License-Identifier: Apache-2.0 */
#include "date.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "opts.h"
#include "tools.h"

/* date(1). -s is here so that it is refused with its reason; -f and --debug are not known. */
static const struct opts_spec date_spec = {
	.shorts = "d:I::Rr:s:u",
	.longs = "date: iso-8601:: rfc-email rfc-822 rfc-2822 rfc-3339: reference: set: utc "
		 "uct universal",
	.flags = OPTS_EQUALS,
};

enum { TEXT_MAX = 8192 };

struct date {
	const char *format, *string, *file;
	const char *what, *why; /* set when the call is not understood */
};

static int not_understood(struct date *d, const char *what, const char *why)
{
	d->what = what;
	d->why = why;
	return -1;
}

static int set_format(struct date *d, const char *format)
{
	if (d->format)
		return not_understood(d, format, "is a second format");
	d->format = format;
	return 0;
}

struct precision {
	const char *name, *format;
};

static const struct precision iso[] = {
	{"date", "%Y-%m-%d"},
	{"hours", "%Y-%m-%dT%H%:z"},
	{"minutes", "%Y-%m-%dT%H:%M%:z"},
	{"seconds", "%Y-%m-%dT%H:%M:%S%:z"},
	{"ns", "%Y-%m-%dT%H:%M:%S,%N%:z"},
	{NULL, NULL},
};

static const struct precision rfc_3339[] = {
	{"date", "%Y-%m-%d"},
	{"seconds", "%Y-%m-%d %H:%M:%S%:z"},
	{"ns", "%Y-%m-%d %H:%M:%S.%N%:z"},
	{NULL, NULL},
};

/* A precision may be cut to a prefix; no two share their first letter. */
static int set_precision(struct date *d, const struct precision *table, const char *name)
{
	for (; table->name; table++)
		if (name[0] && strncmp(table->name, name, strlen(name)) == 0)
			return set_format(d, table->format);
	return not_understood(d, name, "is no precision");
}

static int take_option(struct date *d, const struct opts *o)
{
	if (opts_is(o, "d", "date"))
		d->string = o->value;
	else if (opts_is(o, "r", "reference"))
		d->file = o->value;
	else if (opts_is(o, "s", "set"))
		return not_understood(d, "setting the clock", "is not possible");
	else if (opts_is(o, "I", "iso-8601"))
		return set_precision(d, iso, o->value ? o->value : "date");
	else if (opts_is(o, "rfc-3339", NULL))
		return set_precision(d, rfc_3339, o->value);
	else if (opts_is(o, "R", "rfc-email") || opts_is(o, "rfc-822", "rfc-2822"))
		return set_format(d, "%a, %d %b %Y %H:%M:%S %z");
	else if (setenv("TZ", "UTC0", 1) < 0) /* what is left is -u */
		return not_understood(d, "TZ", "cannot be set");
	return 0;
}

static int parse(struct date *d, char **argv)
{
	enum opts_kind kind;
	struct opts o;

	opts_init(&o, &date_spec, argv);
	while ((kind = opts_next(&o)) != OPTS_END) {
		static char name[sizeof(o.name)];

		if (kind == OPTS_BAD) {
			snprintf(name, sizeof(name), "%s", o.name);
			return not_understood(d, name, o.value);
		}
		if (kind == OPTS_OPTION && take_option(d, &o) < 0)
			return -1;
		if (kind == OPTS_OPERAND && o.value[0] != '+')
			return not_understood(d, "setting the clock", "is not possible");
		if (kind == OPTS_OPERAND && set_format(d, o.value + 1) < 0)
			return -1;
	}
	if (d->string && d->file)
		return not_understood(d, "-d", "with -r is not possible");
	return 0;
}

/*
 * What time it is: the policy's text first, so that it holds where a build script clears the
 * environment. Without either, the first second of 1970: never the clock.
 */
static int read_epoch(const struct call *c, struct timespec *out)
{
	const char *text = c->policy->text;
	char *end;

	*out = (struct timespec){0};
	if (!text[0])
		text = getenv("SOURCE_DATE_EPOCH");
	if (!text || !text[0])
		return 0;
	errno = 0;
	out->tv_sec = strtoll(text, &end, 10);
	return errno || *end ? -1 : 0;
}

int date_epoch(const struct call *c)
{
	char text[TEXT_MAX];
	struct date d = {0};
	struct timespec when;
	struct stat st;

	if (read_epoch(c, &when) < 0)
		return call_refuse(c, 1, NULL, "the epoch is not a number of seconds");
	if (parse(&d, c->argv) < 0)
		return call_puzzled(c, 1, d.what, d.why);
	if (d.file && stat(d.file, &st) < 0)
		return call_refuse(c, 1, NULL, "%s: %s", d.file, strerror(errno));
	if (d.file)
		when = st.st_mtim;
	if (d.string && date_parse(d.string, &when, &when) < 0)
		return call_refuse(
			c, 1,
			"understood are @SECONDS, now, YYYY-MM-DD and YYYY-MM-DD HH:MM:SS; "
			"what counts from the clock differs on every day",
			"-d '%s' is not implemented", d.string);
	if (date_format(d.format ? d.format : "%a %b %e %H:%M:%S %Z %Y", &when, text,
			sizeof(text)) < 0)
		return call_refuse(
			c, 1, NULL,
			"the year has not four digits, or the format's result is too long");
	return call_print_line(c, text);
}
