/* SPDX-License-Identifier: Apache-2.0 */
#include <base/str.h>

#include <base/cleanup.h>
#include <stdint.h>
#include <string.h>

static void die_nomem(void) __attribute__((noreturn));

static void die_nomem(void)
{
	static const char text[] = "belljar: out of memory\n";
	ssize_t n = write(STDERR_FILENO, text, sizeof(text) - 1);

	(void)n;
	abort();
}

void *xmalloc(size_t n)
{
	void *p = malloc(n ? n : 1);

	if (!p)
		die_nomem();
	return p;
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		die_nomem();
	return p;
}

void *xrealloc(void *p, size_t n)
{
	void *q = realloc(p, n ? n : 1);

	if (!q)
		die_nomem();
	return q;
}

char *xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}

char *xstrndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *copy = xmalloc(len + 1);

	memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *xasprintf(const char *fmt, ...)
{
	struct strbuf sb = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	return strbuf_steal(&sb);
}

/* Room for @more bytes and the terminator. */
static void strbuf_room(struct strbuf *sb, size_t more)
{
	size_t want;

	if (__builtin_add_overflow(sb->len, more, &want) || want >= SIZE_MAX / 2)
		die_nomem();
	if (want < sb->cap)
		return;
	sb->cap = want + 1 > 2 * sb->cap ? want + 1 : 2 * sb->cap;
	if (sb->cap < 32)
		sb->cap = 32;
	sb->s = xrealloc(sb->s, sb->cap);
}

void strbuf_release(struct strbuf *sb)
{
	free(sb->s);
	*sb = STRBUF_INIT;
}

void strbuf_clear(struct strbuf *sb)
{
	sb->len = 0;
	if (sb->s)
		sb->s[0] = '\0';
}

void strbuf_add(struct strbuf *sb, const void *data, size_t len)
{
	strbuf_room(sb, len);
	if (len)
		memcpy(sb->s + sb->len, data, len);
	sb->len += len;
	sb->s[sb->len] = '\0';
}

void strbuf_adds(struct strbuf *sb, const char *s)
{
	strbuf_add(sb, s, strlen(s));
}

void strbuf_addc(struct strbuf *sb, char c)
{
	strbuf_add(sb, &c, 1);
}

void strbuf_addf(struct strbuf *sb, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(sb, fmt, ap);
	va_end(ap);
}

void strbuf_vaddf(struct strbuf *sb, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	strbuf_room(sb, 64);
	n = vsnprintf(sb->s + sb->len, sb->cap - sb->len, fmt, ap);
	if (n < 0)
		die_nomem();
	if ((size_t)n >= sb->cap - sb->len) {
		strbuf_room(sb, (size_t)n);
		n = vsnprintf(sb->s + sb->len, sb->cap - sb->len, fmt, again);
		if (n < 0)
			die_nomem();
	}
	sb->len += (size_t)n;
	va_end(again);
}

char *strbuf_steal(struct strbuf *sb)
{
	char *s = sb->s ? sb->s : xstrdup("");

	*sb = STRBUF_INIT;
	return s;
}

const char *strbuf_str(const struct strbuf *sb)
{
	return sb->s ? sb->s : "";
}

void strv_release(struct strv *sv)
{
	for (size_t i = 0; i < sv->n; i++)
		free(sv->v[i]);
	free(sv->v);
	*sv = STRV_INIT;
}

void strv_push(struct strv *sv, const char *s)
{
	strv_push_take(sv, xstrdup(s));
}

void strv_push_take(struct strv *sv, char *s)
{
	size_t used = sv->n + 1; /* with the NULL at the end */

	if (sv->cap == 0 || used == sv->cap)
		ARRAY_GROW(sv->v, sv->cap, sv->cap);
	sv->v[sv->n++] = s;
	sv->v[sv->n] = NULL;
}

void strv_pushf(struct strv *sv, const char *fmt, ...)
{
	struct strbuf sb = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	strv_push_take(sv, strbuf_steal(&sb));
}

bool strv_contains(const struct strv *sv, const char *s)
{
	for (size_t i = 0; i < sv->n; i++)
		if (strcmp(sv->v[i], s) == 0)
			return true;
	return false;
}

static int compare_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

bool strv_equal(const struct strv *a, const struct strv *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->v[i], b->v[i]) != 0)
			return false;
	return true;
}

void strv_sort(struct strv *sv)
{
	if (sv->n > 1)
		qsort(sv->v, sv->n, sizeof(*sv->v), compare_text);
}

void strv_copy(struct strv *dst, const struct strv *src)
{
	size_t n = src->n; /* dst may be src */

	for (size_t i = 0; i < n; i++)
		strv_push(dst, src->v[i]);
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

/* The smallest value that a second, third and fourth byte may have is fixed by the first one:
 * Unicode 15, table 3-7. */
size_t str_utf8_char(const char *s, size_t len)
{
	const unsigned char *u = (const unsigned char *)s;
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (len == 0)
		return 0;
	if (u[0] < 0x80)
		return 1;
	if (u[0] < 0xc2 || u[0] > 0xf4)
		return 0;
	n = u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;
	if (u[0] == 0xe0)
		low = 0xa0;
	else if (u[0] == 0xed)
		high = 0x9f;
	else if (u[0] == 0xf0)
		low = 0x90;
	else if (u[0] == 0xf4)
		high = 0x8f;
	if (len < n || u[1] < low || u[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

#define NEAR_MAX 64 /* longer words are no typing errors */

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Optimal string alignment: Levenshtein plus the swap of two neighbours as one step. */
static size_t edit_distance(const char *a, size_t n, const char *b, size_t m)
{
	size_t row[3][NEAR_MAX + 1];
	size_t *before = row[0], *last = row[1], *now = row[2];

	for (size_t j = 0; j <= m; j++)
		last[j] = j;
	for (size_t i = 1; i <= n; i++) {
		now[0] = i;
		for (size_t j = 1; j <= m; j++) {
			now[j] = min3(last[j] + 1, now[j - 1] + 1,
				      last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = min3(now[j], before[j - 2] + 1, SIZE_MAX);
		}
		size_t *free_row = before;

		before = last;
		last = now;
		now = free_row;
	}
	return last[m];
}

const char *str_nearest(const char *word, const char *const *candidates, size_t n)
{
	const char *best = NULL;
	size_t best_distance = 3, len = strlen(word);

	for (size_t i = 0; i < n; i++) {
		size_t m = strlen(candidates[i]), d;

		if (len > NEAR_MAX || m > NEAR_MAX)
			continue;
		d = edit_distance(word, len, candidates[i], m);
		/* Two errors in a word of four letters make any word. */
		if (d < best_distance && 3 * d <= (len > m ? len : m) + 1) {
			best = candidates[i];
			best_distance = d;
		}
	}
	return best;
}
