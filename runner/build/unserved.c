/* SPDX-License-Identifier: Apache-2.0 */
#include <runner/unserved.h>

#include "source.h"

#include <base/cleanup.h>
#include <string.h>

#define SHOWN_MAX 5

static const char *text(const json_t *row, const char *key)
{
	return json_get_str(row, key, "");
}

static bool is_meant(const json_t *row)
{
	const char *answer = text(row, "answer");

	return str_starts(answer, "serve: denied") || str_starts(answer, "exists: denied");
}

static bool went_without(const json_t *row, const char *phase)
{
	const char *at = text(row, "phase");

	if (!*text(row, "url") ||
	    !str_starts(text(row, "answer") + strcspn(text(row, "answer"), " "), " denied"))
		return false;
	/* The last row of a phase may arrive after its end. */
	return phase ? !*at || !strcmp(at, phase) : is_meant(row);
}

/* "make < sh": what called it, or the call itself where nothing shows the callers. */
static const char *callers(const json_t *row)
{
	return *text(row, "parents") ? text(row, "parents") : text(row, "by");
}

void unserved_explain(const json_t *calls, const char *phase, struct err *err)
{
	size_t i;
	json_t *row;

	json_array_foreach (calls, i, row) {
		_cleanup_free_ char *why = NULL;

		if (!went_without(row, phase))
			continue;
		why = xstrdup(err->msg);
		err_set(err, (enum err_code)err->code, 0,
			"%s; %s was refused %.400s, which is no source of the branch (called by "
			"%.100s)",
			why, text(row, "what"), text(row, "url"), callers(row));
		return;
	}
}

/* The last part of @url: by it a file is found, so it is the name that the file must have. */
static char *file_of(const char *url)
{
	const char *start = strrchr(url, '/');

	start = start ? start + 1 : url;
	if (strpbrk(start, "\"\\"))
		return xstrdup("");
	return xstrndup(start, strcspn(start, "#"));
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       strchr(".+_~-", c);
}

/* As a source may be called. */
static char *name_of(const char *file)
{
	static const char *const ends[] = {".tar.gz", ".tar.xz", ".tar.bz2", ".tar.zst",
					   ".tgz",    ".zip",    ".git"};
	char *name = xstrdup(*file ? file : "NAME");

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (str_ends(name, ends[i]) && strlen(name) > strlen(ends[i]))
			name[strlen(name) - strlen(ends[i])] = '\0';
	for (char *p = name; *p; p++)
		*p = is_plain(*p) ? *p : '-';
	return name;
}

static void add_file(struct strbuf *sb, const char *url)
{
	_cleanup_free_ char *file = file_of(url), *name = name_of(file);

	strbuf_addf(sb, "      - name: %s\n        file: \"%s\"\n", name, *file ? file : "...");
	strbuf_adds(sb, "        sha256: ...   # sha256sum FILE, of a copy that you trust\n"
			"        size: ...     # stat -c %s FILE\n");
}

static void add_git(struct strbuf *sb, const char *url)
{
	_cleanup_free_ char *file = file_of(url), *name = name_of(file);

	strbuf_addf(sb, "      - name: %s\n", name);
	strbuf_adds(sb, "        git: {commit: ..., nar: unknown}   # belljar fetch --print-nar\n"
			"        to: ...       # where the build looks for it before it clones\n");
}

static void add_source(struct strbuf *sb, const struct plan_node *n, const json_t *row)
{
	const char *url = text(row, "url"), *what = text(row, "what");
	bool git = !strcmp(what, "git");

	strbuf_addf(sb, "%s: %s\n  called by %s, phase %s\n", what, url, callers(row),
		    *text(row, "phase") ? text(row, "phase") : "?");
	strbuf_addf(sb, "  %s/branch.yaml:\n    sources:\n", n->branch->dir);
	if (git)
		add_git(sb, url);
	else
		add_file(sb, url);
	strbuf_addf(sb, "        urls: [\"%s\"]\n", source_url_ok(url) ? url : "https://...");
	if (is_meant(row))
		return;
	strbuf_addf(sb, "  %s/recipe.yaml:\n    shims: {%s: {policy: %s}}\n", n->recipe->dir, what,
		    git ? "exists" : "serve");
}

char *unserved_advice(const json_t *calls, const struct plan_node *n, const char *phase)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	_cleanup_(strv_release) struct strv told = STRV_INIT;
	size_t i, more = 0;
	json_t *row;

	json_array_foreach (calls, i, row) {
		if (!went_without(row, phase) || strv_contains(&told, text(row, "url")))
			continue;
		if (told.n == SHOWN_MAX) {
			more++;
			continue;
		}
		strv_push(&told, text(row, "url"));
		add_source(&sb, n, row);
	}
	if (more)
		strbuf_addf(&sb, "and %zu more: belljar log --ledger --kind shim --refused\n",
			    more);
	return told.n ? strbuf_steal(&sb) : NULL;
}
