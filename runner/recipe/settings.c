/* SPDX-License-Identifier: Apache-2.0 */
#include <runner/settings.h>

#include <base/str.h>
#include <stdlib.h>
#include <string.h>

void settings_release(struct settings *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i].name);
		free(s->v[i].value);
	}
	free(s->v);
	*s = SETTINGS_INIT;
}

const char *settings_get(const struct settings *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++) {
		if (!strcmp(s->v[i].name, name))
			return s->v[i].value;
	}
	return NULL;
}

void settings_set(struct settings *s, const char *name, const char *value)
{
	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->v[i].name, name))
			continue;
		char *copy = xstrdup(value);
		free(s->v[i].value);
		s->v[i].value = copy;
		return;
	}
	ARRAY_GROW(s->v, s->n, s->cap);
	s->v[s->n++] = (struct setting){.name = xstrdup(name), .value = xstrdup(value)};
}

void settings_merge(struct settings *s, const struct settings *from)
{
	for (size_t i = 0; i < from->n; i++)
		settings_set(s, from->v[i].name, from->v[i].value);
}

bool settings_equal(const struct settings *a, const struct settings *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const char *other = settings_get(b, a->v[i].name);

		if (!other || strcmp(other, a->v[i].value))
			return false;
	}
	return true;
}
