/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a parsed document: getters that say what was expected and where. */
#include <base/yaml.h>

#include <base/cleanup.h>
#include <base/str.h>
#include <string.h>

int(yaml_error)(const struct yaml *at, struct err *err, const char *fmt, ...)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	return err_set(err, ERR_INPUT, 0, "%s:%d:%d: %s", at->file, at->line, at->column,
		       strbuf_str(&sb));
}

/* The core schema of YAML 1.2: chapter 10.3.2. */
static bool is_null(const struct yaml *y)
{
	static const char *const spellings[] = {"", "~", "null", "Null", "NULL"};

	if (y->kind != YAML_SCALAR || y->quoted)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(spellings); i++)
		if (strcmp(y->text, spellings[i]) == 0)
			return true;
	return false;
}

static int wrong_type(const struct yaml *y, const char *what, const char *expected, struct err *err)
{
	if (is_null(y))
		return yaml_error(y, err, "'%s': expected %s, found nothing", what, expected);
	/* "true" is a text: without a word on the quotes the message would contradict itself. */
	if (y->kind == YAML_SCALAR)
		return yaml_error(y, err, "'%s': expected %s, found '%.60s'%s", what, expected,
				  y->text, y->quoted ? " in quotes" : "");
	return yaml_error(y, err, "'%s': expected %s, found a %s", what, expected,
			  y->kind == YAML_MAP ? "map" : "list");
}

const struct yaml *yaml_get(const struct yaml *map, const char *key)
{
	for (size_t i = 0; map->kind == YAML_MAP && i < map->n; i++)
		if (strcmp(map->keys[i], key) == 0)
			return map->items[i];
	return NULL;
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

/* 1 and *out when the key is there, 0 when it may be missing, else an error. */
static int look_up(const struct yaml *map, const char *key, bool required, const char *expected,
		   const struct yaml **out, struct err *err)
{
	if (map->kind != YAML_MAP)
		return wrong_type(map, key, "a map that has this key", err);
	*out = yaml_get(map, key);
	if (*out)
		return 1;
	if (!required)
		return 0;
	return yaml_error(map, err, "missing key '%s': expected %s", key, expected);
}

int yaml_text(const struct yaml *node, const char *what, const char **out, struct err *err)
{
	if (node->kind != YAML_SCALAR || is_null(node))
		return wrong_type(node, what, "text", err);
	*out = node->text;
	return 0;
}

int yaml_bool(const struct yaml *node, const char *what, bool *out, struct err *err)
{
	bool yes = node->kind == YAML_SCALAR && !node->quoted && strcmp(node->text, "true") == 0;
	bool no = node->kind == YAML_SCALAR && !node->quoted && strcmp(node->text, "false") == 0;

	if (!yes && !no)
		return wrong_type(node, what, "true or false", err);
	*out = yes;
	return 0;
}

static int yaml_int(const struct yaml *node, const char *what, int64_t *out, struct err *err)
{
	const char *digits;
	char *end;
	long long value;

	if (node->kind != YAML_SCALAR || node->quoted)
		return wrong_type(node, what, "a whole number", err);
	digits = node->text + (node->text[0] == '-');
	/* A leading zero means octal to some readers: refused rather than guessed. */
	if (*digits < '0' || *digits > '9' || (*digits == '0' && digits[1]))
		return wrong_type(node, what, "a whole number", err);
	errno = 0;
	value = strtoll(node->text, &end, 10);
	if (*end || errno)
		return wrong_type(node, what, "a whole number", err);
	*out = value;
	return 0;
}

int yaml_want(const struct yaml *node, enum yaml_kind kind, const char *what, struct err *err)
{
	static const char *const expected[] = {"text", "a list", "a map"};

	if (node->kind == kind && !(kind == YAML_SCALAR && is_null(node)))
		return 0;
	return wrong_type(node, what, expected[kind], err);
}

int yaml_get_text(const struct yaml *map, const char *key, bool required, const char **out,
		  struct err *err)
{
	const struct yaml *y;
	int r = look_up(map, key, required, "text", &y, err);

	return r <= 0 ? r : yaml_text(y, key, out, err);
}

int yaml_get_bool(const struct yaml *map, const char *key, bool required, bool *out,
		  struct err *err)
{
	const struct yaml *y;
	int r = look_up(map, key, required, "true or false", &y, err);

	return r <= 0 ? r : yaml_bool(y, key, out, err);
}

int yaml_get_int(const struct yaml *map, const char *key, bool required, int64_t *out,
		 struct err *err)
{
	const struct yaml *y;
	int r = look_up(map, key, required, "a whole number", &y, err);

	return r <= 0 ? r : yaml_int(y, key, out, err);
}

static int get_kind(const struct yaml *map, const char *key, bool required, enum yaml_kind kind,
		    const struct yaml **out, struct err *err)
{
	const struct yaml *y;
	int r = look_up(map, key, required, kind == YAML_MAP ? "a map" : "a list", &y, err);

	if (r <= 0)
		return r;
	if (yaml_want(y, kind, key, err) < 0)
		return -1;
	*out = y;
	return 0;
}

int yaml_get_list(const struct yaml *map, const char *key, bool required, const struct yaml **out,
		  struct err *err)
{
	return get_kind(map, key, required, YAML_LIST, out, err);
}

int yaml_get_map(const struct yaml *map, const char *key, bool required, const struct yaml **out,
		 struct err *err)
{
	return get_kind(map, key, required, YAML_MAP, out, err);
}

int yaml_get_names(const struct yaml *map, const char *key, bool required, bool (*ok)(const char *),
		   const char *what, struct strv *out, struct err *err)
{
	const struct yaml *list = NULL;
	const char *text = NULL;

	if (yaml_get_list(map, key, required, &list, err) < 0)
		return -1;
	for (size_t i = 0; list && i < list->n; i++) {
		if (yaml_text(list->items[i], key, &text, err) < 0)
			return -1;
		if (!ok(text))
			return yaml_error(list->items[i], err, "'%s': expected %s, found '%s'", key,
					  what, text);
		if (strv_contains(out, text))
			return yaml_error(list->items[i], err, "'%s': '%s' is there twice", key,
					  text);
		strv_push(out, text);
	}
	if (required && !out->n)
		return yaml_error(list, err, "'%s': expected %s, found an empty list", key, what);
	return 0;
}

static int unknown_key(const struct yaml *map, size_t i, const char *what, const char *const *known,
		       struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	const char *near;
	size_t n = 0;

	while (known[n])
		n++;
	near = str_nearest(map->keys[i], known, n);
	strbuf_addf(&sb, "%s:%d:%d: unknown key '%.60s'", map->file, map->key_lines[i],
		    map->key_columns[i], map->keys[i]);
	if (!str_empty(what))
		strbuf_addf(&sb, " in %s", what);
	strbuf_adds(&sb, ": ");
	if (near)
		strbuf_addf(&sb, "did you mean '%s'? ", near);
	strbuf_adds(&sb, "known keys: ");
	for (size_t k = 0; k < n; k++)
		strbuf_addf(&sb, "%s%s", k ? ", " : "", known[k]);
	return err_set(err, ERR_INPUT, 0, "%s", strbuf_str(&sb));
}

int yaml_only_keys(const struct yaml *map, const char *what, const char *const *known,
		   struct err *err)
{
	if (yaml_want(map, YAML_MAP, what, err) < 0)
		return -1;
	for (size_t i = 0; i < map->n; i++) {
		size_t k = 0;

		while (known[k] && strcmp(known[k], map->keys[i]) != 0)
			k++;
		if (!known[k])
			return unknown_key(map, i, what, known, err);
	}
	return 0;
}
