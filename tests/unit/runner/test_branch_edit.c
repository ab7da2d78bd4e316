/* SPDX-License-Identifier: Apache-2.0 */
#include <runner/branch_edit.h>

#include <base/cleanup.h>
#include <base/file.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct place {
	char dir[64];
	char *path;
};

static struct place place(const char *text)
{
	struct place p = {.dir = "/tmp/bj-edit-XXXXXX"};
	struct err err = ERR_INIT;

	cr_assert_not_null(mkdtemp(p.dir));
	p.path = path_join(p.dir, "branch.yaml");
	if (text)
		cr_assert_eq(file_write_atomic(AT_FDCWD, p.path, text, strlen(text), 0640, &err), 0,
			     "%s", err.msg);
	return p;
}

static void place_release(struct place *p)
{
	unlink(p->path);
	cr_assert_eq(rmdir(p->dir), 0, "something is left in %s", p->dir);
	free(p->path);
}

static void parse(struct branch_edit *e, const char *text)
{
	struct err err = ERR_INIT;

	cr_assert_eq(branch_edit_parse(e, "t", text, &err), 0, "%s", err.msg);
}

static void expect(struct branch_edit *e, const char *wanted)
{
	struct err err = ERR_INIT;

	cr_assert_eq(branch_edit_apply(e, &err), 0, "%s", err.msg);
	cr_assert_str_eq(e->text, wanted, "%s", e->text);
}

static void expect_file(const struct place *p, const char *wanted)
{
	_cleanup_free_ char *now = NULL;
	struct err err = ERR_INIT;
	size_t len = 0;

	cr_assert_eq(file_read(AT_FDCWD, p->path, 1000, &now, &len, &err), 0, "%s", err.msg);
	cr_assert_str_eq(now, wanted, "%s", now);
}

Test(branch_edit, a_range_leaves_all_other_bytes)
{
	_cleanup_(place_release) struct place p = place("# one\na: \xc3\xa4 # umlaut\nb: [x, y]");
	_cleanup_(branch_edit_release) struct branch_edit e = BRANCH_EDIT_INIT;
	struct err err = ERR_INIT;
	const struct yaml *list;
	struct stat st;
	size_t at;

	cr_assert_eq(branch_edit_open(&e, p.dir, &err), 0, "%s", err.msg);
	list = yaml_get(e.doc.root, "b");
	at = branch_edit_offset(&e, list->items[1]->line, list->items[1]->column);
	branch_edit_range(&e, at, at + 1, "yy");
	expect(&e, "# one\na: \xc3\xa4 # umlaut\nb: [x, yy]");
	at = branch_edit_offset(&e, 2, 6); /* characters, not bytes */
	cr_assert_eq(e.text[at], '#');
	cr_assert_eq(branch_edit_line(&e, 9), strlen(e.text));
	expect_file(&p, "# one\na: \xc3\xa4 # umlaut\nb: [x, y]");
	cr_assert_eq(branch_edit_save(&e, &err), 0, "%s", err.msg);
	expect_file(&p, "# one\na: \xc3\xa4 # umlaut\nb: [x, yy]");
	cr_assert_eq(stat(p.path, &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0640);
}

Test(branch_edit, a_change_that_breaks_the_text_is_an_error_and_nothing_else)
{
	_cleanup_(place_release) struct place p = place("a: 1\n");
	_cleanup_(branch_edit_release) struct branch_edit e = BRANCH_EDIT_INIT;
	struct err err = ERR_INIT;

	cr_assert_eq(branch_edit_open(&e, p.dir, &err), 0, "%s", err.msg);
	branch_edit_range(&e, 3, 4, "[");
	cr_assert_lt(branch_edit_apply(&e, &err), 0);
	cr_assert_eq(err.code, ERR_INPUT);
	cr_assert_str_eq(e.text, "a: 1\n");
	cr_assert_str_eq(yaml_get(e.doc.root, "a")->text, "1");
	err = ERR_INIT;
	cr_assert_lt(branch_edit_save(&e, &err), 0);
	cr_assert_eq(err.code, ERR_BUG);
	expect_file(&p, "a: 1\n");
}

/* None of the two is dropped in silence. */
Test(branch_edit, changes_that_overlap_are_an_error)
{
	static const struct {
		size_t from, to;
		int code;
	} second[] = {{3, 4, ERR_INPUT}, {4, 5, ERR_INPUT}, {4, 4, ERR_INPUT},
		      {2, 4, ERR_INPUT}, {5, 4, ERR_BUG},   {6, 7, ERR_BUG}};

	for (size_t i = 0; i < ARRAY_SIZE(second); i++) {
		_cleanup_(branch_edit_release) struct branch_edit e = BRANCH_EDIT_INIT;
		struct err err = ERR_INIT;

		parse(&e, "a: 12\n");
		branch_edit_range(&e, 3, 5, "3");
		branch_edit_range(&e, second[i].from, second[i].to, "4");
		cr_assert_lt(branch_edit_apply(&e, &err), 0, "%zu: %s", i, e.text);
		cr_assert_eq(err.code, second[i].code);
	}
}

Test(branch_edit, a_file_in_braces)
{
	_cleanup_(branch_edit_release) struct branch_edit e = BRANCH_EDIT_INIT;
	struct err err = ERR_INIT;

	parse(&e, "# head\n{a: 1, golden: [x]}\n");
	cr_assert_eq(branch_edit_scalar(&e, yaml_get(e.doc.root, "a"), "2", false, &err), 0);
	branch_edit_remove_key(&e, "golden");
	cr_assert_lt(branch_edit_apply(&e, &err), 0);
	cr_assert_eq(err.code, ERR_INPUT);
	cr_assert(strstr(err.msg, "t:2: two changes meet in one place"), "%s", err.msg);
}

Test(branch_edit, changes_may_touch)
{
	_cleanup_(branch_edit_release) struct branch_edit e = BRANCH_EDIT_INIT;

	parse(&e, "a: 12\n");
	branch_edit_range(&e, 3, 3, "x");
	branch_edit_range(&e, 3, 3, "y");
	branch_edit_range(&e, 4, 5, "4");
	branch_edit_range(&e, 3, 4, "3");
	branch_edit_range(&e, 5, 5, "z");
	expect(&e, "a: xy34z\n");
	branch_edit_range(&e, 3, 8, "5"); /* of the text as it is now */
	expect(&e, "a: 5\n");
}

Test(branch_edit, the_last_line_of_a_node)
{
	_cleanup_(branch_edit_release) struct branch_edit e = BRANCH_EDIT_INIT;

	parse(&e, "a:\n  - b: 1\n    c:\n      d: 2\n  # e\nf: 1\n");
	cr_assert_eq(branch_edit_last_line(yaml_get(e.doc.root, "a")), 4);
}

Test(branch_edit, what_is_installed_is_left_alone)
{
	_cleanup_(place_release) struct place p = place(NULL);
	struct err err = ERR_INIT;

	cr_assert_eq(symlink("/usr/bin/env", p.path), 0);
	cr_assert_lt(branch_edit_allowed(p.dir, &err), 0);
	cr_assert_eq(err.code, ERR_INPUT);
	cr_assert_not_null(strstr(err.msg, "is installed, and the next update would undo"), "%s",
			   err.msg);
}

Test(branch_edit, values_and_keys)
{
	static const char text[] =
		"# head\na: plain # c\n# of b\nb: 'it''s' # c\n"
		"c: \"q\\\"x\" # c\nd: {e: é, f: x} # c\n\n# of g\ng:\n  - 1\n# of h\nh: |\n  x\n";
	_cleanup_(branch_edit_release) struct branch_edit e = BRANCH_EDIT_INIT;
	struct err err = ERR_INIT;
	const struct yaml *root;

	parse(&e, text);
	root = e.doc.root;
	cr_assert_eq(branch_edit_scalar(&e, yaml_get(root, "b"), "2", false, &err), 0);
	cr_assert_eq(branch_edit_scalar(&e, yaml_get(root, "a"), "1", false, &err), 0);
	cr_assert_eq(branch_edit_scalar(&e, yaml_get(root, "c"), "3", false, &err), 0);
	cr_assert_eq(branch_edit_scalar(&e, yaml_get(yaml_get(root, "d"), "f"), "4", true, &err),
		     0);
	branch_edit_remove_key(&e, "g");
	branch_edit_remove_key(&e, "missing");
	branch_edit_insert(&e, "h", "new: 1\n");
	expect(&e, "# head\na: 1 # c\n# of b\nb: '2' # c\n"
		   "c: \"3\" # c\nd: {e: é, f: \"4\"} # c\n\nnew: 1\n# of h\nh: |\n  x\n");
}

/* What cannot be put into a value's place is refused with the reason. */
Test(branch_edit, values_that_stay)
{
	static const struct {
		const char *key, *value, *why;
	} bad[] = {
		{"h", "5", "this value cannot be changed in place"},
		{"g", "5", "t:4:3: this value cannot be changed in place"},
		{"long", "5", "this value cannot be changed in place"},
		{"two", "5", "this value cannot be changed in place"},
		{"none", "5", "this value cannot be changed in place"},
		{"a", "a\"b", "'a\"b' cannot be written here"},
		{"a", "a\\b", "cannot be written here"},
		{"a", "a\nb", "cannot be written here"},
	};
	_cleanup_(branch_edit_release) struct branch_edit e = BRANCH_EDIT_INIT;

	parse(&e, "h: |\n  x\ng:\n  - 1\nlong: a\n  b\ntwo: \"a\n  b\"\nnone:\na: 1\n");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const struct yaml *node = yaml_get(e.doc.root, bad[i].key);
		struct err err = ERR_INIT;

		cr_assert_eq(branch_edit_in_place(&e, node), !strcmp(bad[i].key, "a"));
		cr_assert_lt(branch_edit_scalar(&e, node, bad[i].value, false, &err), 0, "%zu", i);
		cr_assert_eq(err.code, ERR_INPUT);
		cr_assert(strstr(err.msg, bad[i].why), "%s", err.msg);
	}
	cr_assert_eq(e.n, 0);
}

Test(branch_edit, quotes)
{
	_cleanup_(branch_edit_release) struct branch_edit e = BRANCH_EDIT_INIT;
	struct err err = ERR_INIT;
	static const struct {
		const char *key, *value;
		bool quote;
	} cases[] = {{"a", "1", true}, {"b", "1", false}, {"c", "it's", false}, {"d", "1", false}};

	parse(&e, "a: 'x'\nb: 'x'\nc: 'x'\nd: x\n");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		cr_assert_eq(branch_edit_scalar(&e, yaml_get(e.doc.root, cases[i].key),
						cases[i].value, cases[i].quote, &err),
			     0, "%s", err.msg);
	expect(&e, "a: \"1\"\nb: '1'\nc: \"it's\"\nd: 1\n");
}

Test(branch_edit, whole_lines)
{
	_cleanup_(branch_edit_release) struct branch_edit e = BRANCH_EDIT_INIT;

	parse(&e, "a:\n  - 1\n  # last of a\n\n\n# of b\nb: 1");
	branch_edit_append(&e, "a", "  - 2\n");
	branch_edit_append(&e, "a", "  - 3\n");
	branch_edit_append(&e, "b", "c: 1\n"); /* a file without a last newline */
	branch_edit_insert(&e, "missing", "d: 1\n");
	expect(&e, "a:\n  - 1\n  # last of a\n  - 2\n  - 3\n\n\n# of b\nb: 1\nc: 1\nd: 1\n");
}

Test(branch_edit, entries_are_as_far_in_as_the_others)
{
	static const char entry[] = "  - a: 1\n    b: 2\n";
	_cleanup_(branch_edit_release) struct branch_edit e = BRANCH_EDIT_INIT;
	_cleanup_free_ char *four = NULL, *none = NULL, *two = NULL, *empty = NULL;

	parse(&e, "four:\n    - {a: 0}\nnone:\n-   a: 0\nempty: []\n");
	four = branch_edit_entry(yaml_get(e.doc.root, "four"), entry);
	none = branch_edit_entry(yaml_get(e.doc.root, "none"), entry);
	empty = branch_edit_entry(yaml_get(e.doc.root, "empty"), entry);
	two = branch_edit_entry(NULL, entry);
	cr_assert_str_eq(four, "    - a: 1\n      b: 2\n");
	cr_assert_str_eq(none, "- a: 1\n  b: 2\n");
	cr_assert_str_eq(empty, entry);
	cr_assert_str_eq(two, entry);
}

Test(branch_edit, comments_are_dropped)
{
	_cleanup_(branch_edit_release) struct branch_edit e = BRANCH_EDIT_INIT;
	struct err err = ERR_INIT;

	parse(&e, "# head\n# more\na: plain # c\n  # of b\nb: 1\n\n# end");
	cr_assert_eq(branch_edit_drop_comments(&e, &err), 0, "%s", err.msg);
	cr_assert_str_eq(e.text, "# head\na: plain # c\nb: 1\n\n");
	cr_assert_eq(yaml_get(e.doc.root, "b")->line, 3);
	branch_edit_insert(&e, "a", "c: 1\n");
	cr_assert_lt(branch_edit_drop_comments(&e, &err), 0);
	cr_assert_eq(err.code, ERR_BUG);
}

Test(branch_edit, what_only_looks_like_a_comment_stays)
{
	static const char text[] = "a: |\n  x\n  # of the text\n# not\nb: 1\n";
	_cleanup_(branch_edit_release) struct branch_edit e = BRANCH_EDIT_INIT;
	struct err err = ERR_INIT;

	parse(&e, text);
	cr_assert_eq(branch_edit_drop_comments(&e, &err), 0, "%s", err.msg);
	cr_assert_str_eq(e.text, text);
}

/* A chown that is not allowed here (no root, or a small user namespace) leaves nothing to see. */
static bool give_away(const char *path)
{
	return geteuid() == 0 && chown(path, 7, 8) == 0;
}

static void expect_meta(const char *path, mode_t mode, bool given)
{
	struct stat st;

	cr_assert_eq(lstat(path, &st), 0);
	cr_assert_eq(st.st_mode, S_IFREG | mode);
	cr_assert(!given || (st.st_uid == 7 && st.st_gid == 8), "owner %u", st.st_uid);
}

Test(branch_edit, save_keeps_link_mode_and_owner)
{
	_cleanup_(place_release) struct place p = place("a: 1\n"), real = place("a: 2\n");
	_cleanup_(branch_edit_release) struct branch_edit e = BRANCH_EDIT_INIT;
	bool given = give_away(real.path);
	struct err err = ERR_INIT;
	struct stat st;

	cr_assert_eq(unlink(p.path), 0);
	cr_assert_eq(symlink(real.path, p.path), 0);
	cr_assert_eq(branch_edit_open(&e, p.dir, &err), 0, "%s", err.msg);
	branch_edit_range(&e, 3, 4, "3");
	expect(&e, "a: 3\n");
	cr_assert_eq(branch_edit_save(&e, &err), 0, "%s", err.msg);
	cr_assert(lstat(p.path, &st) == 0 && S_ISLNK(st.st_mode));
	expect_file(&real, "a: 3\n");
	expect_meta(real.path, 0640, given);
}

Test(branch_edit, write_into_a_folder)
{
	_cleanup_(place_release) struct place p = place("a: 1\n"), fresh = place(NULL),
					      real = place("a: 2\n"), link = place(NULL);
	_cleanup_close_ int dir = open(p.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int empty = open(fresh.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int linked = open(link.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool given = give_away(p.path);
	struct err err = ERR_INIT;

	cr_assert_eq(branch_edit_write(dir, "a: 3\n", &err), 0, "%s", err.msg);
	expect_file(&p, "a: 3\n");
	expect_meta(p.path, 0640, given);
	cr_assert_eq(branch_edit_write(empty, "a: 3\n", &err), 0, "%s", err.msg);
	expect_meta(fresh.path, 0644, false);
	/* The link of a copy leads back to the original, which is not to be touched. */
	cr_assert_eq(symlink(real.path, link.path), 0);
	cr_assert_eq(branch_edit_write(linked, "a: 3\n", &err), 0, "%s", err.msg);
	expect_file(&real, "a: 2\n");
	expect_file(&link, "a: 3\n");
	expect_meta(link.path, 0640, false);
}
