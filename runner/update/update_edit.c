/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changing single values of a YAML file that people wrote: by their position, so that comments,
 * order and spelling of all the rest stay. Whoever edits parses the result again.
 */
#include "updating.h"

#include <base/cleanup.h>
#include <string.h>

void edits_release(struct edits *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->v[i].with);
	free(e->v);
	*e = (struct edits){0};
}

static void add(struct edits *e, size_t at, size_t len, char *with_taken)
{
	ARRAY_GROW(e->v, e->n, e->cap);
	e->v[e->n] = (struct edit){at, len, e->n, with_taken};
	e->n++;
}

static size_t line_start(const char *text, int line)
{
	return yaml_line_offset(text, strlen(text), line);
}

/* Bytes of the scalar as it stands there; 0 when it is not in one line. */
static size_t scalar_length(const char *s, const struct yaml *node)
{
	char quote = *s;

	if (!node->quoted)
		return str_starts(s, node->text) && !strchr(node->text, '\n') ? strlen(node->text)
									      : 0;
	if (quote != '"' && quote != '\'')
		return 0;
	for (size_t i = 1; s[i] && s[i] != '\n'; i++) {
		if (quote == '"' && s[i] == '\\' && s[i + 1])
			i++;
		else if (s[i] == quote && quote == '\'' && s[i + 1] == quote)
			i++;
		else if (s[i] == quote)
			return i + 1;
	}
	return 0;
}

int edit_scalar(struct edits *e, const struct yaml *node, const char *value, bool quote,
		struct err *err)
{
	size_t at = yaml_offset(e->text, strlen(e->text), node->line, node->column);
	size_t len = node->kind == YAML_SCALAR ? scalar_length(e->text + at, node) : 0;

	if (!len)
		return yaml_error(node, err,
				  "this value cannot be changed in place: write it in one line");
	if (strpbrk(value, "\"\\\n"))
		return yaml_error(node, err, "'%s' cannot be written here", value);
	quote = quote || node->quoted;
	add(e, at, len, xasprintf("%s%s%s", quote ? "\"" : "", value, quote ? "\"" : ""));
	return 0;
}

/* A line that is only a comment. */
static bool is_comment(const char *line)
{
	return line[strspn(line, " \t")] == '#';
}

/* The first of the comment lines right above @at, which is the beginning of a line. */
static size_t above(const char *text, size_t at)
{
	while (at) {
		size_t before = at - 1;

		while (before && text[before - 1] != '\n')
			before--;
		if (!is_comment(text + before))
			break;
		at = before;
	}
	return at;
}

/* From the line of the i-th key to that of the next one, whose comments are its own. */
static void extent(const char *text, const struct yaml *root, size_t i, size_t *begin, size_t *end)
{
	*begin = line_start(text, root->key_lines[i]);
	*end = i + 1 < root->n ? above(text, line_start(text, root->key_lines[i + 1]))
			       : strlen(text);
	if (*end < *begin)
		*end = *begin;
}

static size_t key_index(const struct yaml *root, const char *key)
{
	size_t i = 0;

	while (i < root->n && strcmp(root->keys[i], key) != 0)
		i++;
	return i;
}

void edit_remove_key(struct edits *e, const struct yaml *root, const char *key)
{
	size_t i = key_index(root, key), begin, end;

	if (i == root->n)
		return;
	extent(e->text, root, i, &begin, &end);
	begin = above(e->text, begin);
	add(e, begin, end - begin, xstrdup(""));
}

void edit_insert(struct edits *e, const struct yaml *root, const char *before, const char *lines)
{
	size_t i = key_index(root, before), at = strlen(e->text);

	if (i < root->n)
		at = above(e->text, line_start(e->text, root->key_lines[i]));
	add(e, at, 0, xstrdup(lines));
}

void edit_append(struct edits *e, const struct yaml *root, const char *key, const char *lines)
{
	size_t i = key_index(root, key), begin = 0, end = strlen(e->text);

	if (i < root->n)
		extent(e->text, root, i, &begin, &end);
	/* Before the empty lines that set the next key apart. */
	while (end > begin + 1 && e->text[end - 1] == '\n' && e->text[end - 2] == '\n')
		end--;
	add(e, end, 0, xasprintf("%s%s", end && e->text[end - 1] != '\n' ? "\n" : "", lines));
}

static int by_place(const void *a, const void *b)
{
	const struct edit *x = a, *y = b;

	if (x->at != y->at)
		return x->at > y->at ? 1 : -1;
	return (x->order > y->order) - (x->order < y->order);
}

char *edits_apply(struct edits *e)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	size_t at = 0;

	if (e->n)
		qsort(e->v, e->n, sizeof(*e->v), by_place);
	for (size_t i = 0; i < e->n; i++) {
		if (e->v[i].at < at) /* inside of what was taken away */
			continue;
		strbuf_add(&sb, e->text + at, e->v[i].at - at);
		strbuf_adds(&sb, e->v[i].with);
		at = e->v[i].at + e->v[i].len;
	}
	strbuf_adds(&sb, e->text + at);
	return strbuf_steal(&sb);
}

char *drop_comments(const char *text)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	for (const char *p = text; *p;) {
		size_t len = strcspn(p, "\n") + (p[strcspn(p, "\n")] == '\n');

		if (p == text || !is_comment(p))
			strbuf_add(&sb, p, len);
		p += len;
	}
	return strbuf_steal(&sb);
}

bool yaml_same(const struct yaml *a, const struct yaml *b)
{
	if (a->kind != b->kind || a->n != b->n)
		return false;
	if (a->kind == YAML_SCALAR)
		return !strcmp(a->text, b->text) && a->quoted == b->quoted;
	/* As deep as the parser lets it be. */
	for (size_t i = 0; i < a->n; i++) {
		if ((a->kind == YAML_MAP && strcmp(a->keys[i], b->keys[i]) != 0) ||
		    !yaml_same(a->items[i], b->items[i]))
			return false;
	}
	return true;
}
