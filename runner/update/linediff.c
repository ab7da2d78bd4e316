/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A unified difference (POSIX diff -u) of two small texts: equal ends cut off, then the longest
 * common subsequence of what is left. Where that would take too much memory, all of it counts as
 * changed.
 */
#include <runner/update.h>

#include <base/cleanup.h>
#include <string.h>

#define CONTEXT   3
#define CELLS_MAX (4u << 20)

struct lines {
	const char **v; /* each up to its newline, or the end of the text */
	size_t *len;
	size_t n;
	bool open_end; /* no newline at the end of the text */
};

struct step {      /* one line of the difference */
	char sign; /* ' ', '-', '+' */
	size_t old, new;
};

struct script {
	struct step *v;
	size_t n, cap;
};

static void split(const char *text, struct lines *out)
{
	size_t cap = 0;

	for (const char *p = text; p && *p;) {
		size_t len = strcspn(p, "\n");

		if (out->n == cap) {
			cap = cap ? cap * 2 : 64;
			out->v = xrealloc(out->v, cap * sizeof(*out->v));
			out->len = xrealloc(out->len, cap * sizeof(*out->len));
		}
		out->v[out->n] = p;
		out->len[out->n++] = len;
		out->open_end = p[len] == '\0';
		p += len + (p[len] == '\n');
	}
}

static void lines_release(struct lines *l)
{
	free(l->v);
	free(l->len);
}

static bool same(const struct lines *a, size_t i, const struct lines *b, size_t k)
{
	return a->len[i] == b->len[k] && !memcmp(a->v[i], b->v[k], a->len[i]) &&
	       (i + 1 == a->n && a->open_end) == (k + 1 == b->n && b->open_end);
}

static void add(struct script *s, char sign, size_t old, size_t new)
{
	ARRAY_GROW(s->v, s->n, s->cap);
	s->v[s->n++] = (struct step){sign, old, new};
}

/* The lines a[from..a_end) against b[from..b_end). */
static void middle(struct script *s, const struct lines *a, size_t a_end, const struct lines *b,
		   size_t b_end, size_t from)
{
	size_t n = a_end - from, m = b_end - from, i = 0, k = 0, w = m + 1;
	bool fits = n < 65536 && m < 65536 && (n + 1) * w <= CELLS_MAX;
	_cleanup_free_ unsigned *longest = fits ? xcalloc((n + 1) * w, sizeof(*longest)) : NULL;

	for (size_t x = n; longest && x-- > 0;) {
		for (size_t y = m; y-- > 0;) {
			unsigned down = longest[(x + 1) * w + y], right = longest[x * w + y + 1];

			longest[x * w + y] = same(a, from + x, b, from + y)
						     ? longest[(x + 1) * w + y + 1] + 1
						     : (down > right ? down : right);
		}
	}
	while (i < n || k < m) {
		if (longest && i < n && k < m && same(a, from + i, b, from + k)) {
			add(s, ' ', from + i, from + k);
			i++, k++;
		} else if (i < n && (k == m || !longest ||
				     longest[(i + 1) * w + k] >= longest[i * w + k + 1])) {
			add(s, '-', from + i, from + k);
			i++;
		} else {
			add(s, '+', from + i, from + k);
			k++;
		}
	}
}

static void compare(const struct lines *a, const struct lines *b, struct script *s)
{
	size_t head = 0, a_end = a->n, b_end = b->n;

	while (head < a->n && head < b->n && same(a, head, b, head)) {
		add(s, ' ', head, head);
		head++;
	}
	while (a_end > head && b_end > head && same(a, a_end - 1, b, b_end - 1)) {
		a_end--;
		b_end--;
	}
	middle(s, a, a_end, b, b_end, head);
	for (; a_end < a->n; a_end++, b_end++)
		add(s, ' ', a_end, b_end);
}

static void print_range(struct strbuf *sb, char sign, size_t at, size_t n)
{
	strbuf_addf(sb, "%c%zu", sign, n ? at + 1 : at);
	if (n != 1)
		strbuf_addf(sb, ",%zu", n);
}

static void print_hunk(struct strbuf *sb, const struct lines *a, const struct lines *b,
		       const struct step *v, size_t n)
{
	size_t old = 0, new = 0;

	for (size_t i = 0; i < n; i++) {
		old += v[i].sign != '+';
		new += v[i].sign != '-';
	}
	strbuf_adds(sb, "@@ ");
	print_range(sb, '-', v[0].old, old);
	strbuf_addc(sb, ' ');
	print_range(sb, '+', v[0].new, new);
	strbuf_adds(sb, " @@\n");
	for (size_t i = 0; i < n; i++) {
		const struct lines *l = v[i].sign == '+' ? b : a;
		size_t at = v[i].sign == '+' ? v[i].new : v[i].old;

		strbuf_addc(sb, v[i].sign);
		strbuf_add(sb, l->v[at], l->len[at]);
		strbuf_addc(sb, '\n');
		if (at + 1 == l->n && l->open_end)
			strbuf_adds(sb, "\\ No newline at end of file\n");
	}
}

/* Changes with no more than two contexts of equal lines between them are one hunk. */
static void print_hunks(struct strbuf *sb, const struct lines *a, const struct lines *b,
			const struct script *s)
{
	for (size_t i = 0; i < s->n; i++) {
		size_t begin, last = i;

		if (s->v[i].sign == ' ')
			continue;
		begin = i > CONTEXT ? i - CONTEXT : 0;
		for (; i < s->n && i - last <= 2 * CONTEXT; i++)
			if (s->v[i].sign != ' ')
				last = i;
		i = last + CONTEXT + 1 < s->n ? last + CONTEXT + 1 : s->n;
		print_hunk(sb, a, b, s->v + begin, i - begin);
		i--;
	}
}

char *line_diff(const char *name, const char *old_text, const char *new_text)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	_cleanup_(lines_release) struct lines a = {0}, b = {0};
	struct script s = {0};

	split(old_text, &a);
	split(new_text, &b);
	if (old_text && new_text && !strcmp(old_text, new_text))
		return xstrdup("");
	strbuf_addf(&sb, "--- %s%s\n", old_text ? "a/" : "/dev/null", old_text ? name : "");
	strbuf_addf(&sb, "+++ %s%s\n", new_text ? "b/" : "/dev/null", new_text ? name : "");
	compare(&a, &b, &s);
	print_hunks(&sb, &a, &b, &s);
	free(s.v);
	return strbuf_steal(&sb);
}
