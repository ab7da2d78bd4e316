/* SPDX-License-Identifier: Apache-2.0 */
#include "generated.h"

#include <base/cleanup.h>
#include <string.h>

bool node_has_source(const struct plan_node *n, const struct source *s)
{
	return when_holds(&s->when, &n->values, n->target);
}

static const struct source *source_of(const struct plan_node *n, const struct patch *p)
{
	for (size_t i = 0; i < n->branch->n_sources; i++) {
		const struct source *s = &n->branch->sources[i];

		if (!strcmp(s->name, p->project) && node_has_source(n, s))
			return s;
	}
	return NULL;
}

bool node_has_patch(const struct plan_node *n, const struct patch *p)
{
	return source_of(n, p) && (!p->source || node_has_source(n, p->source));
}

bool node_shows_file(const struct plan_node *n, const struct source *s)
{
	if (!node_has_source(n, s) || s->kind != SOURCE_FILE)
		return false;
	if (!s->to)
		return true;
	for (size_t i = 0; i < n->recipe->n_shims; i++) {
		if (!strcmp(n->recipe->shims[i].policy, "serve"))
			return true;
	}
	return false;
}

/* 'text' for the shell. */
static void add_quoted(struct strbuf *sb, const char *text)
{
	strbuf_addc(sb, '\'');
	for (const char *p = text; *p; p++) {
		if (*p == '\'')
			strbuf_adds(sb, "'\\''");
		else
			strbuf_addc(sb, *p);
	}
	strbuf_addc(sb, '\'');
}

/* Copying into a folder and patching a file set new times: back to the one that all others have. */
#define EVEN_TIMES "find /build -depth -newermt @1 -exec touch -h -d @1 {} +\n"

char *generated_unpack(const struct plan_node *n)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	for (size_t i = 0; i < n->branch->n_sources; i++) {
		const struct source *s = &n->branch->sources[i];

		if (!s->to || !node_has_source(n, s))
			continue;
		strbuf_adds(&sb, "mkdir -p ");
		add_quoted(&sb, s->to);
		strbuf_adds(&sb, "\ncp -R --preserve=mode,timestamps /inputs/src/");
		add_quoted(&sb, s->name);
		strbuf_adds(&sb, "/. ");
		add_quoted(&sb, s->to);
		strbuf_addc(&sb, '\n');
	}
	if (!sb.len)
		return NULL;
	strbuf_adds(&sb, "chmod -R u+w .\n" EVEN_TIMES);
	return strbuf_steal(&sb);
}

char *generated_patch(const struct plan_node *n)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	for (size_t i = 0; i < n->branch->n_patches; i++) {
		const struct patch *p = &n->branch->patches[i];

		if (!node_has_patch(n, p))
			continue;
		strbuf_adds(&sb, "echo " PATCH_APPLYING);
		add_quoted(&sb, p->file);
		/* -f: ask nothing, and never take a patch for one to be undone. A hunk that is
		 * found at another line leaves no copy of the old file behind. */
		strbuf_adds(&sb, "\npatch -p1 -F0 -f --no-backup-if-mismatch -r - -d ");
		add_quoted(&sb, source_of(n, p)->to);
		strbuf_adds(&sb, " < /inputs/patches/");
		add_quoted(&sb, p->file);
		strbuf_addc(&sb, '\n');
	}
	if (!sb.len)
		return NULL;
	strbuf_adds(&sb, EVEN_TIMES);
	return strbuf_steal(&sb);
}
