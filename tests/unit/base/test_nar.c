/* SPDX-License-Identifier: Apache-2.0 */
#include <base/nar.h>

#include <base/cleanup.h>
#include <base/file.h>
#include <base/process.h>
#include <base/str.h>
#include <fcntl.h>
#include <string.h>
#include <support/testutil.h>

TEST_DIR_FIXTURE(tmp)
TestSuite(nar, .init = tmp_setup, .fini = tmp_teardown, .timeout = 120);

static int append(void *arg, const void *data, size_t len, struct err *err)
{
	strbuf_add(arg, data, len);
	return 0;
}

/* A string as NAR writes it: length, bytes, zeros up to the next multiple of 8. */
static void expect(struct strbuf *sb, const char *s)
{
	size_t len = strlen(s);
	char le[8] = {(char)(len & 0xff), (char)(len >> 8)};

	strbuf_add(sb, le, 8);
	strbuf_add(sb, s, len);
	strbuf_add(sb, "\0\0\0\0\0\0\0", (8 - len % 8) % 8);
}

static void assert_dump(const char *name, const char *const *words)
{
	_cleanup_(strbuf_release) struct strbuf got = STRBUF_INIT, want = STRBUF_INIT;
	struct err err = ERR_INIT;

	for (; *words; words++)
		expect(&want, *words);
	assert_ok(nar_dump_at(tmp.fd, name, append, &got, NULL, &err), err);
	cr_assert_eq(got.len, want.len, "%s: %zu bytes instead of %zu", name, got.len, want.len);
	cr_assert_eq(memcmp(got.s, want.s, got.len), 0, "%s: other bytes", name);
}

#define DUMP(name, ...) assert_dump(name, (const char *const[]){__VA_ARGS__, NULL})

/* The grammar of the thesis, written out. */
Test(nar, bytes_of_every_kind)
{
	struct err err = ERR_INIT;

	test_write_text(tmp.fd, "f", "hello");
	test_write_text(tmp.fd, "empty", "");
	test_write_text(tmp.fd, "x", "12345678");
	cr_assert_eq(fchmodat(tmp.fd, "x", 0744, 0), 0);
	cr_assert_eq(symlinkat("over/there", tmp.fd, "l"), 0);
	assert_ok(file_mkdir_p(tmp.fd, "d/b", 0755, &err), err);
	test_write_text(tmp.fd, "d/a", "A");
	DUMP("f", "nix-archive-1", "(", "type", "regular", "contents", "hello", ")");
	DUMP("empty", "nix-archive-1", "(", "type", "regular", "contents", "", ")");
	DUMP("x", "nix-archive-1", "(", "type", "regular", "executable", "", "contents", "12345678",
	     ")");
	DUMP("l", "nix-archive-1", "(", "type", "symlink", "target", "over/there", ")");
	DUMP("d", "nix-archive-1", "(", "type", "directory", "entry", "(", "name", "a", "node", "(",
	     "type", "regular", "contents", "A", ")", ")", "entry", "(", "name", "b", "node", "(",
	     "type", "directory", ")", ")", ")");
}

/* The hash of an empty folder, as it stands in countless nix expressions. */
Test(nar, published_hash_of_an_empty_folder)
{
	struct err err = ERR_INIT;
	struct sha256 d;
	char sri[52];

	cr_assert_eq(mkdirat(tmp.fd, "e", 0755), 0);
	assert_ok(nar_hash_at(tmp.fd, "e", &d, NULL, &err), err);
	sha256_to_sri(&d, sri);
	cr_assert_str_eq(sri, "sha256-pQpattmS9VmO3ZIQUFn66az8GSmB4IvYhTTCFn6SUmo=");
}

Test(nar, sees_only_what_it_should)
{
	struct err err = ERR_INIT;
	struct sha256 a, b;

	cr_assert_eq(mkdirat(tmp.fd, "d", 0755), 0);
	test_write_text(tmp.fd, "d/f", "x");
	assert_ok(nar_hash_at(tmp.fd, "d", &a, NULL, &err), err);
	/* Not the times, not the other mode bits. */
	cr_assert_eq(utimensat(tmp.fd, "d/f", (struct timespec[2]){{1, 0}, {1, 0}}, 0), 0);
	cr_assert_eq(fchmodat(tmp.fd, "d/f", 0677, 0), 0);
	cr_assert_eq(fchmodat(tmp.fd, "d", 0700, 0), 0);
	assert_ok(nar_hash_at(tmp.fd, "d", &b, NULL, &err), err);
	cr_assert(sha256_equal(&a, &b));
	/* But the owner's execute bit. */
	cr_assert_eq(fchmodat(tmp.fd, "d/f", 0700, 0), 0);
	assert_ok(nar_hash_at(tmp.fd, "d", &b, NULL, &err), err);
	cr_assert_not(sha256_equal(&a, &b));
}

static bool have_nix_hash(void)
{
	static const char *const argv[] = {"nix-hash", "--version", NULL};
	struct err err = ERR_INIT;
	int status;

	return process_capture(&(struct process_spec){.argv = argv, .in_fd = -2}, NULL, 100,
			       &status, NULL, NULL, &err) == 0 &&
	       status == 0;
}

static void compare_with_nix(const char *name)
{
	_cleanup_free_ char *path = path_join(tmp.path, name), *out = NULL, *errtext = NULL;
	/* Base 16 is what it prints without --base32. */
	const char *const argv[] = {"nix-hash", "--type", "sha256", path, NULL};
	char hex[SHA256_HEX_LEN + 1];
	struct err err = ERR_INIT;
	struct sha256 d;
	int status;

	assert_ok(process_capture(&(struct process_spec){.argv = argv, .in_fd = -2}, NULL, 4096,
				  &status, &out, &errtext, &err),
		  err);
	cr_assert_eq(status, 0, "nix-hash: %s", errtext);
	assert_ok(nar_hash_at(tmp.fd, name, &d, NULL, &err), err);
	sha256_to_hex(&d, hex);
	cr_assert_eq(strlen(out), SHA256_HEX_LEN + 1u, "nix-hash printed '%s'", out);
	cr_assert_eq(strncmp(out, hex, SHA256_HEX_LEN), 0, "%s: %s instead of %s", name, hex, out);
}

static void make_odd_names(void)
{
	static const char *const names[] = {"a",   "a.b",      "a-b",      "A",  "ab",
					    "a b", "\xff\xfe", "\xc3\xa9", "~",  "$x",
					    "-",   "\t",       "B",        "aa", "a\nb"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = xasprintf("t/names/%s", names[i]);

		test_write_text(tmp.fd, path, names[i]);
	}
}

static void make_sizes(void)
{
	/* Around the padding and around the buffer of 256 KiB. */
	static const size_t base[] = {0, 256 * 1024 - 200, 256 * 1024 - 8, 512 * 1024 - 8};
	_cleanup_free_ char *data = xmalloc(1 << 20);

	for (size_t i = 0; i < 1 << 20; i++)
		data[i] = (char)(i * 31 >> 4);
	for (size_t i = 0; i < ARRAY_SIZE(base); i++)
		for (size_t n = base[i]; n < base[i] + 17; n++) {
			_cleanup_free_ char *path = xasprintf("t/sizes/%zu", n);

			test_write(tmp.fd, path, data, n);
		}
}

Test(nar, equals_nix_hash)
{
	_cleanup_(strbuf_release) struct strbuf deep = STRBUF_INIT;
	struct err err = ERR_INIT;
	struct nar_stats st;
	struct sha256 d;

	if (!have_nix_hash())
		test_skip("nix-hash is not installed");
	assert_ok(file_mkdir_p(tmp.fd, "t/names", 0755, &err), err);
	assert_ok(file_mkdir_p(tmp.fd, "t/sizes", 0755, &err), err);
	make_odd_names();
	make_sizes();
	cr_assert_eq(fchmodat(tmp.fd, "t/names/a", 0755, 0), 0);
	cr_assert_eq(fchmodat(tmp.fd, "t/names/ab", 0654, 0), 0);
	cr_assert_eq(symlinkat("names", tmp.fd, "t/link"), 0);
	cr_assert_eq(symlinkat("/nowhere", tmp.fd, "t/dangling"), 0);
	/* Deeper than the number of folders that stay open, with siblings after the return. */
	strbuf_adds(&deep, "t/deep");
	for (int i = 0; i < 300; i++)
		strbuf_adds(&deep, "/m");
	assert_ok(file_mkdir_p(tmp.fd, strbuf_str(&deep), 0755, &err), err);
	test_write_text(tmp.fd, "t/deep/z", "after");
	test_write_text(tmp.fd, "t/deep/m/m/m/z", "after");
	test_write_text(tmp.fd, "t/deep/m/m/m/a", "before");
	compare_with_nix("t");
	compare_with_nix("t/link");
	compare_with_nix("t/names/a");
	compare_with_nix("t/sizes/0");
	assert_ok(nar_hash_at(tmp.fd, "t", &d, &st, &err), err);
	cr_assert_eq(st.dirs, 304u, "%lu", (unsigned long)st.dirs);
	cr_assert_eq(st.links, 2u);
	cr_assert_eq(st.files, 15u + 4 * 17 - 8 + 3 - 0u + 8, "%lu", (unsigned long)st.files);
}
