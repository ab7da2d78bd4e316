/* SPDX-License-Identifier: Apache-2.0 */
#include <runner/names.h>

#include <base/str.h>
#include <string.h>

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGIT "0123456789"

static bool spelled(const char *s, const char *first, const char *rest)
{
	return *s && strchr(first, *s) && strspn(s, rest) == strlen(s) && strlen(s) <= 128;
}

bool name_ok(const char *s)
{
	return spelled(s, LOWER UPPER DIGIT, LOWER UPPER DIGIT ".+_~-");
}

bool option_name_ok(const char *s)
{
	return spelled(s, LOWER, LOWER DIGIT "_-");
}

bool env_name_ok(const char *s)
{
	return spelled(s, LOWER UPPER "_", LOWER UPPER DIGIT "_");
}

bool env_name_reserved(const char *s)
{
	return str_starts(s, "BJ_") || str_starts(s, "OPT_") || str_starts(s, "IN_") ||
	       str_starts(s, "OUT_") || !strcmp(s, "OUT") || !strcmp(s, "MAKEFLAGS") ||
	       !strcmp(s, "SOURCE_DATE_EPOCH");
}
