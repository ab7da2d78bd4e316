/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

/*
 * The lock's format is in docs/LOCK.md. Its head is ordinary YAML; the packages are a literal block
 * with one line each, read by hand: a map per package would cost ten times as much (see there).
 */

#define PACKAGE_LINE "NAME VERSION ARCH SIZE SHA256 PATH [replaces=NAME,...]"

struct lock *lock_new(void)
{
	return xcalloc(1, sizeof(struct lock));
}

void lock_free(struct lock *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->n; i++)
		strv_release(&l->replaces[i]);
	free(l->replaces);
	free(l->packages);
	free(l->host);
	free(l->target);
	free(l->suite);
	free(l->mirror);
	free(l->release_date);
	strv_release(&l->signed_by);
	strv_release(&l->wanted);
	strv_release(&l->texts);
	free(l);
}

void lock_freep(struct lock **l)
{
	lock_free(*l);
}

size_t lock_count(const struct lock *l)
{
	return l->n;
}

bool lock_wants(const struct lock *l, const struct lock_package *p)
{
	for (size_t i = 0; i < l->wanted.n; i++) {
		const char *name = l->wanted.v[i];
		size_t len = strcspn(name, ":");

		if (strlen(p->name) == len && !strncmp(p->name, name, len) &&
		    (!name[len] || !strcmp(p->arch, name + len + 1)))
			return true;
	}
	return false;
}

const struct lock_package *lock_at(const struct lock *l, size_t i)
{
	return &l->packages[i];
}

static bool only(const char *s, const char *more)
{
	static const char common[] = "abcdefghijklmnopqrstuvwxyz0123456789+-.";

	if (!*s)
		return false;
	for (; *s; s++)
		if (!strchr(common, *s) && !strchr(more, *s))
			return false;
	return true;
}

static bool is_version(const char *s) /* deb-version(7) */
{
	return only(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ:~");
}

static bool is_pool_path(const char *s)
{
	return only(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ:~_/%") && path_is_clean(s);
}

/* Which field is not of its form: a static text, NULL when all are. */
static const char *bad_field(const char *name, const char *version, const char *arch,
			     const char *path, const struct strv *replaces)
{
	if (!only(name, ""))
		return "name";
	if (!is_version(version))
		return "version";
	if (!only(arch, ""))
		return "architecture";
	if (!is_pool_path(path))
		return "path";
	for (size_t i = 0; replaces && i < replaces->n; i++)
		if (!only(replaces->v[i], ""))
			return "replaces";
	return NULL;
}

static const char *keep(struct lock *l, const char *s)
{
	strv_push(&l->texts, s);
	return l->texts.v[l->texts.n - 1];
}

static int package_order(const struct lock_package *a, const char *name, const char *arch)
{
	int c = strcmp(a->name, name);

	return c ? c : strcmp(a->arch, arch);
}

int lock_add_package(struct lock *l, const char *name, const char *version, const char *arch,
		     const char *path, uint64_t size, const struct sha256 *hash,
		     const struct strv *replaces, struct err *err)
{
	const char *bad = bad_field(name, version, arch, path, replaces);
	struct lock_package *p;

	if (bad)
		return err_set(err, ERR_INPUT, 0, "package '%s': its %s is not of the right form",
			       name, bad);
	if (l->n && package_order(&l->packages[l->n - 1], name, arch) >= 0)
		return err_set(err, ERR_INPUT, 0,
			       "package '%s' is not behind '%s': expected the order of names", name,
			       l->packages[l->n - 1].name);
	l->packages = xrealloc(l->packages, (l->n + 1) * sizeof(*l->packages));
	l->replaces = xrealloc(l->replaces, (l->n + 1) * sizeof(*l->replaces));
	p = &l->packages[l->n];
	*p = (struct lock_package){.size = size, .hash = *hash};
	p->name = keep(l, name);
	p->version = keep(l, version);
	p->arch = keep(l, arch);
	p->path = keep(l, path);
	l->replaces[l->n] = STRV_INIT;
	if (replaces)
		strv_copy(&l->replaces[l->n], replaces);
	l->n++;
	return 0;
}

/* Where a line of the block stands in the file. */
struct place {
	const char *file;
	int line, column;
};

static int bad_line(const struct place *at, struct err *err, const char *found)
{
	return err_set(err, ERR_INPUT, 0, "%s:%d:%d: expected " PACKAGE_LINE ", found '%s'",
		       at->file, at->line, at->column, found);
}

static bool parse_size(const char *s, uint64_t *out)
{
	char *end = NULL;

	if (*s < '1' || *s > '9')
		return false;
	errno = 0;
	*out = strtoull(s, &end, 10);
	return errno == 0 && *end == '\0';
}

static void split_commas(char *list, struct strv *out)
{
	char *save = NULL;

	for (char *w = strtok_r(list, ",", &save); w; w = strtok_r(NULL, ",", &save))
		strv_push(out, w);
}

static int parse_package(struct lock *l, char *line, struct place at, struct err *err)
{
	enum { NAME, VERSION, ARCH, SIZE, SHA, PATH, REPLACES, FIELDS };
	_cleanup_(strv_release) struct strv replaces = STRV_INIT;
	char *field[FIELDS + 1] = {NULL}, *save = NULL, *start = line;
	int n = 0, column = at.column;
	struct sha256 hash;
	uint64_t size = 0;

	for (char *w = strtok_r(line, " ", &save); w && n <= FIELDS; w = strtok_r(NULL, " ", &save))
		field[n++] = w;
	if (n < REPLACES || n > FIELDS) {
		const char *odd = n > FIELDS ? field[FIELDS] : n ? field[n - 1] : start;

		at.column = column + (int)(odd - start);
		return bad_line(&at, err, odd);
	}
	at.column = column + (int)(field[SIZE] - start);
	if (!parse_size(field[SIZE], &size))
		return bad_line(&at, err, field[SIZE]);
	at.column = column + (int)(field[SHA] - start);
	if (!sha256_from_hex(field[SHA], &hash))
		return bad_line(&at, err, field[SHA]);
	if (n > REPLACES) {
		at.column = column + (int)(field[REPLACES] - start);
		if (!str_starts(field[REPLACES], "replaces="))
			return bad_line(&at, err, field[REPLACES]);
		split_commas(field[REPLACES] + strlen("replaces="), &replaces);
	}
	if (lock_add_package(l, field[NAME], field[VERSION], field[ARCH], field[PATH], size, &hash,
			     &replaces, err) < 0)
		return err_wrap(err, "%s:%d:%d", at.file, at.line, column);
	return 0;
}

/* Of a literal block, YAML keeps the text; the line is counted from the block's key. */
static int parse_packages(const struct yaml *root, struct lock *l, struct err *err)
{
	const char *text = NULL;
	_cleanup_free_ char *copy = NULL;
	struct place at = {.file = root->file, .line = 0, .column = 3};
	char *line, *next;

	if (yaml_get_text(root, "packages", true, &text, err) < 0)
		return -1;
	for (size_t i = 0; i < root->n; i++)
		if (strcmp(root->keys[i], "packages") == 0)
			at.line = root->key_lines[i];
	copy = xstrdup(text);
	for (line = copy; *line; line = next) {
		size_t len = strcspn(line, "\n");

		next = line + len + (line[len] == '\n');
		line[len] = '\0';
		at.line++;
		if (parse_package(l, line, at, err) < 0)
			return -1;
	}
	if (l->n == 0)
		return yaml_error(yaml_get(root, "packages"), err,
				  "'packages': expected at least one line " PACKAGE_LINE);
	return 0;
}

static int get_hash(const struct yaml *map, const char *key, struct sha256 *out, struct err *err)
{
	const char *text = NULL;

	if (yaml_get_text(map, key, true, &text, err) < 0)
		return -1;
	if (!sha256_from_hex(text, out))
		return yaml_error(yaml_get(map, key), err,
				  "'%s': expected 64 hex digits in lower case, found '%s'", key,
				  text);
	return 0;
}

static int get_copy(const struct yaml *map, const char *key, char **out, struct err *err)
{
	const char *text = NULL;

	if (yaml_get_text(map, key, true, &text, err) < 0)
		return -1;
	*out = xstrdup(text);
	return 0;
}

static int parse_release(const struct yaml *root, struct lock *l, struct err *err)
{
	static const char *const known[] = {"sha256", "date", "signed_by", NULL};
	const struct yaml *map = NULL, *list = NULL;
	const char *text = NULL;

	if (yaml_get_map(root, "release", true, &map, err) < 0 ||
	    yaml_only_keys(map, "release", known, err) < 0 ||
	    get_hash(map, "sha256", &l->release, err) < 0 ||
	    get_copy(map, "date", &l->release_date, err) < 0 ||
	    yaml_get_list(map, "signed_by", true, &list, err) < 0)
		return -1;
	if (release_time(l->release_date) < 0)
		return yaml_error(yaml_get(map, "date"), err,
				  "'date': expected a date as in a Release file, found '%s'",
				  l->release_date);
	for (size_t i = 0; i < list->n; i++) {
		if (yaml_text(list->items[i], "signed_by", &text, err) < 0)
			return -1;
		if (!gpg_fingerprint_ok(text))
			return yaml_error(list->items[i], err,
					  "'signed_by': expected 40 hex digits, found '%s'", text);
		strv_push(&l->signed_by, text);
	}
	return 0;
}

static int parse_root(const struct yaml *root, struct lock *l, struct err *err)
{
	static const char *const known[] = {"key", "tree", NULL};
	const struct yaml *map = NULL;

	if (yaml_get_map(root, "root", false, &map, err) < 0)
		return -1;
	if (!map)
		return 0;
	l->has_root = true;
	if (yaml_only_keys(map, "root", known, err) < 0 ||
	    get_hash(map, "key", &l->root_key, err) < 0)
		return -1;
	return get_hash(map, "tree", &l->root_tree, err);
}

static int parse_head(const struct yaml *root, struct lock *l, struct err *err)
{
	static const char *const known[] = {"belljar", "host", "target", "suite",    "mirror",
					    "release", "root", "wanted", "packages", NULL};
	const char *wanted = NULL;
	_cleanup_free_ char *copy = NULL;
	char *save = NULL;
	int64_t version = 0;

	if (yaml_want(root, YAML_MAP, "lock", err) < 0 ||
	    yaml_only_keys(root, "lock", known, err) < 0 ||
	    yaml_get_int(root, "belljar", true, &version, err) < 0)
		return -1;
	if (version != 1)
		return yaml_error(yaml_get(root, "belljar"), err,
				  "'belljar': expected 1, found %lld", (long long)version);
	if (get_copy(root, "host", &l->host, err) < 0 ||
	    get_copy(root, "target", &l->target, err) < 0 ||
	    get_copy(root, "suite", &l->suite, err) < 0 ||
	    get_copy(root, "mirror", &l->mirror, err) < 0 || parse_release(root, l, err) < 0 ||
	    parse_root(root, l, err) < 0 || yaml_get_text(root, "wanted", true, &wanted, err) < 0)
		return -1;
	copy = xstrdup(wanted);
	for (char *w = strtok_r(copy, " \n", &save); w; w = strtok_r(NULL, " \n", &save))
		strv_push(&l->wanted, w);
	strv_sort(&l->wanted);
	return 0;
}

int lock_parse(const char *shown_as, const char *text, size_t len, struct lock **out,
	       struct err *err)
{
	_cleanup_(yaml_doc_release) struct yaml_doc doc = {0};
	_cleanup_(lock_freep) struct lock *l = lock_new();

	if (yaml_parse(shown_as, text, len, &doc, err) < 0 || parse_head(doc.root, l, err) < 0 ||
	    parse_packages(doc.root, l, err) < 0)
		return -1;
	*out = TAKE_PTR(l);
	return 0;
}

char *lock_file(const char *host, const char *target)
{
	return xasprintf("locks/%s-%s.yaml", host, target);
}

int lock_read(const struct toolchain *tc, const char *host, const char *target, struct lock **out,
	      struct err *err)
{
	_cleanup_free_ char *name = lock_file(host, target);
	_cleanup_free_ char *path = path_join(tc->dir, name);
	_cleanup_free_ char *text = NULL;
	_cleanup_(lock_freep) struct lock *l = NULL;
	size_t len = 0;

	*out = NULL;
	if (!file_exists(AT_FDCWD, path))
		return 0;
	if (file_read(AT_FDCWD, path, 1 << 20, &text, &len, err) < 0 ||
	    lock_parse(path, text, len, &l, err) < 0)
		return -1;
	if (strcmp(l->host, host) != 0 || strcmp(l->target, target) != 0)
		return err_set(err, ERR_INPUT, 0, "%s:1:1: is a lock for %s-%s, expected %s-%s",
			       path, l->host, l->target, host, target);
	if (strcmp(l->suite, tc->suite) != 0)
		return err_set(err, ERR_INPUT, 0, "%s:1:1: is a lock of suite %s, expected %s",
			       path, l->suite, tc->suite);
	*out = TAKE_PTR(l);
	return 0;
}

int lock_load(const struct toolchain *tc, const char *host, const char *target, struct lock **out,
	      struct err *err)
{
	const struct tc_pair *pair = toolchain_pair(tc, host, target);
	_cleanup_(lock_freep) struct lock *l = NULL;
	_cleanup_(strv_release) struct strv wanted = STRV_INIT;

	if (!pair)
		return toolchain_no_such_pair(tc, host, target, err);
	if (lock_read(tc, host, target, &l, err) < 0)
		return -1;
	if (!l)
		return err_set(err, ERR_INPUT, 0,
			       "toolchain %s has no lock for host %s and target %s: make it with "
			       "`belljar toolchain lock %s`",
			       tc->name, host, target, tc->name);
	toolchain_wanted(tc, pair, &wanted);
	if (!strv_equal(&wanted, &l->wanted))
		return err_set(err, ERR_INPUT, 0,
			       "the lock %s/locks/%s-%s.yaml was made for another list of packages "
			       "than toolchain.yaml names now: renew it with `belljar toolchain "
			       "lock %s`",
			       tc->dir, host, target, tc->name);
	*out = TAKE_PTR(l);
	return 0;
}
