/* SPDX-License-Identifier: Apache-2.0 */
/* Checks as JSON lines, and the verdict of each. */
#include "attack.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct totals *totals;
static int class_now;
static const char *title_now = "";

void report_family(int class, const char *title)
{
	class_now = class;
	title_now = title;
}

/* Text between the quotes of a JSON string; other bytes than plain ASCII become '?'. */
static size_t quote(char *to, size_t size, const char *text)
{
	size_t n = 0;

	for (; *text && n + 3 < size; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			to[n++] = '\\';
		to[n++] = c < 0x20 || c > 0x7e ? '?' : (char)c;
	}
	to[n] = '\0';
	return n;
}

static const char *errno_name(int number)
{
	const char *name = number ? strerrorname_np(number) : "success";

	return name ? name : "?";
}

/* "EPERM or ENOSYS" */
static const char *wanted(unsigned want)
{
	static char text[96];
	size_t n = 0;

	text[0] = '\0';
	for (; want && n < sizeof(text); want >>= 8)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n ? " or " : "",
				      errno_name((int)(want & 0xff)));
	return text;
}

static bool is_wanted(unsigned want, int seen)
{
	for (; want; want >>= 8)
		if ((int)(want & 0xff) == seen)
			return true;
	return false;
}

/* One write per line, so that lines of several processes do not mix. */
static void line(const char *check, const char *verdict, bool ok, bool deed, const char *seen,
		 const char *expected, const char *detail)
{
	char what[200], why[300], text[900];
	int n;

	quote(what, sizeof(what), check);
	quote(why, sizeof(why), detail);
	n = snprintf(
		text, sizeof(text),
		"{\"class\":%d,\"family\":\"%s\",\"check\":\"%s\",\"verdict\":\"%s\","
		"\"ok\":%s,\"deed\":%s,\"seen\":\"%s\",\"expected\":\"%s\",\"detail\":\"%s\"}\n",
		class_now, title_now, what, verdict, ok ? "true" : "false", deed ? "true" : "false",
		seen, expected, why);
	totals->checks++;
	totals->unexpected += !ok;
	totals->deeds += deed;
	if (write(1, text, (size_t)n) != n)
		_exit(97);
}

/* Errnos that say no. Any other says that the call was reached. */
static bool says_no(int seen)
{
	static const int no[] = {
		EPERM,        EACCES, ENOSYS,       EROFS,           EOPNOTSUPP,
		EAFNOSUPPORT, ENOENT, ENXIO,        EPROTONOSUPPORT, ESOCKTNOSUPPORT,
		ENETUNREACH,  ENODEV, EHOSTUNREACH, ECONNREFUSED,    ESRCH,
		ELOOP,        EIO,    ENOTDIR};

	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (no[i] == seen)
			return true;
	return false;
}

static void judge(const char *check, long result, unsigned want, bool deed)
{
	int seen = result < 0 ? errno : 0;
	bool no = result < 0 && (says_no(seen) || is_wanted(want, seen));

	totals->refused += no;
	totals->succeeded += !no;
	line(check, no ? "refused" : "succeeded", no && is_wanted(want, seen), deed,
	     errno_name(seen), wanted(want), no || !seen ? "" : "the call was reached");
}

void refused(const char *check, long result, unsigned want)
{
	judge(check, result, want, true);
}

void door(const char *check, long result, unsigned want)
{
	judge(check, result, want, false);
}

void contained(bool ok, const char *check, const char *detail, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, detail);
	vsnprintf(text, sizeof(text), detail, ap);
	va_end(ap);
	totals->contained += ok;
	totals->succeeded += !ok;
	line(check, ok ? "contained" : "leaked", ok, true, "", "", text);
}

void not_applicable(const char *check, const char *why)
{
	totals->not_applicable++;
	line(check, "not-applicable", true, false, "", "", why);
}

void not_tried(const char *check, const char *why)
{
	totals->not_tried++;
	line(check, "not-tried", true, false, "", "", why);
}

/* The promise is that an attack hears an errno: a room whose filter kills breaks builds. */
void report_death(int status)
{
	char why[64];

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	snprintf(why, sizeof(why), "status %#x", (unsigned)status);
	totals->succeeded++;
	line("the family runs to its end", "killed", false, false, "", "", why);
}

void report_summary(void)
{
	printf("{\"summary\":true,\"version\":\"%s\",\"checks\":%u,\"deeds\":%u,\"refused\":%u,"
	       "\"contained\":%u,\"succeeded\":%u,\"not_applicable\":%u,\"not_tried\":%u,"
	       "\"unexpected\":%u}\n",
	       BELLJAR_VERSION, totals->checks, totals->deeds, totals->refused, totals->contained,
	       totals->succeeded, totals->not_applicable, totals->not_tried, totals->unexpected);
	fflush(stdout);
}
