/* SPDX-License-Identifier: Apache-2.0 */
/* How long upstream corrects a branch. Dates of this form sort as text. */
#include <runner/recipe.h>

#include <string.h>

enum support branch_support(const struct branch *b, const char *today)
{
	if (b->full_until && strcmp(today, b->full_until) <= 0)
		return SUPPORT_FULL;
	if (!b->security_until)
		return b->full_until ? SUPPORT_PAST : SUPPORT_UNKNOWN;
	return strcmp(today, b->security_until) <= 0 ? SUPPORT_SECURITY : SUPPORT_PAST;
}
