/* SPDX-License-Identifier: Apache-2.0 */
#include <base/str.h>

#include <base/cleanup.h>
#include <criterion/criterion.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

Test(strbuf, grows_and_steals)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	_cleanup_free_ char *s = NULL;

	cr_assert_str_empty(strbuf_str(&sb));
	for (int i = 0; i < 1000; i++)
		strbuf_addf(&sb, "%d,", i);
	strbuf_addc(&sb, '!');
	strbuf_add(&sb, "a\0b", 3);
	cr_assert_eq(sb.len, 3890u + 1 + 3);
	cr_assert_eq(memcmp(sb.s + sb.len - 4, "!a\0b", 5), 0);
	s = strbuf_steal(&sb);
	cr_assert(sb.s == NULL && sb.len == 0 && sb.cap == 0);
	cr_assert_eq(strncmp(s, "0,1,2,", 6), 0);
}

Test(strbuf, formats_longer_than_its_room)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	char text[500];

	memset(text, 'x', 499);
	text[499] = '\0';
	/* Every length around the first sizes of the buffer. */
	for (int n = 0; n < 500; n++) {
		strbuf_clear(&sb);
		strbuf_addf(&sb, "%.*s", n, text);
		cr_assert_eq(sb.len, (size_t)n);
		cr_assert_eq(strlen(strbuf_str(&sb)), (size_t)n);
		if (n % 50 == 0)
			strbuf_release(&sb);
	}
}

Test(strbuf, steal_of_nothing_is_empty_text)
{
	struct strbuf sb = STRBUF_INIT;
	_cleanup_free_ char *s = strbuf_steal(&sb);

	cr_assert_str_empty(s);
}

Test(strbuf, impossible_size_aborts, .signal = SIGABRT)
{
	struct strbuf sb = STRBUF_INIT;

	strbuf_add(&sb, "x", 1);
	strbuf_add(&sb, "x", SIZE_MAX);
}

Test(strv, is_terminated_at_every_length)
{
	_cleanup_(strv_release) struct strv sv = STRV_INIT;
	_cleanup_(strv_release) struct strv copy = STRV_INIT;

	for (int i = 99; i >= 0; i--) {
		strv_pushf(&sv, "%02d", i);
		cr_assert_null(sv.v[sv.n]);
	}
	strv_push_take(&sv, xstrdup("\xff"));
	strv_push(&sv, "Z");
	strv_sort(&sv);
	cr_assert_str_eq(sv.v[0], "00");
	cr_assert_str_eq(sv.v[100], "Z");
	cr_assert_str_eq(sv.v[101], "\xff"); /* bytes are unsigned */
	cr_assert(strv_contains(&sv, "42") && !strv_contains(&sv, "4"));
	strv_copy(&copy, &sv);
	strv_copy(&copy, &copy);
	cr_assert_eq(copy.n, 204u);
	cr_assert_neq(copy.v[0], sv.v[0]);
}

Test(str, helpers)
{
	_cleanup_free_ char *a = xasprintf("%s-%d", "a", 1);
	_cleanup_free_ char *b = xstrndup("abcdef", 3);

	cr_assert_str_eq(a, "a-1");
	cr_assert_str_eq(b, "abc");
	cr_assert(str_starts("abc", "ab") && str_starts("abc", "") && !str_starts("a", "ab"));
	cr_assert(str_ends("abc", "bc") && str_ends("abc", "") && !str_ends("c", "bc"));
	cr_assert(str_empty(NULL) && str_empty("") && !str_empty("x"));
}

Test(str, utf8)
{
	static const struct {
		const char *s;
		size_t want;
	} cases[] = {{"a", 1},
		     {"\xc3\xa9", 2},
		     {"\xe2\x82\xac", 3},
		     {"\xf0\x9f\x98\x80", 4},
		     {"\xf4\x8f\xbf\xbf", 4},
		     {"\xef\xbf\xbd", 3},
		     {"\x80", 0},
		     {"\xc0\x80", 0},
		     {"\xc1\xbf", 0},
		     {"\xe0\x9f\xbf", 0},
		     {"\xed\xa0\x80", 0},
		     {"\xf0\x8f\xbf\xbf", 0},
		     {"\xf4\x90\x80\x80", 0},
		     {"\xf5\x80\x80\x80", 0},
		     {"\xe2\x82", 0},
		     {"\xe2\x82z", 0},
		     {"\xff", 0},
		     {"", 0}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		cr_assert_eq(str_utf8_char(cases[i].s, strlen(cases[i].s)), cases[i].want,
			     "case %zu", i);
	cr_assert_eq(str_utf8_char("\xe2\x82\xac", 2), 0u);
}

Test(str, nearest)
{
	static const char *const keys[] = {"version", "name", "sha256", "urls", "to"};
	const size_t n = ARRAY_SIZE(keys);

	cr_assert_str_eq(str_nearest("verison", keys, n), "version");
	cr_assert_str_eq(str_nearest("nmae", keys, n), "name");
	cr_assert_str_eq(str_nearest("sha265", keys, n), "sha256");
	cr_assert_str_eq(str_nearest("url", keys, n), "urls");
	cr_assert_null(str_nearest("licenses", keys, n));
	cr_assert_null(str_nearest("xy", keys, n), "two errors in two letters");
	cr_assert_null(str_nearest("foo", (const char *const[]){"log"}, 1), "two errors in three");
	cr_assert_null(str_nearest("nbme", (const char *const[]){"nice"}, 1), "two errors in four");
	cr_assert_str_eq(str_nearest("vrsin", keys, n), "version", "two errors in seven");
	cr_assert_null(str_nearest("", keys, n));
	cr_assert_null(str_nearest("name", keys, 0));
}
