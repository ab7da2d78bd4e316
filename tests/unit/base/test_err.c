/* SPDX-License-Identifier: Apache-2.0 */
#include <base/err.h>

#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

Test(err, set_appends_errno)
{
	struct err err = ERR_INIT;

	cr_assert_eq(err_set(&err, ERR_STORE, ENOENT, "open %s", "x"), -1);
	cr_assert_eq(err.code, ERR_STORE);
	cr_assert_eq(err.sys_errno, ENOENT);
	cr_assert_str_eq(err.msg, "open x: No such file or directory");
	cr_assert_leq(sizeof(err), PIPE_BUF);
}

Test(err, keeps_the_callers_errno)
{
	struct err err = ERR_INIT;

	errno = EPIPE;
	err_set(&err, ERR_INPUT, EIO, "x");
	err_wrap(&err, "y");
	cr_assert_eq(errno, EPIPE);
}

Test(err, wrap_puts_context_before)
{
	struct err err = ERR_INIT;

	err_set(&err, ERR_HOST, EPERM, "inner");
	cr_assert_eq(err_wrap(&err, "outer %d", 7), -1);
	cr_assert_str_eq(err.msg, "outer 7: inner: Operation not permitted");
	cr_assert_eq(err.code, ERR_HOST);
	cr_assert_eq(err.sys_errno, EPERM);
}

Test(err, strips_newlines_at_the_end)
{
	struct err err = ERR_INIT;

	err_set(&err, ERR_INPUT, 0, "a\nb\n\n");
	cr_assert_str_eq(err.msg, "a\nb");
}

Test(err, long_messages_are_cut_and_keep_the_reason)
{
	struct err err = ERR_INIT;
	char text[4000];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	err_set(&err, ERR_INPUT, ENOSPC, "%s", text);
	cr_assert_lt(strlen(err.msg), sizeof(err.msg));
	cr_assert_not_null(strstr(err.msg, "x...: No space left on device"));
	for (int i = 0; i < 3; i++)
		err_wrap(&err, "%s", text);
	cr_assert_eq(strlen(err.msg), sizeof(err.msg) - 1);
	cr_assert_str_eq(err.msg + sizeof(err.msg) - 5, "x...");
}

Test(err, is_cut_between_characters)
{
	/* Whatever the alignment, the cut leaves whole two-byte characters. */
	for (int shift = 0; shift < 2; shift++) {
		struct err err = ERR_INIT;
		char text[3000];
		size_t i = 0;

		if (shift)
			text[i++] = 'a';
		for (; i + 2 < sizeof(text); i += 2)
			memcpy(text + i, "\xc3\xa9", 2);
		text[i] = '\0';
		err_set(&err, ERR_INPUT, 0, "%s", text);
		cr_assert_null(strchr(err.msg, '?'));
		cr_assert_str_eq(err.msg + strlen(err.msg) - 5, "\xc3\xa9...");
	}
}

Test(err, longest_text_that_fits_is_whole)
{
	struct err err = ERR_INIT;
	char text[sizeof(err.msg)];

	memset(text, 'y', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	err_set(&err, ERR_INPUT, 0, "%s", text);
	cr_assert_str_eq(err.msg, text);
}

Test(err, hostile_bytes_do_not_reach_the_terminal)
{
	struct err err = ERR_INIT;

	err_set(&err, ERR_INPUT, 0,
		"a\x1b[2Jb\xff"
		"c\xc2\x9b"
		"d\x7f\xed\xa0\x80 \xc3\xa9");
	cr_assert_str_eq(err.msg, "a?[2Jb?c??d???? \xc3\xa9");
}

Test(err, names)
{
	struct err err = ERR_INIT;

	cr_assert_str_eq(err_code_name(ERR_BUILD), "build-failed");
	cr_assert_str_eq(err_code_name(ERR_INTERRUPTED), "interrupted");
	cr_assert_str_eq(err_code_name(4711), "bug");
	err_nomem(&err);
	cr_assert_eq(err.sys_errno, ENOMEM);
	err_clear(&err);
	cr_assert_eq(err.code, ERR_NONE);
	cr_assert_str_empty(err.msg);
}
