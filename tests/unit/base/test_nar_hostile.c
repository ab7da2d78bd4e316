/* SPDX-License-Identifier: Apache-2.0 */
/* Trees that change, that are too deep, or that hold what has no hash. */
#include <base/nar.h>

#include <base/cleanup.h>
#include <base/file.h>
#include <base/str.h>
#include <fcntl.h>
#include <string.h>
#include <support/testutil.h>
#include <sys/resource.h>

TEST_DIR_FIXTURE(tmp)
TestSuite(nar_hostile, .init = tmp_setup, .fini = tmp_teardown, .timeout = 120);

static int ignore(void *arg, const void *data, size_t len, struct err *err)
{
	return 0;
}

Test(nar_hostile, refuses_what_has_no_hash)
{
	struct err err = ERR_INIT;
	struct sha256 d;

	assert_ok(file_mkdir_p(tmp.fd, "d/sub", 0755, &err), err);
	test_write_text(tmp.fd, "d/a", "");
	cr_assert_eq(mkfifoat(tmp.fd, "d/sub/pipe", 0644), 0);
	assert_refused(nar_hash_at(tmp.fd, "d", &d, NULL, &err), err, ERR_INPUT,
		       "d/sub/pipe: is neither a file nor a folder nor a symbolic link");
	assert_refused(nar_hash_at(tmp.fd, "d/sub/pipe", &d, NULL, &err), err, ERR_INPUT,
		       "d/sub/pipe: is neither");
	assert_refused(nar_hash_at(tmp.fd, "none", &d, NULL, &err), err, ERR_INPUT,
		       "none: stat: No such file");
	assert_refused(nar_hash_at(AT_FDCWD, "/dev/null", &d, NULL, &err), err, ERR_INPUT,
		       "is neither");
}

Test(nar_hostile, follows_no_link_on_the_way)
{
	struct err err = ERR_INIT;
	struct sha256 d;

	assert_ok(file_mkdir_p(tmp.fd, "d/sub", 0755, &err), err);
	cr_assert_eq(symlinkat("d", tmp.fd, "l"), 0);
	assert_refused(nar_hash_at(tmp.fd, "l/sub", &d, NULL, &err), err, ERR_INPUT,
		       "l/sub: open its folder: Too many levels of symbolic links");
	assert_refused(nar_hash_at(tmp.fd, "../x", &d, NULL, &err), err, ERR_INPUT,
		       "Invalid cross-device link");
	assert_ok(nar_hash_at(tmp.fd, "d/sub", &d, NULL, &err), err);
}

static int deep(void *arg, char *report, size_t size)
{
	const struct test_dir *dir = arg;
	int fd = openat(dir->fd, ".", O_RDONLY | O_DIRECTORY);
	struct rlimit few = {180, 180}, stack = {256 * 1024, 256 * 1024};
	struct err err = ERR_INIT;
	struct nar_stats st;
	struct sha256 d;

	for (int i = 0; i < 3000; i++) {
		child_check(mkdirat(fd, "deep", 0755) == 0, "mkdir %d", i);
		int next = openat(fd, "deep", O_RDONLY | O_DIRECTORY);

		child_check(next >= 0, "open %d", i);
		close(fd);
		fd = next;
	}
	close(fd);
	child_check(setrlimit(RLIMIT_NOFILE, &few) == 0, "setrlimit");
	child_check(setrlimit(RLIMIT_STACK, &stack) == 0, "setrlimit");
	child_check(nar_hash_at(dir->fd, "deep", &d, &st, &err) == 0, "%s", err.msg);
	child_check(st.dirs == 3000, "%lu folders", (unsigned long)st.dirs);
	return 0;
}

Test(nar_hostile, deeper_than_a_path_with_few_fds)
{
	test_in_child(deep, &tmp);
}

struct change {
	bool done;
	void (*fn)(void);
};

static int change_once(void *arg, const void *data, size_t len, struct err *err)
{
	struct change *c = arg;

	if (!c->done)
		c->fn();
	c->done = true;
	return 0;
}

static void write_big(const char *path)
{
	_cleanup_close_ int fd = openat(tmp.fd, path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

	cr_assert_eq(ftruncate(fd, 1 << 20), 0); /* more than the buffer: the sink is called */
}

static void shorten(void)
{
	_cleanup_close_ int fd = openat(tmp.fd, "d/big", O_WRONLY | O_TRUNC | O_CLOEXEC);
}

Test(nar_hostile, file_that_shrinks)
{
	struct change c = {.fn = shorten};
	struct err err = ERR_INIT;

	cr_assert_eq(mkdirat(tmp.fd, "d", 0755), 0);
	write_big("d/big");
	assert_refused(nar_dump_at(tmp.fd, "d", change_once, &c, NULL, &err), err, ERR_STORE,
		       "d/big: became shorter while it was read");
}

static void replace_by_link(void)
{
	cr_assert_eq(unlinkat(tmp.fd, "d/secret", 0), 0);
	cr_assert_eq(symlinkat("/etc/passwd", tmp.fd, "d/secret"), 0);
}

Test(nar_hostile, file_that_becomes_a_link)
{
	struct change c = {.fn = replace_by_link};
	struct err err = ERR_INIT;

	cr_assert_eq(mkdirat(tmp.fd, "d", 0755), 0);
	write_big("d/big");
	test_write_text(tmp.fd, "d/secret", "x");
	assert_refused(nar_dump_at(tmp.fd, "d", change_once, &c, NULL, &err), err, ERR_STORE,
		       "d/secret: open: Too many levels of symbolic links");
}

static void replace_by_fifo(void)
{
	cr_assert_eq(unlinkat(tmp.fd, "d/secret", 0), 0);
	cr_assert_eq(mkfifoat(tmp.fd, "d/secret", 0644), 0);
}

Test(nar_hostile, file_that_becomes_a_fifo)
{
	struct change c = {.fn = replace_by_fifo};
	struct err err = ERR_INIT;

	cr_assert_eq(mkdirat(tmp.fd, "d", 0755), 0);
	write_big("d/big");
	test_write_text(tmp.fd, "d/secret", "x");
	assert_refused(nar_dump_at(tmp.fd, "d", change_once, &c, NULL, &err), err, ERR_STORE,
		       "d/secret: changed its type");
}

static void move_away(void)
{
	cr_assert_eq(renameat(tmp.fd, "d/m", tmp.fd, "elsewhere"), 0);
}

/* Its parent was closed, and ".." would lead the walk to another folder. */
Test(nar_hostile, folder_that_is_moved)
{
	_cleanup_(strbuf_release) struct strbuf path = STRBUF_INIT;
	struct change c = {.fn = move_away};
	struct err err = ERR_INIT;

	strbuf_adds(&path, "d");
	for (int i = 0; i < 200; i++)
		strbuf_adds(&path, "/m");
	assert_ok(file_mkdir_p(tmp.fd, strbuf_str(&path), 0755, &err), err);
	strbuf_adds(&path, "/big");
	write_big(strbuf_str(&path));
	assert_refused(nar_dump_at(tmp.fd, "d", change_once, &c, NULL, &err), err, ERR_STORE,
		       "was moved while it was read");
}

static int failing_sink(void *arg, const void *data, size_t len, struct err *err)
{
	return err_set(err, ERR_STORE, 0, "the sink is full");
}

Test(nar_hostile, the_sinks_error_is_passed_up)
{
	struct err err = ERR_INIT;

	cr_assert_eq(mkdirat(tmp.fd, "d", 0755), 0);
	assert_refused(nar_dump_at(tmp.fd, "d", failing_sink, NULL, NULL, &err), err, ERR_STORE,
		       "the sink is full");
	write_big("d/big");
	assert_refused(nar_dump_at(tmp.fd, "d", failing_sink, NULL, NULL, &err), err, ERR_STORE,
		       "the sink is full");
}

static int unreadable(void *arg, char *report, size_t size)
{
	const struct test_dir *d = arg;
	struct err err = ERR_INIT;

	if (test_drop_root(report, size))
		return 1;
	child_check(nar_dump_at(d->fd, "d", ignore, NULL, NULL, &err) < 0, "not refused");
	child_check(strcmp(err.msg, "d/locked: open: Permission denied") == 0, "%s", err.msg);
	return 0;
}

Test(nar_hostile, what_cannot_be_read_is_named)
{
	cr_assert_eq(fchmod(tmp.fd, 0755), 0);
	cr_assert_eq(mkdirat(tmp.fd, "d", 0755), 0);
	cr_assert_eq(mkdirat(tmp.fd, "d/locked", 0755), 0);
	cr_assert_eq(fchmodat(tmp.fd, "d/locked", 0000, 0), 0);
	test_in_child(unreadable, &tmp);
}
