/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Readers that recipe.yaml and branch.yaml share. Private to the runner. */

#include <base/yaml.h>
#include <runner/recipe.h>

/* The optional text @key, copied into *out. */
int schema_text(const struct yaml *map, const char *key, bool required, char **out, struct err *err)
	__attribute__((warn_unused_result));
/* The same, a name in the sense of name_ok(). */
int schema_name(const struct yaml *map, const char *key, bool required, char **out, struct err *err)
	__attribute__((warn_unused_result));
/* "belljar: 1" */
int schema_version(const struct yaml *root, struct err *err) __attribute__((warn_unused_result));
/* The optional map `env`. */
int schema_env(const struct yaml *map, struct settings *out, struct err *err)
	__attribute__((warn_unused_result));
/* The optional map @key: option names of @r with true or false, and "target" if @with_target. */
int schema_options(const struct recipe *r, const struct yaml *map, const char *key,
		   bool with_target, struct settings *out, struct err *err)
	__attribute__((warn_unused_result));
/* 64 hex digits under @key. */
int schema_hash(const struct yaml *map, const char *key, struct sha256 *out, struct err *err)
	__attribute__((warn_unused_result));
/* A map with only these keys (NULL-terminated). */
int schema_map(const struct yaml *node, const char *what, const char *const *keys, struct err *err)
	__attribute__((warn_unused_result));
