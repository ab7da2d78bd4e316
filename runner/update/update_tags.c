/* SPDX-License-Identifier: Apache-2.0 */
/* The list of a repository's tags: only a hint where to look, whatever the server puts into it. */
#include "updating.h"

#include <base/cleanup.h>
#include <runner/names.h>
#include <store/git.h>
#include <string.h>

#define REF    "refs/tags/"
#define PEELED "^{}"

void tags_release(struct tags *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->v[i].name);
		free(t->v[i].version);
	}
	free(t->v);
	*t = TAGS_INIT;
}

/* "OID<TAB>refs/tags/NAME", NAME perhaps with ^{}: the commit behind a tag object. */
static bool take_line(const char *line, size_t len, char oid[41], char **name, bool *peeled)
{
	_cleanup_free_ char *text = xstrndup(line, len);
	const char *ref;

	if (strlen(text) != len || len < 42 || text[40] != '\t')
		return false;
	text[40] = '\0';
	ref = text + 41;
	if (!git_commit_ok(text) || !str_starts(ref, REF))
		return false;
	memcpy(oid, text, 41);
	*peeled = str_ends(ref, PEELED);
	ref += strlen(REF);
	*name = xstrndup(ref, strlen(ref) - (*peeled ? strlen(PEELED) : 0));
	if (name_ok(*name))
		return true;
	free(*name);
	*name = NULL;
	return false;
}

static int by_version(const void *a, const void *b)
{
	return version_compare(((const struct tag *)a)->version, ((const struct tag *)b)->version);
}

static void add(const struct upstream *u, struct tags *out, size_t *cap, char *name_taken,
		const char oid[41], bool peeled)
{
	struct tag *last = out->n ? &out->v[out->n - 1] : NULL;
	char *version = upstream_version(u, name_taken);

	/* The commit stands in the line behind its tag's. */
	if (version && peeled && last && !strcmp(last->name, name_taken)) {
		memcpy(last->commit, oid, 41);
	} else if (version && !peeled) {
		ARRAY_GROW(out->v, out->n, *cap);
		out->v[out->n] = (struct tag){.name = name_taken, .version = version};
		memcpy(out->v[out->n++].commit, oid, 41);
		return;
	}
	free(version);
	free(name_taken);
}

void tags_parse(const struct upstream *u, const char *list, struct tags *out)
{
	for (const char *p = list; *p;) {
		size_t len = strcspn(p, "\n");
		char oid[41], *name = NULL;
		bool peeled = false;

		if (take_line(p, len, oid, &name, &peeled))
			add(u, out, &out->cap, name, oid, peeled);
		p += len + (p[len] == '\n');
	}
	if (out->n)
		qsort(out->v, out->n, sizeof(*out->v), by_version);
}

const struct tag *tags_newest(const struct upstream *u, const struct tags *t, const char *series)
{
	for (size_t i = t->n; i > 0; i--) {
		_cleanup_free_ char *own = upstream_series(u, t->v[i - 1].version);

		if (own && !strcmp(own, series))
			return &t->v[i - 1];
	}
	return NULL;
}

bool tags_find(const char *list, const char *wanted, char out_commit[41])
{
	bool found = false, done = false;

	for (const char *p = list; *p && !done;) {
		size_t len = strcspn(p, "\n");
		_cleanup_free_ char *name = NULL;
		bool peeled = false;
		char oid[41];

		if (take_line(p, len, oid, &name, &peeled) && !strcmp(name, wanted)) {
			memcpy(out_commit, oid, 41);
			found = true;
			done = peeled;
		}
		p += len + (p[len] == '\n');
	}
	return found;
}
