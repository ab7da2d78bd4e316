/* SPDX-License-Identifier: Apache-2.0 */
#include <base/json.h>

#include <string.h>
#include <support/testutil.h>

TEST_DIR_FIXTURE(tmp)
TestSuite(json, .init = tmp_setup, .fini = tmp_teardown);

static char *canonical_of(const char *text)
{
	_cleanup_json_ json_t *j = NULL;
	struct err err = ERR_INIT;
	char *out = NULL;

	assert_ok(json_parse("t", text, strlen(text), &j, &err), err);
	assert_ok(json_canonical(j, &out, &err), err);
	return out;
}

Test(json, canonical)
{
	static const char *const cases[][2] = {
		{"{ }", "{}"},
		{"[ ]", "[]"},
		{"{\"b\": 1, \"a\": [true, false, null, -5]}",
		 "{\"a\":[true,false,null,-5],\"b\":1}"},
		{"{\"aa\":1,\"a\":2,\"B\":3,\"\":4,\"\\u00e9\":5,\"z\":6}",
		 "{\"\":4,\"B\":3,\"a\":2,\"aa\":1,\"z\":6,\"\xc3\xa9\":5}"},
		{"[\"\\u001F\\b\\f\\n\\r\\t\\\"\\\\\\/\\u007f\\u20ac\"]",
		 "[\"\\u001f\\b\\f\\n\\r\\t\\\"\\\\/\x7f\xe2\x82\xac\"]"},
		{"[9223372036854775807,-9223372036854775808]",
		 "[9223372036854775807,-9223372036854775808]"}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *out = canonical_of(cases[i][0]);

		cr_assert_str_eq(out, cases[i][1]);
	}
}

Test(json, canonical_is_a_fixed_point)
{
	_cleanup_free_ char *once = canonical_of("{\"x\":{\"b\":[1,{\"d\":1,\"c\":2}],\"a\":0}}");
	_cleanup_free_ char *twice = canonical_of(once);

	cr_assert_str_eq(once, twice);
}

Test(json, order_of_insertion_does_not_matter)
{
	_cleanup_json_ json_t *a = json_object(), *b = json_object();
	struct err err = ERR_INIT;
	struct sha256 x, y, want;

	json_set(a, "k", json_integer(1));
	json_set(a, "j", json_string("v"));
	json_set(b, "j", json_string("v"));
	json_set(b, "k", json_integer(1));
	assert_ok(json_canonical_sha256(a, &x, &err), err);
	assert_ok(json_canonical_sha256(b, &y, &err), err);
	sha256_of("{\"j\":\"v\",\"k\":1}", 15, &want);
	cr_assert(sha256_equal(&x, &y) && sha256_equal(&x, &want));
}

Test(json, canonical_refuses)
{
	_cleanup_json_ json_t *real = json_pack("{s:[f]}", "a", 1.5), *deep = json_array();
	struct err err = ERR_INIT;
	struct sha256 d;
	char *out;

	assert_refused(json_canonical(real, &out, &err), err, ERR_BUG, "real number");
	assert_refused(json_canonical_sha256(real, &d, &err), err, ERR_BUG, "real number");
	for (int i = 0; i < 300; i++) {
		json_t *outer = json_array();

		json_array_append_new(outer, deep);
		deep = outer;
	}
	assert_refused(json_canonical(deep, &out, &err), err, ERR_BUG, "nested too deep");
	assert_refused(json_canonical(NULL, &out, &err), err, ERR_BUG, "no value");
}

Test(json, parse_refuses_with_position)
{
	static const struct {
		const char *text, *reason;
	} cases[] = {{"{\"a\":1,\n \"a\":2}", "f.json:2:4: duplicate object key"},
		     {"{\"a\":", "f.json:1:5: "},
		     {"[1]x", "f.json:1:4: end of file expected"},
		     {"", "f.json:1:0: "},
		     {"[\"\xff\"]", "f.json:1:2: unable to decode byte 0xff"},
		     {"[01]", "f.json:1:"},
		     {"[99999999999999999999]", "too big integer"}};
	struct err err = ERR_INIT;
	json_t *j = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_refused(json_parse("f.json", cases[i].text, strlen(cases[i].text), &j, &err),
			       err, ERR_INPUT, cases[i].reason);
}

Test(json, read_file)
{
	_cleanup_json_ json_t *j = NULL;
	struct err err = ERR_INIT;

	test_write_text(tmp.fd, "f", "{\"a\":1}\n");
	assert_ok(json_read_file(tmp.fd, "f", &j, &err), err);
	cr_assert_eq(json_get_int(j, "a", 0), 1);
	json_t *none = NULL;

	assert_refused(json_read_file(tmp.fd, "none", &none, &err), err, ERR_INPUT, "open none");
}

Test(json, getters)
{
	_cleanup_json_ json_t *j =
		json_pack("{s:s,s:i,s:b,s:f}", "s", "x", "i", 5, "b", 1, "r", 1.5);

	cr_assert_str_eq(json_get_str(j, "s", "d"), "x");
	cr_assert_str_eq(json_get_str(j, "i", "d"), "d");
	cr_assert_str_eq(json_get_str(j, "none", "d"), "d");
	cr_assert_eq(json_get_int(j, "i", 7), 5);
	cr_assert_eq(json_get_int(j, "r", 7), 7);
	cr_assert(json_get_bool(j, "b", false));
	cr_assert(json_get_bool(j, "s", true));
	cr_assert_str_eq(json_get_str(NULL, "s", "d"), "d");
}

Test(json, set_str_replaces_what_is_not_utf8)
{
	_cleanup_json_ json_t *j = json_object();

	json_set_str(j, "a", "x\xff\xc3\xa9\xe2\x82");
	cr_assert_str_eq(json_get_str(j, "a", ""), "x\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd");
}
