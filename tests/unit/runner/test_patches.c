/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of a branch: which patches, in which order; and why one does not apply. */
#include "fixture.h"

#include "patches.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>

#define HASH_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

struct folder {
	char path[40];
	int fd;
	struct branch *b;
};

/* A branch 1.0 of two sources, in a folder of its own; @more is appended to its sources. */
static struct folder open_folder(const char *more)
{
	_cleanup_(recipe_freep) struct recipe *r = NULL;
	_cleanup_free_ char *text = NULL, *two = NULL;
	struct folder f = {.path = "/tmp/belljar-patches-XXXXXX"};
	struct err err = ERR_INIT;

	cr_assert_not_null(mkdtemp(f.path));
	f.fd = open(f.path, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	two = fixture_replace(fixture_branch, "when: {docs: true}", "to: src/os");
	text = fixture_replace(two, "env: {WHEN", more);
	cr_assert_eq(fixture_parse(fixture_recipe, &r, &err), 0, "%s", err.msg);
	cr_assert_eq(branch_parse(r, "branch.yaml", text, strlen(text), "1.0", f.path, &f.b, &err),
		     0, "%s", err.msg);
	return f;
}

static void close_folder(struct folder *f)
{
	struct err err = ERR_INIT;

	close(f->fd);
	branch_free(f->b);
	cr_assert_eq(file_remove_tree(AT_FDCWD, f->path, &err), 0);
}

static void put(const struct folder *f, const char *name, const char *text)
{
	struct err err = ERR_INIT;

	cr_assert_eq(file_write_atomic(f->fd, name, text, strlen(text), 0644, &err), 0, "%s",
		     err.msg);
}

#define UPSTREAM                                                                                   \
	"  - name: xsa-1\n    file: xsa1.patch\n    sha256: " HASH_A "\n    size: 9\n"             \
	"    urls: [\"https://example.org/xsa1.patch\"]\n"                                         \
	"    patch: {project: extra, order: 5}\nenv: {WHEN"

Test(patches, one_order_for_downstream_and_upstream)
{
	_cleanup_(close_folder) struct folder f = open_folder(UPSTREAM);
	struct err err = ERR_INIT;

	put(&f, "0010-demo-a-later-fix-1.0.patch", "x");
	put(&f, "0001-extra-the-first-1.0.patch", "x");
	put(&f, ".0001-hidden.patch", "x");
	put(&f, "README.md", "x");
	cr_assert_eq(patches_find(f.b, &err), 0, "%s", err.msg);
	cr_assert_eq(f.b->n_patches, 3);
	cr_assert_str_eq(f.b->patches[0].description, "the-first");
	cr_assert_str_eq(f.b->patches[0].project, "extra");
	cr_assert_null(f.b->patches[0].source);
	cr_assert_str_eq(f.b->patches[1].file, "xsa1.patch");
	cr_assert_str_eq(f.b->patches[1].project, "extra");
	cr_assert_str_eq(f.b->patches[1].source->name, "xsa-1");
	cr_assert_eq(f.b->patches[1].hash.b[0], 0xaa);
	cr_assert_eq(f.b->patches[2].number, 10);
	cr_assert_str_eq(f.b->patches[2].description, "a-later-fix");
}

static void refused(const char *more, const char *name, const char *name2, const char *text,
		    const char *says)
{
	_cleanup_(close_folder) struct folder f = open_folder(more);
	struct err err = ERR_INIT;

	put(&f, name, text);
	if (name2)
		put(&f, name2, text);
	cr_expect_lt(patches_find(f.b, &err), 0, "%s was accepted", name);
	cr_expect_eq(err.code, ERR_INPUT);
	cr_expect(strstr(err.msg, says), "%s: %s", name, err.msg);
	cr_expect(strstr(err.msg, name), "%s: %s", name, err.msg);
}

Test(patches, refusals)
{
	const char *plain = "env: {WHEN";

	refused(plain, "1-demo-x-1.0.patch", NULL, "x", "does not begin with four digits");
	refused(plain, "0001-mode-x-1.0.patch", NULL, "x", "no source has the name");
	refused(plain, "0001-demo-x-1.1.patch", NULL, "x", "does not end with the branch");
	refused(plain, "0001-demo-x_y-1.0.patch", NULL, "x", "letters, digits and dashes");
	refused(plain, "0001-demo-x-1.0.patch", NULL, "", "the patch is empty");
	refused(plain, "0001-demo-x-1.0.diff", NULL, "x", "a .diff is not applied");
	refused(plain, "0001-demo-x-1.0.patch", "0001-extra-y-1.0.patch", "x",
		"two patches have the number 0001");
	refused(UPSTREAM, "0005-demo-x-1.0.patch", NULL, "x", "two patches have the number 0005");
	refused(UPSTREAM, "0001-xsa-1-x-1.0.patch", NULL, "x", "its source is not unpacked");
}

/* ---- why one does not apply ---- */

static const char patch_text[] = "About it:\n@@ -9,9 +9,9 @@ in the text\n"
				 "diff --git a/one b/one\n"
				 "--- a/one\t2026-01-01\n"
				 "+++ b/one\t2026-01-02\n"
				 "@@ -1,3 +1,3 @@ first\n"
				 " a\n"
				 "--- a/two\n" /* a line "-- a/two" that goes */
				 "+++ b/two\n" /* and "++ b/two" that comes */
				 " @@ -1 +1 @@\n"
				 "@@ -9 +9 @@ second\n"
				 "-x\n"
				 "+y\n"
				 "\\ No newline at end of file\n"
				 "--- a/dir/two\n"
				 "+++ b/dir/two\n"
				 "@@ -4,0 +5,2 @@\n"
				 "+n\n"
				 "+n\n";

static void header_is(const char *path, unsigned hunk, const char *want)
{
	_cleanup_free_ char *found = patch_hunk_header(patch_text, path, hunk);

	if (!want)
		cr_expect_null(found, "%s %u: %s", path, hunk, found);
	else
		cr_expect(found && !strcmp(found, want), "%s %u: %s", path, hunk, found);
}

Test(patches, hunk_header)
{
	header_is("one", 1, "@@ -1,3 +1,3 @@ first");
	header_is("one", 2, "@@ -9 +9 @@ second");
	header_is("one", 3, NULL);
	header_is("two", 1, NULL);
	header_is("dir/two", 1, "@@ -4,0 +5,2 @@");
	header_is("dir", 1, NULL);
	header_is("", 1, NULL);
}

static char *explain(const char *log)
{
	struct patch p = {.file = (char[]){"0001-demo-x-1.0.patch"}};
	struct branch b = {.dir = (char[]){"recipes/demo/1.0"}, .patches = &p, .n_patches = 1};
	struct plan_node n = {.branch = &b};
	_cleanup_(store_closep) struct store *s = NULL;
	char dir[] = "/tmp/belljar-store-XXXXXX";
	struct err err = ERR_INIT;

	cr_assert_not_null(mkdtemp(dir));
	cr_assert_eq(store_open(dir, STORE_CREATE, &s, &err), 0, "%s", err.msg);
	cr_assert_lt(patch_explain(s, &n, log, &err), 0);
	cr_assert_eq(err.code, ERR_INPUT);
	char *msg = xstrdup(err.msg);

	err_clear(&err);
	cr_assert_eq(file_remove_tree(AT_FDCWD, dir, &err), 0);
	return msg;
}

static void says(const char *log, const char *part)
{
	_cleanup_free_ char *msg = explain(log);

	cr_expect(strstr(msg, part), "%s", msg);
}

#define APPLYING "applying 0001-demo-x-1.0.patch\n"

Test(patches, what_patch_printed)
{
	says(APPLYING "patching file a\npatching file b\nHunk #1 succeeded at 3.\n"
		      "Hunk #2 FAILED at 9.\n1 out of 2 hunks FAILED\npatching file c\n",
	     "patch recipes/demo/1.0/0001-demo-x-1.0.patch does not apply: hunk 2 of b: ");
	says(APPLYING "patch: **** malformed patch at line 8: x\n", "malformed patch at line 8");
	says(APPLYING "|--- a/gone\n|+++ b/gone\nNo file to patch.  Skipping patch.\n",
	     "No file to patch.  Skipping patch. File: b/gone");
	says(APPLYING, "see the log");
	says("something else\n", "a patch does not apply");
	says("", "a patch does not apply");
	says("applying ../../etc/passwd\nHunk #1 FAILED at 1.\n", "a patch does not apply");
}
