/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * JSON by jansson, and its canonical form: UTF-8, keys sorted bytewise, no white space, integers
 * only (no reals), no duplicate keys. The action key is SHA-256 over exactly these bytes. Close to
 * RFC 8785, which differs only in the sorting of characters outside the BMP and in reals.
 */

#include <base/cleanup.h>
#include <base/digest.h>
#include <base/err.h>
#include <base/str.h>
#include <jansson.h>
#include <stdbool.h>

/* jansson.h itself defines json_decrefp(). */
#define _cleanup_json_ _cleanup_(json_decrefp)

/* Canonical text (caller frees); ERR_BUG when a real is inside. */
int json_canonical(const json_t *j, char **out, struct err *err)
	__attribute__((warn_unused_result));
int json_canonical_sha256(const json_t *j, struct sha256 *out, struct err *err)
	__attribute__((warn_unused_result));

/* Parse with duplicate keys refused; the error names @file, line and column. New reference. */
int json_parse(const char *file, const char *text, size_t len, json_t **out, struct err *err)
	__attribute__((warn_unused_result));
int json_read_file(int dirfd, const char *path, json_t **out, struct err *err)
	__attribute__((warn_unused_result));

/* jansson's getters with a default; the text is borrowed from @obj. */
const char *json_get_str(const json_t *obj, const char *key, const char *otherwise);
int64_t json_get_int(const json_t *obj, const char *key, int64_t otherwise);
bool json_get_bool(const json_t *obj, const char *key, bool otherwise);
/* Set a string that may not be UTF-8 (argv, paths): invalid bytes become U+FFFD. */
void json_set_str(json_t *obj, const char *key, const char *s);
/* `json_object_set_new` that aborts when out of memory. */
void json_set(json_t *obj, const char *key, json_t *value_taken);
/* A string, or null for NULL. */
json_t *json_text(const char *text);
/* The strings as an array. */
json_t *json_texts(const struct strv *texts);
/* Set a hash as its 64 hex digits. */
void json_set_sha256(json_t *obj, const char *key, const struct sha256 *hash);
