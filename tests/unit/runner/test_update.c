/* SPDX-License-Identifier: Apache-2.0 */
/* The pure parts of an update: tags, makefiles, the tag object, gpgv's words, differences. */
#include "fixture.h"
#include "updating.h"

#include <base/cleanup.h>
#include <base/gpgv.h>
#include <criterion/criterion.h>
#include <string.h>

#define A "0123456789abcdef0123456789abcdef01234567"
#define B "89abcdef0123456789abcdef0123456789abcdef"

static char tag_form[] = "RELEASE-{version}";
static const struct upstream upstream = {.tag = tag_form, .series = 2};

static void expect_version(const char *tag, const char *version)
{
	_cleanup_free_ char *found = upstream_version(&upstream, tag);

	cr_assert_eq(!found, !version, "%s: %s", tag, found ? found : "none");
	if (version)
		cr_assert_str_eq(found, version);
}

Test(update, versions)
{
	static const char *const odd[] = {
		"RELEASE-",        "RELEASE-4.20.4-rc1", "RELEASE-4.20.4.",
		"RELEASE-.4",      "RELEASE-4..20",      "RELEASE-4.020.1",
		"RELEASE-4.20.4 ", "RELEASE-4.20.4\n",   "RELEASE-1234567890.1",
		"release-4.20.4",  "xRELEASE-4.20.4",    "RELEASE-4.20.x",
		"RELEASE--4.20",   "RELEASE-4,20",       "RELEASE-4.20.4^{}"};

	expect_version("RELEASE-4.20.4", "4.20.4");
	expect_version("RELEASE-4.9", "4.9");
	expect_version("RELEASE-4.0.0", "4.0.0");
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++)
		expect_version(odd[i], NULL);
}

Test(update, series)
{
	static const struct {
		const char *version, *series;
		unsigned n;
	} cases[] = {{"4.20.4", "4.20", 2}, {"4.20", "4.20", 2}, {"4", NULL, 2},
		     {"4.20.4", "4", 1},    {"4", "4", 1},       {"4.20.4", "4.20.4", 3}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct upstream u = {.tag = tag_form, .series = cases[i].n};
		_cleanup_free_ char *found = upstream_series(&u, cases[i].version);

		cr_assert_eq(!found, !cases[i].series);
		if (found)
			cr_assert_str_eq(found, cases[i].series);
	}
}

Test(update, newest_by_number)
{
	static const char list[] =
		A "\trefs/tags/RELEASE-4.20.10\n" B "\trefs/tags/RELEASE-4.20.10^{}\n" A
		  "\trefs/tags/RELEASE-4.20.9\n" A "\trefs/tags/RELEASE-4.9.99\n" A
		  "\trefs/tags/RELEASE-4.20.11-rc1\n" A "\trefs/heads/RELEASE-4.20.12\n" A
		  " refs/tags/RELEASE-4.20.13\n" A "\trefs/tags/x/RELEASE-4.20.14\n"
		  "0123\trefs/tags/RELEASE-4.20.15\n";
	_cleanup_(tags_release) struct tags t = TAGS_INIT;
	char commit[41];

	tags_parse(&upstream, list, &t);
	cr_assert_eq(t.n, 3);
	cr_assert_str_eq(t.v[0].version, "4.9.99");
	cr_assert_str_eq(tags_newest(&upstream, &t, "4.20")->version, "4.20.10");
	cr_assert_str_eq(tags_newest(&upstream, &t, "4.20")->commit, B);
	cr_assert_str_eq(tags_newest(&upstream, &t, "4.9")->commit, A);
	cr_assert_null(tags_newest(&upstream, &t, "4.2"));
	cr_assert(tags_find(list, "RELEASE-4.20.10", commit));
	cr_assert_str_eq(commit, B);
	cr_assert(tags_find(list, "RELEASE-4.20.9", commit));
	cr_assert_str_eq(commit, A);
	cr_assert_not(tags_find(list, "RELEASE-4.20.1", commit));
}

/* The forms that Xen's Config.mk of 4.17 and 4.20 has. */
Test(update, make_variables)
{
	static const char text[] =
		"QEMU_UPSTREAM_INTREE ?= $(XEN_ROOT)/tools/qemu-xen\n"
		"ifneq (,$(SEABIOS_UPSTREAM_TAG))\n"
		"SEABIOS_REVISION ?= $(SEABIOS_UPSTREAM_TAG)\n"
		"endif\n"
		"SEABIOS_REVISION ?= rel-1.16.3\n"
		"ifeq ($(GIT_HTTP),y)\n"
		"  QEMU_URL ?= http://example.org/qemu.git # a comment\n"
		"else\n"
		"QEMU_URL ?= git://example.org/qemu.git\r\n"
		"endif\n"
		"IPXE_TAG := " A "\n"
		"\tIPXE_TAG = recipe-line\n"
		"IPXE_TAG_X = other\n"
		"ODD = a b\nODD = -x\nODD = `x`\nODD = $x\nODD =\nODD\nODD += y\n"
		"TWICE = a\nTWICE = b\nTWICE = a";
	static const struct {
		const char *name, *values;
	} cases[] = {{"SEABIOS_REVISION", "rel-1.16.3 "},
		     {"QEMU_URL", "http://example.org/qemu.git git://example.org/qemu.git "},
		     {"IPXE_TAG", A " "},
		     {"QEMU_UPSTREAM_INTREE", ""},
		     {"ODD", ""},
		     {"TWICE", "a b "},
		     {"MISSING", ""}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(strv_release) struct strv found = STRV_INIT;
		_cleanup_(strbuf_release) struct strbuf all = STRBUF_INIT;

		make_variable(text, cases[i].name, &found);
		for (size_t k = 0; k < found.n; k++)
			strbuf_addf(&all, "%s ", found.v[k]);
		cr_assert_str_eq(strbuf_str(&all), cases[i].values, "%s: %s", cases[i].name,
				 strbuf_str(&all));
	}
}

Test(update, support_dates)
{
	static const char text[] = "    Xen-Version: 4.20\n    Until: 2028-03-05\n"
				   "    Later: TBD\n    Odd: 2028-03-050\n";
	_cleanup_free_ char *until = support_date(text, "Until");

	cr_assert_str_eq(until, "2028-03-05");
	cr_assert_null(support_date(text, "Later"));
	cr_assert_null(support_date(text, "Odd"));
	cr_assert_null(support_date(text, "Missing"));
}

#define HEAD   "object " A "\ntype commit\ntag RELEASE-4.20.4\ntagger t <t@x> 1 +0000\n\nm\n"
#define ARMOUR "-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n"

static int parse_object(const char *text, struct tag_object *o, struct err *err)
{
	return tag_object_parse(text, strlen(text), "RELEASE-4.20.4", o, err);
}

Test(update, tag_object)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{"", "expected 'object'"},
		{HEAD, "it is not signed"},
		{HEAD ARMOUR ARMOUR, "more than one signature"},
		{HEAD ARMOUR "x", "does not end it"},
		{HEAD "-----BEGIN PGP SIGNATURE-----\n", "does not end it"},
		{"object " A "\ntype tag\ntag RELEASE-4.20.4\ntagger t\n\n" ARMOUR,
		 "expected the tag of a commit"},
		{"object " A "\ntype commit\ntag RELEASE-4.20.40\ntagger t\n\n" ARMOUR,
		 "its signed text says 'tag RELEASE-4.20.40'"},
		{"object " A "0\ntype commit\n" ARMOUR, "expected 'object' and a commit"},
		{"object " A "\ntype commit\ntag RELEASE-4.20.4\n\n" ARMOUR, "expected 'tagger'"},
	};
	struct err err = ERR_INIT;
	struct tag_object o;

	cr_assert_eq(parse_object(HEAD ARMOUR, &o, &err), 0, "%s", err.msg);
	cr_assert_str_eq(o.commit, A);
	cr_assert_eq(o.signed_len, strlen(HEAD));
	cr_assert_str_eq(o.signature, ARMOUR);
	/* Not at the beginning of a line: text. */
	cr_assert_eq(parse_object(HEAD "> " ARMOUR ARMOUR, &o, &err), 0, "%s", err.msg);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		err = ERR_INIT;
		cr_assert_lt(parse_object(bad[i].text, &o, &err), 0, "%s", bad[i].text);
		cr_assert_eq(err.code, ERR_INPUT);
		cr_assert(strstr(err.msg, bad[i].why), "%s", err.msg);
	}
	cr_assert_lt(
		tag_object_parse(HEAD "\0" ARMOUR, sizeof(HEAD ARMOUR), "RELEASE-4.20.4", &o, &err),
		0);
}

#define PINNED  "B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8"
#define STRANGE "04B54C3CDCA79751B16BC6B5225629DF75B188BD"
#define NEW     "[GNUPG:] NEWSIG\n"
#define VALID(primary)                                                                             \
	"[GNUPG:] VALIDSIG " STRANGE " 2026-07-11 1783765031 0 4 0 1 8 00 " primary "\n"
#define GOOD "[GNUPG:] GOODSIG 6ED0E7B82643E131 Somebody\n"

static int judge(const char *status, struct err *err)
{
	_cleanup_(gpgv_report_release) struct gpgv_report r = GPGV_REPORT_INIT;
	_cleanup_(strv_release) struct strv pinned = STRV_INIT;
	_cleanup_free_ char *signer = NULL;
	int rc;

	strv_push(&pinned, PINNED);
	gpgv_parse(status, &r);
	rc = signature_judge(&r, &pinned, &signer, err);
	if (rc == 0)
		cr_assert_str_eq(signer, PINNED);
	return rc;
}

Test(update, signatures)
{
	static const struct {
		const char *status, *why;
	} bad[] = {
		{"", "no signature"},
		{NEW, "cannot be checked"},
		{NEW GOOD, "cannot be checked"},
		{NEW VALID(PINNED), "cannot be checked"},
		{NEW GOOD VALID(STRANGE), "a key that the recipe does not pin"},
		{NEW "[GNUPG:] BADSIG 6ED0 S\n", "does not match the tag"},
		{NEW GOOD VALID(PINNED) "[GNUPG:] BADSIG 6ED0 S\n", "does not match the tag"},
		{NEW "[GNUPG:] EXPSIG 6ED0 S\n" VALID(PINNED), "the signature has expired"},
		{NEW "[GNUPG:] EXPKEYSIG 6ED0 S\n" VALID(PINNED),
		 "the key that signed it has expired"},
		{NEW "[GNUPG:] REVKEYSIG 6ED0 S\n" VALID(PINNED), "is revoked"},
		{NEW "[GNUPG:] ERRSIG 6ED0 1 8 00 1 9 -\n[GNUPG:] NO_PUBKEY 6ED0\n",
		 "an unknown key"},
		{NEW "[GNUPG:] ERRSIG 6ED0 1 2 00 1 5 -\n", "cannot be checked (gpgv: ERRSIG"},
		{NEW "[GNUPG:] REVKEYSIG 6ED0 S\n[GNUPG:] EXPSIG 6ED0 S\n", "is revoked"},
		/* one good signature does not excuse another */
		{NEW GOOD VALID(PINNED) NEW "[GNUPG:] NO_PUBKEY 6ED0\n", "an unknown key"},
		{NEW "[GNUPG:] EXPSIG 6ED0 S\n" VALID(PINNED) NEW GOOD VALID(PINNED),
		 "has expired"},
		{NEW GOOD NEW VALID(PINNED), "cannot be checked"},
		/* a user id cannot forge a line */
		{NEW "[GNUPG:] NO_PUBKEY GOODSIG VALIDSIG " PINNED "\n", "an unknown key"},
		{NEW " [GNUPG:] GOODSIG 6ED0 S\n" VALID(PINNED), "cannot be checked"},
	};
	struct err err = ERR_INIT;

	cr_assert_eq(judge(NEW GOOD VALID(PINNED), &err), 0, "%s", err.msg);
	cr_assert_eq(judge(NEW GOOD VALID(PINNED) NEW GOOD VALID(PINNED), &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		err = ERR_INIT;
		cr_assert_lt(judge(bad[i].status, &err), 0, "%s", bad[i].status);
		cr_assert(strstr(err.msg, bad[i].why), "%s", err.msg);
	}
}

Test(update, difference)
{
	static const struct {
		const char *old, *new, *diff;
	} cases[] = {
		{"a\nb\n", "a\nb\n", ""},
		{"a\nb\nc\n", "a\nx\nc\n", "--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n"},
		{"1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\n6\n7\n8\n9\n",
		 "--- a/f\n+++ b/f\n@@ -2,7 +2,6 @@\n 2\n 3\n 4\n-5\n 6\n 7\n 8\n"},
		{"a\n1\n2\n3\n4\n5\n6\n7\nb\n", "x\n1\n2\n3\n4\n5\n6\n7\ny\n",
		 "--- a/f\n+++ b/f\n@@ -1,4 +1,4 @@\n-a\n+x\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n "
		 "7\n-b\n+y\n"},
		{"a", "a\n",
		 "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"},
		{NULL, "a\n", "--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+a\n"},
		{"a\n", NULL, "--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *diff = line_diff("f", cases[i].old, cases[i].new);

		cr_assert_str_eq(diff, cases[i].diff, "%zu:\n%s", i, diff);
	}
}

#define UPSTREAM                                                                                   \
	"upstream:\n  source: src\n  urls: [\"https://example.org/x.git\"]\n  tag: "               \
	"\"v{version}\"\n"                                                                         \
	"  keys: {file: keys/x.gpg, fingerprints: [" PINNED "]}\n"

static int parse_with(const char *block, struct recipe **out, struct err *err)
{
	_cleanup_free_ char *text = xasprintf("%s%s", fixture_recipe, block);

	return fixture_parse(text, out, err);
}

Test(update, upstream_is_no_part_of_the_key)
{
	_cleanup_free_ char *text = xasprintf("%s%s", fixture_recipe, UPSTREAM);
	const struct fixture_action plain = {0}, with = {.recipe = text};
	_cleanup_free_ char *a = fixture_key(&plain), *b = fixture_key(&with);

	cr_assert_str_eq(a, b);
}

Test(update, upstream_is_checked)
{
	static const struct {
		const char *from, *to, *why;
	} bad[] = {
		{"source: src", "source: ../x", "'source': expected a plain name"},
		{"https://", "ext::", "'urls': expected"},
		{"https://", "--upload-pack=", "'urls': expected"},
		{"v{version}", "v1", "with {version} in it once"},
		{"v{version}", "{version}{version}", "with {version} in it once"},
		{"v{version}", "-{version}", "'tag': expected a plain name"},
		{"v{version}", "a/{version}", "'tag': expected a plain name"},
		{"keys/x.gpg", "/etc/x.gpg", "'file': expected a relative path"},
		{"fingerprints: [" PINNED "]", "fingerprints: [B7C5D7D6350947F8]", "40 hex digits"},
		{PINNED, PINNED "0", "40 hex digits"},
		{PINNED, PINNED "X", "40 hex digits"},
		{"tag: ", "series: 0\n  tag: ", "'series': expected 1 to 4"},
		{"tag: ", "tags: 0\n  tag: ", "unknown key 'tags'"},
	};
	_cleanup_(recipe_freep) struct recipe *good = NULL;
	struct err err = ERR_INIT;

	cr_assert_eq(parse_with(UPSTREAM, &good, &err), 0, "%s", err.msg);
	cr_assert_str_eq(good->upstream->fingerprints.v[0], PINNED);
	cr_assert_eq(good->upstream->series, 2);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_free_ char *block = fixture_replace(UPSTREAM, bad[i].from, bad[i].to);
		_cleanup_(recipe_freep) struct recipe *r = NULL;

		err = ERR_INIT;
		cr_assert_neq(parse_with(block, &r, &err), 0, "%s", block);
		cr_assert_eq(err.code, ERR_INPUT);
		cr_assert(strstr(err.msg, bad[i].why), "%s", err.msg);
	}
}

Test(update, filled_texts)
{
	_cleanup_free_ char *a = upstream_fill("git:{commit:10}", "4.1", "v4.1", A);
	_cleanup_free_ char *b =
		upstream_fill("{tag} {version} {commit} {other}", "4.1", "v4.1", A);

	cr_assert_str_eq(a, "git:0123456789");
	cr_assert_str_eq(b, "v4.1 4.1 " A " {other}");
}
