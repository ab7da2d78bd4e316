/* SPDX-License-Identifier: Apache-2.0 */
#include "patches.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <fcntl.h>
#include <string.h>

#define SUFFIX ".patch"

static int bad_name(const struct branch *b, const char *file, const char *why, struct err *err)
{
	return err_set(err, ERR_INPUT, 0, "%s/%s: %s; expected NNNN-PROJECT-DESCRIPTION-%s.patch",
		       b->dir, file, why, b->name);
}

static const struct source *longest_match(const struct branch *b, const char *rest)
{
	const struct source *best = NULL;

	for (size_t i = 0; i < b->n_sources; i++) {
		const struct source *s = &b->sources[i];
		size_t n = strlen(s->name);

		/* "mini" and "mini-os" may both be there. */
		if (!strncmp(rest, s->name, n) && rest[n] == '-' &&
		    (!best || n > strlen(best->name)))
			best = s;
	}
	return best;
}

static bool is_number(const char *file)
{
	return strspn(file, "0123456789") == 4 && file[4] == '-';
}

const struct source *patch_project(const struct branch *b, const char *file, struct err *err)
{
	_cleanup_free_ char *tail = xasprintf("-%s" SUFFIX, b->name);
	const struct source *s = is_number(file) ? longest_match(b, file + 5) : NULL;
	const char *words;
	size_t n;

	if (!is_number(file)) {
		bad_name(b, file, "the name does not begin with four digits and a dash", err);
		return NULL;
	}
	if (!s || !s->to) {
		bad_name(b, file,
			 s ? "its source is not unpacked" : "no source has the name of its project",
			 err);
		return NULL;
	}
	if (!str_ends(file, tail)) {
		bad_name(b, file, "the name does not end with the branch", err);
		return NULL;
	}
	words = file + 5 + strlen(s->name) + 1;
	n = strlen(words) > strlen(tail) ? strlen(words) - strlen(tail) : 0;
	if (!n ||
	    strspn(words, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") < n) {
		bad_name(b, file,
			 "the description has other characters than letters, digits and dashes",
			 err);
		return NULL;
	}
	return s;
}

int patch_open(const char *dir, const char *file, struct err *err)
{
	_cleanup_free_ char *path = path_join(dir, file);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ELOOP)
		return err_set(err, ERR_INPUT, 0, "%s: a patch must be a file, not a link", path);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(err, ERR_INPUT, errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_INPUT, 0, "%s: a patch must be a file", path);
	return TAKE_FD(fd);
}

int patch_keep(struct store *s, const struct branch *b, const struct patch *p, struct err *err)
{
	_cleanup_close_ int fd = -1;

	if (store_blob_has(s, &p->hash))
		return 0;
	fd = patch_open(b->dir, p->file, err);
	return fd < 0 ? -1 : store_blob_add_fd(s, fd, p->file, &p->hash, 0, NULL, err);
}

static int hash_patch(const struct branch *b, const char *file, struct sha256 *out, struct err *err)
{
	_cleanup_close_ int fd = patch_open(b->dir, file, err);

	uint64_t size = 0;

	if (fd < 0 || sha256_of_fd(fd, out, &size, err) < 0)
		return -1;
	/* patch(1) would call that a success. */
	return size ? 0 : err_set(err, ERR_INPUT, 0, "%s/%s: the patch is empty", b->dir, file);
}

/* What stands between project and branch in a name that patch_project() accepted. */
static char *description_of(const struct branch *b, const char *file, const struct source *s)
{
	const char *words = file + 5 + strlen(s->name) + 1;

	return xstrndup(words, strlen(words) - strlen(b->name) - 1 - strlen(SUFFIX));
}

static int add_file(struct branch *b, const char *file, struct err *err)
{
	const struct source *s = patch_project(b, file, err);
	struct patch *p = &b->patches[b->n_patches];

	if (!s || hash_patch(b, file, &p->hash, err) < 0)
		return -1;
	p->file = xstrdup(file);
	p->project = xstrdup(s->name);
	p->description = description_of(b, file, s);
	p->number = (unsigned)atoi(file);
	b->n_patches++;
	return 0;
}

static void add_source(struct branch *b, const struct source *s)
{
	b->patches[b->n_patches++] = (struct patch){
		.file = xstrdup(s->file),
		.project = xstrdup(s->project),
		.description = xstrdup(s->name),
		.number = s->order,
		.source = s,
		.hash = s->hash,
	};
}

static int by_number(const void *a, const void *b)
{
	const struct patch *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

/* One order for all: two patches with one number would leave it to the file system. */
static int sort(struct branch *b, struct err *err)
{
	if (b->n_patches)
		qsort(b->patches, b->n_patches, sizeof(*b->patches), by_number);
	for (size_t i = 1; i < b->n_patches; i++) {
		const struct patch *p = &b->patches[i - 1], *q = &b->patches[i];

		if (p->number == q->number)
			return err_set(err, ERR_INPUT, 0,
				       "%s: two patches have the number %04u, so that their order "
				       "is open: %s and %s",
				       b->dir, p->number, p->file, q->file);
		if (!strcmp(p->file, q->file))
			return err_set(err, ERR_INPUT, 0, "%s: the patch %s is there twice", b->dir,
				       p->file);
	}
	return 0;
}

static int list_files(const struct branch *b, struct strv *out, struct err *err)
{
	_cleanup_closedir_ DIR *d = opendir(b->dir);
	struct dirent *e;

	if (!d)
		return err_set(err, ERR_INPUT, errno, "cannot read folder %s", b->dir);
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		if (str_ends(e->d_name, SUFFIX))
			strv_push(out, e->d_name);
		else if (str_ends(e->d_name, ".diff"))
			return bad_name(b, e->d_name, "a .diff is not applied", err);
	}
	strv_sort(out);
	return 0;
}

int patches_find(struct branch *b, struct err *err)
{
	_cleanup_(strv_release) struct strv files = STRV_INIT;

	if (list_files(b, &files, err) < 0)
		return -1;
	b->patches = xcalloc(files.n + b->n_sources + 1, sizeof(*b->patches));
	for (size_t i = 0; i < files.n; i++) {
		if (add_file(b, files.v[i], err) < 0)
			return -1;
	}
	for (size_t i = 0; i < b->n_sources; i++) {
		if (b->sources[i].kind == SOURCE_PATCH)
			add_source(b, &b->sources[i]);
	}
	return sort(b, err);
}
