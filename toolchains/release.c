/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/*
 * InRelease: a clear-signed text (OpenPGP, RFC 4880 section 7) that lists the SHA-256 of every
 * index of a suite. Only what gpgv itself gives back as the signed text is read: what stands before
 * or behind it in the file never counts.
 */

#define MAX_RELEASE (16u << 20)
/* A mirror's clock and ours may differ. */
#define CLOCK_SKEW (24 * 60 * 60)

void release_release(struct release *r)
{
	free(r->date);
	free(r->text);
	strv_release(&r->signed_by);
	*r = RELEASE_INIT;
}

static int month_number(const char *name)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	const char *at = strlen(name) == 3 ? strstr(months, name) : NULL;

	return at && (at - months) % 3 == 0 ? (int)(at - months) / 3 : -1;
}

int64_t release_time(const char *date)
{
	char month[4] = "", zone[4] = "";
	struct tm tm = {0};
	int end = 0;

	/* By hand: strptime(3) follows the locale. */
	if (sscanf(date, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d %3[A-Z]%n", &tm.tm_mday,
		   month, &tm.tm_year, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, zone, &end) != 7 ||
	    date[end] != '\0' || (strcmp(zone, "UTC") != 0 && strcmp(zone, "GMT") != 0))
		return -1;
	tm.tm_mon = month_number(month);
	if (tm.tm_mon < 0 || tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_year < 1970 ||
	    tm.tm_hour < 0 || tm.tm_hour > 23 || tm.tm_min < 0 || tm.tm_min > 59)
		return -1;
	tm.tm_year -= 1900;
	return (int64_t)timegm(&tm);
}

/* The field's value in the head of a Release text, or NULL; caller frees. */
static char *field(const char *text, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = text; *p;) {
		size_t len = strcspn(p, "\n");

		if (len > n && strncmp(p, name, n) == 0 && p[n] == ':') {
			p += n + 1;
			p += strspn(p, " ");
			return xstrndup(p, strcspn(p, "\r\n"));
		}
		p += len + (p[len] == '\n');
	}
	return NULL;
}

static int check_dates(const char *text, int64_t now, struct release *out, struct err *err)
{
	_cleanup_free_ char *until = field(text, "Valid-Until");
	int64_t made, end;

	out->date = field(text, "Date");
	made = out->date ? release_time(out->date) : -1;
	if (made < 0)
		return err_set(err, ERR_INPUT, 0, "Release: expected a Date in UTC, found '%s'",
			       out->date ? out->date : "none");
	if (made > now + CLOCK_SKEW)
		return err_set(
			err, ERR_INPUT, 0,
			"Release: its date '%s' is in the future; is this host's clock right?",
			out->date);
	if (!until)
		return 0;
	end = release_time(until);
	if (end < 0)
		return err_set(err, ERR_INPUT, 0,
			       "Release: expected a date in UTC as Valid-Until, found '%s'", until);
	if (end < now)
		return err_set(
			err, ERR_INPUT, 0,
			"Release: expired, it was valid until '%s': the mirror is out of date",
			until);
	return 0;
}

int release_check(const char *text, const char *suite, int64_t now, struct release *out,
		  struct err *err)
{
	_cleanup_free_ char *codename = field(text, "Codename");
	_cleanup_free_ char *by_hash = field(text, "Acquire-By-Hash");

	if (!codename || strcmp(codename, suite) != 0)
		return err_set(err, ERR_INPUT, 0, "Release: expected Codename '%s', found '%s'",
			       suite, codename ? codename : "none");
	out->by_hash = by_hash && strcmp(by_hash, "yes") == 0;
	return check_dates(text, now, out, err);
}

/* Size and hash of @file in the line " HASH SIZE FILE"; the line is not terminated. */
static bool entry_is(const char *p, size_t len, const char *file, struct sha256 *out,
		     uint64_t *size)
{
	_cleanup_free_ char *line = xstrndup(p, len);
	char *save = NULL;
	const char *hash = strtok_r(line, " \t\r", &save);
	const char *bytes = strtok_r(NULL, " \t\r", &save);
	const char *name = strtok_r(NULL, " \t\r", &save);

	if (!name || strcmp(name, file) != 0 || !sha256_from_hex(hash, out))
		return false;
	*size = strtoull(bytes, NULL, 10);
	return true;
}

int release_find(const struct release *r, const char *file, struct sha256 *out, uint64_t *size,
		 struct err *err)
{
	size_t n = strlen(file);
	bool inside = false;

	for (const char *p = r->text; *p;) {
		size_t len = strcspn(p, "\n");

		if (*p != ' ')
			inside = len >= 7 && strncmp(p, "SHA256:", 7) == 0;
		else if (inside && len > n && memmem(p, len, file, n) &&
			 entry_is(p, len, file, out, size))
			return 0;
		p += len + (p[len] == '\n');
	}
	return err_set(err, ERR_INPUT, 0, "Release: its SHA256 list has no '%s'", file);
}

/* What @s is refused for, as gpgv words it; "" for none. */
static const char *complaint(const struct gpgv_signature *s)
{
	switch (s->verdict) {
	case GPGV_EXPIRED:
	case GPGV_KEY_EXPIRED:
	case GPGV_KEY_REVOKED:
	case GPGV_NO_KEY:
		return s->said;
	default:
		return "";
	}
}

int release_signers(const char *status, const struct strv *pinned, struct strv *out,
		    struct err *err)
{
	_cleanup_(gpgv_report_release) struct gpgv_report r = GPGV_REPORT_INIT;

	gpgv_parse(status, &r);
	return release_judge(&r, pinned, out, err);
}

int release_judge(const struct gpgv_report *r, const struct strv *pinned, struct strv *out,
		  struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf others = STRBUF_INIT;

	for (size_t i = 0; i < r->n; i++) {
		const struct gpgv_signature *s = &r->v[i];
		const char *why = complaint(s);

		if (s->verdict == GPGV_BAD)
			return err_set(
				err, ERR_INPUT, 0,
				"InRelease: a signature does not match the text: it was changed "
				"after it was signed");
		if (s->verdict == GPGV_GOOD && strv_contains(pinned, s->primary) &&
		    !strv_contains(out, s->primary))
			strv_push(out, s->primary);
		if (*why)
			strbuf_addf(&others, "%s%s", others.len ? ", " : "", why);
	}
	if (r->plaintexts != 1)
		return err_set(err, ERR_INPUT, 0, "InRelease: expected one signed text, found %d",
			       r->plaintexts);
	if (out->n == 0)
		return err_set(
			err, ERR_INPUT, 0,
			"InRelease: no good signature by a key that toolchain.yaml names (%s)",
			others.len ? strbuf_str(&others) : "it is not signed");
	return 0;
}

static int run_gpgv(const struct toolchain *tc, const char *work, const char *inrelease,
		    const char *signed_text, struct gpgv_report *out, struct err *err)
{
	const struct gpgv g = {
		.home = work, .keyring = tc->key_file, .file = inrelease, .output = signed_text};

	return gpgv_run(&g, out, err) < 0 ? err_wrap(err, "toolchain %s", tc->name) : 0;
}

int release_verify(const struct toolchain *tc, const char *work, const char *inrelease, int64_t now,
		   struct release *out, struct err *err)
{
	_cleanup_free_ char *signed_text = path_join(work, "Release");
	_cleanup_(gpgv_report_release) struct gpgv_report report = GPGV_REPORT_INIT;
	_cleanup_close_ int fd = file_open(AT_FDCWD, inrelease, O_RDONLY, 0, err);
	size_t len = 0;

	if (fd < 0 || sha256_of_fd(fd, &out->digest, NULL, err) < 0)
		return -1;
	if (run_gpgv(tc, work, inrelease, signed_text, &report, err) < 0 ||
	    release_judge(&report, &tc->fingerprints, &out->signed_by, err) < 0)
		return -1;
	if (file_read(AT_FDCWD, signed_text, MAX_RELEASE, &out->text, &len, err) < 0)
		return -1;
	if (strlen(out->text) != len)
		return err_set(err, ERR_INPUT, 0, "Release: holds a NUL byte");
	return release_check(out->text, tc->suite, now, out, err);
}
