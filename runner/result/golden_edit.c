/* SPDX-License-Identifier: Apache-2.0 */
/* Golden hashes written into a branch.yaml that people wrote. */
#include <runner/golden.h>

#include "branch_edit.h"

#include <base/cleanup.h>
#include <string.h>

int golden_writable(const struct branch *b, struct err *err)
{
	return branch_edit_allowed(b->dir, err);
}

/* golden_yaml() is indented by two; the file's list may be by more or less. */
static char *indented(const char *entry, int by)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	while (*entry) {
		size_t len = strcspn(entry, "\n");

		strbuf_addf(&sb, "%*s%.*s\n", by, "", (int)(len - 2), entry + 2);
		entry += len + (entry[len] == '\n');
	}
	return strbuf_steal(&sb);
}

/* Put other digits into the place of a hash: the text's length stays, and so do all places. */
static bool put_hash(struct branch_edit *e, const struct yaml *at, const char *hex)
{
	size_t from = branch_edit_offset(e, at->line, at->column);

	if (at->kind != YAML_SCALAR || strlen(at->text) != SHA256_HEX_LEN)
		return false;
	from += at->quoted;
	if (from + SHA256_HEX_LEN > e->text.len ||
	    memcmp(e->text.s + from, at->text, SHA256_HEX_LEN) != 0)
		return false;
	memcpy(e->text.s + from, hex, SHA256_HEX_LEN);
	return true;
}

static bool same_names(const struct yaml *map, const json_t *outputs)
{
	if (!map || map->kind != YAML_MAP || map->n != json_object_size(outputs))
		return false;
	for (size_t i = 0; i < map->n; i++)
		if (!json_object_get(outputs, map->keys[i]))
			return false;
	return true;
}

/* The usual case: only digits change, and comments inside the entry stay too. */
static bool replace_hashes(struct branch_edit *e, const struct yaml *entry, const char *root,
			   const json_t *outputs)
{
	const struct yaml *map = yaml_get(entry, "outputs"), *at = yaml_get(entry, "root");

	if (!same_names(map, outputs) || !at || !put_hash(e, at, root))
		return false;
	for (size_t i = 0; i < map->n; i++)
		if (!put_hash(e, map->items[i], json_get_str(outputs, map->keys[i], "")))
			return false;
	return true;
}

static int no_form(const struct branch_edit *e, const struct yaml *at, const char *entry,
		   struct err *err)
{
	return err_set(err, ERR_INPUT, 0,
		       "%s:%d:%d: 'golden' is not a list with an entry per '-' line: write this "
		       "there by hand:\n%s",
		       e->path, at->line, at->column, entry);
}

/* Whole lines, when the outputs are others: "  - target: ..." up to the next entry or comment. */
static int replace_entry(struct branch_edit *e, const struct yaml *list, size_t i,
			 const char *entry, struct err *err)
{
	const struct yaml *node = list->items[i];
	size_t from = branch_edit_line(e, node->line);
	size_t to = branch_edit_line(e, branch_edit_last_line(node) + 1);
	size_t dash = branch_edit_offset(e, node->line, list->column);
	_cleanup_free_ char *text = indented(entry, list->column - 1);
	const char *s = strbuf_str(&e->text);

	if (node->column <= list->column || s[dash] != '-' ||
	    strspn(s + from, " ") != dash - from || s[dash + 1] != ' ')
		return no_form(e, node, entry, err);
	return branch_edit_splice(e, from, to, text, err);
}

static int append_list(struct branch_edit *e, const char *entry, struct err *err)
{
	const char *s = strbuf_str(&e->text);
	bool open_end = e->text.len && s[e->text.len - 1] != '\n';
	_cleanup_free_ char *text = xasprintf("%sgolden:\n%s", open_end ? "\n" : "", entry);

	return branch_edit_splice(e, e->text.len, e->text.len, text, err);
}

/* "golden: []" */
static int fill_list(struct branch_edit *e, const struct yaml *list, const char *entry,
		     struct err *err)
{
	size_t from = branch_edit_offset(e, list->line, list->column);
	size_t end = branch_edit_line(e, list->line + 1);
	const char *s = strbuf_str(&e->text), *close = memchr(s + from, ']', end - from);
	_cleanup_free_ char *text = NULL, *rest = NULL;

	if (s[from] != '[' || !close)
		return no_form(e, list, entry, err);
	rest = xstrndup(close + 1, (size_t)(s + end - close - 1));
	text = xasprintf("%s%s%s", rest, str_ends(rest, "\n") ? "" : "\n", entry);
	return branch_edit_splice(e, from, end, text, err);
}

static int add_entry(struct branch_edit *e, const char *entry, struct err *err)
{
	const struct yaml *list = yaml_get(e->doc.root, "golden");
	_cleanup_free_ char *text = NULL;
	size_t at;

	if (!list)
		return append_list(e, entry, err);
	if (!list->n)
		return fill_list(e, list, entry, err);
	at = branch_edit_offset(e, list->line, list->column);
	if (strbuf_str(&e->text)[at] != '-')
		return no_form(e, list, entry, err);
	at = branch_edit_line(e, branch_edit_last_line(list) + 1);
	text = indented(entry, list->column - 1);
	if (strbuf_str(&e->text)[at - 1] != '\n') {
		char *more = xasprintf("\n%s", text);

		free(text);
		text = more;
	}
	return branch_edit_splice(e, at, at, text, err);
}

/* What is about to be written must read back as what it is meant to say, and say no less. */
static int verify(const struct branch_edit *e, const struct plan_node *n, size_t entries,
		  const struct sha256 *root, const json_t *outputs, struct err *err)
{
	_cleanup_(branch_freep) struct branch *b = NULL;
	struct plan_node now = *n;

	if (branch_parse(n->recipe, e->path, strbuf_str(&e->text), e->text.len, n->branch->name,
			 n->branch->dir, &b, err) < 0)
		return -1;
	now.branch = b;
	if (b->n_golden == entries && b->n_sources == n->branch->n_sources &&
	    golden_compare(golden_find(&now, root), root, outputs) == GOLDEN_SAME)
		return 0;
	return err_set(err, ERR_INPUT, 0, "%s cannot be changed without changing its meaning",
		       e->path);
}

static int edit(struct branch_edit *e, const struct plan_node *n, const struct golden *old,
		const char *toolchain, const struct sha256 *root, const json_t *outputs,
		struct err *err)
{
	const struct yaml *list = yaml_get(e->doc.root, "golden");
	_cleanup_free_ char *entry = golden_yaml(n, toolchain, root, outputs);
	size_t i = old ? (size_t)(old - n->branch->golden) : 0;
	char hex[SHA256_HEX_LEN + 1];

	if (!old)
		return add_entry(e, entry, err);
	if (!list || list->n != n->branch->n_golden)
		return err_set(err, ERR_INPUT, 0, "%s was changed meanwhile: run this again",
			       e->path);
	sha256_to_hex(root, hex);
	if (replace_hashes(e, list->items[i], hex, outputs))
		return 0;
	return replace_entry(e, list, i, entry, err);
}

int golden_write(const struct plan_node *n, const struct golden *old, const char *toolchain,
		 const struct sha256 *root, const json_t *outputs, struct err *err)
{
	_cleanup_(branch_edit_release) struct branch_edit e = BRANCH_EDIT_INIT;

	if (branch_edit_allowed(n->branch->dir, err) < 0 ||
	    branch_edit_open(&e, n->branch->dir, err) < 0 ||
	    edit(&e, n, old, toolchain, root, outputs, err) < 0)
		return err_wrap(err, "golden hashes");
	if (verify(&e, n, n->branch->n_golden + !old, root, outputs, err) < 0)
		return err_wrap(err, "golden hashes are not written");
	return branch_edit_save(&e, err);
}
