/* SPDX-License-Identifier: Apache-2.0 */
#include <base/yaml.h>

#include <base/cleanup.h>
#include <base/str.h>
#include <fcntl.h>
#include <string.h>
#include <support/testutil.h>
#include <sys/stat.h>

TEST_DIR_FIXTURE(tmp)
TestSuite(yaml, .init = tmp_setup, .fini = tmp_teardown);

static void parse(const char *text, struct yaml_doc *doc)
{
	struct err err = ERR_INIT;

	assert_ok(yaml_parse("f.yaml", text, strlen(text), doc, &err), err);
}

Test(yaml, tree_with_positions)
{
	_cleanup_(yaml_doc_release) struct yaml_doc doc = {0};
	const struct yaml *list, *map;

	parse("# comment\n"
	      "name: xen\n"
	      "list:\n"
	      "  - one\n"
	      "  - {a: 'q', b: \"r\"}\n"
	      "text: |\n"
	      "  two\n"
	      "  lines\n"
	      "empty:\n",
	      &doc);
	cr_assert_str_eq(doc.file, "f.yaml");
	cr_assert(doc.root->kind == YAML_MAP && doc.root->n == 4 && doc.root->line == 2);
	cr_assert_str_eq(doc.root->keys[1], "list");
	cr_assert_eq(doc.root->key_lines[1], 3);
	cr_assert_str_eq(doc.root->items[0]->text, "xen");
	cr_assert_not(doc.root->items[0]->quoted);
	cr_assert(doc.root->items[0]->line == 2 && doc.root->items[0]->column == 7);
	list = yaml_get(doc.root, "list");
	cr_assert(list->kind == YAML_LIST && list->n == 2);
	cr_assert(list->items[0]->line == 4 && list->items[0]->column == 5);
	map = list->items[1];
	cr_assert(map->kind == YAML_MAP && map->line == 5 && map->column == 5);
	cr_assert(map->items[0]->quoted && map->items[1]->quoted);
	cr_assert_str_eq(yaml_get(doc.root, "text")->text, "two\nlines\n");
	cr_assert(yaml_get(doc.root, "text")->quoted);
	cr_assert_str_eq(yaml_get(doc.root, "empty")->text, "");
	cr_assert_eq(yaml_get(doc.root, "empty")->line, 9);
	cr_assert_null(yaml_get(doc.root, "none"));
	cr_assert_null(yaml_get(list, "one"));
}

Test(yaml, empty_collections_and_bare_scalars)
{
	_cleanup_(yaml_doc_release) struct yaml_doc a = {0}, b = {0}, c = {0};

	parse("a: {}\nb: []\n", &a);
	cr_assert(a.root->items[0]->kind == YAML_MAP && a.root->items[0]->n == 0);
	cr_assert(a.root->items[1]->kind == YAML_LIST && a.root->items[1]->n == 0);
	parse("just text", &b);
	cr_assert(b.root->kind == YAML_SCALAR);
	parse("\xef\xbb\xbf"
	      "a: \xc3\xa9\r\nb: 2\r\n",
	      &c);
	cr_assert_str_eq(yaml_get(c.root, "a")->text, "\xc3\xa9");
}

static const struct {
	const char *text, *reason;
} refused[] = {
	{"a: 1\nb:\n  c: *x\n", "f.yaml:3:6: aliases"},
	{"a: &x 1\n", "f.yaml:1:4: anchors"},
	{"a: &x\n  b: 1\n", "anchors"},
	{"a: &x [1]\n", "anchors"},
	{"&k a: 1\n", "anchors"},
	{"a: 1\n<<: {b: 2}\n", "f.yaml:2:1: merge keys"},
	{"a: !t 1\n", "f.yaml:1:4: tags"},
	{"a: !!str 1\n", "tags"},
	{"a: !t {b: 1}\n", "tags"},
	{"a: ! [1]\n", "tags"},
	{"a: 1\nb: 2\n\na: 3\n", "f.yaml:4:1: key 'a' is there twice, first in line 1"},
	{"x: {b: 1, c: 2, b: 3}\n", "f.yaml:1:17: key 'b' is there twice, first in line 1"},
	{"a: 1\n---\nb: 2\n", "a second document"},
	{"--- a\n--- b\n", "a second document"},
	{"\"q\": 1\n", "f.yaml:1:1: a key must be plain text"},
	{"'q': 1\n", "a key must be plain text without quotes"},
	{"[a]: 1\n", "a key must be plain text, not a list or map"},
	{"{a: b}: 1\n", "a key must be plain text, not a list or map"},
	{"? - a\n: 1\n", "a key must be plain text, not a list or map"},
	{": 1\n", "a key is missing before ':'"},
	{"a: b: c\n", "f.yaml:1:5: invalid nested block mapping"},
	{"a:\n\t- b\n", "f.yaml:2:1: tab character"},
	{"a: [1\n", "flow sequence without a closing bracket"},
	{"a: \"x\n", "double-quoted scalar without closing quote"},
	{"a: \"\\x\"\n", "invalid hex escape"},
	{"a: \"x\\0y\"\n", "NUL"},
	{"a: \"\\x00\"\n", "NUL"},
	{"\"\\0\": 1\n", "NUL"},
	{"a: \xff\n", "f.yaml:1:4: a byte that is not UTF-8"},
	{"a: 1\nb: \x1b\n", "f.yaml:2:4: a control character"},
	{"a: \xc2\x9b\n", "f.yaml:1:4: a control character"},
	{"", "the document is empty"},
	{"# only a comment\n", "the document is empty"},
};

Test(yaml, refuses_with_position_and_reason)
{
	struct err err = ERR_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct yaml_doc doc = {0};

		assert_refused(
			yaml_parse("f.yaml", refused[i].text, strlen(refused[i].text), &doc, &err),
			err, ERR_INPUT, refused[i].reason);
		cr_assert(doc.file == NULL && doc.root == NULL);
	}
}

Test(yaml, nothing_on_stderr)
{
	_cleanup_free_ char *path = xasprintf("%s/stderr", tmp.path);
	int saved = dup(STDERR_FILENO), fd = open(path, O_CREAT | O_RDWR, 0600);
	struct err err = ERR_INIT;
	struct stat st;

	cr_assert_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct yaml_doc doc = {0};
		int r = yaml_parse("f", refused[i].text, strlen(refused[i].text), &doc, &err);

		(void)r;
	}
	dup2(saved, STDERR_FILENO);
	cr_assert_eq(fstat(fd, &st), 0);
	cr_assert_eq(st.st_size, 0);
	close(saved);
	close(fd);
}

Test(yaml, nul_byte_is_refused)
{
	struct err err = ERR_INIT;
	struct yaml_doc doc;

	assert_refused(yaml_parse("f", "a: 1\n\0b: 2\n", 11, &doc, &err), err, ERR_INPUT,
		       "f:2:1: a control character");
}

Test(yaml, depth_is_bounded)
{
	_cleanup_(yaml_doc_release) struct yaml_doc doc = {0};
	struct err err = ERR_INIT;

	/* 32 levels of list are in order, 33 are not, nor is any hostile number of them. */
	for (int depth = 32; depth <= 100000; depth = depth == 32 ? 33 : depth * 50) {
		_cleanup_(strbuf_release) struct strbuf flow = STRBUF_INIT, block = STRBUF_INIT;

		for (int i = 0; i < depth; i++)
			strbuf_addc(&flow, '[');
		for (int i = 0; i < depth; i++)
			strbuf_addc(&flow, ']');
		for (int i = 0; i < depth; i++)
			strbuf_adds(&block, "- ");
		strbuf_adds(&block, "x\n");
		if (depth == 32) {
			parse(strbuf_str(&flow), &doc);
			yaml_doc_release(&doc);
			parse(strbuf_str(&block), &doc);
			continue;
		}
		struct yaml_doc none = {0};

		assert_refused(yaml_parse("f", flow.s, flow.len, &none, &err), err, ERR_INPUT,
			       "nested deeper than 32");
		assert_refused(yaml_parse("f", block.s, block.len, &none, &err), err, ERR_INPUT,
			       "nested deeper than 32");
	}
}

Test(yaml, size_is_bounded)
{
	_cleanup_free_ char *big = xmalloc((1 << 20) + 2);
	struct err err = ERR_INIT;
	struct yaml_doc doc;

	memset(big, '#', (1 << 20) + 1);
	big[(1 << 20) + 1] = '\0';
	assert_refused(yaml_parse("f", big, (1 << 20) + 1, &doc, &err), err, ERR_INPUT,
		       "larger than 1 MiB");
	assert_refused(yaml_parse("f", big, 1 << 20, &doc, &err), err, ERR_INPUT, "empty");
	test_write_text(tmp.fd, "big", big);
	assert_refused(yaml_read_file(tmp.fd, "big", NULL, &doc, &err), err, ERR_INPUT,
		       "big is larger than");
}

/* Each reader of the tree may be quadratic in it, and libfyaml is in empty lines. */
Test(yaml, a_hostile_megabyte_takes_reasonable_time, .timeout = 60)
{
	_cleanup_(yaml_doc_release) struct yaml_doc doc = {0};
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	struct err err = ERR_INIT;

	for (int i = 0; i < 4900; i++)
		strbuf_addf(&sb, "k%d: x\n", i);
	parse(strbuf_str(&sb), &doc);
	cr_assert_eq(doc.root->n, 4900u);
	yaml_doc_release(&doc);
	for (int i = 4900; i < 90000; i++)
		strbuf_addf(&sb, "k%d: x\n", i);
	assert_refused(yaml_parse("f", sb.s, sb.len, &doc, &err), err, ERR_INPUT,
		       "more than 10000 keys and values");
	strbuf_clear(&sb);
	strbuf_adds(&sb, "a: |\n");
	for (int i = 0; i < 1001; i++)
		strbuf_adds(&sb, " \t\n");
	assert_refused(yaml_parse("f", sb.s, sb.len, &doc, &err), err, ERR_INPUT,
		       "f:1003:1: more than 1000 empty lines in a row");
}

Test(yaml, read_file_names_it_as_told)
{
	_cleanup_(yaml_doc_release) struct yaml_doc doc = {0};
	struct err err = ERR_INIT;
	struct yaml_doc none = {0};

	test_write_text(tmp.fd, "f", "a: 1\n");
	assert_ok(yaml_read_file(tmp.fd, "f", "recipes/x/recipe.yaml", &doc, &err), err);
	cr_assert_str_eq(doc.root->file, "recipes/x/recipe.yaml");
	test_write_text(tmp.fd, "g", "a: *x\n");
	assert_refused(yaml_read_file(tmp.fd, "g", NULL, &none, &err), err, ERR_INPUT, "g:1:");
	assert_refused(yaml_read_file(tmp.fd, "none", "shown", &none, &err), err, ERR_INPUT,
		       "none");
}
