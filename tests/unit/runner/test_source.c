/* SPDX-License-Identifier: Apache-2.0 */
/* Sources that are commits or patches, pins that are not known yet, and support dates. */
#include "fixture.h"

#include <base/cleanup.h>
#include <criterion/criterion.h>
#include <string.h>

#define COMMIT "0123456789abcdef0123456789abcdef01234567"
#define NAR    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SRI    "sha256-qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo="
#define HASH_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const char branch_text[] = "belljar: 1\n"
				  "version: \"1.0.3\"\n"
				  "epoch: 1700000000\n"
				  "sources:\n"
				  "  - name: demo\n"
				  "    git: {commit: " COMMIT ", tag: v1, nar: " NAR "}\n"
				  "    urls: [\"https://example.org/demo.git\"]\n"
				  "    to: src\n"
				  "  - name: fix\n"
				  "    file: fix.patch\n"
				  "    sha256: " HASH_B "\n"
				  "    size: 99\n"
				  "    urls: [\"https://example.org/fix.patch\"]\n"
				  "    patch: {project: demo, order: 10}\n";

static int parse(const char *from, const char *to, struct branch **out, struct err *err)
{
	_cleanup_(recipe_freep) struct recipe *r = NULL;
	_cleanup_free_ char *text = fixture_replace(branch_text, from, to);

	cr_assert_eq(fixture_parse(fixture_recipe, &r, err), 0, "%s", err->msg);
	return fixture_parse_branch(r, text, out, err);
}

Test(source, git_and_patch)
{
	_cleanup_(branch_freep) struct branch *b = NULL;
	struct err err = ERR_INIT;

	cr_assert_eq(parse("v1", "v1", &b, &err), 0, "%s", err.msg);
	cr_assert_eq(b->sources[0].kind, SOURCE_GIT);
	cr_assert_str_eq(b->sources[0].commit, COMMIT);
	cr_assert_str_eq(b->sources[0].tag, "v1");
	cr_assert_null(b->sources[0].file);
	cr_assert(b->sources[0].pinned);
	cr_assert_eq(b->sources[0].hash.b[31], 0xaa);
	cr_assert_eq(b->sources[1].kind, SOURCE_PATCH);
	cr_assert_str_eq(b->sources[1].project, "demo");
	cr_assert_eq(b->sources[1].order, 10);
	cr_assert(branch_pinned(b, NULL));
}

Test(source, nar_as_nix_writes_it)
{
	_cleanup_(branch_freep) struct branch *hex = NULL, *sri = NULL;
	struct err err = ERR_INIT;

	cr_assert_eq(parse(NAR, NAR, &hex, &err), 0, "%s", err.msg);
	cr_assert_eq(parse(NAR, "\"" SRI "\"", &sri, &err), 0, "%s", err.msg);
	cr_assert(sha256_equal(&hex->sources[0].hash, &sri->sources[0].hash));
}

struct refusal {
	const char *from, *to, *where, *says;
};

static const struct refusal refusals[] = {
	{COMMIT, "0123456789", "branch.yaml:6:19", "expected 40 lower-case hex digits"},
	{COMMIT, "0123456789ABCDEF0123456789ABCDEF01234567", "branch.yaml:6:19", "lower-case"},
	{COMMIT, "main", "branch.yaml:6:19", "a branch or tag may move"},
	{COMMIT, "\"--upload-pack=x\"", "branch.yaml:6:19", "expected 40"},
	{"nar: " NAR, "nar: abc", NULL, "sha256-BASE64= or 'unknown', found 'abc'"},
	{"nar: " NAR, "nar: sha256-qqqq", NULL, "sha256-BASE64= or 'unknown'"},
	{", nar: " NAR, "", NULL, "missing key 'nar'"},
	{"commit: " COMMIT ", ", "", NULL, "missing key 'commit'"},
	{"tag: v1", "tga: v1", NULL, "did you mean 'tag'?"},
	{"tag: v1", "tag: \"a b\"", NULL, "expected a plain name"},
	{"commit: " COMMIT, "commit: unknown", NULL, "expected 'unknown', as the commit is"},
	{"    to: src\n", "", NULL, "missing key 'to'"},
	{"to: src", "to: /src", "branch.yaml:8:9", "without '..'"},
	{"to: src", "to: src\n    sha256: " HASH_B, NULL, "unknown key 'sha256'"},
	{"to: src", "to: src\n    strip: 1", NULL, "unknown key 'strip'"},
	{"https://example.org/demo.git", "ssh://example.org/demo", NULL, "mirror: URL"},
	{"https://example.org/demo.git", "ext::sh -c x", NULL, "mirror: URL"},
	{"project: demo", "project: dmeo", "branch.yaml:14:22", "there is no source 'dmeo'"},
	{"project: demo", "project: fix", NULL, "nothing is unpacked of source 'fix'"},
	{"order: 10", "order: 10000", "branch.yaml:14:35", "expected 0 to 9999"},
	{"order: 10", "order: -1", NULL, "expected 0 to 9999"},
	{", order: 10", "", NULL, "missing key 'order'"},
	{"size: 99", "size: 99\n    to: x", NULL, "unknown key 'to'"},
	{"epoch: 1700000000", "epoch: unknown", "branch.yaml:3:8",
	 "all sources are pinned, so expected a time"},
};

Test(source, refusals)
{
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		const struct refusal *x = &refusals[i];
		struct branch *b = NULL;
		struct err err = ERR_INIT;

		cr_expect_eq(parse(x->from, x->to, &b, &err), ERR_INPUT, "'%s' was accepted",
			     x->to);
		cr_expect(strstr(err.msg, x->says), "'%s': %s", x->to, err.msg);
		if (x->where)
			cr_expect(!strncmp(err.msg, x->where, strlen(x->where)), "'%s': %s", x->to,
				  err.msg);
		branch_free(b);
	}
}

Test(source, unknown_pins_are_told)
{
	_cleanup_(recipe_freep) struct recipe *r = NULL;
	_cleanup_(branch_freep) struct branch *nar = NULL, *both = NULL;
	const struct source *missing = NULL;
	struct err err = ERR_INIT;

	cr_assert_eq(fixture_parse(fixture_recipe, &r, &err), 0);
	cr_assert_eq(parse("nar: " NAR, "nar: unknown", &nar, &err), 0, "%s", err.msg);
	cr_assert_not(branch_pinned(nar, &missing));
	cr_assert_eq(missing, &nar->sources[0]);
	cr_assert_lt(branch_require_pins(r, nar, &err), 0);
	cr_assert_eq(err.code, ERR_INPUT);
	cr_assert(strstr(err.msg, "the NAR hash of source 'demo' (commit " COMMIT ") is not known"),
		  "%s", err.msg);
	cr_assert(strstr(err.msg, "belljar fetch --print-nar demo@1.0"), "%s", err.msg);
	err_clear(&err);
	cr_assert_eq(parse("commit: " COMMIT ", tag: v1, nar: " NAR,
			   "commit: unknown, tag: v1, nar: unknown", &both, &err),
		     0, "%s", err.msg);
	cr_assert_null(both->sources[0].commit);
	cr_assert_lt(branch_require_pins(r, both, &err), 0);
	cr_assert(strstr(err.msg, "the commit of tag v1 and the NAR hash"), "%s", err.msg);
}

Test(source, an_unknown_epoch_needs_an_unknown_pin)
{
	_cleanup_(recipe_freep) struct recipe *r = NULL;
	_cleanup_(branch_freep) struct branch *b = NULL;
	_cleanup_free_ char *text = fixture_replace(branch_text, "nar: " NAR, "nar: unknown");
	_cleanup_free_ char *both = fixture_replace(text, "epoch: 1700000000", "epoch: unknown");
	struct err err = ERR_INIT;

	cr_assert_eq(fixture_parse(fixture_recipe, &r, &err), 0);
	cr_assert_eq(fixture_parse_branch(r, both, &b, &err), 0, "%s", err.msg);
	cr_assert_eq(b->epoch, 0);
}

static char *key_with(const char *from, const char *to)
{
	_cleanup_free_ char *text = fixture_replace(branch_text, from, to);

	return fixture_key(&(struct fixture_action){.branch = text});
}

Test(source, nar_and_place_are_in_the_key_and_no_more)
{
	static const char *const same[][2] = {
		{COMMIT, "1123456789abcdef0123456789abcdef01234567"},
		{"tag: v1", "tag: v2"},
		{", tag: v1", ""},
		{"https://example.org/demo.git", "https://example.net/other.git"},
		{NAR, "\"" SRI "\""},
	};
	static const char *const other[][2] = {
		{NAR, HASH_B},
		{"to: src", "to: source"},
		{"1.0.3", "1.0.4"},
	};
	_cleanup_free_ char *base = key_with("v1", "v1");

	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		_cleanup_free_ char *key = key_with(same[i][0], same[i][1]);

		cr_expect_str_eq(key, base, "'%s' changed the key", same[i][1]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(other); i++) {
		_cleanup_free_ char *key = key_with(other[i][0], other[i][1]);

		cr_expect_str_neq(key, base, "'%s' did not change the key", other[i][1]);
	}
}

Test(source, support_by_date)
{
	char released[] = "2024-01-02", full[] = "2025-07-02", security[] = "2027-01-02";
	struct branch all = {.released = released, .full_until = full, .security_until = security};
	struct branch only_security = {.security_until = security};
	struct branch only_full = {.full_until = full};
	struct branch none = {.released = released};

	cr_assert_eq(branch_support(&all, "2025-07-02"), SUPPORT_FULL);
	cr_assert_eq(branch_support(&all, "2025-07-03"), SUPPORT_SECURITY);
	cr_assert_eq(branch_support(&all, "2027-01-02"), SUPPORT_SECURITY);
	cr_assert_eq(branch_support(&all, "2027-01-03"), SUPPORT_PAST);
	cr_assert_eq(branch_support(&only_security, "2024-01-01"), SUPPORT_SECURITY);
	cr_assert_eq(branch_support(&only_full, "2030-01-01"), SUPPORT_PAST);
	cr_assert_eq(branch_support(&none, "2030-01-01"), SUPPORT_UNKNOWN);
}
