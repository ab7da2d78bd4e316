/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <string.h>

/* Letters of a package, suite or mirror name (deb-control(5), "Package"). */
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyz0123456789+-._"

static const char *const machines[][2] = {{"x86_64", "amd64"}, {"aarch64", "arm64"}};

const char *debian_arch(const char *machine)
{
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (strcmp(machines[i][0], machine) == 0)
			return machines[i][1];
	return NULL;
}

static bool is_name(const char *s)
{
	return isalnum((unsigned char)*s) && s[strspn(s, NAME_CHARS)] == '\0';
}

/* name, or name:arch */
static bool is_package(const char *s)
{
	size_t n = strspn(s, NAME_CHARS);

	return isalnum((unsigned char)*s) && (s[n] == '\0' || (s[n] == ':' && is_name(s + n + 1)));
}

static bool is_clean_path(const char *s)
{
	return path_is_clean(s);
}

static bool is_variable(const char *s)
{
	return (isupper((unsigned char)*s) || *s == '_') &&
	       s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] == '\0';
}

static int get_checked(const struct yaml *map, const char *key, bool (*ok)(const char *),
		       const char *expected, char **out, struct err *err)
{
	const char *text = NULL;

	if (yaml_get_text(map, key, true, &text, err) < 0)
		return -1;
	if (!ok(text))
		return yaml_error(yaml_get(map, key), err, "'%s': expected %s, found '%s'", key,
				  expected, text);
	*out = xstrdup(text);
	return 0;
}

static int parse_keys(const struct yaml *root, struct toolchain *tc, struct err *err)
{
	static const char *const known[] = {"file", "fingerprints", NULL};
	const struct yaml *keys = NULL;
	_cleanup_free_ char *file = NULL;

	if (yaml_get_map(root, "keys", true, &keys, err) < 0 ||
	    yaml_only_keys(keys, "keys", known, err) < 0)
		return -1;
	if (get_checked(keys, "file", is_clean_path, "a path below the toolchain's folder", &file,
			err) < 0)
		return -1;
	tc->key_file = path_join(tc->dir, file);
	return yaml_get_names(keys, "fingerprints", true, gpg_fingerprint_ok,
			      "40 hex digits in upper case", &tc->fingerprints, err);
}

static int parse_env(const struct yaml *map, struct strv *out, struct err *err)
{
	const struct yaml *env = NULL;
	const char *value = NULL;

	if (yaml_get_map(map, "env", false, &env, err) < 0)
		return -1;
	for (size_t i = 0; env && i < env->n; i++) {
		if (yaml_text(env->items[i], env->keys[i], &value, err) < 0)
			return -1;
		if (!is_variable(env->keys[i]) || strchr(value, '\n'))
			return yaml_error(env->items[i], err,
					  "'env': expected NAME: value in one line, found '%s'",
					  env->keys[i]);
		strv_pushf(out, "%s=%s", env->keys[i], value);
	}
	return 0;
}

static bool is_machine(const char *s)
{
	return debian_arch(s) != NULL;
}

static int parse_pair(const struct yaml *node, struct toolchain *tc, struct err *err)
{
	static const char *const known[] = {"host", "target", "packages", "env", NULL};
	struct tc_pair *pair = &tc->pairs[tc->n_pairs];
	const char *expected = "x86_64 or aarch64";

	if (yaml_want(node, YAML_MAP, "pairs", err) < 0 ||
	    yaml_only_keys(node, "pair", known, err) < 0)
		return -1;
	tc->n_pairs++; /* from here on toolchain_free() cleans it */
	if (get_checked(node, "host", is_machine, expected, &pair->host, err) < 0 ||
	    get_checked(node, "target", is_machine, expected, &pair->target, err) < 0)
		return -1;
	if (toolchain_pair(tc, pair->host, pair->target) != pair)
		return yaml_error(node, err, "pair %s-%s is there twice", pair->host, pair->target);
	if (yaml_get_names(node, "packages", true, is_package, "a package name, or name:arch",
			   &pair->packages, err) < 0)
		return -1;
	return parse_env(node, &pair->env, err);
}

static int parse_pairs(const struct yaml *root, struct toolchain *tc, struct err *err)
{
	const struct yaml *list = NULL;

	if (yaml_get_list(root, "pairs", true, &list, err) < 0)
		return -1;
	if (list->n == 0)
		return yaml_error(list, err, "'pairs': expected at least one");
	tc->pairs = xcalloc(list->n, sizeof(*tc->pairs));
	for (size_t i = 0; i < list->n; i++)
		if (parse_pair(list->items[i], tc, err) < 0)
			return -1;
	return 0;
}

static int parse_link(const struct yaml *node, const char *path, struct toolchain *tc,
		      struct err *err)
{
	static const char *const known[] = {"to", "optional", NULL};
	struct tc_link *link = &tc->links[tc->n_links];
	const char *to = NULL;

	if (path[0] != '/' || !path_is_clean(path + 1))
		return yaml_error(node, err, "'links': expected an absolute path, found '%s'",
				  path);
	if (node->kind == YAML_MAP) {
		if (yaml_only_keys(node, path, known, err) < 0 ||
		    yaml_get_text(node, "to", true, &to, err) < 0 ||
		    yaml_get_bool(node, "optional", false, &link->optional, err) < 0)
			return -1;
	} else if (yaml_text(node, path, &to, err) < 0) {
		return -1;
	}
	if (!path_is_clean(to[0] == '/' ? to + 1 : to) || (to[0] != '/' && strchr(to, '/')))
		return yaml_error(node, err,
				  "'%s': expected a name in the same folder or an absolute path, "
				  "found '%s'",
				  path, to);
	link->path = xstrdup(path + 1);
	link->to = xstrdup(to);
	tc->n_links++;
	return 0;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct tc_link *)a)->path, ((const struct tc_link *)b)->path);
}

static int parse_links(const struct yaml *root, struct toolchain *tc, struct err *err)
{
	const struct yaml *map = NULL;

	if (yaml_get_map(root, "links", false, &map, err) < 0)
		return -1;
	if (!map || map->n == 0)
		return 0;
	tc->links = xcalloc(map->n, sizeof(*tc->links));
	for (size_t i = 0; i < map->n; i++)
		if (parse_link(map->items[i], map->keys[i], tc, err) < 0)
			return -1;
	qsort(tc->links, tc->n_links, sizeof(*tc->links), by_path);
	return 0;
}

/* Where the packages come from: of its own, or that of another toolchain. */
static int parse_origin(const struct yaml *root, struct toolchain *tc, struct err *err)
{
	static const char *const own[] = {"belljar", "name", "suite",     "components",
					  "mirror",  "keys", "essential", "pairs",
					  "links",   "drop", NULL};
	static const char *const added[] = {"belljar", "name",  "extends", "essential",
					    "pairs",   "links", "drop",    NULL};

	if (yaml_get(root, "extends")) {
		if (yaml_only_keys(root, "toolchain that extends another", added, err) < 0)
			return -1;
		return get_checked(root, "extends", is_name, "a toolchain's name", &tc->extends,
				   err);
	}
	if (yaml_only_keys(root, "toolchain", own, err) < 0 ||
	    get_checked(root, "suite", is_name, "a suite's code name", &tc->suite, err) < 0 ||
	    yaml_get_names(root, "components", true, is_name, "a component", &tc->components, err) <
		    0 ||
	    get_checked(root, "mirror", is_name, "a mirror's name", &tc->mirror, err) < 0)
		return -1;
	return parse_keys(root, tc, err);
}

static int parse(const struct yaml *root, const char *name, struct toolchain *tc, struct err *err)
{
	int64_t version = 0;

	if (yaml_want(root, YAML_MAP, "toolchain", err) < 0 ||
	    yaml_get_int(root, "belljar", true, &version, err) < 0)
		return -1;
	if (version != 1)
		return yaml_error(yaml_get(root, "belljar"), err,
				  "'belljar': expected 1, found %lld", (long long)version);
	if (get_checked(root, "name", is_name, "a name", &tc->name, err) < 0)
		return -1;
	if (strcmp(tc->name, name) != 0)
		return yaml_error(yaml_get(root, "name"), err,
				  "'name': expected '%s', the folder's name, found '%s'", name,
				  tc->name);
	if (parse_origin(root, tc, err) < 0 ||
	    yaml_get_names(root, "essential", false, is_package, "a package name", &tc->essential,
			   err) < 0 ||
	    yaml_get_names(root, "drop", false, is_clean_path, "a path below the root", &tc->drop,
			   err) < 0)
		return -1;
	if (parse_pairs(root, tc, err) < 0)
		return -1;
	return parse_links(root, tc, err);
}

static char *yaml_of(const char *dir, const char *name)
{
	return xasprintf("%s/%s/toolchain.yaml", dir, name);
}

bool toolchain_exists(const char *dir, const char *name)
{
	_cleanup_free_ char *path = yaml_of(dir, name);

	return is_name(name) && file_exists(AT_FDCWD, path);
}

static int no_toolchain(const char *dir, const char *name, struct err *err)
{
	_cleanup_(strv_release) struct strv names = STRV_INIT;
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	const char *near;

	if (toolchain_names(dir, &names, err) < 0)
		return -1;
	near = str_nearest(name, (const char *const *)names.v, names.n);
	if (near)
		return err_set(err, ERR_INPUT, 0,
			       "there is no toolchain '%s' in %s; did you mean '%s'?", name, dir,
			       near);
	for (size_t i = 0; i < names.n; i++)
		strbuf_addf(&sb, " %s", names.v[i]);
	return err_set(err, ERR_INPUT, 0, "there is no toolchain '%s' in %s; there %s:%s", name,
		       dir, names.n == 1 ? "is" : "are", names.n ? strbuf_str(&sb) : " none");
}

int toolchain_parse(const char *dir, const char *name, struct toolchain **out, struct err *err)
{
	_cleanup_(toolchain_freep) struct toolchain *tc = xcalloc(1, sizeof(*tc));
	_cleanup_(yaml_doc_release) struct yaml_doc doc = {0};
	_cleanup_free_ char *path = NULL;

	if (!is_name(name))
		return err_set(err, ERR_INPUT, 0, "toolchain '%s': not a name", name);
	tc->dir = path_join(dir, name);
	path = yaml_of(dir, name);
	if (!file_exists(AT_FDCWD, path))
		return no_toolchain(dir, name, err);
	if (yaml_read_file(AT_FDCWD, path, path, &doc, err) < 0)
		return -1;
	if (parse(doc.root, name, tc, err) < 0)
		return -1;
	strv_sort(&tc->drop);
	*out = TAKE_PTR(tc);
	return 0;
}

/* @way: those that lead here, each of which extends the next one. */
static int load(const char *dir, const char *name, struct strv *way, struct toolchain **out,
		struct err *err)
{
	_cleanup_(toolchain_freep) struct toolchain *tc = NULL, *base = NULL;

	if (strv_contains(way, name))
		return err_set(err, ERR_INPUT, 0, "that goes round in a circle");
	strv_push(way, name);
	if (toolchain_parse(dir, name, &tc, err) < 0)
		return -1;
	if (tc->extends &&
	    (load(dir, tc->extends, way, &base, err) < 0 || toolchain_extend(tc, base, err) < 0))
		return err_wrap(err, "toolchain %s extends %s", name, tc->extends);
	*out = TAKE_PTR(tc);
	return 0;
}

int toolchain_load(const char *dir, const char *name, struct toolchain **out, struct err *err)
{
	_cleanup_(strv_release) struct strv way = STRV_INIT;

	return load(dir, name, &way, out, err);
}

static void free_pair(struct tc_pair *p)
{
	free(p->host);
	free(p->target);
	strv_release(&p->packages);
	strv_release(&p->env);
}

void toolchain_free(struct toolchain *tc)
{
	if (!tc)
		return;
	for (size_t i = 0; i < tc->n_pairs; i++)
		free_pair(&tc->pairs[i]);
	for (size_t i = 0; i < tc->n_links; i++) {
		free(tc->links[i].path);
		free(tc->links[i].to);
	}
	free(tc->pairs);
	free(tc->links);
	free(tc->dir);
	free(tc->name);
	free(tc->suite);
	free(tc->mirror);
	free(tc->extends);
	free(tc->key_file);
	strv_release(&tc->components);
	strv_release(&tc->fingerprints);
	strv_release(&tc->below);
	strv_release(&tc->essential);
	strv_release(&tc->drop);
	free(tc);
}

void toolchain_freep(struct toolchain **tc)
{
	toolchain_free(*tc);
}

const struct tc_pair *toolchain_pair(const struct toolchain *tc, const char *host,
				     const char *target)
{
	for (size_t i = 0; i < tc->n_pairs; i++)
		if (strcmp(tc->pairs[i].host, host) == 0 &&
		    strcmp(tc->pairs[i].target, target) == 0)
			return &tc->pairs[i];
	return NULL;
}

static void push_once(struct strv *out, const struct strv *in)
{
	for (size_t i = 0; i < in->n; i++)
		if (!strv_contains(out, in->v[i]))
			strv_push(out, in->v[i]);
}

void toolchain_wanted(const struct toolchain *tc, const struct tc_pair *pair, struct strv *out)
{
	push_once(out, &tc->essential);
	push_once(out, &pair->packages);
	strv_sort(out);
}

void toolchain_env(const struct toolchain *tc, const char *host, const char *target,
		   struct strv *out)
{
	const struct tc_pair *pair = toolchain_pair(tc, host, target);

	if (pair)
		strv_copy(out, &pair->env);
}

void toolchain_pairs(const struct toolchain *tc, struct strv *out)
{
	for (size_t i = 0; i < tc->n_pairs; i++)
		strv_pushf(out, "%s-%s", tc->pairs[i].host, tc->pairs[i].target);
}

int toolchain_no_such_pair(const struct toolchain *tc, const char *host, const char *target,
			   struct err *err)
{
	_cleanup_(strv_release) struct strv pairs = STRV_INIT;
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	toolchain_pairs(tc, &pairs);
	for (size_t i = 0; i < pairs.n; i++)
		strbuf_addf(&sb, "%s%s", i ? ", " : "", pairs.v[i]);
	return err_set(err, ERR_INPUT, 0, "toolchain %s has no pair %s-%s; it has %s", tc->name,
		       host, target, strbuf_str(&sb));
}

const char *const *toolchain_shim_names(void)
{
	static const char *const names[] = {"git",           "wget",       "curl", "hostname",
					    "dnsdomainname", "domainname", "date", "uname",
					    "whoami",        NULL};

	return names;
}

const char *toolchain_extends(const struct toolchain *tc)
{
	return tc->extends;
}

bool toolchain_builds_on(const struct toolchain *tc, const char *name)
{
	return strv_contains(&tc->below, name);
}

int toolchain_names(const char *dir, struct strv *out, struct err *err)
{
	int fd = file_open(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY, 0, err);
	_cleanup_closedir_ DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d)
		return -1;
	while ((e = readdir(d))) {
		_cleanup_free_ char *yaml = xasprintf("%s/toolchain.yaml", e->d_name);

		if (e->d_name[0] != '.' && file_exists(dirfd(d), yaml))
			strv_push(out, e->d_name);
	}
	strv_sort(out);
	return 0;
}
