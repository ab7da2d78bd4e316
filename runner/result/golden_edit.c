/* SPDX-License-Identifier: Apache-2.0 */
/* Golden hashes written into a branch.yaml that people wrote. */
#include <runner/golden.h>

#include <base/cleanup.h>
#include <runner/branch_edit.h>
#include <string.h>

int golden_writable(const struct branch *b, struct err *err)
{
	return branch_edit_allowed(b->dir, err);
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

/* Do the hashes stand where other digits can be put? */
static bool all_in_place(const struct branch_edit *e, const struct yaml *root,
			 const struct yaml *map)
{
	if (!root || !branch_edit_in_place(e, root))
		return false;
	for (size_t i = 0; i < map->n; i++)
		if (!branch_edit_in_place(e, map->items[i]))
			return false;
	return true;
}

/* The usual case: only digits change, and comments inside the entry stay too. */
static int replace_hashes(struct branch_edit *e, const struct yaml *entry, const char *root,
			  const json_t *outputs, struct err *err)
{
	const struct yaml *map = yaml_get(entry, "outputs");

	if (branch_edit_scalar(e, yaml_get(entry, "root"), root, false, err) < 0)
		return -1;
	for (size_t i = 0; i < map->n; i++)
		if (branch_edit_scalar(e, map->items[i], json_get_str(outputs, map->keys[i], ""),
				       false, err) < 0)
			return -1;
	return 0;
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
	_cleanup_free_ char *text = branch_edit_entry(list, entry);
	const char *s = e->text;

	if (node->column <= list->column || s[dash] != '-' ||
	    strspn(s + from, " ") != dash - from || s[dash + 1] != ' ')
		return no_form(e, node, entry, err);
	branch_edit_range(e, from, to, text);
	return 0;
}

static void append_list(struct branch_edit *e, const char *entry)
{
	_cleanup_free_ char *lines = xasprintf("golden:\n%s", entry);

	branch_edit_lines(e, strlen(e->text), lines);
}

/* "golden: []" */
static int fill_list(struct branch_edit *e, const struct yaml *list, const char *entry,
		     struct err *err)
{
	size_t from = branch_edit_offset(e, list->line, list->column);
	size_t end = branch_edit_line(e, list->line + 1);
	const char *s = e->text, *close = memchr(s + from, ']', end - from);
	_cleanup_free_ char *text = NULL, *rest = NULL;

	if (s[from] != '[' || !close)
		return no_form(e, list, entry, err);
	rest = xstrndup(close + 1, (size_t)(s + end - close - 1));
	text = xasprintf("%s%s%s", rest, str_ends(rest, "\n") ? "" : "\n", entry);
	branch_edit_range(e, from, end, text);
	return 0;
}

static int add_entry(struct branch_edit *e, const char *entry, struct err *err)
{
	const struct yaml *list = yaml_get(e->doc.root, "golden");
	_cleanup_free_ char *lines = branch_edit_entry(list, entry);

	if (!list) {
		append_list(e, entry);
		return 0;
	}
	if (!list->n)
		return fill_list(e, list, entry, err);
	if (e->text[branch_edit_offset(e, list->line, list->column)] != '-')
		return no_form(e, list, entry, err);
	branch_edit_lines(e, branch_edit_line(e, branch_edit_last_line(list) + 1), lines);
	return 0;
}

/* What is about to be written must read back as what it is meant to say, and say no less. */
static int verify(const struct branch_edit *e, const struct plan_node *n, size_t entries,
		  const struct sha256 *root, const json_t *outputs, struct err *err)
{
	_cleanup_(branch_freep) struct branch *b = NULL;
	struct plan_node now = *n;

	if (branch_parse(n->recipe, e->path, e->text, strlen(e->text), n->branch->name,
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
	const struct yaml *map;
	char hex[SHA256_HEX_LEN + 1];

	if (!old)
		return add_entry(e, entry, err);
	if (!list || list->n != n->branch->n_golden)
		return err_set(err, ERR_INPUT, 0, "%s was changed meanwhile: run this again",
			       e->path);
	sha256_to_hex(root, hex);
	map = yaml_get(list->items[i], "outputs");
	if (same_names(map, outputs) && all_in_place(e, yaml_get(list->items[i], "root"), map))
		return replace_hashes(e, list->items[i], hex, outputs, err);
	return replace_entry(e, list, i, entry, err);
}

int golden_write(const struct plan_node *n, const struct golden *old, const char *toolchain,
		 const struct sha256 *root, const json_t *outputs, struct err *err)
{
	_cleanup_(branch_edit_release) struct branch_edit e = BRANCH_EDIT_INIT;

	if (branch_edit_allowed(n->branch->dir, err) < 0 ||
	    branch_edit_open(&e, n->branch->dir, err) < 0 ||
	    edit(&e, n, old, toolchain, root, outputs, err) < 0 || branch_edit_apply(&e, err) < 0)
		return err_wrap(err, "golden hashes");
	if (verify(&e, n, n->branch->n_golden + !old, root, outputs, err) < 0)
		return err_wrap(err, "golden hashes are not written");
	return branch_edit_save(&e, err);
}
