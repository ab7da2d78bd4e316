/* SPDX-License-Identifier: Apache-2.0 */
#include "mirror.h"

#include <base/file.h>
#include <base/yaml.h>
#include <ctype.h>
#include <fcntl.h>
#include <string.h>

#define PREFIX "mirror://"

/* Something that can stand before "/path" in a URL, without a byte that could forge a message. */
static int check_base(const char *url, const char *where, struct err *err)
{
	bool known = str_starts(url, "https://") || str_starts(url, "http://") ||
		     str_starts(url, "file:///");

	for (const char *p = url; *p && known; p++)
		known = *p > ' ' && *p != 0x7f;
	if (!known)
		return err_set(err, ERR_INPUT, 0,
			       "%s: '%s' is no base URL: expected https://, http:// or file:///",
			       where, url);
	return 0;
}

static int take_base(const char *url, const char *where, struct strv *out, struct err *err)
{
	size_t len = strlen(url);

	if (check_base(url, where, err) < 0)
		return -1;
	while (len > 0 && url[len - 1] == '/')
		len--;
	strv_push_take(out, xstrndup(url, len));
	return 0;
}

static int from_options(const char *name, const struct fetch_options *opt, struct strv *out,
			struct err *err)
{
	size_t len = strlen(name);

	for (size_t i = 0; opt && opt->mirrors && i < opt->mirrors->n; i++) {
		const char *text = opt->mirrors->v[i];

		if (!strchr(text, '='))
			return err_set(err, ERR_USAGE, 0, "--mirror %s: expected NAME=URL", text);
		if (strncmp(text, name, len) == 0 && text[len] == '=')
			return take_base(text + len + 1, "--mirror", out, err);
	}
	return 0;
}

static int check_name(const char *name, struct err *err)
{
	const char *p = name;

	while (islower((unsigned char)*p) || isdigit((unsigned char)*p) || *p == '-')
		p++;
	if (p == name || *p)
		return err_set(err, ERR_INPUT, 0, "'%s' is no name of a mirror: a-z, 0-9 and -",
			       name);
	return 0;
}

int fetch_mirror_check(const char *text, struct err *err)
{
	const char *eq = strchr(text, '=');
	_cleanup_free_ char *name = eq ? xstrndup(text, (size_t)(eq - text)) : NULL;

	if (!eq)
		return err_set(err, ERR_USAGE, 0, "--mirror %s: expected NAME=URL", text);
	if (check_name(name, err) == 0 && check_base(eq + 1, "--mirror", err) == 0)
		return 0;
	err->code = ERR_USAGE; /* nobody's recipe says so: the command line does */
	return -1;
}

static char *variable_name(const char *name)
{
	char *var = xasprintf("BELLJAR_MIRROR_%s", name);

	for (char *p = var; *p; p++)
		*p = *p == '-' ? '_' : (char)toupper((unsigned char)*p);
	return var;
}

static int from_environment(const char *name, struct strv *out, struct err *err)
{
	_cleanup_free_ char *var = variable_name(name);
	const char *value = getenv(var);

	return str_empty(value) ? 0 : take_base(value, var, out, err);
}

static int from_config_file(const char *path, const char *name, struct strv *out, struct err *err)
{
	static const char *const known[] = {"mirrors", NULL};
	_cleanup_(yaml_doc_release) struct yaml_doc doc = {0};
	const struct yaml *mirrors = NULL;
	const char *value = NULL;

	if (!file_exists(AT_FDCWD, path))
		return 0;
	if (yaml_read_file(AT_FDCWD, path, path, &doc, err) < 0 ||
	    yaml_want(doc.root, YAML_MAP, "the configuration", err) < 0 ||
	    yaml_only_keys(doc.root, "the configuration", known, err) < 0 ||
	    yaml_get_map(doc.root, "mirrors", false, &mirrors, err) < 0)
		return -1;
	if (mirrors && yaml_get_text(mirrors, name, false, &value, err) < 0)
		return -1;
	return value ? take_base(value, path, out, err) : 0;
}

static char *user_config(void)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (xdg && *xdg == '/')
		return path_join(xdg, "belljar/config.yaml");
	return str_empty(home) ? NULL : path_join(home, ".config/belljar/config.yaml");
}

static int from_config(const char *name, struct strv *out, struct err *err)
{
	_cleanup_free_ char *path = user_config();

	if (path && from_config_file(path, name, out, err) < 0)
		return -1;
	return out->n ? 0 : from_config_file("/etc/belljar/config.yaml", name, out, err);
}

static void from_apt(const char *name, const char *suite, struct strv *out)
{
	const char *dir = getenv("BELLJAR_APT_SOURCES");

	/* the archive and what is built like it; any other name means what its owner says */
	if (str_starts(name, "debian"))
		apt_sources_find(str_empty(dir) ? "/etc/apt" : dir, name, suite, out);
}

/* At least one base URL, or an error that says how to give one. */
static int find_bases(const char *name, const char *suite, const struct fetch_options *opt,
		      struct strv *out, struct err *err)
{
	_cleanup_free_ char *var = NULL;

	if (check_name(name, err) < 0 || from_options(name, opt, out, err) < 0)
		return -1;
	if (out->n == 0 && from_environment(name, out, err) < 0)
		return -1;
	if (out->n == 0 && from_config(name, out, err) < 0)
		return -1;
	if (out->n == 0)
		from_apt(name, suite, out);
	if (out->n > 0)
		return 0;
	var = variable_name(name);
	return err_set(
		err, ERR_INPUT, 0,
		"no mirror '%s' is known: give --mirror %s=URL, or set %s, or write it under "
		"'mirrors:' in ~/.config/belljar/config.yaml or /etc/belljar/config.yaml%s",
		name, name, var,
		str_starts(name, "debian") ? " (the apt sources of this host have none)" : "");
}

int fetch_mirror_resolve(const char *name, const struct fetch_options *opt, char **out,
			 struct err *err)
{
	_cleanup_(strv_release) struct strv bases = STRV_INIT;

	if (find_bases(name, NULL, opt, &bases, err) < 0)
		return -1;
	*out = xstrdup(bases.v[0]);
	return 0;
}

/* The SUITE of "dists/SUITE/..."; NULL for anything else. The caller frees. */
static char *suite_of(const char *path)
{
	if (!str_starts(path, "dists/"))
		return NULL;
	path += strlen("dists/");
	return xstrndup(path, strcspn(path, "/"));
}

int mirror_expand(const char *url, const struct fetch_options *opt, struct strv *out,
		  struct err *err)
{
	_cleanup_(strv_release) struct strv bases = STRV_INIT;
	_cleanup_free_ char *name = NULL, *suite = NULL;
	const char *path;

	if (!str_starts(url, PREFIX)) {
		strv_push(out, url);
		return 0;
	}
	url += strlen(PREFIX);
	path = url + strcspn(url, "/");
	name = xstrndup(url, (size_t)(path - url));
	if (path[0] != '/' || path[1] == '\0')
		return err_set(err, ERR_INPUT, 0, PREFIX "%s: expected " PREFIX "NAME/PATH", url);
	suite = suite_of(path + 1);
	if (find_bases(name, suite, opt, &bases, err) < 0)
		return -1;
	for (size_t i = 0; i < bases.n; i++)
		strv_pushf(out, "%s%s", bases.v[i], path);
	return 0;
}
