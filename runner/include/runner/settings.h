/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * An ordered list of name=value: environments, option values, conditions. Small enough that a
 * linear search is the fastest one.
 */

#include <stdbool.h>
#include <stddef.h>

struct setting {
	char *name, *value;
};

struct settings {
	struct setting *v;
	size_t n, cap;
};

#define SETTINGS_INIT ((struct settings){0})

void settings_release(struct settings *s);
/* The value of @name or NULL. Borrowed. */
const char *settings_get(const struct settings *s, const char *name);
/* Replace or append; both texts are copied. */
void settings_set(struct settings *s, const char *name, const char *value);
/* settings_set() for every pair of @from. */
void settings_merge(struct settings *s, const struct settings *from);
/* Same names with the same values, in any order. */
bool settings_equal(const struct settings *a, const struct settings *b);
