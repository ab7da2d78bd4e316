/* SPDX-License-Identifier: Apache-2.0 */
#include <runner/branch_edit.h>

#include <base/cleanup.h>
#include <base/file.h>
#include <fcntl.h>
#include <runner/recipe.h>
#include <string.h>
#include <unistd.h>

#define FILE_NAME  "branch.yaml"
#define OUR_INDENT 2

static void drop_changes(struct branch_edit *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->changes[i].by);
	free(e->changes);
	e->changes = NULL;
	e->n = e->cap = 0;
}

void branch_edit_release(struct branch_edit *e)
{
	drop_changes(e);
	yaml_doc_release(&e->doc);
	free(e->path);
	free(e->text);
	*e = BRANCH_EDIT_INIT;
}

int branch_edit_allowed(const char *dir, struct err *err)
{
	_cleanup_free_ char *path = path_join(dir, FILE_NAME), *real = realpath(path, NULL);
	_cleanup_free_ char *folder = NULL;

	if (!real)
		return err_set(err, ERR_INPUT, errno, "%s", path);
	folder = xstrndup(real, (size_t)(path_base(real) - real));
	if (str_starts(real, "/usr/"))
		return err_set(err, ERR_INPUT, 0,
			       "%s is installed, and the next update would undo what is written "
			       "there: copy the recipes and give --recipes DIR",
			       real);
	/* A rename writes the folder; a file that is read-only is meant to stay as it is. */
	if (faccessat(AT_FDCWD, folder, W_OK, AT_EACCESS) < 0 ||
	    faccessat(AT_FDCWD, real, W_OK, AT_EACCESS) < 0)
		return err_set(err, ERR_INPUT, errno,
			       "%s cannot be written: copy the recipes and give --recipes DIR",
			       real);
	return 0;
}

/* @text becomes the editor's if it parses; otherwise all stays. It may have NULs: refused. */
static int take_text(struct branch_edit *e, char **text, size_t len, struct err *err)
{
	struct yaml_doc now = {0};

	if (yaml_parse(e->path, *text, len, &now, err) < 0)
		return -1;
	yaml_doc_release(&e->doc);
	e->doc = now;
	free(e->text);
	e->text = TAKE_PTR(*text);
	return 0;
}

int branch_edit_open(struct branch_edit *e, const char *dir, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;

	*e = BRANCH_EDIT_INIT;
	e->path = path_join(dir, FILE_NAME);
	if (file_read(AT_FDCWD, e->path, BRANCH_MAX, &text, &len, err) < 0)
		return -1;
	return take_text(e, &text, len, err);
}

int branch_edit_parse(struct branch_edit *e, const char *path, const char *text, struct err *err)
{
	_cleanup_free_ char *copy = xstrdup(text);

	*e = BRANCH_EDIT_INIT;
	e->path = xstrdup(path);
	return take_text(e, &copy, strlen(copy), err);
}

/* ---- places ---- */

size_t branch_edit_line(const struct branch_edit *e, int line)
{
	return yaml_line_offset(e->text, strlen(e->text), line);
}

size_t branch_edit_offset(const struct branch_edit *e, int line, int column)
{
	return yaml_offset(e->text, strlen(e->text), line, column);
}

int branch_edit_last_line(const struct yaml *node)
{
	int last = node->line;

	for (size_t i = 0; i < node->n; i++) {
		int line = branch_edit_last_line(node->items[i]);

		last = line > last ? line : last;
	}
	return last;
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

static size_t find_scalar(const struct branch_edit *e, const struct yaml *node, size_t *out_at)
{
	*out_at = branch_edit_offset(e, node->line, node->column);
	return node->kind == YAML_SCALAR ? scalar_length(e->text + *out_at, node) : 0;
}

bool branch_edit_in_place(const struct branch_edit *e, const struct yaml *node)
{
	size_t at;

	return find_scalar(e, node, &at) > 0;
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
static void extent(const struct branch_edit *e, size_t i, size_t *begin, size_t *end)
{
	const struct yaml *root = e->doc.root;

	*begin = branch_edit_line(e, root->key_lines[i]);
	*end = i + 1 < root->n ? above(e->text, branch_edit_line(e, root->key_lines[i + 1]))
			       : strlen(e->text);
	if (*end < *begin)
		*end = *begin;
}

/* The key's number in the topmost map; that of its keys when it has no such key. */
static size_t key_index(const struct yaml *root, const char *key)
{
	size_t i = 0;

	while (i < root->n && (root->kind != YAML_MAP || strcmp(root->keys[i], key) != 0))
		i++;
	return i;
}

/* ---- changes ---- */

static void add(struct branch_edit *e, size_t from, size_t to, char *by_taken, bool lines)
{
	ARRAY_GROW(e->changes, e->n, e->cap);
	e->changes[e->n] = (struct branch_edit_change){from, to, e->n, by_taken, lines};
	e->n++;
}

void branch_edit_range(struct branch_edit *e, size_t from, size_t to, const char *by)
{
	add(e, from, to, xstrdup(by), false);
}

void branch_edit_lines(struct branch_edit *e, size_t at, const char *lines)
{
	add(e, at, at, xstrdup(lines), true);
}

int branch_edit_scalar(struct branch_edit *e, const struct yaml *node, const char *value,
		       bool quote, struct err *err)
{
	const char *sign = quote || node->quoted ? "\"" : "";
	size_t at, len = find_scalar(e, node, &at);

	if (!len)
		return yaml_error(node, err,
				  "this value cannot be changed in place: write it in one line");
	if (strpbrk(value, "\"\\\n"))
		return yaml_error(node, err, "'%s' cannot be written here", value);
	if (!quote && e->text[at] == '\'' && !strchr(value, '\''))
		sign = "'";
	add(e, at, at + len, xasprintf("%s%s%s", sign, value, sign), false);
	return 0;
}

void branch_edit_remove_key(struct branch_edit *e, const char *key)
{
	size_t i = key_index(e->doc.root, key), begin, end;

	if (i == e->doc.root->n)
		return;
	extent(e, i, &begin, &end);
	branch_edit_range(e, above(e->text, begin), end, "");
}

void branch_edit_insert(struct branch_edit *e, const char *before, const char *lines)
{
	const struct yaml *root = e->doc.root;
	size_t i = key_index(root, before), at = strlen(e->text);

	if (i < root->n)
		at = above(e->text, branch_edit_line(e, root->key_lines[i]));
	branch_edit_lines(e, at, lines);
}

void branch_edit_append(struct branch_edit *e, const char *key, const char *lines)
{
	size_t i = key_index(e->doc.root, key), begin = 0, end = strlen(e->text);

	if (i < e->doc.root->n)
		extent(e, i, &begin, &end);
	/* Before the empty lines that set the next key apart. */
	while (end > begin + 1 && e->text[end - 1] == '\n' && e->text[end - 2] == '\n')
		end--;
	branch_edit_lines(e, end, lines);
}

char *branch_edit_entry(const struct yaml *list, const char *lines)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	int by = list && list->n ? list->column - 1 : OUR_INDENT;

	while (*lines) {
		size_t len = strcspn(lines, "\n"), skip = len < OUR_INDENT ? len : OUR_INDENT;

		strbuf_addf(&sb, "%*s%.*s\n", by, "", (int)(len - skip), lines + skip);
		lines += len + (lines[len] == '\n');
	}
	return strbuf_steal(&sb);
}

int branch_edit_drop_comments(struct branch_edit *e, struct err *err)
{
	_cleanup_(branch_edit_release) struct branch_edit bare = BRANCH_EDIT_INIT;
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	if (e->n)
		return err_set(err, ERR_BUG, 0, "%s: comments are dropped before changes", e->path);
	for (const char *p = e->text; *p;) {
		size_t len = strcspn(p, "\n") + (p[strcspn(p, "\n")] == '\n');

		if (p == e->text || !is_comment(p))
			strbuf_add(&sb, p, len);
		p += len;
	}
	if (branch_edit_parse(&bare, e->path, strbuf_str(&sb), err) < 0)
		return -1;
	if (yaml_same(e->doc.root, bare.doc.root)) {
		struct branch_edit old = *e;

		*e = bare;
		bare = old;
	}
	return 0;
}

/* ---- the result ---- */

static int by_place(const void *a, const void *b)
{
	const struct branch_edit_change *x = a, *y = b;

	if (x->from != y->from)
		return x->from > y->from ? 1 : -1;
	return (x->order > y->order) - (x->order < y->order);
}

/* In a file in braces, a key's lines are those of other keys as well. */
static int overlap(const struct branch_edit *e, size_t at, struct err *err)
{
	int line = 1;

	for (const char *s = e->text; s < e->text + at; s++)
		line += *s == '\n';
	return err_set(err, ERR_INPUT, 0,
		       "%s:%d: two changes meet in one place: begin every key of the file on a "
		       "line of its own",
		       e->path, line);
}

static int make_text(struct branch_edit *e, struct strbuf *out, struct err *err)
{
	size_t at = 0, len = strlen(e->text);

	if (e->n)
		qsort(e->changes, e->n, sizeof(*e->changes), by_place);
	for (size_t i = 0; i < e->n; i++) {
		const struct branch_edit_change *c = &e->changes[i];

		if (c->to < c->from || c->to > len)
			return err_set(err, ERR_BUG, 0, "%s: a change of no place", e->path);
		if (c->from < at)
			return overlap(e, c->from, err);
		strbuf_add(out, e->text + at, c->from - at);
		if (c->lines && out->len && out->s[out->len - 1] != '\n')
			strbuf_addc(out, '\n');
		strbuf_adds(out, c->by);
		at = c->to;
	}
	strbuf_adds(out, e->text + at);
	return 0;
}

int branch_edit_apply(struct branch_edit *e, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	_cleanup_free_ char *now = NULL;
	size_t len;

	if (make_text(e, &sb, err) < 0)
		return -1;
	len = sb.len;
	now = strbuf_steal(&sb);
	if (take_text(e, &now, len, err) < 0)
		return -1;
	drop_changes(e);
	return 0;
}

static int replace(int dir, const char *name, const char *text, const struct stat *old,
		   struct err *err)
{
	mode_t mode = old ? old->st_mode & 0777 : 0644;

	if (file_write_atomic(dir, name, text, strlen(text), mode, err) < 0)
		return -1;
	/* Under sudo the file stays its owner's. */
	if (old && geteuid() == 0 &&
	    fchownat(dir, name, old->st_uid, old->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(err, ERR_STORE, errno, "give %s back to its owner", name);
	return 0;
}

int branch_edit_save(const struct branch_edit *e, struct err *err)
{
	_cleanup_free_ char *real = realpath(e->path, NULL);
	struct stat st;

	if (e->n)
		return err_set(err, ERR_BUG, 0, "%s: changes that are not applied", e->path);
	if (!real || stat(real, &st) < 0)
		return err_set(err, ERR_INPUT, errno, "%s", e->path);
	return replace(AT_FDCWD, real, e->text, &st, err);
}

int branch_edit_write(int dir, const char *text, struct err *err)
{
	struct stat st;
	bool there = fstatat(dir, FILE_NAME, &st, 0) == 0;

	return replace(dir, FILE_NAME, text, there ? &st : NULL, err);
}
