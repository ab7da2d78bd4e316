/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of versions in Debian Policy 5.6.12, [epoch:]upstream[-revision]: the version is cut
 * into runs of non-digits and runs of digits in turn. Digits compare as numbers of any length;
 * other characters compare so that '~' sorts before the end, the end before letters, letters
 * before the rest.
 */
#include <base/str.h>

#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int weight(const char *s, const char *end)
{
	if (s == end || is_digit(*s))
		return 0;
	if (*s == '~')
		return -1;
	if ((*s >= 'A' && *s <= 'Z') || (*s >= 'a' && *s <= 'z'))
		return (unsigned char)*s;
	return (unsigned char)*s + 256;
}

static int compare_number(const char **a, const char *a_end, const char **b, const char *b_end)
{
	int first_difference = 0;

	while (*a < a_end && **a == '0')
		(*a)++;
	while (*b < b_end && **b == '0')
		(*b)++;
	while (*a < a_end && *b < b_end && is_digit(**a) && is_digit(**b)) {
		if (!first_difference)
			first_difference = **a - **b;
		(*a)++;
		(*b)++;
	}
	/* The longer run of digits is the greater number. */
	if (*a < a_end && is_digit(**a))
		return 1;
	if (*b < b_end && is_digit(**b))
		return -1;
	return first_difference;
}

static int compare_part(const char *a, const char *a_end, const char *b, const char *b_end)
{
	while (a < a_end || b < b_end) {
		while ((a < a_end && !is_digit(*a)) || (b < b_end && !is_digit(*b))) {
			int d = weight(a, a_end) - weight(b, b_end);

			if (d)
				return d;
			a++;
			b++;
		}
		int d = compare_number(&a, a_end, &b, b_end);

		if (d)
			return d;
	}
	return 0;
}

/* The epoch is what stands before a ':' when that is all digits. */
static const char *epoch_end(const char *s)
{
	const char *p = s;

	while (is_digit(*p))
		p++;
	return *p == ':' && p > s ? p : s;
}

static const char *revision_dash(const char *s)
{
	const char *dash = strrchr(s, '-');

	return dash ? dash : s + strlen(s);
}

int version_compare(const char *a, const char *b)
{
	const char *ae = epoch_end(a), *be = epoch_end(b);
	int d = compare_part(a, ae, b, be);

	if (d)
		return d;
	a = *ae == ':' ? ae + 1 : ae;
	b = *be == ':' ? be + 1 : be;

	const char *ad = revision_dash(a), *bd = revision_dash(b);

	d = compare_part(a, ad, b, bd);
	if (d)
		return d;
	/* No revision compares as an empty one, which equals "0". */
	ad += *ad == '-';
	bd += *bd == '-';
	return compare_part(ad, ad + strlen(ad), bd, bd + strlen(bd));
}
