/* SPDX-License-Identifier: Apache-2.0 */
#include <base/str.h>

#include <criterion/criterion.h>

static int sign(int x)
{
	return (x > 0) - (x < 0);
}

Test(version, order)
{
	/* Each is smaller than the next. */
	static const char *const up[] = {
		"0~rc1",
		"",
		"0.1",
		"1~~",
		"1~~a",
		"1~",
		"1",
		"1a",
		"1+",
		"4.9.4",
		"4.19.0",
		"4.20.0~rc1",
		"4.20.0",
		"4.20.0-1",
		"4.20.0-1+b1",
		"4.20.0-10",
		"4.20.4",
		"4.20.9",
		"4.20.10",
		"99999999999999999999998",
		"99999999999999999999999",
		"1:0",
		"1:4.2",
		"2:0",
	};
	const size_t n = sizeof(up) / sizeof(up[0]);

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			cr_assert_eq(sign(version_compare(up[i], up[j])), (i > j) - (i < j),
				     "'%s' against '%s': %d", up[i], up[j],
				     version_compare(up[i], up[j]));
}

Test(version, equal_spellings)
{
	static const char *const same[][2] = {{"1.0", "1.00"}, {"1", "1-0"},       {"0:1", "1"},
					      {"01", "1"},     {"1-", "1-0"},      {"", "0"},
					      {"a", "a"},      {"1.2-3", "1.2-03"}};

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		cr_assert_eq(version_compare(same[i][0], same[i][1]), 0, "%s %s", same[i][0],
			     same[i][1]);
}

Test(version, revision_is_after_the_last_dash)
{
	cr_assert_lt(version_compare("1-1-2", "1-2-1"), 0);
	cr_assert_gt(version_compare("v4.20.0-rc2", "v4.20.0-rc1"), 0);
}
