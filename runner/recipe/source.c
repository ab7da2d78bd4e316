/* SPDX-License-Identifier: Apache-2.0 */
/* Sources in branch.yaml: files, commits of git repositories, patches of others. */
#include "source.h"

#include "schema.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <store/git.h>
#include <string.h>

#define ORDER_MAX 9999 /* four digits, as in the names of downstream patches */
#define UNKNOWN   "unknown"

void source_release(struct source *s)
{
	free(s->name);
	free(s->file);
	free(s->to);
	free(s->commit);
	free(s->tag);
	free(s->project);
	strv_release(&s->urls);
	settings_release(&s->when);
}

const struct source *branch_source(const struct branch *b, const char *name)
{
	for (size_t i = 0; i < b->n_sources; i++) {
		if (!strcmp(b->sources[i].name, name))
			return &b->sources[i];
	}
	return NULL;
}

bool branch_pinned(const struct branch *b, const struct source **out_missing)
{
	for (size_t i = 0; i < b->n_sources; i++) {
		if (b->sources[i].pinned)
			continue;
		if (out_missing)
			*out_missing = &b->sources[i];
		return false;
	}
	return true;
}

int branch_require_pins(const struct recipe *r, const struct branch *b, struct err *err)
{
	const struct source *s = NULL;
	_cleanup_free_ char *tag = NULL;

	if (branch_pinned(b, &s))
		return 0;
	tag = s->tag ? xasprintf(" of tag %s", s->tag) : xstrdup("");
	if (s->commit)
		return err_set(
			err, ERR_INPUT, 0,
			"%s@%s: the NAR hash of source '%s' (commit %s) is not known, so it "
			"cannot be built: compute it with `belljar fetch --print-nar %s@%s`, "
			"compare it with one that somebody else publishes, and write it as "
			"`nar` into %s/branch.yaml",
			r->name, b->name, s->name, s->commit, r->name, b->name, b->dir);
	return err_set(err, ERR_INPUT, 0,
		       "%s@%s: the commit%s and the NAR hash of source '%s' are not known, so it "
		       "cannot be built: write upstream's commit into %s/branch.yaml, then compute "
		       "the hash with `belljar fetch --print-nar %s@%s`",
		       r->name, b->name, tag, s->name, b->dir, r->name, b->name);
}

/* ---- parsing ---- */

bool source_url_ok(const char *s)
{
	return (str_starts(s, "https://") || str_starts(s, "http://") || str_starts(s, "file://") ||
		str_starts(s, "mirror://")) &&
	       !strpbrk(s, " \t\r\n\"\\");
}

int source_parse_urls(const struct yaml *node, struct strv *out, struct err *err)
{
	return yaml_get_names(node, "urls", true, source_url_ok,
			      "an https:, http:, file: or mirror: URL", out, err);
}

static int parse_to(const struct yaml *node, bool required, struct source *s, struct err *err)
{
	if (schema_text(node, "to", required, &s->to, err) < 0)
		return -1;
	if (s->to && !path_is_clean(s->to))
		return yaml_error(yaml_get(node, "to"), err,
				  "'to': expected a path below /build without '..', found '%s'",
				  s->to);
	return 0;
}

/* A plain file: what SOURCE_FILE and SOURCE_PATCH have in common. */
static int parse_file(const struct yaml *node, struct source *s, struct err *err)
{
	int64_t size = 0;

	if (schema_text(node, "file", true, &s->file, err) < 0 ||
	    schema_hash(node, "sha256", &s->hash, err) < 0 ||
	    yaml_get_int(node, "size", true, &size, err) < 0)
		return -1;
	if (size <= 0)
		return yaml_error(yaml_get(node, "size"), err,
				  "'size': expected bytes, more than 0");
	if (!path_is_clean(s->file) || strchr(s->file, '/'))
		return yaml_error(yaml_get(node, "file"), err,
				  "'file': expected a file name, found '%s'", s->file);
	s->size = (uint64_t)size;
	s->pinned = true;
	return 0;
}

static int parse_archive(const struct yaml *node, struct source *s, struct err *err)
{
	/* With the last two it would be no archive: they are here to be told. */
	static const char *const keys[] = {"name",  "file", "sha256", "size",  "urls", "to",
					   "strip", "when", "git",    "patch", NULL};
	int64_t strip = 1;

	if (yaml_only_keys(node, "a source", keys, err) < 0 || parse_file(node, s, err) < 0 ||
	    parse_to(node, false, s, err) < 0 ||
	    yaml_get_int(node, "strip", false, &strip, err) < 0)
		return -1;
	if (strip < 0 || strip > 16)
		return yaml_error(yaml_get(node, "strip"), err, "'strip': expected 0 to 16");
	s->strip = (unsigned)strip;
	return 0;
}

/* 64 hex digits, or as nix writes it. */
static int parse_nar(const struct yaml *git, struct source *s, struct err *err)
{
	const char *text = NULL;

	if (yaml_get_text(git, "nar", true, &text, err) < 0)
		return -1;
	s->pinned = strcmp(text, UNKNOWN) != 0;
	if (s->pinned && !sha256_from_hex(text, &s->hash) && !sha256_from_sri(text, &s->hash))
		return yaml_error(yaml_get(git, "nar"), err,
				  "'nar': expected 64 lower-case hex digits, sha256-BASE64= or "
				  "'unknown', found '%s'",
				  text);
	return 0;
}

static int parse_git(const struct yaml *node, struct source *s, struct err *err)
{
	static const char *const keys[] = {"name", "git", "urls", "to", "when", NULL};
	static const char *const git_keys[] = {"commit", "tag", "nar", NULL};
	const struct yaml *git = NULL;

	s->kind = SOURCE_GIT;
	if (yaml_only_keys(node, "a git source", keys, err) < 0 ||
	    yaml_get_map(node, "git", true, &git, err) < 0 ||
	    yaml_only_keys(git, "'git'", git_keys, err) < 0 ||
	    schema_text(git, "commit", true, &s->commit, err) < 0 ||
	    schema_name(git, "tag", false, &s->tag, err) < 0 || parse_nar(git, s, err) < 0 ||
	    parse_to(node, true, s, err) < 0)
		return -1;
	if (git_commit_ok(s->commit))
		return 0;
	if (strcmp(s->commit, UNKNOWN) != 0)
		return yaml_error(yaml_get(git, "commit"), err,
				  "'commit': expected 40 lower-case hex digits or 'unknown' (a "
				  "branch or tag may move), found '%s'",
				  s->commit);
	if (s->pinned)
		return yaml_error(yaml_get(git, "nar"), err,
				  "'nar': expected 'unknown', as the commit is");
	free(s->commit);
	s->commit = NULL;
	return 0;
}

static int parse_patch(const struct yaml *node, struct source *s, struct err *err)
{
	static const char *const keys[] = {"name", "file",  "sha256", "size",
					   "urls", "patch", "when",   NULL};
	static const char *const patch_keys[] = {"project", "order", NULL};
	const struct yaml *patch = NULL;
	int64_t order = 0;

	s->kind = SOURCE_PATCH;
	if (yaml_only_keys(node, "a patch source", keys, err) < 0 || parse_file(node, s, err) < 0 ||
	    yaml_get_map(node, "patch", true, &patch, err) < 0 ||
	    yaml_only_keys(patch, "'patch'", patch_keys, err) < 0 ||
	    schema_name(patch, "project", true, &s->project, err) < 0 ||
	    yaml_get_int(patch, "order", true, &order, err) < 0)
		return -1;
	if (order < 0 || order > ORDER_MAX)
		return yaml_error(yaml_get(patch, "order"), err, "'order': expected 0 to %d",
				  ORDER_MAX);
	s->order = (unsigned)order;
	return 0;
}

static int parse_source(const struct recipe *r, const struct yaml *node, struct source *s,
			struct err *err)
{
	int rc;

	if (yaml_want(node, YAML_MAP, "a source", err) < 0)
		return -1;
	if (yaml_get(node, "git"))
		rc = parse_git(node, s, err);
	else if (yaml_get(node, "patch"))
		rc = parse_patch(node, s, err);
	else
		rc = parse_archive(node, s, err);
	if (rc < 0 || schema_name(node, "name", true, &s->name, err) < 0 ||
	    source_parse_urls(node, &s->urls, err) < 0)
		return -1;
	return schema_options(r, node, "when", true, &s->when, err);
}

static int check_twins(const struct yaml *node, const struct source *a, const struct source *b,
		       struct err *err)
{
	if (!strcmp(a->name, b->name))
		return yaml_error(node, err, "source '%s' is there twice", b->name);
	if (a->file && b->file && !strcmp(a->file, b->file))
		return yaml_error(node, err, "file '%s' is there twice", b->file);
	return 0;
}

static int check_project(const struct yaml *node, const struct branch *b, const struct source *s,
			 struct err *err)
{
	const struct source *to = s->project ? branch_source(b, s->project) : NULL;

	if (s->kind != SOURCE_PATCH || (to && to->to))
		return 0;
	return yaml_error(yaml_get(yaml_get(node, "patch"), "project"), err, "'project': %s '%s'",
			  to ? "nothing is unpacked of source" : "there is no source", s->project);
}

int source_parse_all(const struct recipe *r, struct branch *b, const struct yaml *root,
		     struct err *err)
{
	const struct yaml *list = NULL;

	if (yaml_get_list(root, "sources", false, &list, err) < 0)
		return -1;
	b->sources = xcalloc(list ? list->n : 1, sizeof(*b->sources));
	for (size_t i = 0; list && i < list->n; i++) {
		struct source *s = &b->sources[b->n_sources++];

		if (parse_source(r, list->items[i], s, err) < 0)
			return -1;
		for (size_t k = 0; k < i; k++) {
			if (check_twins(list->items[i], &b->sources[k], s, err) < 0)
				return -1;
		}
	}
	for (size_t i = 0; list && i < list->n; i++) {
		if (check_project(list->items[i], b, &b->sources[i], err) < 0)
			return -1;
	}
	return 0;
}
