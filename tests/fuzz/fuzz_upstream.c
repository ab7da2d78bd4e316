/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `belljar update` reads of strangers: a list of tags, makefiles, support dates, a tag object,
 * gpgv's words; and the YAML of people, where a value that was replaced must be the only change.
 */
#include "fuzz.h"

#include "updating.h"

#include <base/gpgv.h>
#include <runner/branch_edit.h>
#include <runner/names.h>
#include <store/git.h>
#include <string.h>

#define NAME "RELEASE-4.20.4"

static void check_tags(const struct upstream *u, const char *text)
{
	_cleanup_(tags_release) struct tags t = TAGS_INIT;
	char commit[41] = "";

	tags_parse(u, text, &t);
	for (size_t i = 0; i < t.n; i++) {
		_cleanup_free_ char *again = upstream_tag(u, t.v[i].version);

		fuzz_check(name_ok(t.v[i].name) && git_commit_ok(t.v[i].commit));
		fuzz_check(!strcmp(again, t.v[i].name));
		fuzz_check(!i || version_compare(t.v[i - 1].version, t.v[i].version) <= 0);
	}
	if (tags_find(text, NAME, commit))
		fuzz_check(git_commit_ok(commit));
}

static void check_files(const char *text)
{
	_cleanup_(strv_release) struct strv values = STRV_INIT;
	_cleanup_free_ char *date = support_date(text, "Supported-Until");

	make_variable(text, "URL", &values);
	for (size_t i = 0; i < values.n; i++)
		fuzz_check(values.v[i][0] != '-' && !strpbrk(values.v[i], " \t\r\n$\"'\\`;&|"));
	fuzz_check(!date || strlen(date) == 10);
}

static void check_object(const char *text, size_t len)
{
	struct tag_object o;
	struct err err = ERR_INIT;

	if (fuzz_result(tag_object_parse(text, len, NAME, &o, &err), &err) < 0)
		return;
	fuzz_check(git_commit_ok(o.commit) && o.signature == text + o.signed_len);
	fuzz_check(o.signed_len > 0 && text[o.signed_len - 1] == '\n');
}

static void check_status(const char *text)
{
	_cleanup_(gpgv_report_release) struct gpgv_report r = GPGV_REPORT_INIT;
	_cleanup_(strv_release) struct strv pinned = STRV_INIT;
	_cleanup_free_ char *signer = NULL;
	struct err err = ERR_INIT;

	strv_push(&pinned, "0123456789ABCDEF0123456789ABCDEF01234567");
	gpgv_parse(text, &r);
	if (fuzz_result(signature_judge(&r, &pinned, &signer, &err), &err) < 0)
		return;
	fuzz_check(!strcmp(signer, pinned.v[0]) && strstr(text, "VALIDSIG"));
	fuzz_check(!strstr(text, "\n[GNUPG:] BADSIG ") && !strstr(text, "\n[GNUPG:] EXPKEYSIG "));
}

/* The first scalars of a document, in order. */
static void scalars(struct yaml *y, struct yaml **out, size_t *n, size_t max)
{
	if (y->kind == YAML_SCALAR && *n < max)
		out[(*n)++] = y;
	for (size_t i = 0; i < y->n; i++)
		scalars(y->items[i], out, n, max);
}

static void check_scalar(struct branch_edit *e, const char *text)
{
	_cleanup_(yaml_doc_release) struct yaml_doc before = {0};
	_cleanup_free_ char *diff = NULL;
	struct yaml *nodes[16];
	struct err err = ERR_INIT;
	size_t n = 0, i = 0;

	fuzz_check(yaml_parse("x", text, strlen(text), &before, &err) == 0);
	scalars(before.root, nodes, &n, ARRAY_SIZE(nodes));
	while (i < n && !branch_edit_in_place(e, nodes[i]))
		i++;
	if (i == n)
		return;
	fuzz_check(branch_edit_scalar(e, nodes[i], "value", true, &err) == 0);
	fuzz_check(branch_edit_apply(e, &err) == 0);
	free(nodes[i]->text);
	nodes[i]->text = xstrdup("value");
	nodes[i]->quoted = true;
	/* Positions move; what is said must not. */
	fuzz_check(yaml_same(before.root, e->doc.root));
	diff = line_diff("x", text, e->text);
	fuzz_check(!strcmp(text, e->text) == !*diff);
}

static void check_edits(const char *text)
{
	_cleanup_(branch_edit_release) struct branch_edit e = BRANCH_EDIT_INIT;
	_cleanup_(branch_edit_release) struct branch_edit bare = BRANCH_EDIT_INIT;
	struct err err = ERR_INIT;

	if (fuzz_result(branch_edit_parse(&e, "x", text, &err), &err) < 0)
		return;
	fuzz_check(branch_edit_parse(&bare, "x", text, &err) == 0);
	if (fuzz_result(branch_edit_drop_comments(&bare, &err), &err) == 0)
		fuzz_check(yaml_same(e.doc.root, bare.doc.root) &&
			   strlen(bare.text) <= strlen(text));
	check_scalar(&e, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char tag[] = "RELEASE-{version}";
	const struct upstream u = {.tag = tag, .series = 2};
	_cleanup_free_ char *text = fuzz_text(data, size);

	check_tags(&u, text);
	check_files(text);
	check_object(text, strlen(text));
	check_status(text);
	check_edits(text);
	return 0;
}
