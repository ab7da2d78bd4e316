/* SPDX-License-Identifier: Apache-2.0 */
#include "schema.h"

#include <base/cleanup.h>
#include <runner/names.h>
#include <string.h>

int schema_map(const struct yaml *node, const char *what, const char *const *keys, struct err *err)
{
	if (yaml_want(node, YAML_MAP, what, err) < 0)
		return -1;
	return yaml_only_keys(node, what, keys, err);
}

int schema_version(const struct yaml *root, struct err *err)
{
	int64_t version = 0;

	if (yaml_get_int(root, "belljar", true, &version, err) < 0)
		return -1;
	if (version != 1)
		return yaml_error(yaml_get(root, "belljar"), err,
				  "'belljar': expected format version 1, found %lld",
				  (long long)version);
	return 0;
}

static bool is_plain(const char *s)
{
	for (; *s; s++) {
		if (((unsigned char)*s < 0x20 && *s != '\n' && *s != '\t') || *s == 0x7f)
			return false;
	}
	return true;
}

/* Texts are shown on terminals, and written into scripts: no escape sequences. */
int schema_text(const struct yaml *map, const char *key, bool required, char **out, struct err *err)
{
	const char *text = NULL;

	if (yaml_get_text(map, key, required, &text, err) < 0)
		return -1;
	if (text && !is_plain(text))
		return yaml_error(yaml_get(map, key), err,
				  "'%s': expected text without control characters", key);
	if (text)
		*out = xstrdup(text);
	return 0;
}

int schema_name(const struct yaml *map, const char *key, bool required, char **out, struct err *err)
{
	if (schema_text(map, key, required, out, err) < 0)
		return -1;
	if (*out && !name_ok(*out))
		return yaml_error(
			yaml_get(map, key), err,
			"'%s': expected a plain name (letters, digits, . + _ ~ -), found '%s'", key,
			*out);
	return 0;
}

int schema_env(const struct yaml *map, struct settings *out, struct err *err)
{
	const struct yaml *env = NULL;
	const char *value = NULL;

	if (yaml_get_map(map, "env", false, &env, err) < 0)
		return -1;
	for (size_t i = 0; env && i < env->n; i++) {
		if (!env_name_ok(env->keys[i]))
			return yaml_error(env->items[i], err,
					  "'env': '%s' cannot name an environment variable",
					  env->keys[i]);
		if (env_name_reserved(env->keys[i]))
			return yaml_error(env->items[i], err, "'env': %s is set by belljar itself",
					  env->keys[i]);
		if (yaml_text(env->items[i], env->keys[i], &value, err) < 0)
			return -1;
		settings_set(out, env->keys[i], value);
	}
	return 0;
}

static int unknown_option(const struct recipe *r, const struct yaml *at, const char *key,
			  const char *name, struct err *err)
{
	_cleanup_free_ const char **names = xcalloc(r->n_options + 1, sizeof(*names));
	const char *near;

	for (size_t i = 0; i < r->n_options; i++)
		names[i] = r->options[i].name;
	near = str_nearest(name, names, r->n_options);
	if (near)
		return yaml_error(at, err, "'%s': there is no option '%s': did you mean '%s'?", key,
				  name, near);
	return yaml_error(at, err, "'%s': there is no option '%s'", key, name);
}

static bool has_option(const struct recipe *r, const char *name)
{
	for (size_t i = 0; i < r->n_options; i++) {
		if (!strcmp(r->options[i].name, name))
			return true;
	}
	return false;
}

static int target_value(const struct yaml *at, struct settings *out, struct err *err)
{
	const char *arch = NULL;

	if (yaml_text(at, "target", &arch, err) < 0)
		return -1;
	if (!arch_known(arch))
		return yaml_error(at, err, "'target': expected x86_64 or aarch64, found '%s'",
				  arch);
	settings_set(out, "target", arch);
	return 0;
}

int schema_options(const struct recipe *r, const struct yaml *map, const char *key,
		   bool with_target, struct settings *out, struct err *err)
{
	const struct yaml *m = NULL;

	if (yaml_get_map(map, key, false, &m, err) < 0)
		return -1;
	for (size_t i = 0; m && i < m->n; i++) {
		bool value = false;

		if (with_target && !strcmp(m->keys[i], "target")) {
			if (target_value(m->items[i], out, err) < 0)
				return -1;
			continue;
		}
		if (!has_option(r, m->keys[i]))
			return unknown_option(r, m->items[i], key, m->keys[i], err);
		if (yaml_bool(m->items[i], m->keys[i], &value, err) < 0)
			return -1;
		settings_set(out, m->keys[i], value ? "true" : "false");
	}
	return 0;
}

int schema_hash(const struct yaml *map, const char *key, struct sha256 *out, struct err *err)
{
	const char *hex = NULL;

	if (yaml_get_text(map, key, true, &hex, err) < 0)
		return -1;
	if (!sha256_from_hex(hex, out))
		return yaml_error(yaml_get(map, key), err,
				  "'%s': expected 64 lower-case hex digits, found '%s'", key, hex);
	return 0;
}
