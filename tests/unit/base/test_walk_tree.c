/* SPDX-License-Identifier: Apache-2.0 */
#include <base/walk_tree.h>

#include <base/file.h>
#include <base/str.h>
#include <fcntl.h>
#include <string.h>
#include <support/testutil.h>
#include <sys/resource.h>

TEST_DIR_FIXTURE(tmp)
TestSuite(walk_tree, .init = tmp_setup, .fini = tmp_teardown);

struct seen {
	struct strbuf text; /* "path " per object, "path/ " when a folder is left */
	const char *stop;   /* refuse at this path */
};

static int note(void *arg, struct walk_entry *e, struct err *err)
{
	struct seen *s = arg;

	strbuf_addf(&s->text, "%s%s ", e->path, e->leave ? "/" : "");
	if (s->stop && !strcmp(e->path, s->stop))
		return err_set(err, ERR_INPUT, 0, "enough");
	return 0;
}

Test(walk_tree, every_object_once_in_order_and_no_link_is_followed)
{
	struct seen s = {.text = STRBUF_INIT};
	struct err err = ERR_INIT;

	assert_ok(file_mkdir_p(tmp.fd, "t/b/c", 0755, &err), err);
	assert_ok(file_mkdir_p(tmp.fd, "outside", 0755, &err), err);
	test_write_text(tmp.fd, "outside/secret", "x");
	test_write_text(tmp.fd, "t/b/c/f", "x");
	test_write_text(tmp.fd, "t/a", "x");
	cr_assert_eq(symlinkat("../outside", tmp.fd, "t/z"), 0);
	assert_ok(walk_tree(tmp.fd, "t", note, &s, &err), err);
	cr_assert_str_eq(strbuf_str(&s.text), ". a b b/c b/c/f b/c/ b/ z ./ ");
	strbuf_release(&s.text);
}

Test(walk_tree, a_link_at_the_top_and_what_is_not_there)
{
	struct seen s = {.text = STRBUF_INIT};
	struct err err = ERR_INIT;

	assert_ok(file_mkdir_p(tmp.fd, "d", 0755, &err), err);
	test_write_text(tmp.fd, "d/f", "x");
	cr_assert_eq(symlinkat("d", tmp.fd, "link"), 0);
	assert_ok(walk_tree(tmp.fd, "link", note, &s, &err), err);
	cr_assert_str_eq(strbuf_str(&s.text), ". ");
	assert_refused(walk_tree(tmp.fd, "../etc", note, &s, &err), err, ERR_INPUT, "mount point");
	assert_refused(walk_tree(tmp.fd, "none", note, &s, &err), err, ERR_STORE, "open .");
	strbuf_release(&s.text);
}

Test(walk_tree, the_visitor_ends_it)
{
	struct seen s = {.text = STRBUF_INIT, .stop = "a"};
	struct err err = ERR_INIT;

	assert_ok(file_mkdir_p(tmp.fd, "t/a", 0755, &err), err);
	test_write_text(tmp.fd, "t/b", "x");
	assert_refused(walk_tree(tmp.fd, "t", note, &s, &err), err, ERR_INPUT, "enough");
	cr_assert_str_eq(strbuf_str(&s.text), ". a ");
	strbuf_release(&s.text);
}

/* Neither fds nor the stack grow with the depth. */
Test(walk_tree, deeper_than_the_fds_that_there_are)
{
	const struct rlimit few = {.rlim_cur = 200, .rlim_max = 200};
	_cleanup_close_ int fd = dup(tmp.fd);
	struct seen s = {.text = STRBUF_INIT};
	struct err err = ERR_INIT;
	size_t left = 0;

	for (int i = 0; i < 2000; i++) {
		int sub;

		cr_assert_eq(mkdirat(fd, "d", 0755), 0);
		sub = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		cr_assert_geq(sub, 0);
		close(fd);
		fd = sub;
	}
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0); /* of this test's own process */
	assert_ok(walk_tree(tmp.fd, ".", note, &s, &err), err);
	for (const char *p = strbuf_str(&s.text); (p = strstr(p, "/ ")); p++)
		left++;
	cr_assert_eq(left, 2001);
	strbuf_release(&s.text);
}
