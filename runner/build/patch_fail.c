/* SPDX-License-Identifier: Apache-2.0 */
/* Why a patch did not apply: what patch(1) printed, and the patch itself, put side by side. */
#include "generated.h"
#include "patches.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <stdlib.h>
#include <string.h>

#define PATCH_MAX (16 * 1024 * 1024)

/* A line without its newline. Caller frees. */
static char *line_at(const char *p)
{
	return xstrndup(p, strcspn(p, "\n"));
}

static const char *next_line(const char *p)
{
	p += strcspn(p, "\n");
	return *p ? p + 1 : p;
}

/* ---- the patch ---- */

/* Is @line the "+++ b/PATH" or "--- a/PATH" of @path, with -p1? A tab begins a date. */
static bool names_path(const char *line, const char *path)
{
	const char *p = line + 4;
	size_t n = strcspn(p, "\t\n"), skip = strcspn(p, "/\t\n");

	return p[skip] == '/' && n - skip - 1 == strlen(path) &&
	       !strncmp(p + skip + 1, path, strlen(path));
}

/* The two lengths of "@@ -l,n +l,n @@"; 1 where none is given. */
static bool hunk_lengths(const char *line, long *out_old, long *out_new)
{
	char *end;

	*out_old = *out_new = 1;
	if (strncmp(line, "@@ -", 4) != 0)
		return false;
	strtol(line + 4, &end, 10);
	if (*end == ',')
		*out_old = strtol(end + 1, &end, 10);
	if (strncmp(end, " +", 2) != 0)
		return false;
	strtol(end + 2, &end, 10);
	if (*end == ',')
		*out_new = strtol(end + 1, &end, 10);
	return true;
}

/* Behind the lines of a hunk, which may look like anything. */
static const char *skip_hunk(const char *p, long old, long new)
{
	while (*p && (old > 0 || new > 0)) {
		old -= *p != '+' && *p != '\\';
		new -= *p != '-' && *p != '\\';
		p = next_line(p);
	}
	return p;
}

char *patch_hunk_header(const char *patch, const char *path, unsigned hunk)
{
	bool here = false, section = false; /* in front of the first one is a text about it all */
	unsigned seen = 0;
	long old, new;

	for (const char *p = patch; *p;) {
		if (!strncmp(p, "--- ", 4)) {
			here = names_path(p, path);
			seen = 0;
		} else if (!strncmp(p, "+++ ", 4)) {
			here = here || names_path(p, path);
			section = true;
		}
		if (!section || !hunk_lengths(p, &old, &new)) {
			p = next_line(p);
			continue;
		}
		if (here && ++seen == hunk)
			return line_at(p);
		p = skip_hunk(next_line(p), old, new);
	}
	return NULL;
}

static char *header_of(struct store *s, const struct patch *p, const char *path, unsigned hunk)
{
	_cleanup_close_ int fd = -1;
	_cleanup_free_ char *text = NULL;
	struct err ignored = ERR_INIT;
	size_t len;

	fd = store_blob_open(s, &p->hash, &ignored);
	if (fd < 0 || file_read_fd(fd, p->file, PATCH_MAX, &text, &len, &ignored) < 0)
		return NULL;
	return patch_hunk_header(text, path, hunk);
}

/* ---- the log ---- */

/* From the last "applying FILE" on. */
static const char *last_attempt(const char *log)
{
	const char *found = log;

	for (const char *p = log; *p; p = next_line(p)) {
		if (str_starts(p, PATCH_APPLYING))
			found = p;
	}
	return found;
}

static const struct patch *patch_named(const struct branch *b, const char *line)
{
	for (size_t i = 0; str_starts(line, PATCH_APPLYING) && i < b->n_patches; i++) {
		if (!strcmp(b->patches[i].file, line + strlen(PATCH_APPLYING)))
			return &b->patches[i];
	}
	return NULL;
}

static int explain_hunk(struct store *s, const struct patch *p, const char *shown, const char *path,
			const char *line, struct err *err)
{
	unsigned hunk = (unsigned)strtoul(line + strlen("Hunk #"), NULL, 10);
	_cleanup_free_ char *header = header_of(s, p, path, hunk);

	return err_set(err, ERR_INPUT, 0, "patch %s does not apply: hunk %u of %s: %s", shown, hunk,
		       path, header ? header : "its lines are not in the source");
}

/* No hunk failed: patch(1) had something else against it. The last such line says most. */
static int explain_rest(const char *attempt, const char *shown, struct err *err)
{
	_cleanup_free_ char *why = NULL, *file = NULL;

	for (const char *p = next_line(attempt); *p; p = next_line(p)) {
		if (str_starts(p, "|+++ ") || str_starts(p, "|--- ")) {
			free(file);
			file = line_at(p + 5);
		}
		if (str_starts(p, "patch: **** ") || str_starts(p, "No file to patch")) {
			free(why);
			why = line_at(str_starts(p, "patch: **** ") ? p + 12 : p);
		}
	}
	return err_set(err, ERR_INPUT, 0, "patch %s does not apply: %s%s%s", shown,
		       why ? why : "see the log", file ? " File: " : "", file ? file : "");
}

int patch_explain(struct store *s, const struct plan_node *n, const char *log, struct err *err)
{
	const char *attempt = last_attempt(log);
	_cleanup_free_ char *first = line_at(attempt), *shown = NULL, *path = NULL;
	const struct patch *p = patch_named(n->branch, first);

	if (!p)
		return err_set(err, ERR_INPUT, 0, "a patch does not apply, see the log");
	shown = p->source ? xasprintf("%s (source '%s')", p->file, p->source->name)
			  : path_join(n->branch->dir, p->file);
	for (const char *q = next_line(attempt); *q; q = next_line(q)) {
		_cleanup_free_ char *line = line_at(q);

		if (str_starts(line, "patching file ")) {
			free(path);
			path = xstrdup(line + strlen("patching file "));
		}
		if (path && str_starts(line, "Hunk #") && strstr(line, " FAILED at "))
			return explain_hunk(s, p, shown, path, line, err);
	}
	return explain_rest(attempt, shown, err);
}
