/* SPDX-License-Identifier: Apache-2.0 */
#include <base/file.h>

#include <base/str.h>
#include <fcntl.h>
#include <string.h>
#include <support/testutil.h>

TEST_DIR_FIXTURE(tmp)
TestSuite(file, .init = tmp_setup, .fini = tmp_teardown);

Test(file, beneath_opens_and_creates)
{
	struct err err = ERR_INIT;
	_cleanup_close_ int fd = -1;

	assert_ok(file_mkdir_p(tmp.fd, "a/b", 0755, &err), err);
	/* Without O_CREAT a mode would be EINVAL to openat2: it is left out. */
	fd = file_open_beneath(tmp.fd, "a/b", O_RDONLY | O_DIRECTORY, 0644, &err);
	assert_ok(fd, err);
	cr_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	fd = file_open_beneath(tmp.fd, "a/b/c", O_WRONLY | O_CREAT | O_EXCL, 0600, &err);
	assert_ok(fd, err);
	cr_assert(file_exists(tmp.fd, "a/b/c"));
}

Test(file, beneath_refuses_every_way_out)
{
	struct err err = ERR_INIT;

	assert_ok(file_mkdir_p(tmp.fd, "in/dir", 0755, &err), err);
	test_write_text(tmp.fd, "secret", "x");
	cr_assert_eq(symlinkat("../secret", tmp.fd, "in/link"), 0);
	cr_assert_eq(symlinkat("dir", tmp.fd, "in/dirlink"), 0);
	cr_assert_eq(symlinkat("/", tmp.fd, "in/root"), 0);
	_cleanup_close_ int in = openat(tmp.fd, "in", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_refused(file_open_beneath(in, "../secret", O_RDONLY, 0, &err), err, ERR_INPUT,
		       "leads outside");
	assert_refused(file_open_beneath(in, "dir/../../secret", O_RDONLY, 0, &err), err, ERR_INPUT,
		       "leads outside");
	assert_refused(file_open_beneath(in, "/etc/passwd", O_RDONLY, 0, &err), err, ERR_INPUT,
		       "leads outside");
	assert_refused(file_open_beneath(in, "link", O_RDONLY, 0, &err), err, ERR_INPUT,
		       "a symbolic link is in the way");
	assert_refused(file_open_beneath(in, "dirlink/x", O_WRONLY | O_CREAT, 0600, &err), err,
		       ERR_INPUT, "a symbolic link is in the way");
	assert_refused(file_open_beneath(in, "root/etc", O_RDONLY, 0, &err), err, ERR_INPUT,
		       "a symbolic link is in the way");
	assert_refused(file_open_beneath(in, "none", O_RDONLY, 0, &err), err, ERR_INPUT,
		       "open none: No such file");
}

Test(file, read_knows_its_limit)
{
	_cleanup_free_ char *text = NULL, *proc = NULL;
	struct err err = ERR_INIT;
	size_t len;

	test_write(tmp.fd, "f", "ab\0cd", 5);
	assert_ok(file_read(tmp.fd, "f", 5, &text, &len, &err), err);
	cr_assert_eq(len, 5u);
	cr_assert_eq(memcmp(text, "ab\0cd", 6), 0);
	assert_refused(file_read(tmp.fd, "f", 4, &text, &len, &err), err, ERR_INPUT,
		       "f is larger than 4 bytes");
	/* A size of 0 that is not true. */
	assert_ok(file_read(AT_FDCWD, "/proc/self/maps", 1 << 20, &proc, &len, &err), err);
	cr_assert_gt(len, 100u);
	assert_refused(file_read(tmp.fd, "none", 9, &text, NULL, &err), err, ERR_INPUT, "none");
	assert_refused(file_read(tmp.fd, ".", 9, &text, NULL, &err), err, ERR_INPUT,
		       "Is a directory");
}

Test(file, read_any_length)
{
	/* Around the first sizes of its buffer. */
	for (size_t n = 4090; n < 4100; n++) {
		_cleanup_free_ char *data = xcalloc(n, 1), *text = NULL;
		_cleanup_close_ int fd = -1;
		struct err err = ERR_INIT;
		size_t len;
		int ends[2];

		/* By a pipe, which has no size to go by. */
		cr_assert_eq(pipe(ends), 0);
		fd = ends[0];
		assert_ok(file_write_all(ends[1], data, n, &err), err);
		close(ends[1]);
		assert_ok(file_read_fd(fd, "pipe", 1 << 20, &text, &len, &err), err);
		cr_assert_eq(len, n);
	}
}

static size_t count_entries(int dirfd)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_closedir_ DIR *d = fdopendir(fd);
	size_t n = 0;

	while (readdir(d))
		n++;
	return n - 2;
}

Test(file, write_atomic)
{
	_cleanup_free_ char *text = NULL;
	struct err err = ERR_INIT;
	struct stat st;
	mode_t old = umask(077);

	test_write_text(tmp.fd, "f", "old");
	assert_ok(file_write_atomic(tmp.fd, "f", "new", 3, 0644, &err), err);
	umask(old);
	assert_ok(file_read(tmp.fd, "f", 100, &text, NULL, &err), err);
	cr_assert_str_eq(text, "new");
	cr_assert_eq(fstatat(tmp.fd, "f", &st, 0), 0);
	cr_assert_eq(st.st_mode & 07777, 0644u, "the umask must not matter");
	assert_ok(file_mkdir_p(tmp.fd, "sub", 0755, &err), err);
	assert_ok(file_write_atomic(tmp.fd, "sub/g", "", 0, 0600, &err), err);
	cr_assert(file_exists(tmp.fd, "sub/g"));
	assert_refused(file_write_atomic(tmp.fd, "none/g", "", 0, 0600, &err), err, ERR_INPUT,
		       "write none/g");
	/* What cannot be renamed leaves nothing behind. */
	assert_refused(file_write_atomic(tmp.fd, "sub", "x", 1, 0600, &err), err, ERR_STORE,
		       "write sub: rename");
	cr_assert_eq(count_entries(tmp.fd), 2u);
}

Test(file, write_atomic_of_the_longest_name)
{
	struct err err = ERR_INIT;
	char name[256];

	memset(name, 'n', 255);
	name[255] = '\0';
	assert_ok(file_write_atomic(tmp.fd, name, "x", 1, 0600, &err), err);
}

Test(file, mkdir_p)
{
	_cleanup_free_ char *abs = path_join(tmp.path, "x/y");
	struct err err = ERR_INIT;

	assert_ok(file_mkdir_p(tmp.fd, "a/b/c", 0755, &err), err);
	assert_ok(file_mkdir_p(tmp.fd, "a/b/c/", 0755, &err), err);
	assert_ok(file_mkdir_p(AT_FDCWD, abs, 0755, &err), err);
	cr_assert(file_exists(tmp.fd, "x/y"));
	test_write_text(tmp.fd, "f", "");
	assert_refused(file_mkdir_p(tmp.fd, "f", 0755, &err), err, ERR_INPUT, "Not a directory");
	assert_refused(file_mkdir_p(tmp.fd, "f/g", 0755, &err), err, ERR_INPUT, "Not a directory");
	assert_refused(file_mkdir_p(tmp.fd, "", 0755, &err), err, ERR_INPUT, "create folder");
}

Test(file, copy)
{
	enum { SIZE = 300000 };
	_cleanup_free_ char *data = xmalloc(SIZE), *text = NULL, *proc = NULL;
	_cleanup_close_ int in = -1, out = -1, status = -1, to = -1;
	struct err err = ERR_INIT;
	size_t len;

	for (size_t i = 0; i < SIZE; i++)
		data[i] = (char)(i * 7 >> 3);
	test_write(tmp.fd, "in", data, SIZE);
	in = file_open(tmp.fd, "in", O_RDONLY, 0, &err);
	out = file_open(tmp.fd, "out", O_RDWR | O_CREAT, 0600, &err);
	assert_ok(file_copy_fd(in, out, &err), err);
	assert_ok(file_read(tmp.fd, "out", 1 << 20, &text, &len, &err), err);
	cr_assert(len == SIZE && memcmp(text, data, SIZE) == 0);
	/* From a pseudo file, where the kernel's own copying finds nothing. */
	status = file_open(AT_FDCWD, "/proc/self/status", O_RDONLY, 0, &err);
	to = file_open(tmp.fd, "status", O_WRONLY | O_CREAT, 0600, &err);
	assert_ok(file_copy_fd(status, to, &err), err);
	assert_ok(file_read(tmp.fd, "status", 1 << 20, &proc, &len, &err), err);
	cr_assert(str_starts(proc, "Name:"));
	assert_refused(file_copy_fd(tmp.fd, to, &err), err, ERR_STORE, "read a file to copy");
}

Test(file, readlink_of_any_length)
{
	_cleanup_free_ char *target = NULL;
	struct err err = ERR_INIT;
	char want[2001];

	memset(want, 't', 2000);
	want[2000] = '\0';
	cr_assert_eq(symlinkat(want, tmp.fd, "l"), 0);
	assert_ok(file_readlink(tmp.fd, "l", &target, &err), err);
	cr_assert_str_eq(target, want);
	cr_assert(file_exists(tmp.fd, "l"), "a dangling link exists");
	cr_assert_not(file_exists(tmp.fd, "none"));
	test_write_text(tmp.fd, "f", "");
	assert_refused(file_readlink(tmp.fd, "f", &target, &err), err, ERR_INPUT, "read link f");
}

Test(file, write_and_sync_tell_errors)
{
	struct err err = ERR_INIT;
	_cleanup_close_ int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	assert_refused(file_write_all(full, "x", 1, &err), err, ERR_STORE, "No space left");
	assert_ok(file_fsync_dir(tmp.fd, &err), err);
	assert_refused(file_fsync_dir(-1, &err), err, ERR_STORE, "Bad file descriptor");
}

Test(path, clean)
{
	static const char *const good[] = {"a", "a/b", "...", ".a", "a..", "a/..b/c d"};
	static const char *const bad[] = {"",    "/",   "/a",   "a/",   "a//b",   ".",   "..",
					  "a/.", "./a", "a/..", "../a", "a/../b", "a\nb"};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		cr_assert(path_is_clean(good[i]), "%s", good[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_assert_not(path_is_clean(bad[i]), "%s", bad[i]);
}

Test(path, join_and_base)
{
	static const char *const cases[][3] = {{"a", "b", "a/b"}, {"a/", "b", "a/b"},
					       {"", "b", "b"},    {"a", "", "a"},
					       {"/", "b", "/b"},  {"a", "/b", "/b"}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *s = path_join(cases[i][0], cases[i][1]);

		cr_assert_str_eq(s, cases[i][2]);
	}
	cr_assert_str_eq(path_base("a/b"), "b");
	cr_assert_str_eq(path_base("b"), "b");
	cr_assert_str_eq(path_base("a/"), "");
}
