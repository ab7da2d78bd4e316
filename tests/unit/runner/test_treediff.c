/* SPDX-License-Identifier: Apache-2.0 */
#include <base/cleanup.h>
#include <base/file.h>
#include <base/str.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <runner/treediff.h>
#include <string.h>
#include <sys/stat.h>

static void put(int dirfd, const char *name, const char *text, mode_t mode)
{
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void row(void *arg, const struct treediff_row *r)
{
	char text[160];

	treediff_describe(r, text, sizeof(text));
	strbuf_addf(arg, "%s: %s\n", r->path, text);
}

static int folder(int dirfd, const char *name)
{
	cr_assert_eq(mkdirat(dirfd, name, 0755), 0);
	return openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

Test(treediff, names_each_difference)
{
	char dir[] = "/tmp/belljar-diff-XXXXXX";
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	_cleanup_close_ int top = -1, a = -1, b = -1;
	struct err err = ERR_INIT;
	uint64_t n = 0;

	cr_assert_not_null(mkdtemp(dir));
	top = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	a = folder(top, "a");
	b = folder(top, "b");
	cr_assert_eq(mkdirat(a, "d", 0755), 0);
	cr_assert_eq(mkdirat(b, "d", 0755), 0);
	put(a, "same", "x", 0644);
	put(b, "same", "x", 0644);
	put(a, "d/content", "abcdef", 0644);
	put(b, "d/content", "abcxefg", 0644);
	put(a, "d/longer", "abc", 0644);
	put(b, "d/longer", "abcd", 0644);
	put(a, "exec", "x", 0755);
	put(b, "exec", "x", 0644);
	put(a, "gone", "", 0644);
	put(b, "new", "", 0644);
	cr_assert_eq(symlinkat("x", a, "link"), 0);
	cr_assert_eq(symlinkat("y", b, "link"), 0);
	put(a, "kind", "", 0644);
	cr_assert_eq(mkdirat(b, "kind", 0755), 0);
	cr_assert_eq(treediff(a, b, row, &sb, &n, &err), 0, "%s", err.msg);
	cr_assert_str_eq(strbuf_str(&sb),
			 "d/content: content differs: 6 and 7 bytes, first at offset 3\n"
			 "d/longer: content differs: 3 and 4 bytes, first at offset 3\n"
			 "exec: execute bit differs\n"
			 "gone: only in the first\n"
			 "kind: file, folder or link differs\n"
			 "link: link target differs\n"
			 "new: only in the second\n");
	cr_assert_eq(n, 7);
	cr_assert_eq(treediff(a, a, row, &sb, &n, &err), 0);
	cr_assert_eq(n, 0);
	cr_assert_eq(file_remove_tree(AT_FDCWD, dir, &err), 0);
}
