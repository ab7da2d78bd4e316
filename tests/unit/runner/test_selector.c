/* SPDX-License-Identifier: Apache-2.0 */
#include <base/cleanup.h>
#include <criterion/criterion.h>
#include <runner/selector.h>
#include <string.h>

static void expect(const char *text, const char *name, const char *branch, const char *variant)
{
	_cleanup_(selector_release) struct selector s = SELECTOR_INIT;
	struct err err = ERR_INIT;

	cr_assert_eq(selector_parse(text, &s, &err), 0, "%s", err.msg);
	cr_assert_str_eq(s.name, name);
	cr_assert_eq(!s.branch, !branch);
	cr_assert_eq(!s.variant, !variant);
	if (branch)
		cr_assert_str_eq(s.branch, branch);
	if (variant)
		cr_assert_str_eq(s.variant, variant);
}

Test(selector, forms)
{
	expect("xen", "xen", NULL, NULL);
	expect("xen@4.20", "xen", "4.20", NULL);
	expect("xen:slim", "xen", NULL, "slim");
	expect("xen@4.20:slim", "xen", "4.20", "slim");
	expect("efi-binutils@2.40~rc1+2", "efi-binutils", "2.40~rc1+2", NULL);
}

Test(selector, refused)
{
	static const char *const bad[] = {
		"",         "@4.20",   ":slim", "xen@",    "xen:",    "xen@:a", "../etc", "a/b",
		"xen@../x", "xen:a b", ".xen",  "xen@4@5", "xen:a:b", "xen\n",  "-x"};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct selector s = SELECTOR_INIT;
		struct err err = ERR_INIT;

		cr_expect_lt(selector_parse(bad[i], &s, &err), 0, "'%s' was accepted", bad[i]);
		cr_expect_eq(err.code, ERR_USAGE);
		cr_expect(strstr(err.msg, "NAME[@BRANCH][:VARIANT]"), "%s", err.msg);
		cr_expect_null(s.name);
	}
}
