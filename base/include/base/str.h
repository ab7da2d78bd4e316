/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Growing strings and string vectors. Allocation failure aborts the process with a message written
 * by write(2): belljar keeps no state that an abort could lose (everything on disk is published by
 * rename), and a tool that checks each small malloc is harder to read than it is safer.
 */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct strbuf {
	char *s;    /* NULL when empty and never grown; terminated otherwise */
	size_t len; /* bytes without the terminator */
	size_t cap;
};

#define STRBUF_INIT ((struct strbuf){0})

void strbuf_release(struct strbuf *sb);
void strbuf_clear(struct strbuf *sb); /* len 0, memory kept */
void strbuf_add(struct strbuf *sb, const void *data, size_t len);
void strbuf_adds(struct strbuf *sb, const char *s);
void strbuf_addc(struct strbuf *sb, char c);
void strbuf_addf(struct strbuf *sb, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strbuf_vaddf(struct strbuf *sb, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
/* Hand the text out (never NULL); the buffer is empty afterwards. The caller frees. */
char *strbuf_steal(struct strbuf *sb) __attribute__((returns_nonnull));
/* The text, "" when empty. Borrowed. */
const char *strbuf_str(const struct strbuf *sb) __attribute__((returns_nonnull));

/* A vector of strings that it owns; v[n] is always NULL once anything was pushed. */
struct strv {
	char **v;
	size_t n, cap;
};

#define STRV_INIT ((struct strv){0})

void strv_release(struct strv *sv);
void strv_push(struct strv *sv, const char *s); /* copied */
void strv_push_take(struct strv *sv, char *s);  /* taken */
void strv_pushf(struct strv *sv, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool strv_contains(const struct strv *sv, const char *s);
bool strv_equal(const struct strv *a, const struct strv *b); /* in the same order */
void strv_sort(struct strv *sv);                             /* bytewise, as memcmp orders */
void strv_copy(struct strv *dst, const struct strv *src);    /* appends copies */

void *xmalloc(size_t n) __attribute__((returns_nonnull, malloc));
void *xcalloc(size_t n, size_t size) __attribute__((returns_nonnull, malloc));
void *xrealloc(void *p, size_t n) __attribute__((returns_nonnull));
char *xstrdup(const char *s) __attribute__((returns_nonnull));
char *xstrndup(const char *s, size_t n) __attribute__((returns_nonnull));
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2), returns_nonnull));

/* Make room for one more element of a growing array. */
#define ARRAY_GROW(ptr, n, cap)                                                                    \
	do {                                                                                       \
		if ((n) == (cap)) {                                                                \
			(cap) = (cap) ? (cap)*2 : 8;                                               \
			(ptr) = xrealloc((ptr), (size_t)(cap) * sizeof(*(ptr)));                   \
		}                                                                                  \
	} while (0)

bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
static inline bool str_empty(const char *s)
{
	return !s || !*s;
}

/*
 * Length of the UTF-8 character at @s (1 to 4), of which @len bytes may be read; 0 when it is not
 * one (wrong or cut sequence, surrogate, overlong form, above U+10FFFF, or @len is 0).
 */
size_t str_utf8_char(const char *s, size_t len);

/*
 * Dotted version order as Debian and Xen's tags need it: digits compare as numbers, so that
 * "4.9.4" < "4.20.4" and "4.20.9" < "4.20.10". Epoch ("1:"), revision ("-2") and '~', which sorts
 * before everything ("4.20.0~rc1" < "4.20.0"), as in Debian Policy 5.6.12. Returns <0, 0, >0.
 */
int version_compare(const char *a, const char *b);

/* "edit distance at most 2" suggestion for error messages; NULL when nothing is near. Borrowed. */
const char *str_nearest(const char *word, const char *const *candidates, size_t n);
