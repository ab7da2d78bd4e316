/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <base/cleanup.h>
#include <criterion/criterion.h>
#include <string.h>

static int resolve(const char *variant, const char *set, struct settings *out, struct err *err)
{
	_cleanup_(recipe_freep) struct recipe *r = NULL;
	_cleanup_(strv_release) struct strv sets = STRV_INIT;

	cr_assert_eq(fixture_parse(fixture_recipe, &r, err), 0, "%s", err->msg);
	if (set)
		strv_push(&sets, set);
	return options_resolve(r, variant, &sets, out, err);
}

Test(options, default_then_variant_then_set)
{
	_cleanup_(settings_release) struct settings a = SETTINGS_INIT, b = SETTINGS_INIT,
						    c = SETTINGS_INIT;
	struct err err = ERR_INIT;

	cr_assert_eq(resolve(NULL, NULL, &a, &err), 0, "%s", err.msg);
	cr_assert_str_eq(settings_get(&a, "efi"), "true");
	cr_assert_str_eq(settings_get(&a, "docs"), "false");
	cr_assert_eq(resolve("full", NULL, &b, &err), 0);
	cr_assert_str_eq(settings_get(&b, "docs"), "true");
	cr_assert_eq(resolve("full", "docs=false", &c, &err), 0);
	cr_assert_str_eq(settings_get(&c, "docs"), "false");
}

static void refused(const char *variant, const char *set, const char *says)
{
	_cleanup_(settings_release) struct settings s = SETTINGS_INIT;
	struct err err = ERR_INIT;

	cr_expect_lt(resolve(variant, set, &s, &err), 0);
	cr_expect_eq(err.code, ERR_USAGE);
	cr_expect(strstr(err.msg, says), "%s", err.msg);
}

Test(options, refusals)
{
	refused("fulll", NULL, "did you mean 'full'?");
	refused("zzz", NULL, "there are: usual full");
	refused(NULL, "eif=true", "did you mean 'efi'?");
	refused(NULL, "efi", "expected OPTION=true or OPTION=false");
	refused(NULL, "efi=yes", "expected true or false");
	refused(NULL, "=true", "has no option ''");
}

Test(options, when)
{
	_cleanup_(settings_release) struct settings when = SETTINGS_INIT, values = SETTINGS_INIT;

	settings_set(&values, "efi", "true");
	cr_assert(when_holds(&when, &values, "x86_64"));
	settings_set(&when, "efi", "true");
	cr_assert(when_holds(&when, &values, "x86_64"));
	settings_set(&when, "target", "x86_64");
	cr_assert(when_holds(&when, &values, "x86_64"));
	cr_assert_not(when_holds(&when, &values, "aarch64"));
	settings_set(&values, "efi", "false");
	cr_assert_not(when_holds(&when, &values, "x86_64"));
}

Test(options, env_names)
{
	_cleanup_free_ char *a = env_name("IN_", "efi-binutils"), *b = env_name("OPT_", "a_b1");

	cr_assert_str_eq(a, "IN_EFI_BINUTILS");
	cr_assert_str_eq(b, "OPT_A_B1");
}
