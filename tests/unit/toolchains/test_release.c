/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#define PINNED "B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8"
#define OTHER  "04B54C3CDCA79751B16BC6B5225629DF75B188BD"
#define SUBKEY "4CB50190207B4758A3F73A796ED0E7B82643E131"

#define PLAIN "[GNUPG:] PLAINTEXT 74 0 \n"
#define VALID(primary)                                                                             \
	"[GNUPG:] VALIDSIG " SUBKEY " 2026-07-11 1783765031 0 4 0 1 8 01 " primary "\n"
#define GOOD     "[GNUPG:] GOODSIG 6ED0E7B82643E131 Somebody\n"
#define NEW      "[GNUPG:] NEWSIG\n"
#define UNKNOWN  NEW "[GNUPG:] ERRSIG 78DB 1 8 01 1 9 " OTHER "\n[GNUPG:] NO_PUBKEY 78DB\n"
#define GOOD_ONE PLAIN NEW GOOD VALID(PINNED)

static int signers(const char *status, struct strv *out, struct err *err)
{
	_cleanup_(strv_release) struct strv pinned = STRV_INIT;

	strv_push(&pinned, PINNED);
	return release_signers(status, &pinned, out, err);
}

Test(release, one_pinned_signature_is_enough)
{
	_cleanup_(strv_release) struct strv out = STRV_INIT;
	struct err err = ERR_INIT;

	OK(signers(GOOD_ONE UNKNOWN, &out, &err));
	OK(signers(PLAIN UNKNOWN NEW GOOD VALID(PINNED), &out, &err));
	cr_assert_eq(out.n, 1);
	cr_assert_str_eq(out.v[0], PINNED);
}

struct status {
	const char *status, *message;
};

static const struct status bad[] = {
	{"", "expected one signed text, found 0"},
	{PLAIN, "no good signature by a key that toolchain.yaml names (it is not signed)"},
	{PLAIN UNKNOWN, "(NO_PUBKEY 78DB)"},
	{PLAIN NEW GOOD VALID(OTHER), "no good signature"},
	{PLAIN NEW VALID(PINNED), "no good signature"},
	{PLAIN NEW "[GNUPG:] EXPKEYSIG 6ED0 Somebody\n" VALID(PINNED), "(EXPKEYSIG 6ED0 Somebody)"},
	{PLAIN NEW "[GNUPG:] REVKEYSIG 6ED0 Somebody\n" VALID(PINNED), "(REVKEYSIG"},
	{PLAIN NEW "[GNUPG:] EXPSIG 6ED0 Somebody\n" VALID(PINNED), "(EXPSIG"},
	/* a good signature of a stranger must not lend its GOODSIG to the next one */
	{PLAIN NEW GOOD VALID(OTHER) NEW VALID(PINNED), "no good signature"},
	{GOOD_ONE NEW "[GNUPG:] BADSIG 6ED0E7B82643E131 Somebody\n", "does not match the text"},
	{GOOD_ONE PLAIN, "expected one signed text, found 2"},
	/* a user id cannot forge a line */
	{PLAIN NEW "[GNUPG:] ERRSIG GOODSIG VALIDSIG " PINNED "\n", "no good signature"},
};

Test(release, other_signatures_are_refused)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_(strv_release) struct strv out = STRV_INIT;
		struct err err = ERR_INIT;

		REFUSED(signers(bad[i].status, &out, &err), ERR_INPUT, bad[i].message);
	}
}

Test(release, time)
{
	cr_assert_eq(release_time("Sat, 11 Jul 2026 10:16:37 UTC"), 1783764997);
	cr_assert_eq(release_time("Thu, 01 Jan 1970 00:00:00 UTC"), 0);
	cr_assert_eq(release_time("Sat, 11 Jul 2026 10:16:37 CEST"), -1);
	cr_assert_eq(release_time("Sat, 11 Jul 2026 10:16:37 UTC+1"), -1);
	cr_assert_eq(release_time("Sat, 11 Jux 2026 10:16:37 UTC"), -1);
	cr_assert_eq(release_time("Sat, 11 anF 2026 10:16:37 UTC"), -1);
	cr_assert_eq(release_time("Sat, 32 Jul 2026 10:16:37 UTC"), -1);
	cr_assert_eq(release_time(""), -1);
}

#define HEAD "Codename: bookworm\nDate: Sat, 11 Jul 2026 10:16:37 UTC\nAcquire-By-Hash: yes\n"

static int check(const char *text, int64_t now, struct err *err)
{
	_cleanup_(release_release) struct release r = RELEASE_INIT;

	return release_check(text, "bookworm", now, &r, err);
}

Test(release, suite_and_dates)
{
	const int64_t made = 1783764997, day = 24 * 60 * 60;
	struct err err = ERR_INIT;

	OK(check(HEAD, made, &err));
	OK(check(HEAD, made + 3000 * day, &err));
	OK(check(HEAD, made - 3600, &err)); /* clocks differ */
	REFUSED(check(HEAD, made - 2 * day, &err), ERR_INPUT, "is in the future");
	REFUSED(check("Codename: trixie\nDate: x\n", made, &err), ERR_INPUT,
		"expected Codename 'bookworm', found 'trixie'");
	REFUSED(check("Suite: stable\n", made, &err), ERR_INPUT, "found 'none'");
	REFUSED(check("Codename: bookworm\n", made, &err), ERR_INPUT, "expected a Date");
	OK(check(HEAD "Valid-Until: Sun, 12 Jul 2026 10:16:37 UTC\n", made, &err));
	REFUSED(check(HEAD "Valid-Until: Sun, 12 Jul 2026 10:16:37 UTC\n", made + 2 * day, &err),
		ERR_INPUT, "expired, it was valid until 'Sun, 12 Jul 2026");
	REFUSED(check(HEAD "Valid-Until: never\n", made, &err), ERR_INPUT, "as Valid-Until");
}

Test(release, find_reads_the_sha256_list_only)
{
	char text[] = "MD5Sum:\n 0123 5 main/binary-amd64/Packages.xz\n"
		      "SHA256:\n"
		      " 1111111111111111111111111111111111111111111111111111111111111111 7 "
		      "xmain/binary-amd64/Packages.xz\n"
		      " 2222222222222222222222222222222222222222222222222222222222222222 8 "
		      "main/binary-amd64/Packages.xz\n"
		      "SHA512:\n"
		      " 3333333333333333333333333333333333333333333333333333333333333333 9 "
		      "main/binary-arm64/Packages.xz\n";
	struct release r = {.text = text};
	struct sha256 hash;
	uint64_t size = 0;
	struct err err = ERR_INIT;

	OK(release_find(&r, "main/binary-amd64/Packages.xz", &hash, &size, &err));
	cr_assert_eq(size, 8);
	cr_assert_eq(hash.b[0], 0x22);
	REFUSED(release_find(&r, "main/binary-arm64/Packages.xz", &hash, &size, &err), ERR_INPUT,
		"its SHA256 list has no 'main/binary-arm64/Packages.xz'");
}
