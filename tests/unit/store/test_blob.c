/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"
#include <internal.h>

static int fd_of(const char *text)
{
	int fds[2];

	if (pipe(fds) < 0 || write(fds[1], text, strlen(text)) < 0)
		abort();
	close(fds[1]);
	return fds[0];
}

/* printf hello | sha256sum */
#define HELLO "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

STORE_TEST(blob, add_and_open)
{
	_cleanup_free_ char *path = NULL, *text = NULL;
	_cleanup_close_ int in = fd_of("hello"), out = -1;
	struct sha256 want, got;
	struct err err = ERR_INIT;
	struct stat st;
	WORLD(w);

	CHECK(sha256_from_hex(HELLO, &want));
	CHECK(!store_blob_has(w.s, &want));
	FAILS(store_blob_open(w.s, &want, &err), ERR_STORE, HELLO);
	OK(store_blob_add_fd(w.s, in, "hello.txt", &want, 5, &got, &err));
	CHECK(sha256_equal(&want, &got) && store_blob_has(w.s, &want));
	path = store_blob_path(w.s, &want);
	CHECK(str_ends(path, "/store/blobs/sha256/2c/" HELLO));
	CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0444 && st.st_uid == geteuid());
	out = store_blob_open(w.s, &want, &err);
	CHECK(out >= 0);
	OK(file_read_fd(out, "blob", 100, &text, NULL, &err));
	CHECK(strcmp(text, "hello") == 0);
	CHECK(count_entries("%s/tmp", w.path) == 0);
	return NULL;
}

STORE_TEST(blob, wrong_hash_is_refused_and_nothing_stored)
{
	_cleanup_close_ int in = fd_of("hellp");
	struct sha256 want;
	struct err err = ERR_INIT;
	WORLD(w);

	CHECK(sha256_from_hex(HELLO, &want));
	FAILS(store_blob_add_fd(w.s, in, "hello.txt", &want, 0, NULL, &err), ERR_INPUT,
	      "hello.txt: expected sha256 " HELLO ", found ");
	CHECK(!store_blob_has(w.s, &want));
	CHECK(count_entries("%s/blobs/sha256", w.path) == 0);
	CHECK(count_entries("%s/tmp", w.path) == 0);
	return NULL;
}

STORE_TEST(blob, wrong_size_is_refused)
{
	_cleanup_close_ int longer = fd_of("hello"), shorter = fd_of("hello"), endless = -1;
	struct err err = ERR_INIT;
	WORLD(w);

	FAILS(store_blob_add_fd(w.s, longer, "a", NULL, 4, NULL, &err), ERR_INPUT,
	      "a: expected 4 bytes, found more");
	FAILS(store_blob_add_fd(w.s, shorter, "b", NULL, 6, NULL, &err), ERR_INPUT,
	      "b: expected 6 bytes, found 5");
	endless = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	FAILS(store_blob_add_fd(w.s, endless, "c", NULL, 1000, NULL, &err), ERR_INPUT,
	      "c: expected 1000 bytes, found more");
	CHECK(count_entries("%s/blobs/sha256", w.path) == 0);
	return NULL;
}

STORE_TEST(blob, twice_is_once)
{
	_cleanup_close_ int one = fd_of("hello"), two = fd_of("hello");
	_cleanup_free_ char *path = NULL;
	struct sha256 a, b;
	struct stat before, after;
	struct err err = ERR_INIT;
	WORLD(w);

	OK(store_blob_add_fd(w.s, one, "x", NULL, 0, &a, &err));
	path = store_blob_path(w.s, &a);
	CHECK(stat(path, &before) == 0);
	OK(store_blob_add_fd(w.s, two, "x", NULL, 0, &b, &err));
	CHECK(stat(path, &after) == 0 && before.st_ino == after.st_ino);
	CHECK(sha256_equal(&a, &b) && count_entries("%s/tmp", w.path) == 0);
	return NULL;
}

/* A link planted where the blob should be is not a blob. */
STORE_TEST(blob, planted_link_is_not_followed)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int in = fd_of("hello");
	struct sha256 h;
	struct err err = ERR_INIT;
	WORLD(w);

	OK(store_blob_add_fd(w.s, in, "x", NULL, 0, &h, &err));
	path = store_blob_path(w.s, &h);
	CHECK(unlink(path) == 0 && symlink("../../version", path) == 0);
	CHECK(!store_blob_has(w.s, &h));
	FAILS(store_blob_open(w.s, &h, &err), ERR_STORE, "open the blob");
	return NULL;
}

/* Two that add the same file at once: who links what the first one published must find it. */
STORE_TEST(blob, what_is_published_is_not_replaced)
{
	_cleanup_(tmp_file_release) struct tmp_file a = TMP_FILE_INIT, b = TMP_FILE_INIT;
	struct err err = ERR_INIT;
	struct stat first, then;
	WORLD(w);

	OK(tmp_file_new(w.s, &a, &err));
	OK(tmp_file_new(w.s, &b, &err));
	OK(tmp_file_publish_once(&a, w.fd, "blob", 0444, &err));
	CHECK(fstatat(w.fd, "blob", &first, 0) == 0 && (first.st_mode & 07777) == 0444);
	OK(tmp_file_publish_once(&b, w.fd, "blob", 0444, &err));
	CHECK(fstatat(w.fd, "blob", &then, 0) == 0 && then.st_ino == first.st_ino);
	tmp_file_release(&a);
	tmp_file_release(&b);
	CHECK(count_entries("%s/tmp", w.path) == 0);
	return NULL;
}
