/* SPDX-License-Identifier: Apache-2.0 */
#include <base/yaml.h>

#include <base/cleanup.h>
#include <base/file.h>
#include <base/library.h>
#include <base/str.h>
#include <fcntl.h>
#include <libfyaml.h>
#include <string.h>

#define CALLS(X)                                                                                   \
	X(fy_diag_create)                                                                          \
	X(fy_diag_destroy)                                                                         \
	X(fy_diag_errors_iterate)                                                                  \
	X(fy_diag_set_collect_errors)                                                              \
	X(fy_event_get_anchor_token)                                                               \
	X(fy_event_get_tag_token)                                                                  \
	X(fy_event_start_mark)                                                                     \
	X(fy_parser_create)                                                                        \
	X(fy_parser_destroy)                                                                       \
	X(fy_parser_event_free)                                                                    \
	X(fy_parser_parse)                                                                         \
	X(fy_parser_set_string)                                                                    \
	X(fy_scalar_token_get_style)                                                               \
	X(fy_token_get_text)                                                                       \
	X(fy_token_start_mark)
#define SYMBOL(call) {#call, &fyaml.call},

static struct {
	CALLS(LIBRARY_POINTER)
} fyaml;
static const struct library_symbol symbols[] = {CALLS(SYMBOL)};
static struct library library = LIBRARY_INIT(SONAME_FYAML, symbols);
LIBRARY_NOTE(fyaml, "recipes", SONAME_FYAML);

#define SIZE_MAX_YAML (1u << 20)
#define DEPTH_MAX     32
/* Whoever reads the tree may compare each node with each: kept far below a hostile megabyte's. */
#define NODES_MAX 10000
/* libfyaml takes quadratic time over the empty lines of a block scalar (0.7.12). */
#define BLANKS_MAX 1000

/* A map or list whose end was not seen yet. */
struct open_node {
	struct yaml *node;
	size_t cap;
	size_t key_cap, n_keys;
	bool has_key; /* in a map: the key was read, its value comes next */
};

struct builder {
	const char *file;
	struct yaml *root;
	struct open_node stack[DEPTH_MAX];
	size_t n, nodes;
	unsigned int documents;
};

static void yaml_node_free(struct yaml *y)
{
	if (!y)
		return;
	/* Recursion is bounded by DEPTH_MAX. */
	for (size_t i = 0; i < y->n; i++)
		yaml_node_free(y->items[i]);
	for (size_t i = 0; y->keys && y->keys[i]; i++)
		free(y->keys[i]);
	free(y->keys);
	free(y->key_lines);
	free(y->key_columns);
	free(y->items);
	free(y->text);
	free(y);
}

void yaml_doc_release(struct yaml_doc *doc)
{
	yaml_node_free(doc->root);
	free(doc->file);
	*doc = (struct yaml_doc){0};
}

static void builder_release(struct builder *b)
{
	yaml_node_free(b->root);
}

static int fail_at(const struct builder *b, int line, int column, struct err *err, const char *text)
{
	return err_set(err, ERR_INPUT, 0, "%s:%d:%d: %s", b->file, line, column, text);
}

static void mark_position(const struct fy_mark *m, int back, int *line, int *column)
{
	if (!m)
		return;
	*line = m->line + 1;
	*column = m->column + 1 - back;
}

/* A quoted scalar's and an alias' mark stands behind the quote or the asterisk. */
static void position(struct fy_event *ev, int *line, int *column)
{
	int back = ev->type == FYET_ALIAS;

	if (ev->type == FYET_SCALAR && ev->scalar.value) {
		enum fy_scalar_style style = fyaml.fy_scalar_token_get_style(ev->scalar.value);

		back = style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
	}
	mark_position(fyaml.fy_event_start_mark(ev), back, line, column);
}

static void open_push_key(struct open_node *o, char *key_taken, int line, int column)
{
	struct yaml *y = o->node;

	if (o->n_keys + 1 >= o->key_cap) {
		o->key_cap = o->key_cap ? 2 * o->key_cap : 8;
		y->keys = xrealloc(y->keys, o->key_cap * sizeof(*y->keys));
		y->key_lines = xrealloc(y->key_lines, o->key_cap * sizeof(*y->key_lines));
		y->key_columns = xrealloc(y->key_columns, o->key_cap * sizeof(*y->key_columns));
	}
	y->key_lines[o->n_keys] = line;
	y->key_columns[o->n_keys] = column;
	y->keys[o->n_keys++] = key_taken;
	y->keys[o->n_keys] = NULL;
	o->has_key = true;
}

/* Hang a new node into the tree; the position of an empty value is that of its key. */
static struct yaml *attach(struct builder *b, enum yaml_kind kind, struct fy_event *ev)
{
	struct yaml *y = xcalloc(1, sizeof(*y));
	struct open_node *o = b->n ? &b->stack[b->n - 1] : NULL;

	y->kind = kind;
	y->file = b->file;
	y->line = y->column = 1;
	if (!o) {
		b->root = y;
	} else {
		if (o->has_key) {
			y->line = o->node->key_lines[o->n_keys - 1];
			y->column = o->node->key_columns[o->n_keys - 1];
		}
		o->has_key = false;
		ARRAY_GROW(o->node->items, o->node->n, o->cap);
		o->node->items[o->node->n++] = y;
	}
	position(ev, &y->line, &y->column);
	return y;
}

static bool key_expected(const struct builder *b)
{
	return b->n && b->stack[b->n - 1].node->kind == YAML_MAP && !b->stack[b->n - 1].has_key;
}

/* What the event carries besides its value is refused: see the header. */
static int check_decoration(struct builder *b, struct fy_event *ev, struct err *err)
{
	struct fy_token *anchor = fyaml.fy_event_get_anchor_token(ev),
			*tag = fyaml.fy_event_get_tag_token(ev);
	int line = 1, column = 1;

	if (ev->type == FYET_ALIAS) {
		position(ev, &line, &column);
		return fail_at(b, line, column, err, "aliases (*name) are not allowed");
	}
	if (anchor) {
		mark_position(fyaml.fy_token_start_mark(anchor), 1, &line, &column);
		return fail_at(b, line, column, err, "anchors (&name) are not allowed");
	}
	if (tag) {
		mark_position(fyaml.fy_token_start_mark(tag), 0, &line, &column);
		return fail_at(b, line, column, err, "tags (!name) are not allowed");
	}
	return 0;
}

static int take_key(struct builder *b, const char *text, size_t len, bool plain, int line,
		    int column, struct err *err)
{
	if (!plain)
		return fail_at(b, line, column, err, "a key must be plain text without quotes");
	if (len == 0)
		return fail_at(b, line, column, err, "a key is missing before ':'");
	if (len == 2 && memcmp(text, "<<", 2) == 0)
		return fail_at(b, line, column, err, "merge keys (<<) are not allowed");
	open_push_key(&b->stack[b->n - 1], xstrndup(text, len), line, column);
	return 0;
}

static int take_scalar(struct builder *b, struct fy_event *ev, struct err *err)
{
	struct fy_token *token = ev->scalar.value;
	size_t len = 0;
	/* An empty value (`key:`) may have no token. */
	const char *text = token ? fyaml.fy_token_get_text(token, &len) : "";
	bool plain = !token || fyaml.fy_scalar_token_get_style(token) == FYSS_PLAIN;
	int line = 1, column = 1;
	struct yaml *y;

	position(ev, &line, &column);
	if (!text)
		return fail_at(b, line, column, err, "cannot read this value");
	if (memchr(text, '\0', len))
		return fail_at(b, line, column, err, "a NUL character is not allowed");
	if (key_expected(b))
		return take_key(b, text, len, plain, line, column, err);
	y = attach(b, YAML_SCALAR, ev);
	y->text = xstrndup(text, len);
	y->quoted = !plain;
	return 0;
}

static int take_start(struct builder *b, enum yaml_kind kind, struct fy_event *ev, struct err *err)
{
	int line = 1, column = 1;

	position(ev, &line, &column);
	if (key_expected(b))
		return fail_at(b, line, column, err, "a key must be plain text, not a list or map");
	if (b->n == DEPTH_MAX)
		return fail_at(b, line, column, err, "nested deeper than 32 levels");

	struct yaml *y = attach(b, kind, ev);

	b->stack[b->n++] = (struct open_node){.node = y};
	return 0;
}

struct key_ref {
	const char *key;
	size_t index;
};

static int compare_refs(const void *a, const void *b)
{
	const struct key_ref *x = a, *y = b;
	int d = strcmp(x->key, y->key);

	return d ? d : (x->index > y->index) - (x->index < y->index);
}

/* By sorting: a hostile megabyte of keys must not take quadratic time. */
static int check_duplicates(const struct builder *b, const struct open_node *o, struct err *err)
{
	_cleanup_free_ struct key_ref *refs = xcalloc(o->n_keys, sizeof(*refs));
	const struct yaml *y = o->node;
	size_t dup = SIZE_MAX, first = 0;

	if (!y || o->n_keys < 2)
		return 0;
	for (size_t i = 0; i < o->n_keys; i++)
		refs[i] = (struct key_ref){y->keys[i], i};
	qsort(refs, o->n_keys, sizeof(*refs), compare_refs);
	for (size_t i = 1; i < o->n_keys; i++)
		if (strcmp(refs[i].key, refs[i - 1].key) == 0 && refs[i].index < dup) {
			dup = refs[i].index;
			first = refs[i - 1].index;
		}
	if (dup == SIZE_MAX)
		return 0;
	return err_set(err, ERR_INPUT, 0, "%s:%d:%d: key '%s' is there twice, first in line %d",
		       b->file, y->key_lines[dup], y->key_columns[dup], y->keys[dup],
		       y->key_lines[first]);
}

static int take_end(struct builder *b, struct err *err)
{
	struct open_node *o = &b->stack[b->n - 1];
	int r = check_duplicates(b, o, err);

	b->n--;
	return r;
}

static int take_event(struct builder *b, struct fy_event *ev, struct err *err)
{
	int line = 1, column = 1;

	if (check_decoration(b, ev, err) < 0)
		return -1;
	if (++b->nodes > NODES_MAX) {
		position(ev, &line, &column);
		return fail_at(b, line, column, err, "more than 10000 keys and values");
	}
	switch (ev->type) {
	case FYET_DOCUMENT_START:
		position(ev, &line, &column);
		if (++b->documents > 1)
			return fail_at(b, line, column, err, "a second document is not allowed");
		return 0;
	case FYET_SCALAR:
		return take_scalar(b, ev, err);
	case FYET_SEQUENCE_START:
		return take_start(b, YAML_LIST, ev, err);
	case FYET_MAPPING_START:
		return take_start(b, YAML_MAP, ev, err);
	case FYET_SEQUENCE_END:
	case FYET_MAPPING_END:
		return take_end(b, err);
	default:
		return 0;
	}
}

/* The first error that the parser collected, with its own position. */
static int parser_error(const struct builder *b, struct fy_diag *diag, struct err *err)
{
	const struct fy_diag_error *e;
	void *iter = NULL;

	while ((e = fyaml.fy_diag_errors_iterate(diag, &iter)))
		if (e->type == FYET_ERROR)
			return fail_at(b, e->line, e->column, err, e->msg);
	return err_set(err, ERR_INPUT, 0, "%s: not YAML", b->file);
}

static int build(struct builder *b, struct fy_parser *p, struct fy_diag *diag, struct err *err)
{
	bool ended = false;

	while (!ended) {
		struct fy_event *ev = fyaml.fy_parser_parse(p);
		int r;

		if (!ev)
			return parser_error(b, diag, err);
		ended = ev->type == FYET_STREAM_END;
		r = take_event(b, ev, err);
		fyaml.fy_parser_event_free(p, ev);
		if (r < 0)
			return r;
	}
	if (!b->root)
		return err_set(err, ERR_INPUT, 0, "%s: the document is empty", b->file);
	return 0;
}

/* Outside the printable characters of YAML 1.2, 5.1; @n is the length of the character at @s. */
static bool is_control(const char *s, size_t n)
{
	unsigned char c = (unsigned char)s[0];

	if (n == 1)
		return (c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
	return n == 2 && c == 0xc2 && (unsigned char)s[1] < 0xa0;
}

/* Before the parser, which would go on to guess UTF-16, stop at a NUL, or let controls pass. */
static int check_bytes(const char *file, const char *text, size_t len, struct err *err)
{
	int line = 1, column = 1, blanks = 0;
	bool blank = true; /* nothing but white space in this line so far */

	if (len > SIZE_MAX_YAML)
		return err_set(err, ERR_INPUT, 0, "%s: larger than 1 MiB", file);
	for (size_t i = 0; i < len;) {
		size_t n = str_utf8_char(text + i, len - i);

		if (n == 0 || is_control(text + i, n))
			return err_set(err, ERR_INPUT, 0, "%s:%d:%d: a %s is not allowed", file,
				       line, column,
				       n ? "control character" : "byte that is not UTF-8");
		blank = blank && strchr(" \t\r\n", text[i]);
		column = text[i] == '\n' ? 1 : column + 1;
		line += text[i] == '\n';
		if (text[i] == '\n') {
			blanks = blank ? blanks + 1 : 0;
			blank = true;
		}
		if (blanks > BLANKS_MAX)
			return err_set(err, ERR_INPUT, 0,
				       "%s:%d:1: more than 1000 empty lines in a row", file, line);
		i += n;
	}
	return 0;
}

static void parser_destroyp(struct fy_parser **p)
{
	if (*p)
		fyaml.fy_parser_destroy(*p);
}

static void diag_destroyp(struct fy_diag **d)
{
	if (*d)
		fyaml.fy_diag_destroy(*d);
}

static void swallow(struct fy_diag *diag, void *user, const char *buf, size_t len)
{
}

/* A diag that the parser makes for itself writes to stderr, whatever FYPCF_QUIET says. */
static struct fy_diag *quiet_diag(void)
{
	const struct fy_diag_cfg cfg = {
		.output_fn = swallow, .level = FYET_ERROR, .module_mask = ~0U};
	struct fy_diag *diag = fyaml.fy_diag_create(&cfg);

	if (diag)
		fyaml.fy_diag_set_collect_errors(diag, true);
	return diag;
}

int yaml_parse(const char *file, const char *text, size_t len, struct yaml_doc *out,
	       struct err *err)
{
	_cleanup_(diag_destroyp) struct fy_diag *diag = NULL;
	_cleanup_(parser_destroyp) struct fy_parser *p = NULL;
	_cleanup_(builder_release) struct builder b = {0};
	_cleanup_free_ char *name = xstrdup(file);
	struct fy_parse_cfg cfg = {
		.search_path = "",
		.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DEFAULT_VERSION_1_2 |
			 FYPCF_JSON_NONE,
	};

	if (check_bytes(file, text, len, err) < 0 || library_load(&library, err) < 0)
		return -1;
	cfg.diag = diag = quiet_diag();
	b.file = name;
	p = diag ? fyaml.fy_parser_create(&cfg) : NULL;
	if (!p || fyaml.fy_parser_set_string(p, text, len) < 0)
		return err_nomem(err);
	if (build(&b, p, diag, err) < 0)
		return -1;
	out->file = TAKE_PTR(name);
	out->root = TAKE_PTR(b.root);
	return 0;
}

int yaml_read_file(int dirfd, const char *path, const char *shown_as, struct yaml_doc *out,
		   struct err *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len;

	if (file_read(dirfd, path, SIZE_MAX_YAML, &text, &len, err) < 0)
		return -1;
	return yaml_parse(shown_as ? shown_as : path, text, len, out, err);
}
