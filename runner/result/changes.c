/* SPDX-License-Identifier: Apache-2.0 */
#include <runner/changes.h>

#include <base/cleanup.h>
#include <runner/history.h>
#include <runner/treediff.h>
#include <string.h>

static bool same_options(const struct plan_node *n, const json_t *row)
{
	const json_t *options = json_object_get(row, "options");

	for (size_t i = 0; options && i < n->values.n; i++) {
		const struct setting *v = &n->values.v[i];

		/* An option that there was not then is one that nobody could set. */
		if (json_object_get(options, v->name) &&
		    json_get_bool(options, v->name, false) != !strcmp(v->value, "true"))
			return false;
	}
	return true;
}

static bool is_before(const struct plan_node *n, const json_t *row)
{
	return !strcmp(json_get_str(row, "outcome", ""), "built") &&
	       !strcmp(json_get_str(row, "host", ""), n->host) && json_object_get(row, "outputs") &&
	       same_options(n, row);
}

/* A build with another toolchain differs all over: what a patch changed would not be seen. */
static bool same_toolchain(const json_t *row, const char *name)
{
	return !strcmp(json_get_str(row, "toolchain", ""), name);
}

/* Borrowed; NULL: there is none. */
static json_t *newest(const json_t *rows, const struct plan_node *n, const char *toolchain)
{
	for (size_t i = json_array_size(rows); i > 0; i--) {
		json_t *row = json_array_get(rows, i - 1);

		if (is_before(n, row) && (!toolchain || same_toolchain(row, toolchain)))
			return row;
	}
	return NULL;
}

int changes_before(struct store *s, const struct plan *p, const struct plan_node *n, json_t **out,
		   struct err *err)
{
	struct history_filter want = {.name = n->recipe->name,
				      .branch = n->branch->name,
				      .variant = n->variant,
				      .target = n->target};
	_cleanup_json_ json_t *rows = NULL;
	json_t *row;

	*out = NULL;
	if (history_list(s, &want, NULL, &rows, err) < 0)
		return -1;
	row = newest(rows, n, p->roots[n->root].name);
	if (!row)
		row = newest(rows, n, NULL);
	*out = json_incref(row);
	return 0;
}

static void collect(void *arg, const struct treediff_row *row)
{
	json_t *o = json_object();
	char text[160];

	treediff_describe(row, text, sizeof(text));
	json_set_str(o, "path", row->path);
	json_set_str(o, "change",
		     row->kind == DIFF_ONLY_A   ? "removed"
		     : row->kind == DIFF_ONLY_B ? "added"
						: "changed");
	json_set_str(o, "what", text);
	json_array_append_new(arg, o);
}

/* NULL with *err clear: a tree is gone. */
static int files_of(struct store *s, const char *old, const char *now, json_t **out,
		    struct err *err)
{
	_cleanup_close_ int a = -1, b = -1;
	struct err ignored = ERR_INIT;
	struct sha256 x, y;
	uint64_t rows = 0;

	*out = NULL;
	if (!old || !now || !sha256_from_hex(old, &x) || !sha256_from_hex(now, &y))
		return 0;
	a = store_tree_open(s, &x, &ignored);
	b = store_tree_open(s, &y, &ignored);
	if (a < 0 || b < 0)
		return 0;
	*out = json_array();
	return treediff(a, b, collect, *out, &rows, err);
}

static int add(struct store *s, json_t *list, const char *name, const char *old, const char *now,
	       struct err *err)
{
	json_t *o = json_object(), *files = NULL;
	int rc = files_of(s, old, now, &files, err);

	json_set_str(o, "output", name);
	json_set(o, "old", json_text(old));
	json_set(o, "new", json_text(now));
	json_set(o, "files", files ? files : json_null());
	json_array_append_new(list, o);
	return rc;
}

int changes_between(struct store *s, const json_t *before, const json_t *now, json_t **out,
		    struct err *err)
{
	const char *name;
	json_t *value;

	*out = json_array();
	json_object_foreach ((json_t *)now, name, value) {
		const char *old = json_get_str(before, name, NULL);
		const char *hex = json_string_value(value);

		if ((!old || !hex || strcmp(old, hex) != 0) &&
		    add(s, *out, name, old, hex, err) < 0)
			return -1;
	}
	json_object_foreach ((json_t *)before, name, value) {
		if (!json_object_get(now, name) &&
		    add(s, *out, name, json_string_value(value), NULL, err) < 0)
			return -1;
	}
	return 0;
}
