/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "patches.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>

static struct recipe *recipe(void)
{
	struct recipe *r = NULL;
	struct err err = ERR_INIT;

	cr_assert_eq(fixture_parse(fixture_recipe, &r, &err), 0, "%s", err.msg);
	return r;
}

Test(branch, reads_everything)
{
	_cleanup_(recipe_freep) struct recipe *r = recipe();
	_cleanup_(branch_freep) struct branch *b = NULL;
	struct err err = ERR_INIT;

	cr_assert_eq(fixture_parse_branch(r, fixture_branch, &b, &err), 0, "%s", err.msg);
	cr_assert_str_eq(b->version, "1.0.3");
	cr_assert_eq(b->epoch, 1700000000);
	cr_assert_eq(b->n_sources, 2);
	cr_assert_eq(b->sources[0].strip, 1);
	cr_assert_eq(b->sources[0].size, 12345);
	cr_assert_null(b->sources[1].to);
	cr_assert_str_eq(b->security_until, "2027-01-02");
	cr_assert_eq(b->n_golden, 1);
	cr_assert_eq(b->golden[0].outputs.n, 2);
}

struct refusal {
	const char *from, *to, *where, *says;
};

static const struct refusal refusals[] = {
	{"epoch: 1700000000", "epoch: soon", "branch.yaml:3:8", "expected a whole number"},
	{"epoch: 1700000000", "epoch: 0", "branch.yaml:3:8",
	 "expected seconds since 1970, from 1 to 4294967295"},
	{"epoch: 1700000000", "epoch: -1", "branch.yaml:3:8", "found -1"},
	{"epoch: 1700000000", "epoch: 4294967296", "branch.yaml:3:8", "found 4294967296"},
	{"epoch: 1700000000", "epoch: 1700000000000", "branch.yaml:3:8", "from 1 to 4294967295"},
	{"epoch: 1700000000\n", "", NULL, "missing key 'epoch'"},
	{"released: 2024-01-02", "released: January", "branch.yaml:4", "expected a date"},
	{"sha256: aaaa", "sha256: AAAA", "branch.yaml:8:13", "64 lower-case hex digits"},
	{"sha256: aaaa", "sha256: aaa", "branch.yaml:8:13", "64 lower-case hex digits"},
	{"size: 12345", "size: 0", "branch.yaml:9:11", "more than 0"},
	{"    size: 12345\n", "", NULL, "missing key 'size'"},
	{"file: demo-1.0.3.tar.xz", "file: ../demo", "branch.yaml:7:11", "expected a file name"},
	{"file: demo-1.0.3.tar.xz", "file: a/demo", "branch.yaml:7:11", "expected a file name"},
	{"file: demo-1.0.3.tar.xz", "file: extra.bin", NULL, "file 'extra.bin' is there twice"},
	{"name: extra", "name: demo", "branch.yaml:12", "source 'demo' is there twice"},
	{"mirror://upstream/", "ftp://upstream/", "branch.yaml:10", "mirror: URL"},
	{"to: src", "to: ../src", "branch.yaml:11:9", "without '..'"},
	{"to: src", "to: src\n    strip: -1", "branch.yaml:12:12", "expected 0 to 16"},
	{"when: {docs: true}", "when: {dosc: true}", NULL, "did you mean 'docs'?"},
	{"variant: usual", "variant: odd", NULL, "there is no variant 'odd'"},
	{"outputs: {out:", "outputs: {man:", NULL, "there is no output 'man'"},
	{"version:", "verison:", "branch.yaml:2", "did you mean 'version'?"},
};

Test(branch, refusals)
{
	_cleanup_(recipe_freep) struct recipe *r = recipe();

	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		const struct refusal *x = &refusals[i];
		_cleanup_free_ char *text = fixture_replace(fixture_branch, x->from, x->to);
		struct branch *b = NULL;
		struct err err = ERR_INIT;

		cr_expect_eq(fixture_parse_branch(r, text, &b, &err), ERR_INPUT,
			     "'%s' was accepted", x->to);
		cr_expect(strstr(err.msg, x->says), "'%s': %s", x->to, err.msg);
		if (x->where)
			cr_expect(!strncmp(err.msg, x->where, strlen(x->where)), "'%s': %s", x->to,
				  err.msg);
		cr_expect_null(b);
	}
}

/* Two sources, one name a prefix of the other. */
static struct branch *patch_branch(const struct recipe *r)
{
	_cleanup_free_ char *text = fixture_replace(fixture_branch, "name: extra", "name: demo-os");
	_cleanup_free_ char *both = fixture_replace(text, "when: {docs: true}", "to: src/os");
	struct branch *b = NULL;
	struct err err = ERR_INIT;

	cr_assert_eq(fixture_parse_branch(r, both, &b, &err), 0, "%s", err.msg);
	return b;
}

Test(branch, patch_names)
{
	_cleanup_(recipe_freep) struct recipe *r = recipe();
	_cleanup_(branch_freep) struct branch *b = patch_branch(r);
	static const char *const bad[] = {
		"001-demo-fix-1.0.patch",     "00001-demo-fix-1.0.patch",
		"0001-other-fix-1.0.patch",   "0001-demo-fix-1.1.patch",
		"0001-demo-1.0.patch",        "0001-demo--1.0.patchx",
		"0001-demo-fix me-1.0.patch", "fix.patch",
		"0001-demo-fix_it-1.0.patch",
	};
	struct err err = ERR_INIT;

	cr_assert_str_eq(patch_project(b, "0001-demo-fix-it-1.0.patch", &err)->name, "demo");
	cr_assert_str_eq(patch_project(b, "0002-demo-os-fix-1.0.patch", &err)->name, "demo-os");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		err_clear(&err);
		cr_expect_null(patch_project(b, bad[i], &err), "'%s' was accepted", bad[i]);
		cr_expect_eq(err.code, ERR_INPUT);
		cr_expect(strstr(err.msg, bad[i]), "%s", err.msg);
	}
}

static void put(int dirfd, const char *name, const char *text)
{
	struct err err = ERR_INIT;

	cr_assert_eq(file_write_atomic(dirfd, name, text, strlen(text), 0644, &err), 0, "%s",
		     err.msg);
}

Test(branch, loads_newest_and_its_patches)
{
	char dir[] = "/tmp/belljar-branch-XXXXXX";
	_cleanup_close_ int fd = -1;
	_cleanup_(branch_freep) struct branch *b = NULL, *old = NULL, *none = NULL;
	_cleanup_(recipe_freep) struct recipe *r = NULL;
	struct err err = ERR_INIT;

	cr_assert_not_null(mkdtemp(dir));
	fd = open(dir, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	cr_assert_eq(mkdirat(fd, "demo", 0755), 0);
	put(fd, "demo/recipe.yaml", fixture_recipe);
	cr_assert_eq(mkdirat(fd, "demo/4.9", 0755), 0);
	cr_assert_eq(mkdirat(fd, "demo/4.20", 0755), 0);
	cr_assert_eq(mkdirat(fd, "demo/not-a-branch", 0755), 0);
	put(fd, "demo/4.9/branch.yaml", fixture_branch);
	put(fd, "demo/4.20/branch.yaml", fixture_branch);
	put(fd, "demo/4.20/0002-demo-later-4.20.patch", "b");
	put(fd, "demo/4.20/0001-demo-first-4.20.patch", "a");
	put(fd, "demo/4.20/README", "no patch");
	cr_assert_eq(recipe_load(dir, "demo", &r, &err), 0, "%s", err.msg);
	cr_assert_eq(branch_load(r, NULL, &b, &err), 0, "%s", err.msg);
	cr_assert_str_eq(b->name, "4.20");
	cr_assert_eq(b->n_patches, 2);
	cr_assert_str_eq(b->patches[0].file, "0001-demo-first-4.20.patch");
	cr_assert_eq(branch_load(r, "4.9", &old, &err), 0, "%s", err.msg);
	cr_assert_eq(old->n_patches, 0);
	cr_assert_lt(branch_load(r, "4.10", &none, &err), 0);
	cr_assert_eq(err.code, ERR_USAGE);
	cr_assert(strstr(err.msg, "there are: 4.9 4.20"), "%s", err.msg);
	put(fd, "demo/4.9/oops.patch", "x");
	err_clear(&err);
	cr_assert_lt(branch_load(r, "4.9", &none, &err), 0);
	cr_assert(strstr(err.msg, "NNNN-PROJECT-DESCRIPTION-4.9.patch"), "%s", err.msg);
	cr_assert_eq(unlinkat(fd, "demo/4.9/oops.patch", 0), 0);
	cr_assert_eq(symlinkat("/etc/passwd", fd, "demo/4.9/0001-demo-x-4.9.patch"), 0);
	err_clear(&err);
	cr_assert_lt(branch_load(r, "4.9", &none, &err), 0);
	cr_assert(strstr(err.msg, "must be a file, not a link"), "%s", err.msg);
	cr_assert_eq(unlinkat(fd, "demo/4.9/0001-demo-x-4.9.patch", 0), 0);
	cr_assert_eq(mkfifoat(fd, "demo/4.9/0001-demo-x-4.9.patch", 0600), 0);
	err_clear(&err);
	cr_assert_lt(branch_load(r, "4.9", &none, &err), 0);
	cr_assert(strstr(err.msg, "must be a file"), "%s", err.msg);
	cr_assert_eq(file_remove_tree(AT_FDCWD, dir, &err), 0);
}
