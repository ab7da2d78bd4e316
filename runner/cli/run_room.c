/* SPDX-License-Identifier: Apache-2.0 */
#include "run_room.h"

#include "results.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <string.h>

void stand_release(struct stand *s)
{
	strv_release(&s->texts);
	strv_release(&s->env);
	free(s->mounts);
}

static const char *keep(struct stand *s, char *text_taken)
{
	strv_push_take(&s->texts, text_taken);
	return text_taken;
}

/* Mounts ------------------------------------------------------------------------------------ */

static void add_mount(struct stand *s, enum room_mount_kind kind, const char *src, const char *dst)
{
	s->mounts = xrealloc(s->mounts, (s->n_mounts + 1) * sizeof(*s->mounts));
	s->mounts[s->n_mounts++] =
		(struct room_mount){.kind = kind, .src = src, .dst = dst, .keep_owner = true};
}

/* "/a/b" of "/a//b/": what users write, and the room calls unclean. */
static char *tidy(const char *path)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	for (const char *c = path; *c; c++) {
		if (*c != '/' || c == path || (c[1] != '/' && c[1]))
			strbuf_addc(&sb, *c);
	}
	return strbuf_steal(&sb);
}

static int check_place(enum opt id, const char *dst, struct err *err)
{
	const char *name = cli_options[id].name;

	if (*dst != '/')
		return err_set(err, ERR_USAGE, 0,
			       "--%s: the place inside must be an absolute path, found '%s'", name,
			       dst);
	if (!dst[1])
		return err_set(err, ERR_USAGE, 0,
			       "--%s: / is the root; give --root TREE to replace it", name);
	if (!strcmp(dst, "/proc") || !strcmp(dst, "/dev") || str_starts(dst, "/proc/") ||
	    str_starts(dst, "/dev/"))
		return err_set(err, ERR_USAGE, 0, "--%s: %s is the room's own, always there", name,
			       dst);
	if (!path_is_clean(dst + 1))
		return err_set(err, ERR_USAGE, 0, "--%s: '%s' must be without . and ..", name, dst);
	return 0;
}

/* @dst NULL: the same place. */
static int add_bind(struct stand *s, enum opt id, const char *src, const char *dst, struct err *err)
{
	bool ro = id == OPT_RO || id == OPT_RO_BIND || id == OPT_RO_BIND_TRY;
	bool try = id == OPT_BIND_TRY || id == OPT_RO_BIND_TRY;
	char *real = realpath(src, NULL);

	if (!real && try && errno == ENOENT)
		return 0;
	if (!real)
		return err_set(err, ERR_USAGE, errno, "--%s: cannot show %s", cli_options[id].name,
			       src);
	keep(s, real);
	dst = dst ? keep(s, tidy(dst)) : real;
	if (check_place(id, dst, err) < 0)
		return -1;
	for (size_t i = 0; i < s->n_mounts; i++)
		if (!strcmp(s->mounts[i].dst, dst))
			return err_set(err, ERR_USAGE, 0, "--%s: %s was given twice",
				       cli_options[id].name, dst);
	add_mount(s, ro ? ROOM_BIND_RO : ROOM_BIND_RW, real, dst);
	return 0;
}

/* SRC[:DST]; a SRC with a colon needs --ro-bind. */
static int add_bind_text(struct stand *s, const struct given *g, struct err *err)
{
	const char *colon = strchr(g->value, ':');
	const char *src = g->value;

	if (colon)
		src = keep(s, xstrndup(g->value, (size_t)(colon - g->value)));
	return add_bind(s, g->id, src, colon ? colon + 1 : NULL, err);
}

static int add_tmpfs(struct stand *s, const struct given *g, struct err *err)
{
	const char *colon = strrchr(g->value, ':');
	char *dst = tidy(g->value);
	uint64_t size = 0;

	keep(s, dst);
	if (colon) {
		if (!cli_parse_amount(colon + 1, true, &size))
			return err_set(err, ERR_USAGE, 0,
				       "--tmpfs %s: expected DST or DST:SIZE, SIZE a number of "
				       "bytes, perhaps with K, M or G",
				       g->value);
		*strrchr(dst, ':') = '\0';
	}
	if (check_place(OPT_TMPFS, dst, err) < 0)
		return -1;
	add_mount(s, ROOM_TMPFS, NULL, dst);
	s->mounts[s->n_mounts - 1].size = size;
	return 0;
}

static int add_given(struct stand *s, const struct given *g, struct err *err)
{
	switch (g->id) {
	case OPT_RO:
	case OPT_RW:
		return add_bind_text(s, g, err);
	case OPT_BIND:
	case OPT_RO_BIND:
	case OPT_BIND_TRY:
	case OPT_RO_BIND_TRY:
		return add_bind(s, g->id, g->value, g->second, err);
	case OPT_TMPFS:
		return add_tmpfs(s, g, err);
	case OPT_DEV:
		if (strcmp(g->value, "/dev") != 0)
			return err_set(err, ERR_USAGE, 0,
				       "--dev: the room's devices are at /dev, not at '%s'",
				       g->value);
		return 0;
	default:
		return 0;
	}
}

static int add_mounts(struct stand *s, const struct cli *c, struct err *err)
{
	for (size_t i = 0; i < c->parsed.n_given; i++) {
		if (add_given(s, &c->parsed.given[i], err) < 0)
			return -1;
	}
	for (size_t i = 0; i < s->n_mounts; i++) {
		if (strcmp(s->mounts[i].dst, "/build") != 0)
			continue;
		if (c->runner.limits.build_bytes)
			return err_set(err, ERR_USAGE, 0,
				       "--limit build: /build is one of the places given; a size "
				       "goes with --tmpfs /build:SIZE");
	}
	return 0;
}

/* Environment ------------------------------------------------------------------------------- */

static bool is_variable(const char *text, const char *name, size_t len)
{
	return !strncmp(text, name, len) && text[len] == '=';
}

static void unset(struct strv *env, const char *name, size_t len)
{
	size_t kept = 0;

	for (size_t i = 0; i < env->n; i++) {
		if (is_variable(env->v[i], name, len))
			free(env->v[i]);
		else
			env->v[kept++] = env->v[i];
	}
	env->n = kept;
	if (env->v)
		env->v[kept] = NULL;
}

static int set_variable(struct stand *s, const struct given *g, struct err *err)
{
	bool pair = g->id == OPT_SETENV;
	size_t len = pair ? strlen(g->value) : strcspn(g->value, "=");

	if (!len || (pair ? strchr(g->value, '=') != NULL : !g->value[len]))
		return err_set(err, ERR_USAGE, 0, "--%s: expected %s, found '%s'",
			       cli_options[g->id].name, cli_options[g->id].arg, g->value);
	unset(&s->env, g->value, len);
	if (pair)
		strv_pushf(&s->env, "%s=%s", g->value, g->second);
	else
		strv_push(&s->env, g->value);
	return 0;
}

static int unset_variable(struct stand *s, const struct given *g, struct err *err)
{
	if (!*g->value || strchr(g->value, '='))
		return err_set(err, ERR_USAGE, 0, "--unsetenv: expected NAME, found '%s'",
			       g->value);
	unset(&s->env, g->value, strlen(g->value));
	return 0;
}

/* A few constants, nothing of the caller's own; then what was asked for, in that order. */
static int make_env(struct stand *s, const struct parsed *p, bool terminal, struct err *err)
{
	static const char *const usual[] = {"PATH=/usr/bin:/usr/sbin:/bin:/sbin",
					    "HOME=/build",
					    "LC_ALL=C.UTF-8",
					    "TZ=UTC",
					    "USER=builder",
					    "LOGNAME=builder",
					    "SHELL=/bin/sh",
					    "TMPDIR=/tmp"};
	const char *term = getenv("TERM");
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
		strv_push(&s->env, usual[i]);
	strv_pushf(&s->env, "TERM=%s", terminal && term ? term : "dumb");
	for (size_t i = 0; i < p->n_given && rc == 0; i++) {
		const struct given *g = &p->given[i];

		if (g->id == OPT_CLEARENV)
			strv_release(&s->env);
		else if (g->id == OPT_UNSETENV)
			rc = unset_variable(s, g, err);
		else if (g->id == OPT_ENV || g->id == OPT_SETENV)
			rc = set_variable(s, g, err);
	}
	return rc;
}

/* Root -------------------------------------------------------------------------------------- */

static int check_root(const char *given, const char *path, struct err *err)
{
	static const char *const needed[] = {"proc", "dev", "tmp", "build"};
	struct stat st;

	if (stat(path, &st) < 0)
		return err_set(err, ERR_USAGE, errno, "--root: cannot open %s", given);
	if (!S_ISDIR(st.st_mode))
		return err_set(err, ERR_USAGE, 0, "--root: %s is no folder", given);
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		_cleanup_free_ char *point = path_join(path, needed[i]);

		if (lstat(point, &st) < 0 || !S_ISDIR(st.st_mode))
			return err_set(err, ERR_USAGE, 0,
				       "--root %s: has no folder /%s (a root needs /proc, /dev, "
				       "/tmp and /build to mount on)",
				       given, needed[i]);
	}
	return 0;
}

static int find_root(struct stand *s, struct cli *c, struct err *err)
{
	const char *given = opt_value(&c->parsed, OPT_ROOT);
	struct sha256 hash;
	char *path;
	int rc;

	if (!given || !strcmp(given, "host-ro"))
		return 0;
	rc = result_tree(c, given, &hash, err);
	if (rc < 0)
		return -1;
	if (rc) {
		int fd;

		if (cli_open_store(c, STORE_READONLY, err) < 0)
			return -1;
		fd = store_tree_open(c->runner.store, &hash, err);
		if (fd < 0)
			return -1;
		close(fd);
		path = store_tree_path(c->runner.store, &hash);
	} else {
		path = realpath(given, NULL);
		if (!path)
			return err_set(err, ERR_USAGE, errno,
				       "--root %s: is no folder, result link, tree hash, or "
				       "host-ro",
				       given);
	}
	s->root = keep(s, path);
	return check_root(given, path, err);
}

int stand_make(struct stand *s, struct cli *c, bool terminal, struct err *err)
{
	if (add_mounts(s, c, err) < 0 || make_env(s, &c->parsed, terminal, err) < 0)
		return -1;
	return find_root(s, c, err);
}
