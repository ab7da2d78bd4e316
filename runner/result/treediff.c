/* SPDX-License-Identifier: Apache-2.0 */
#include <runner/treediff.h>

#include <base/cleanup.h>
#include <base/file.h>
#include <base/str.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

struct differ {
	treediff_fn fn;
	void *arg;
	uint64_t rows;
	struct strbuf path; /* of the folder that is being compared, "" or with '/' at its end */
};

static void report(struct differ *d, const char *name, struct treediff_row row)
{
	_cleanup_free_ char *path = xasprintf("%s%s", strbuf_str(&d->path), name);

	row.path = path;
	d->rows++;
	if (d->fn)
		d->fn(d->arg, &row);
}

static int names_of(int fd, struct strv *out, struct err *err)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_closedir_ DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;

	if (!dir)
		return err_set(err, ERR_STORE, errno, "cannot read a folder");
	while ((e = readdir(dir))) {
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			strv_push(out, e->d_name);
	}
	strv_sort(out);
	return 0;
}

/* Offset of the first byte that differs, or the shorter size. -1 with *err on a read error. */
static int first_difference(int a, int b, uint64_t *out, bool *out_same, struct err *err)
{
	static const size_t size = 64 * 1024;
	_cleanup_free_ char *x = xmalloc(size), *y = xmalloc(size);
	uint64_t at = 0;

	for (;;) {
		ssize_t n = pread(a, x, size, (off_t)at), m = pread(b, y, size, (off_t)at);
		size_t both = (size_t)(n < m ? n : m);

		if (n < 0 || m < 0)
			return err_set(err, ERR_STORE, errno, "cannot read a file");
		for (size_t i = 0; i < both; i++) {
			if (x[i] != y[i]) {
				*out = at + i;
				*out_same = false;
				return 0;
			}
		}
		at += both;
		*out_same = n == m;
		*out = at;
		if (n != m || !n)
			return 0;
	}
}

static int compare_files(struct differ *d, int a, int b, const char *name, const struct stat *sa,
			 const struct stat *sb, struct err *err)
{
	struct treediff_row row = {.kind = DIFF_CONTENT,
				   .size_a = (uint64_t)sa->st_size,
				   .size_b = (uint64_t)sb->st_size};
	_cleanup_close_ int fa = file_open(a, name, O_RDONLY | O_NOFOLLOW, 0, err);
	_cleanup_close_ int fb = fa < 0 ? -1 : file_open(b, name, O_RDONLY | O_NOFOLLOW, 0, err);
	bool same = false;

	if (fb < 0 || first_difference(fa, fb, &row.offset, &same, err) < 0)
		return -1;
	if (!same)
		report(d, name, row);
	if ((sa->st_mode ^ sb->st_mode) & S_IXUSR)
		report(d, name, (struct treediff_row){.kind = DIFF_EXEC});
	return 0;
}

static int compare_links(struct differ *d, int a, int b, const char *name, struct err *err)
{
	_cleanup_free_ char *x = NULL, *y = NULL;

	if (file_readlink(a, name, &x, err) < 0 || file_readlink(b, name, &y, err) < 0)
		return -1;
	if (strcmp(x, y))
		report(d, name, (struct treediff_row){.kind = DIFF_LINK});
	return 0;
}

static int compare_dirs(struct differ *d, int a, int b, struct err *err);

static int enter(struct differ *d, int a, int b, const char *name, struct err *err)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
	_cleanup_close_ int da = file_open(a, name, flags, 0, err);
	_cleanup_close_ int db = da < 0 ? -1 : file_open(b, name, flags, 0, err);
	size_t len = d->path.len;
	int rc;

	if (db < 0)
		return -1;
	strbuf_addf(&d->path, "%s/", name);
	rc = compare_dirs(d, da, db, err);
	d->path.len = len;
	if (d->path.s)
		d->path.s[len] = '\0';
	return rc;
}

static int compare_entry(struct differ *d, int a, int b, const char *name, struct err *err)
{
	struct stat sa, sb;

	if (fstatat(a, name, &sa, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fstatat(b, name, &sb, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(err, ERR_STORE, errno, "cannot look at %s", name);
	if ((sa.st_mode ^ sb.st_mode) & S_IFMT) {
		report(d, name, (struct treediff_row){.kind = DIFF_KIND});
		return 0;
	}
	if (S_ISDIR(sa.st_mode))
		return enter(d, a, b, name, err);
	if (S_ISLNK(sa.st_mode))
		return compare_links(d, a, b, name, err);
	return S_ISREG(sa.st_mode) ? compare_files(d, a, b, name, &sa, &sb, err) : 0;
}

static int compare_dirs(struct differ *d, int a, int b, struct err *err)
{
	_cleanup_(strv_release) struct strv x = STRV_INIT, y = STRV_INIT;
	size_t i = 0, k = 0;

	if (names_of(a, &x, err) < 0 || names_of(b, &y, err) < 0)
		return -1;
	while (i < x.n || k < y.n) {
		int order = i == x.n ? 1 : k == y.n ? -1 : strcmp(x.v[i], y.v[k]);

		if (order < 0) {
			report(d, x.v[i++], (struct treediff_row){.kind = DIFF_ONLY_A});
		} else if (order > 0) {
			report(d, y.v[k++], (struct treediff_row){.kind = DIFF_ONLY_B});
		} else {
			if (compare_entry(d, a, b, x.v[i], err) < 0)
				return err_wrap(err, "%s%s", strbuf_str(&d->path), x.v[i]);
			i++;
			k++;
		}
	}
	return 0;
}

int treediff(int a, int b, treediff_fn fn, void *arg, uint64_t *out_rows, struct err *err)
{
	struct differ d = {.fn = fn, .arg = arg, .path = STRBUF_INIT};
	int rc = compare_dirs(&d, a, b, err);

	strbuf_release(&d.path);
	*out_rows = d.rows;
	return rc;
}

void treediff_describe(const struct treediff_row *row, char *buf, size_t size)
{
	static const char *const texts[] = {
		[DIFF_ONLY_A] = "only in the first",          [DIFF_ONLY_B] = "only in the second",
		[DIFF_KIND] = "file, folder or link differs", [DIFF_LINK] = "link target differs",
		[DIFF_EXEC] = "execute bit differs",
	};

	if (row->kind == DIFF_CONTENT)
		snprintf(buf, size,
			 "content differs: %" PRIu64 " and %" PRIu64
			 " bytes, first at offset %" PRIu64,
			 row->size_a, row->size_b, row->offset);
	else
		snprintf(buf, size, "%s", texts[row->kind]);
}
