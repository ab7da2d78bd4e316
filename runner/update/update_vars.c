/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values out of upstream's makefiles, read and never run: what make would compute is not guessed,
 * only a plain value counts.
 */
#include "updating.h"

#include <base/cleanup.h>
#include <string.h>

#define BLANK     " \t\r"
#define VALUE_MAX 300

/* The value behind the assignment sign at @s, or NULL. */
static const char *assigned(const char *s)
{
	static const char *const signs[] = {"?=", "::=", ":=", "="};

	s += strspn(s, BLANK);
	for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
		if (str_starts(s, signs[i]))
			return s + strlen(signs[i]) + strspn(s + strlen(signs[i]), BLANK);
	return NULL;
}

/* @value up to a comment, without blanks at its end. */
static char *trimmed(const char *value)
{
	size_t n = strcspn(value, "#");

	while (n && strchr(BLANK, value[n - 1]))
		n--;
	return xstrndup(value, n);
}

static bool is_plain(const char *s)
{
	size_t n = 0;

	for (; s[n]; n++)
		if (s[n] <= ' ' || s[n] > '~' || strchr("$\\\"'`;&|<>(){}*?[]!#", s[n]))
			return false;
	return n > 0 && n <= VALUE_MAX && s[0] != '-';
}

void make_variable(const char *text, const char *name, struct strv *out)
{
	size_t n = strlen(name);

	for (const char *p = text; *p;) {
		size_t len = strcspn(p, "\n");
		_cleanup_free_ char *line = xstrndup(p, len);
		const char *at = line + strspn(line, BLANK), *value;
		_cleanup_free_ char *plain = NULL;

		p += len + (p[len] == '\n');
		/* A tab begins a recipe's line: shell, not make. */
		if (*line == '\t' || strncmp(at, name, n) != 0)
			continue;
		value = assigned(at + n);
		plain = value ? trimmed(value) : NULL;
		if (plain && is_plain(plain) && !strv_contains(out, plain))
			strv_push(out, plain);
	}
}

static bool date_ok(const char *s)
{
	static const char form[] = "dddd-dd-dd";

	for (size_t i = 0; form[i]; i++)
		if (form[i] == 'd' ? s[i] < '0' || s[i] > '9' : s[i] != form[i])
			return false;
	return !s[strlen(form) + strspn(s + strlen(form), BLANK)];
}

char *support_date(const char *text, const char *key)
{
	size_t n = strlen(key);

	for (const char *p = text; *p;) {
		size_t len = strcspn(p, "\n");
		_cleanup_free_ char *line = xstrndup(p, len);
		const char *at = line + strspn(line, BLANK);

		p += len + (p[len] == '\n');
		if (strncmp(at, key, n) != 0 || at[n] != ':')
			continue;
		at += n + 1;
		at += strspn(at, BLANK);
		return date_ok(at) ? xstrndup(at, 10) : NULL;
	}
	return NULL;
}
