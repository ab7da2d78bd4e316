/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * YAML 1.2 by libfyaml, turned into a plain tree with positions. Refused with file, line, column:
 * aliases and anchors, merge keys, tags, duplicate keys, several documents, keys that are not plain
 * scalars, NUL bytes, more than 1 MiB, nesting deeper than 32. The tree is read through
 * schema-style getters that know what they expected and say so.
 */

#include <base/err.h>
#include <base/str.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml {
	enum yaml_kind kind;
	int line, column;    /* 1-based, of the node itself */
	char *text;          /* YAML_SCALAR: the value */
	bool quoted;         /* YAML_SCALAR: '..', "..", | or >: never a bool, number or null */
	struct yaml **items; /* YAML_LIST and YAML_MAP */
	char **keys;         /* YAML_MAP: keys[i] belongs to items[i], in file order */
	int *key_lines;      /* YAML_MAP */
	int *key_columns;    /* YAML_MAP */
	size_t n;
	const char *file; /* borrowed from the document */
};

struct yaml_doc {
	char *file; /* as given, for messages */
	struct yaml *root;
};

void yaml_doc_release(struct yaml_doc *doc);
int yaml_parse(const char *file, const char *text, size_t len, struct yaml_doc *out,
	       struct err *err) __attribute__((warn_unused_result));
int yaml_read_file(int dirfd, const char *path, const char *shown_as, struct yaml_doc *out,
		   struct err *err) __attribute__((warn_unused_result));

/* Where a line begins in the text, in bytes; behind the last line: the text's length. */
size_t yaml_line_offset(const char *text, size_t len, int line);
/* Where a node stands, in bytes: its column counts characters. Never beyond the end of its line. */
size_t yaml_offset(const char *text, size_t len, int line, int column);

/* ERR_INPUT "FILE:LINE:COLUMN: message". Returns -1. */
int yaml_error(const struct yaml *at, struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
#ifdef __clang_analyzer__
#define yaml_error(...)                                                                            \
	({                                                                                         \
		(void)yaml_error(__VA_ARGS__);                                                     \
		-1;                                                                                \
	})
#endif

/* The value of @key in a map or NULL. Borrowed. */
const struct yaml *yaml_get(const struct yaml *map, const char *key);
/* Same keys and values in the same order, quoted or not alike, wherever they stand. */
bool yaml_same(const struct yaml *a, const struct yaml *b);

/*
 * Each getter: *out is set and 0 returned; a missing key with @required is an error at the map
 * ("missing key 'name': expected text"); a wrong type is an error at the value ("'size': expected a
 * whole number, found a list"). Without @required a missing key leaves *out alone. Text is
 * borrowed.
 */
int yaml_get_text(const struct yaml *map, const char *key, bool required, const char **out,
		  struct err *err) __attribute__((warn_unused_result));
int yaml_get_bool(const struct yaml *map, const char *key, bool required, bool *out,
		  struct err *err) __attribute__((warn_unused_result));
int yaml_get_int(const struct yaml *map, const char *key, bool required, int64_t *out,
		 struct err *err) __attribute__((warn_unused_result));
int yaml_get_list(const struct yaml *map, const char *key, bool required, const struct yaml **out,
		  struct err *err) __attribute__((warn_unused_result));
int yaml_get_map(const struct yaml *map, const char *key, bool required, const struct yaml **out,
		 struct err *err) __attribute__((warn_unused_result));
/* A list of texts, each accepted by @ok ("expected WHAT"), none twice; with @required at least one.
 */
int yaml_get_names(const struct yaml *map, const char *key, bool required, bool (*ok)(const char *),
		   const char *what, struct strv *out, struct err *err)
	__attribute__((warn_unused_result));
int yaml_text(const struct yaml *node, const char *what, const char **out, struct err *err)
	__attribute__((warn_unused_result));
int yaml_bool(const struct yaml *node, const char *what, bool *out, struct err *err)
	__attribute__((warn_unused_result));
int yaml_want(const struct yaml *node, enum yaml_kind kind, const char *what, struct err *err)
	__attribute__((warn_unused_result));

/*
 * Refuse a key that is not in @known (NULL-terminated): "unknown key 'verison': did you mean
 * 'version'? known keys: ...".
 */
int yaml_only_keys(const struct yaml *map, const char *what, const char *const *known,
		   struct err *err) __attribute__((warn_unused_result));
