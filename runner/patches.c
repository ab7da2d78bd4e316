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
		bad_name(b, file, s ? "its source is not unpacked" : "no source has that name",
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

	return fd < 0 ? -1 : sha256_of_fd(fd, out, NULL, err);
}

int patches_find(struct branch *b, struct err *err)
{
	_cleanup_(strv_release) struct strv files = STRV_INIT;
	_cleanup_closedir_ DIR *d = opendir(b->dir);
	struct dirent *e;

	if (!d)
		return err_set(err, ERR_INPUT, errno, "cannot read folder %s", b->dir);
	while ((e = readdir(d))) {
		if (e->d_name[0] != '.' && str_ends(e->d_name, SUFFIX))
			strv_push(&files, e->d_name);
	}
	strv_sort(&files);
	b->patches = xcalloc(files.n + 1, sizeof(*b->patches));
	for (size_t i = 0; i < files.n; i++) {
		const struct source *s = patch_project(b, files.v[i], err);
		struct patch *p = &b->patches[b->n_patches];

		if (!s || hash_patch(b, files.v[i], &p->hash, err) < 0)
			return -1;
		p->file = xstrdup(files.v[i]);
		p->project = xstrdup(s->name);
		b->n_patches++;
	}
	return 0;
}
