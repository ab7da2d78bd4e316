/* SPDX-License-Identifier: Apache-2.0 */
#include <base/digest.h>

#include <base/cleanup.h>
#include <fcntl.h>
#include <string.h>
#include <support/testutil.h>

TEST_DIR_FIXTURE(tmp)
TestSuite(digest, .init = tmp_setup, .fini = tmp_teardown);

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ABC   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
/* One million times 'a': the long vector of NIST's examples. */
#define MILLION "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"

static void assert_hex(const struct sha256 *d, const char *want)
{
	char hex[SHA256_HEX_LEN + 1];

	sha256_to_hex(d, hex);
	cr_assert_str_eq(hex, want);
}

Test(digest, published_vectors)
{
	_cleanup_(sha256_freep) struct sha256_ctx *c = sha256_new();
	char thousand[1000];
	struct sha256 d;

	sha256_of("", 0, &d);
	assert_hex(&d, EMPTY);
	sha256_of("abc", 3, &d);
	assert_hex(&d, ABC);
	memset(thousand, 'a', sizeof(thousand));
	for (int i = 0; i < 1000; i++)
		sha256_update(c, thousand, sizeof(thousand));
	sha256_finish(c, &d);
	assert_hex(&d, MILLION);
	/* The context starts afresh, also without any update. */
	sha256_finish(c, &d);
	assert_hex(&d, EMPTY);
	sha256_update(c, "abc", 3);
	sha256_finish(c, &d);
	assert_hex(&d, ABC);
}

Test(digest, of_fd_reads_from_the_start)
{
	struct err err = ERR_INIT;
	struct sha256 d;
	uint64_t size;
	_cleanup_close_ int fd = -1;

	test_write_text(tmp.fd, "f", "abc");
	fd = openat(tmp.fd, "f", O_RDONLY | O_CLOEXEC);
	cr_assert_eq(lseek(fd, 2, SEEK_SET), 2);
	assert_ok(sha256_of_fd(fd, &d, &size, &err), err);
	assert_hex(&d, ABC);
	cr_assert_eq(size, 3u);
	cr_assert_eq(lseek(fd, 0, SEEK_CUR), 2, "the offset was moved");
	assert_ok(sha256_of_fd(fd, &d, NULL, &err), err);
	assert_refused(sha256_of_fd(tmp.fd, &d, NULL, &err), err, ERR_STORE, "Is a directory");
}

Test(digest, hex_spelling)
{
	static const char *const wrong[] = {
		"",
		"ba78",
		"BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD",
		ABC "0",
		"ga7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		" a7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"};
	struct sha256 d, e;

	cr_assert(sha256_from_hex(ABC, &d));
	sha256_of("abc", 3, &e);
	cr_assert(sha256_equal(&d, &e));
	e.b[31] ^= 1;
	cr_assert_not(sha256_equal(&d, &e));
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		cr_assert_not(sha256_from_hex(wrong[i], &d), "%s", wrong[i]);
	assert_hex(&d, ABC); /* untouched by what was refused */
}

#define ABC_SRI "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="

Test(digest, sri_spelling)
{
	static const char *const wrong[] = {
		"", "sha256-", "sha512-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
		/* stray bits in the last character, no padding, white space, one more */
		"sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa1=",
		"sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0",
		"sha256- ngWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", ABC_SRI "=",
		"sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa==",
		"sha256-ungWv48Bz_pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="};
	struct sha256 d;
	char sri[52];

	sha256_of("abc", 3, &d);
	sha256_to_sri(&d, sri);
	cr_assert_str_eq(sri, ABC_SRI);
	memset(&d, 0, sizeof(d));
	cr_assert(sha256_from_sri(ABC_SRI, &d));
	assert_hex(&d, ABC);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		cr_assert_not(sha256_from_sri(wrong[i], &d), "%s", wrong[i]);
}
