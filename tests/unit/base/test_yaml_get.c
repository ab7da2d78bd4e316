/* SPDX-License-Identifier: Apache-2.0 */
#include <base/yaml.h>

#include <base/cleanup.h>
#include <string.h>
#include <support/testutil.h>

static struct yaml_doc doc;

static void setup(void)
{
	static const char text[] = "text: hello\n"
				   "version: 4.20\n"
				   "yes: true\n"
				   "no: false\n"
				   "word: 'true'\n"
				   "int: -12\n"
				   "big: 9223372036854775808\n"
				   "octal: 010\n"
				   "quoted: '5'\n"
				   "list: [a, [b]]\n"
				   "map: {k: v}\n"
				   "none:\n"
				   "tilde: ~\n"
				   "zero: 0\n"
				   "old: yes\n";
	struct err err = ERR_INIT;

	assert_ok(yaml_parse("f", text, sizeof(text) - 1, &doc, &err), err);
}

static void teardown(void)
{
	yaml_doc_release(&doc);
}

TestSuite(yaml_get, .init = setup, .fini = teardown);

Test(yaml_get, text)
{
	struct err err = ERR_INIT;
	const char *s = "kept";

	assert_ok(yaml_get_text(doc.root, "absent", false, &s, &err), err);
	cr_assert_str_eq(s, "kept");
	assert_ok(yaml_get_text(doc.root, "text", true, &s, &err), err);
	cr_assert_str_eq(s, "hello");
	assert_ok(yaml_get_text(doc.root, "version", true, &s, &err), err);
	cr_assert_str_eq(s, "4.20");
	assert_refused(yaml_get_text(doc.root, "absent", true, &s, &err), err, ERR_INPUT,
		       "f:1:1: missing key 'absent': expected text");
	assert_refused(yaml_get_text(doc.root, "list", true, &s, &err), err, ERR_INPUT,
		       "f:10:7: 'list': expected text, found a list");
	assert_refused(yaml_get_text(doc.root, "map", false, &s, &err), err, ERR_INPUT,
		       "f:11:6: 'map': expected text, found a map");
	assert_refused(yaml_get_text(doc.root, "none", false, &s, &err), err, ERR_INPUT,
		       "'none': expected text, found nothing");
	assert_refused(yaml_get_text(doc.root, "tilde", false, &s, &err), err, ERR_INPUT,
		       "found nothing");
	assert_refused(yaml_get_text(yaml_get(doc.root, "list"), "k", false, &s, &err), err,
		       ERR_INPUT, "expected a map that has this key, found a list");
}

Test(yaml_get, boolean)
{
	struct err err = ERR_INIT;
	bool b = false;

	assert_ok(yaml_get_bool(doc.root, "yes", true, &b, &err), err);
	cr_assert(b);
	assert_ok(yaml_get_bool(doc.root, "absent", false, &b, &err), err);
	cr_assert(b);
	assert_ok(yaml_get_bool(doc.root, "no", true, &b, &err), err);
	cr_assert_not(b);
	assert_refused(yaml_get_bool(doc.root, "word", true, &b, &err), err, ERR_INPUT,
		       "f:5:7: 'word': expected true or false, found 'true' in quotes");
	assert_refused(yaml_get_bool(doc.root, "old", true, &b, &err), err, ERR_INPUT,
		       "expected true or false, found 'yes'");
	assert_refused(yaml_get_bool(doc.root, "absent", true, &b, &err), err, ERR_INPUT,
		       "missing key 'absent': expected true or false");
	assert_refused(yaml_get_bool(doc.root, "none", true, &b, &err), err, ERR_INPUT,
		       "found nothing");
}

Test(yaml_get, integer)
{
	static const char *const wrong[] = {"big",  "octal", "quoted", "text",
					    "list", "none",  "yes"};
	struct err err = ERR_INIT;
	int64_t i = 99;

	assert_ok(yaml_get_int(doc.root, "absent", false, &i, &err), err);
	cr_assert_eq(i, 99);
	assert_ok(yaml_get_int(doc.root, "int", true, &i, &err), err);
	cr_assert_eq(i, -12);
	assert_ok(yaml_get_int(doc.root, "zero", true, &i, &err), err);
	cr_assert_eq(i, 0);
	for (size_t k = 0; k < ARRAY_SIZE(wrong); k++)
		assert_refused(yaml_get_int(doc.root, wrong[k], true, &i, &err), err, ERR_INPUT,
			       "expected a whole number, found ");
	assert_refused(yaml_get_int(doc.root, "list", true, &i, &err), err, ERR_INPUT,
		       "'list': expected a whole number, found a list");
}

Test(yaml_get, list_and_map)
{
	const struct yaml *y = NULL;
	struct err err = ERR_INIT;

	assert_ok(yaml_get_list(doc.root, "absent", false, &y, &err), err);
	cr_assert_null(y);
	assert_ok(yaml_get_list(doc.root, "list", true, &y, &err), err);
	cr_assert_eq(y->n, 2u);
	assert_ok(yaml_get_map(doc.root, "map", true, &y, &err), err);
	cr_assert_str_eq(y->keys[0], "k");
	assert_refused(yaml_get_list(doc.root, "map", true, &y, &err), err, ERR_INPUT,
		       "expected a list, found a map");
	assert_refused(yaml_get_map(doc.root, "text", true, &y, &err), err, ERR_INPUT,
		       "expected a map, found 'hello'");
	assert_refused(yaml_get_map(doc.root, "absent", true, &y, &err), err, ERR_INPUT,
		       "missing key 'absent': expected a map");
}

Test(yaml_get, single_nodes)
{
	const struct yaml *list = yaml_get(doc.root, "list");
	struct err err = ERR_INIT;
	const char *s;
	bool b;

	assert_ok(yaml_text(list->items[0], "entry", &s, &err), err);
	cr_assert_str_eq(s, "a");
	assert_refused(yaml_text(list->items[1], "entry", &s, &err), err, ERR_INPUT,
		       "'entry': expected text, found a list");
	assert_refused(yaml_bool(list, "entry", &b, &err), err, ERR_INPUT, "found a list");
	assert_ok(yaml_want(list, YAML_LIST, "x", &err), err);
	assert_refused(yaml_want(list, YAML_SCALAR, "x", &err), err, ERR_INPUT,
		       "'x': expected text, found a list");
	assert_refused(yaml_want(yaml_get(doc.root, "none"), YAML_SCALAR, "x", &err), err,
		       ERR_INPUT, "found nothing");
	assert_refused(yaml_error(list, &err, "at %d", 7), err, ERR_INPUT, "f:10:7: at 7");
}

Test(yaml_get, only_keys)
{
	static const char *const known[] = {"name", "version", "sha256", NULL};
	static const char text[] = "name: a\nverison: 1\n";
	_cleanup_(yaml_doc_release) struct yaml_doc d = {0}, e = {0};
	struct err err = ERR_INIT;

	assert_ok(yaml_parse("g", text, sizeof(text) - 1, &d, &err), err);
	assert_refused(yaml_only_keys(d.root, "the recipe", known, &err), err, ERR_INPUT,
		       "g:2:1: unknown key 'verison' in the recipe: did you mean 'version'? known "
		       "keys: name, version, sha256");
	assert_ok(yaml_parse("g", "qqqqqqqq: 1", 11, &e, &err), err);
	assert_refused(yaml_only_keys(e.root, "", known, &err), err, ERR_INPUT,
		       "g:1:1: unknown key 'qqqqqqqq': known keys: name");
	assert_refused(yaml_only_keys(yaml_get(doc.root, "list"), "x", known, &err), err, ERR_INPUT,
		       "'x': expected a map, found a list");
	assert_ok(yaml_only_keys(d.root, "x", (const char *const[]){"verison", "name", NULL}, &err),
		  err);
}
