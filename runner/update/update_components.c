/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What upstream pins of other repositories. The pin itself stands in the signed tree. A commit in
 * it is as good as the signature; a tag in it is not: which commit that is says the other
 * repository, and so it is asked over a connection that proves who answers, and never again once it
 * is written down.
 */
#include "updating.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <fcntl.h>
#include <runner/names.h>
#include <store/git.h>
#include <store/release.h>
#include <string.h>

#define FILE_MAX_BYTES (4u << 20)

void pins_release(struct pins *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].name);
		free(p->v[i].commit);
		free(p->v[i].tag);
		free(p->v[i].url);
	}
	free(p->v);
	*p = (struct pins){0};
}

int checkout_read(struct runner *rn, const struct sha256 *tree, const char *path, char **out,
		  struct err *err)
{
	_cleanup_close_ int dir = store_tree_open(rn->store, tree, err);
	_cleanup_close_ int fd = -1;
	struct err missing = ERR_INIT;
	size_t len = 0;

	if (dir < 0)
		return -1;
	*out = NULL;
	fd = file_open_beneath(dir, path, O_RDONLY | O_NONBLOCK, 0, &missing);
	if (fd < 0)
		return 0;
	if (file_read_fd(fd, path, FILE_MAX_BYTES, out, &len, err) < 0)
		return -1;
	/* A NUL would hide what follows it. */
	for (size_t i = 0; i < len; i++)
		(*out)[i] = (*out)[i] ? (*out)[i] : '?';
	return 0;
}

/* ---- what the makefile says ---- */

static int one_revision(const struct upstream_component *c, const char *text, char **out,
			struct err *err)
{
	_cleanup_(strv_release) struct strv values = STRV_INIT;

	make_variable(text, c->revision, &values);
	if (values.n > 1)
		return err_set(err, ERR_INPUT, 0,
			       "%s sets %s to '%s' and to '%s', and make would have to choose",
			       c->file, c->revision, values.v[0], values.v[1]);
	if (!values.n)
		return err_set(err, ERR_INPUT, 0, "%s sets %s to no plain value", c->file,
			       c->revision);
	if (!name_ok(values.v[0]))
		return err_set(err, ERR_INPUT, 0,
			       "%s sets %s to '%s', which is neither a commit nor a plain tag",
			       c->file, c->revision, values.v[0]);
	*out = xstrdup(values.v[0]);
	return 0;
}

static bool url_usable(const char *url)
{
	return str_starts(url, "https://") || str_starts(url, "http://") ||
	       str_starts(url, "file:///");
}

/* The first one that belljar's git may talk to: some branches offer git:// as well. */
static int one_url(const struct upstream_component *c, const char *text, char **out,
		   struct err *err)
{
	_cleanup_(strv_release) struct strv values = STRV_INIT;

	make_variable(text, c->url, &values);
	for (size_t i = 0; i < values.n; i++) {
		if (!url_usable(values.v[i]))
			continue;
		*out = xstrdup(values.v[i]);
		return 0;
	}
	return err_set(err, ERR_INPUT, 0, "%s sets %s to no https:, http: or file: URL%s%s",
		       c->file, c->url, values.n ? ", but to " : "", values.n ? values.v[0] : "");
}

/* ---- tags to commits ---- */

static int tag_to_commit(struct runner *rn, const struct git_origin *o, const char *tag, char **out,
			 struct err *err)
{
	_cleanup_free_ char *peeled = xasprintf("%s^{}", tag), *list = NULL, *where = NULL;
	const char *const patterns[] = {tag, peeled, NULL};
	char commit[41];

	if (store_git_tags(rn->store, o, patterns, &rn->fetch, rn->sink, &list, &where, err) < 0)
		return -1;
	if (str_starts(where, "http://"))
		return err_set(err, ERR_INPUT, 0,
			       "the tag %s would be looked up at %s, where anybody on the way can "
			       "answer: give the source an https: URL, or its repository with "
			       "--from DIR",
			       tag, where);
	if (!tags_find(list, tag, commit))
		return err_set(err, ERR_INPUT, 0, "'%s' is no commit, and %s has no such tag", tag,
			       where);
	*out = xstrdup(commit);
	return 0;
}

static int hash_checkout(struct runner *rn, const struct source *own, const struct git_origin *o,
			 struct pin *pin, struct err *err)
{
	struct git_item item = {
		.name = pin->name, .commit = pin->commit, .urls = o->urls, .n_urls = o->n_urls};

	/* A pin that is there is a promise: it is held, not computed anew. */
	if (own && own->pinned && !strcmp(own->commit, pin->commit)) {
		sha256_to_sri(&own->hash, pin->nar);
		return 0;
	}
	if (store_fetch_git(rn->store, &item, &rn->fetch, rn->sink, err) < 0)
		return -1;
	sha256_to_sri(&item.nar, pin->nar);
	return 0;
}

static int resolve(struct runner *rn, const struct upstream_component *c, const struct branch *b,
		   const char *text, struct pin *pin, struct err *err)
{
	const struct source *own = git_source(b, c->name);
	_cleanup_free_ char *revision = NULL;
	const char *only[1];
	struct git_origin o = {.name = c->name, .urls = only, .n_urls = 1};

	pin->name = xstrdup(c->name);
	pin->component = c;
	if (one_revision(c, text, &revision, err) < 0 || one_url(c, text, &pin->url, err) < 0)
		return -1;
	only[0] = pin->url;
	if (own) {
		o.urls = (const char *const *)own->urls.v;
		o.n_urls = own->urls.n;
	}
	if (git_commit_ok(revision)) {
		pin->commit = TAKE_PTR(revision);
	} else {
		pin->tag = TAKE_PTR(revision);
		if (tag_to_commit(rn, &o, pin->tag, &pin->commit, err) < 0)
			return -1;
	}
	return own || c->to ? hash_checkout(rn, own, &o, pin, err) : 0;
}

int components_resolve(struct runner *rn, const struct upstream *u, const struct branch *b,
		       const struct sha256 *tree, struct pins *out, struct err *err)
{
	out->v = xcalloc(u->n_components + 1, sizeof(*out->v));
	for (size_t i = 0; i < u->n_components; i++) {
		const struct upstream_component *c = &u->components[i];
		_cleanup_free_ char *text = NULL;

		if (checkout_read(rn, tree, c->file, &text, err) < 0)
			return -1;
		if (!text)
			err_set(err, ERR_INPUT, 0, "the release has no file %s", c->file);
		if (!text || resolve(rn, c, b, text, &out->v[out->n++], err) < 0)
			return err_wrap(err, "component %s", c->name);
	}
	return 0;
}
