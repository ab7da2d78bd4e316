/* SPDX-License-Identifier: Apache-2.0 */
#include "opts.h"

#include <stdio.h>
#include <string.h>

enum arg { ARG_NONE, ARG_REQUIRED, ARG_OPTIONAL };

void opts_init(struct opts *o, const struct opts_spec *spec, char **argv)
{
	*o = (struct opts){.spec = spec, .argv = argv, .index = argv[0] ? 1 : 0};
}

bool opts_is(const struct opts *o, const char *one, const char *other)
{
	return (one && strcmp(o->name, one) == 0) || (other && strcmp(o->name, other) == 0);
}

static enum opts_kind bad(struct opts *o, const char *as_written, const char *why)
{
	snprintf(o->name, sizeof(o->name), "%s", as_written);
	o->value = why;
	return OPTS_BAD;
}

static enum arg arg_kind(const char *after_name)
{
	if (after_name[0] != ':')
		return ARG_NONE;
	return after_name[1] == ':' ? ARG_OPTIONAL : ARG_REQUIRED;
}

struct match {
	const char *word; /* in the table */
	size_t len;
	enum arg arg;
	unsigned candidates; /* 0: unknown, 1: found, more: ambiguous */
};

static struct match find_long(const char *longs, const char *name, size_t len)
{
	struct match m = {0};

	for (const char *word = longs; *word; word += strspn(word, ": ")) {
		size_t n = strcspn(word, ": ");

		if (n >= len && memcmp(word, name, len) == 0) {
			m = (struct match){word, n, arg_kind(word + n), m.candidates + 1};
			if (n == len) {
				m.candidates = 1;
				return m;
			}
		}
		word += n;
	}
	return m;
}

/* The value of an option that needs one is the next argument. */
static enum opts_kind take_next(struct opts *o, const char *as_written)
{
	if (!o->argv[o->index])
		return bad(o, as_written, "needs a value");
	o->value = o->argv[o->index++];
	return OPTS_OPTION;
}

static enum opts_kind next_long(struct opts *o, const char *arg)
{
	const char *name = arg + 2;
	size_t len = (o->spec->flags & OPTS_EQUALS) ? strcspn(name, "=") : strlen(name);
	const char *attached = name[len] ? name + len + 1 : NULL;
	struct match m = find_long(o->spec->longs, name, len);
	bool negated = false;

	if (m.candidates == 0 && (o->spec->flags & OPTS_NO) && len > 3 &&
	    strncmp(name, "no-", 3) == 0) {
		m = find_long(o->spec->longs, name + 3, len - 3);
		m.arg = ARG_NONE;
		negated = true;
	}
	if (m.candidates != 1 || m.len + 4 > sizeof(o->name))
		return bad(o, arg, m.candidates > 1 ? "is ambiguous" : "is not known");
	if (attached && m.arg == ARG_NONE)
		return bad(o, arg, "takes no value");
	snprintf(o->name, sizeof(o->name), "%s%.*s", negated ? "no-" : "", (int)m.len, m.word);
	o->value = attached;
	if (m.arg == ARG_REQUIRED && !attached)
		return take_next(o, arg);
	return OPTS_OPTION;
}

static enum opts_kind next_short(struct opts *o)
{
	char letter = *o->cluster++;
	/* ":" marks values in the table; curl's option of that name is not understood */
	const char *found = letter == ':' ? NULL : strchr(o->spec->shorts, letter);
	const char as_written[] = {'-', letter, '\0'};
	enum arg arg;

	if (*o->cluster == '\0')
		o->cluster = NULL;
	if (!found) {
		o->cluster = NULL;
		return bad(o, as_written, "is not known");
	}
	arg = arg_kind(found + 1);
	o->name[0] = letter;
	o->name[1] = '\0';
	o->value = NULL;
	if (arg == ARG_NONE)
		return OPTS_OPTION;
	o->value = o->cluster;
	o->cluster = NULL;
	if (arg == ARG_REQUIRED && !o->value)
		return take_next(o, as_written);
	return OPTS_OPTION;
}

enum opts_kind opts_next(struct opts *o)
{
	char *arg;

	if (o->cluster)
		return next_short(o);
	arg = o->argv[o->index];
	if (!arg)
		return OPTS_END;
	o->index++;
	if (!o->operands_only && strcmp(arg, "--") == 0) {
		o->operands_only = true;
		return opts_next(o);
	}
	if (o->operands_only || arg[0] != '-' || arg[1] == '\0') {
		o->operands_only |= (o->spec->flags & OPTS_STOP) != 0;
		o->value = arg;
		return OPTS_OPERAND;
	}
	if (arg[1] == '-')
		return next_long(o, arg);
	o->cluster = arg + 1;
	return next_short(o);
}
