/* SPDX-License-Identifier: Apache-2.0 */
#include <runner/upstream.h>

#include "schema.h"
#include "source.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <base/gpgv.h>
#include <runner/names.h>
#include <string.h>

#define HERE       "{version}"
#define DIGITS     "0123456789"
#define SERIES_MAX 4

void upstream_free(struct upstream *u)
{
	if (!u)
		return;
	for (size_t i = 0; i < u->n_components; i++) {
		struct upstream_component *c = &u->components[i];

		free(c->name);
		free(c->file);
		free(c->url);
		free(c->revision);
		free(c->to);
		free(c->when);
	}
	free(u->components);
	free(u->support.file);
	free(u->support.released);
	free(u->support.full_until);
	free(u->support.security_until);
	free(u->source);
	free(u->tag);
	free(u->key_file);
	strv_release(&u->urls);
	strv_release(&u->fingerprints);
	settings_release(&u->env);
	free(u);
}

/* ---- parsing ---- */

static int parse_path(const struct yaml *map, const char *key, char **out, struct err *err)
{
	if (schema_text(map, key, true, out, err) < 0)
		return -1;
	if (!path_is_clean(*out))
		return yaml_error(yaml_get(map, key), err,
				  "'%s': expected a relative path without '..', found '%s'", key,
				  *out);
	return 0;
}

static int parse_tag(const struct yaml *map, struct upstream *u, struct err *err)
{
	_cleanup_free_ char *name = NULL;

	if (schema_text(map, "tag", true, &u->tag, err) < 0)
		return -1;
	name = upstream_tag(u, "1");
	if (!strstr(u->tag, HERE) || !name_ok(name))
		return yaml_error(yaml_get(map, "tag"), err,
				  "'tag': expected a plain name with " HERE
				  " in it once, found '%s'",
				  u->tag);
	return 0;
}

/* `keys: unknown` is said of a recipe whose upstream's keys nobody has compared yet. */
static int parse_keys(struct recipe *r, const struct yaml *map, struct upstream *u, struct err *err)
{
	static const char *const known[] = {"file", "fingerprints", NULL};
	const struct yaml *keys = yaml_get(map, "keys");
	_cleanup_free_ char *file = NULL;

	if (keys && keys->kind == YAML_SCALAR && !strcmp(keys->text, "unknown"))
		return 0;
	if (yaml_get_map(map, "keys", true, &keys, err) < 0 ||
	    yaml_only_keys(keys, "'keys'", known, err) < 0 ||
	    parse_path(keys, "file", &file, err) < 0 ||
	    yaml_get_names(keys, "fingerprints", true, gpg_fingerprint_ok,
			   "40 hex digits in upper case", &u->fingerprints, err) < 0)
		return -1;
	u->key_file = path_join(r->dir, file);
	return 0;
}

static int parse_series(const struct yaml *map, struct upstream *u, struct err *err)
{
	int64_t n = 2;

	if (yaml_get_int(map, "series", false, &n, err) < 0)
		return -1;
	if (n < 1 || n > SERIES_MAX)
		return yaml_error(yaml_get(map, "series"), err, "'series': expected 1 to %d",
				  SERIES_MAX);
	u->series = (unsigned)n;
	return 0;
}

static int parse_support(const struct yaml *map, struct upstream *u, struct err *err)
{
	static const char *const known[] = {"file", "released", "full_until", "security_until",
					    NULL};
	const struct yaml *s = NULL;

	if (yaml_get_map(map, "support", false, &s, err) < 0)
		return -1;
	if (!s)
		return 0;
	if (yaml_only_keys(s, "'support'", known, err) < 0 ||
	    schema_text(s, "released", true, &u->support.released, err) < 0 ||
	    schema_text(s, "full_until", true, &u->support.full_until, err) < 0 ||
	    schema_text(s, "security_until", true, &u->support.security_until, err) < 0)
		return -1;
	return parse_path(s, "file", &u->support.file, err);
}

/* As it will stand in branch.yaml. */
static char *when_text(const struct settings *when)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	for (size_t i = 0; i < when->n; i++)
		strbuf_addf(&sb, "%s%s: %s", i ? ", " : "{", when->v[i].name, when->v[i].value);
	strbuf_addc(&sb, '}');
	return strbuf_steal(&sb);
}

static int parse_place(struct recipe *r, const struct yaml *node, struct upstream_component *c,
		       struct err *err)
{
	_cleanup_(settings_release) struct settings when = SETTINGS_INIT;

	if (yaml_get(node, "to") && parse_path(node, "to", &c->to, err) < 0)
		return -1;
	if (schema_options(r, node, "when", true, &when, err) < 0)
		return -1;
	if (when.n && !c->to)
		return yaml_error(yaml_get(node, "when"), err, "'when': expected 'to' as well");
	if (when.n)
		c->when = when_text(&when);
	return 0;
}

static int parse_variable(const struct yaml *node, const char *key, char **out, struct err *err)
{
	if (schema_text(node, key, true, out, err) < 0)
		return -1;
	if (!env_name_ok(*out))
		return yaml_error(yaml_get(node, key), err,
				  "'%s': expected a variable's name, found '%s'", key, *out);
	return 0;
}

static int parse_component(struct recipe *r, const struct yaml *node, struct upstream_component *c,
			   struct err *err)
{
	static const char *const known[] = {"name", "file", "url", "revision", "to", "when", NULL};

	if (schema_map(node, "a component", known, err) < 0 ||
	    schema_name(node, "name", true, &c->name, err) < 0 ||
	    parse_path(node, "file", &c->file, err) < 0 ||
	    parse_variable(node, "url", &c->url, err) < 0 ||
	    parse_variable(node, "revision", &c->revision, err) < 0)
		return -1;
	return parse_place(r, node, c, err);
}

static int parse_components(struct recipe *r, const struct yaml *map, struct upstream *u,
			    struct err *err)
{
	const struct yaml *list = NULL;

	if (yaml_get_list(map, "components", false, &list, err) < 0)
		return -1;
	u->components = xcalloc(list ? list->n : 1, sizeof(*u->components));
	for (size_t i = 0; list && i < list->n; i++) {
		struct upstream_component *c = &u->components[u->n_components++];

		if (parse_component(r, list->items[i], c, err) < 0)
			return -1;
		for (size_t k = 0; k <= i; k++) {
			const char *other = k < i ? u->components[k].name : u->source;

			if (!strcmp(other, c->name))
				return yaml_error(list->items[i], err,
						  "component '%s' is there twice", c->name);
		}
	}
	return 0;
}

int upstream_parse(struct recipe *r, const struct yaml *root, struct err *err)
{
	static const char *const known[] = {"source", "urls",       "tag",     "series", "keys",
					    "env",    "components", "support", NULL};
	const struct yaml *map = NULL;
	struct upstream *u;

	if (yaml_get_map(root, "upstream", false, &map, err) < 0)
		return -1;
	if (!map)
		return 0;
	u = r->upstream = xcalloc(1, sizeof(*u));
	if (yaml_only_keys(map, "'upstream'", known, err) < 0 ||
	    schema_name(map, "source", true, &u->source, err) < 0 ||
	    source_parse_urls(map, &u->urls, err) < 0 || parse_tag(map, u, err) < 0 ||
	    parse_series(map, u, err) < 0 || parse_keys(r, map, u, err) < 0 ||
	    schema_env(map, &u->env, err) < 0 || parse_support(map, u, err) < 0)
		return -1;
	return parse_components(r, map, u, err);
}

/* ---- tags and versions ---- */

/* Numbers and dots, no number with a leading zero: one spelling for one version. */
static bool version_ok(const char *s)
{
	if (strlen(s) > 40)
		return false;
	for (;;) {
		size_t n = strspn(s, DIGITS);

		if (!n || n > 9 || (n > 1 && *s == '0'))
			return false;
		s += n;
		if (!*s)
			return true;
		if (*s++ != '.')
			return false;
	}
}

char *upstream_version(const struct upstream *u, const char *tag)
{
	const char *at = strstr(u->tag, HERE), *after = at + strlen(HERE);
	size_t before = (size_t)(at - u->tag), len = strlen(tag), rest = strlen(after);
	char *version;

	if (len <= before + rest || strncmp(tag, u->tag, before) != 0 || !str_ends(tag, after))
		return NULL;
	version = xstrndup(tag + before, len - before - rest);
	if (version_ok(version))
		return version;
	free(version);
	return NULL;
}

char *upstream_tag(const struct upstream *u, const char *version)
{
	const char *at = strstr(u->tag, HERE);

	if (!at)
		return xstrdup(u->tag);
	return xasprintf("%.*s%s%s", (int)(at - u->tag), u->tag, version, at + strlen(HERE));
}

char *upstream_series(const struct upstream *u, const char *version)
{
	size_t len = 0;

	for (unsigned i = 0; i < u->series; i++) {
		len += i ? 1 : 0; /* the dot */
		if (i && version[len - 1] != '.')
			return NULL;
		len += strspn(version + len, DIGITS);
	}
	return xstrndup(version, len);
}

char *upstream_fill(const char *text, const char *version, const char *tag, const char *commit)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	while (*text) {
		int n = 0, end = 0;

		if (str_starts(text, HERE)) {
			strbuf_adds(&sb, version);
			text += strlen(HERE);
		} else if (str_starts(text, "{tag}")) {
			strbuf_adds(&sb, tag);
			text += strlen("{tag}");
		} else if (str_starts(text, "{commit}")) {
			strbuf_adds(&sb, commit);
			text += strlen("{commit}");
		} else if (sscanf(text, "{commit:%2d}%n", &n, &end) == 1 && end && n > 0) {
			strbuf_addf(&sb, "%.*s", n, commit);
			text += end;
		} else {
			strbuf_addc(&sb, *text++);
		}
	}
	return strbuf_steal(&sb);
}
