/* SPDX-License-Identifier: Apache-2.0 */

/*
 * index: resolve a list of wanted packages against a distribution's package indices.
 *
 * It parses what came from the network (verified by then, but parsed by a large library), so it is
 * a program of its own that confines itself before it reads the first byte: no network, no file but
 * the ones it was given open.
 *
 * stdin, one JSON object:
 *	{"archs": ["amd64", ...],                                              the native one first
 *	 "indices": [{"arch": "amd64", "fd": 5, "name": "Packages.xz"}, ...],
 *	 "want": ["gcc", "libpython3-dev:arm64", ...]}
 * stdout, JSON lines:
 *	{"package": {"name", "version", "arch", "path", "size", "sha256", "replaces": [...]}}
 *	{"done": {"packages": N}}             always last when all is well
 *	{"error": {"code": 3, "text": "..."}} instead, with that exit status
 */

#include "solve.h"
#include "stanza.h"

#include <base/cleanup.h>
#include <base/confine.h>
#include <base/file.h>
#include <base/json.h>
#include <solv/chksum.h>
#include <solv/knownid.h>
#include <solv/repo.h>
#include <solv/solvable.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#define MAX_REQUEST (1 << 20)

static int print_line(const json_t *line, struct err *err)
{
	_cleanup_free_ char *text = NULL;

	if (json_canonical(line, &text, err) < 0)
		return -1;
	if (puts(text) == EOF)
		return err_set(err, ERR_STORE, errno, "index: write to stdout");
	return 0;
}

/* The packages to be written out, and what is known of each. */
struct answer {
	const struct universe *u;
	const Queue *chosen;
	struct stanza *stanzas;
};

static const char *plain_name(const struct answer *a, int i)
{
	return pool_id2str(a->u->pool, a->u->plain_name[a->chosen->elements[i]]);
}

static json_t *replaces_of(const struct answer *a, int i)
{
	Pool *pool = a->u->pool;
	json_t *list = json_array();

	for (int k = 0; k < a->chosen->count; k++) {
		Solvable *other = pool_id2solvable(pool, a->chosen->elements[k]);

		if (k != i && stanza_replaces(&a->stanzas[i], pool, plain_name(a, k),
					      pool_id2str(pool, other->evr)))
			json_array_append_new(list, json_string(plain_name(a, k)));
	}
	return list;
}

/* libsolv keeps a location that follows from the name as "follows from the name": ask by that name.
 */
static json_t *location_of(const struct answer *a, int i)
{
	Id id = a->chosen->elements[i];
	Solvable *s = pool_id2solvable(a->u->pool, id);
	Id qualified = s->name;
	const char *path;
	unsigned medium = 0;

	s->name = a->u->plain_name[id];
	path = solvable_lookup_location(s, &medium);
	s->name = qualified;
	return path ? json_string(path) : NULL;
}

static int print_package(const struct answer *a, int i, struct err *err)
{
	_cleanup_json_ json_t *line = json_object();
	json_t *pkg = json_object(), *path = location_of(a, i);
	Solvable *s = pool_id2solvable(a->u->pool, a->chosen->elements[i]);
	const char *hash;
	Id type = 0;

	json_set(line, "package", pkg);
	if (path)
		json_set(pkg, "path", path);
	hash = solvable_lookup_checksum(s, SOLVABLE_CHECKSUM, &type);
	if (!path || !hash || type != REPOKEY_TYPE_SHA256 || a->stanzas[i].size == 0)
		return err_set(err, ERR_INPUT, 0,
			       "index: package %s lacks one of Filename, Size, SHA256",
			       plain_name(a, i));
	json_set(pkg, "sha256", json_string(hash));
	json_set(pkg, "size", json_integer((json_int_t)a->stanzas[i].size));
	/* a stranger's bytes, which need not be UTF-8: whoever reads the answer checks their form
	 */
	json_set_str(pkg, "name", plain_name(a, i));
	json_set_str(pkg, "version", pool_id2str(a->u->pool, s->evr));
	json_set_str(pkg, "arch", pool_id2str(a->u->pool, s->arch));
	json_set(pkg, "replaces", replaces_of(a, i));
	return print_line(line, err);
}

static int print_packages(const struct answer *a, struct err *err)
{
	_cleanup_json_ json_t *line = json_object();
	json_t *done = json_object();

	json_set(line, "done", done);
	for (int i = 0; i < a->chosen->count; i++)
		if (print_package(a, i, err) < 0)
			return -1;
	json_set(done, "packages", json_integer(a->chosen->count));
	return print_line(line, err);
}

static int print_all(const struct universe *u, const Queue *chosen, struct err *err)
{
	size_t n = (size_t)chosen->count;
	struct answer a = {.u = u, .chosen = chosen, .stanzas = xcalloc(n + 1, sizeof(*a.stanzas))};
	int r;

	stanzas_find(u, chosen, a.stanzas);
	r = print_packages(&a, err);
	stanzas_release(a.stanzas, n);
	return r;
}

static int load_archs(struct universe *u, const json_t *list, struct err *err)
{
	const char *archs[UNIVERSE_MAX_ARCH];
	size_t n = json_array_size(list);

	if (n < 1 || n > UNIVERSE_MAX_ARCH)
		return err_set(err, ERR_BUG, 0, "index: 1 to %d 'archs' expected, found %zu",
			       UNIVERSE_MAX_ARCH, n);
	for (size_t i = 0; i < n; i++) {
		archs[i] = json_string_value(json_array_get(list, i));
		if (!archs[i])
			return err_set(err, ERR_BUG, 0, "index: 'archs' expects texts");
	}
	universe_init(u, archs, n);
	return 0;
}

static int load_indices(struct universe *u, const json_t *list, struct err *err)
{
	size_t n = json_array_size(list);

	if (n < 1 || n > UNIVERSE_MAX_INDEX)
		return err_set(err, ERR_BUG, 0, "index: 1 to %d 'indices' expected, found %zu",
			       UNIVERSE_MAX_INDEX, n);
	for (size_t i = 0; i < n; i++) {
		const json_t *index = json_array_get(list, i);

		if (universe_load(u, json_get_str(index, "arch", ""),
				  json_get_str(index, "name", "Packages"),
				  (int)json_get_int(index, "fd", -1), err) < 0)
			return -1;
	}
	universe_encode(u);
	return 0;
}

static int resolve(const json_t *request, struct err *err)
{
	_cleanup_(universe_release) struct universe u = UNIVERSE_INIT;
	_cleanup_(strv_release) struct strv want = STRV_INIT;
	const json_t *list = json_object_get(request, "want");
	Queue chosen;
	int r;

	if (load_archs(&u, json_object_get(request, "archs"), err) < 0 ||
	    load_indices(&u, json_object_get(request, "indices"), err) < 0)
		return -1;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i));

		if (!name)
			return err_set(err, ERR_BUG, 0, "index: 'want' expects texts");
		strv_push(&want, name);
	}
	queue_init(&chosen);
	r = solve(&u, &want, &chosen, err);
	if (r == 0)
		r = print_all(&u, &chosen, err);
	queue_free(&chosen);
	return r;
}

#if defined(__SANITIZE_ADDRESS__) || defined(FUZZ_LIBFUZZER)
#define MEMORY_MAX RLIM_INFINITY /* its shadow is larger than any limit */
#else
#define MEMORY_MAX (4ull << 30) /* Debian 12 for two architectures takes 0.2 GiB */
#endif
#define SECONDS_MAX 600

/* A solver can be made to take any time and memory: many versions of one name are enough. */
static int limit_self(struct err *err)
{
	const struct rlimit memory = {MEMORY_MAX, MEMORY_MAX}, cpu = {SECONDS_MAX, SECONDS_MAX};

	if (setrlimit(RLIMIT_AS, &memory) < 0 || setrlimit(RLIMIT_CPU, &cpu) < 0)
		return err_set(err, ERR_HOST, errno, "index: setrlimit");
	return 0;
}

static int run(struct err *err)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_json_ json_t *request = NULL;
	const char *missing = NULL;
	struct confine confine = {0};
	size_t len = 0;

	if (limit_self(err) < 0 || confine_self(&confine, &missing, err) < 0)
		return -1;
	if (file_read_fd(STDIN_FILENO, "request", MAX_REQUEST, &text, &len, err) < 0)
		return -1;
	if (json_parse("request", text, len, &request, err) < 0)
		return -1;
	if (resolve(request, err) < 0)
		return -1;
	if (fflush(stdout))
		return err_set(err, ERR_STORE, errno, "index: write to stdout");
	return 0;
}

#ifdef __SANITIZE_ADDRESS__
/* LeakSanitizer's search at exit needs ptrace and /proc, which a confined program does not have. */
int __lsan_is_turned_off(void);
__attribute__((weak)) int __lsan_is_turned_off(void)
{
	return 1;
}
#endif

int main(void)
{
	_cleanup_json_ json_t *line = NULL, *body = NULL;
	struct err err = ERR_INIT, ignored = ERR_INIT;

	if (run(&err) == 0)
		return 0;
	line = json_object();
	body = json_object();
	json_set(body, "code", json_integer(err.code));
	json_set_str(body, "text", err.msg);
	json_object_set(line, "error", body);
	if (print_line(line, &ignored) < 0 || fflush(stdout))
		return ERR_STORE;
	return err.code;
}
