/* SPDX-License-Identifier: Apache-2.0 */
#include "branch_edit.h"

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
	rmdir(p->dir);
	free(p->path);
}

Test(branch_edit, a_splice_leaves_all_other_bytes)
{
	_cleanup_(place_release) struct place p = place("# one\na: \xc3\xa4 # umlaut\nb: [x, y]");
	_cleanup_(branch_edit_release) struct branch_edit e = BRANCH_EDIT_INIT;
	_cleanup_free_ char *now = NULL;
	struct err err = ERR_INIT;
	const struct yaml *list;
	size_t len = 0, at;
	struct stat st;

	cr_assert_eq(branch_edit_open(&e, p.dir, &err), 0, "%s", err.msg);
	list = yaml_get(e.doc.root, "b");
	at = branch_edit_offset(&e, list->items[1]->line, list->items[1]->column);
	cr_assert_eq(branch_edit_splice(&e, at, at + 1, "yy", &err), 0, "%s", err.msg);
	at = branch_edit_offset(&e, 2, 6); /* characters, not bytes */
	cr_assert_eq(strbuf_str(&e.text)[at], '#');
	cr_assert_eq(branch_edit_line(&e, 9), e.text.len);
	cr_assert_eq(branch_edit_save(&e, &err), 0, "%s", err.msg);
	cr_assert_eq(file_read(AT_FDCWD, p.path, 1000, &now, &len, &err), 0);
	cr_assert_str_eq(now, "# one\na: \xc3\xa4 # umlaut\nb: [x, yy]");
	cr_assert_eq(stat(p.path, &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0640);
}

Test(branch_edit, a_splice_that_breaks_the_text_is_an_error)
{
	_cleanup_(place_release) struct place p = place("a: 1\n");
	_cleanup_(branch_edit_release) struct branch_edit e = BRANCH_EDIT_INIT;
	struct err err = ERR_INIT;

	cr_assert_eq(branch_edit_open(&e, p.dir, &err), 0, "%s", err.msg);
	cr_assert_lt(branch_edit_splice(&e, 3, 4, "[", &err), 0);
	cr_assert_eq(err.code, ERR_INPUT);
}

Test(branch_edit, the_last_line_of_a_node)
{
	_cleanup_(place_release) struct place p =
		place("a:\n  - b: 1\n    c:\n      d: 2\n  # e\nf: 1\n");
	_cleanup_(branch_edit_release) struct branch_edit e = BRANCH_EDIT_INIT;
	struct err err = ERR_INIT;

	cr_assert_eq(branch_edit_open(&e, p.dir, &err), 0, "%s", err.msg);
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
