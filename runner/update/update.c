/* SPDX-License-Identifier: Apache-2.0 */
#include <runner/update.h>

#include "updating.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <fcntl.h>
#include <runner/selector.h>
#include <store/release.h>
#include <string.h>

struct session {
	struct runner *rn;
	const struct update_request *rq;
	struct recipe *r;
	struct selector sel;
	struct strv names; /* of the branches that are there, oldest first */
	struct tags tags;
	struct update *out;
};

static void free_branch(struct update_branch *b)
{
	for (size_t i = 0; i < b->n_components; i++) {
		free(b->components[i].name);
		free(b->components[i].revision);
		free(b->components[i].commit);
	}
	free(b->components);
	free(b->name);
	free(b->from);
	free(b->to);
	free(b->tag);
	free(b->signer);
	free(b->past);
	free(b->note);
	free(b->old_text);
	free(b->new_text);
	strv_release(&b->remarks);
}

void update_release(struct update *u)
{
	for (size_t i = 0; i < u->n; i++)
		free_branch(&u->v[i]);
	free(u->v);
	free(u->recipe);
	free(u->dir);
	free(u->where);
	*u = UPDATE_INIT;
}

size_t update_changes(const struct update *u)
{
	size_t n = 0;

	for (size_t i = 0; i < u->n; i++)
		n += u->v[i].kind >= UPDATE_CHANGE;
	return n;
}

char *update_diff(const struct update *u)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	for (size_t i = 0; i < u->n; i++) {
		_cleanup_free_ char *name = xasprintf("%s/branch.yaml", u->v[i].name);
		_cleanup_free_ char *diff = NULL;

		if (u->v[i].kind < UPDATE_CHANGE)
			continue;
		diff = line_diff(name, u->v[i].old_text, u->v[i].new_text);
		strbuf_adds(&sb, diff);
	}
	return strbuf_steal(&sb);
}

/* ---- before anything is asked of the network ---- */

static int check_upstream(const struct recipe *r, struct err *err)
{
	const struct upstream *u = r->upstream;

	if (!u)
		return err_set(err, ERR_USAGE, 0,
			       "recipe '%s' does not say where its versions come from: "
			       "%s/recipe.yaml has no 'upstream'",
			       r->name, r->dir);
	if (!u->key_file)
		return err_set(err, ERR_INPUT, 0,
			       "recipe '%s': nobody has written down which keys sign upstream's "
			       "tags, so none can be trusted: put the public key into %s/keys, "
			       "compare its fingerprint with what upstream publishes in more than "
			       "one place, and name both in recipe.yaml (upstream: keys: {file: "
			       "..., fingerprints: [...]})",
			       r->name, r->dir);
	if (!file_exists(AT_FDCWD, u->key_file))
		return err_set(err, ERR_INPUT, ENOENT, "recipe '%s': keys %s", r->name,
			       u->key_file);
	return 0;
}

static int load(struct session *s, struct err *err)
{
	if (selector_parse(s->rq->selector, &s->sel, err) < 0)
		return -1;
	if (s->sel.variant)
		return err_set(err, ERR_USAGE, 0,
			       "'%s': expected NAME or NAME@BRANCH: a version is of a branch, not "
			       "of a variant",
			       s->rq->selector);
	if (recipe_load(s->rq->recipes_dir, s->sel.name, &s->r, err) < 0 ||
	    check_upstream(s->r, err) < 0 || branch_names(s->r, &s->names, err) < 0)
		return -1;
	s->out->recipe = xstrdup(s->r->name);
	s->out->dir = xstrdup(s->r->dir);
	return 0;
}

/* The last day of security support, when it is over; else NULL. */
static char *past_since(const struct session *s, const struct branch *b)
{
	const char *last = b->security_until ? b->security_until : b->full_until;

	return branch_support(b, s->rq->today) == SUPPORT_PAST ? xstrdup(last) : NULL;
}

static bool wants_drop(const struct session *s, const char *name)
{
	return s->rq->drop && strv_contains(s->rq->drop, name);
}

static int check_drops(struct session *s, struct err *err)
{
	for (size_t i = 0; s->rq->drop && i < s->rq->drop->n; i++) {
		const char *name = s->rq->drop->v[i];
		_cleanup_(branch_freep) struct branch *b = NULL;
		_cleanup_free_ char *past = NULL;

		if (branch_load(s->r, name, &b, err) < 0)
			return err_wrap(err, "--drop");
		past = past_since(s, b);
		if (!past)
			return err_set(err, ERR_USAGE, 0,
				       "--drop %s: only a branch that is past its security support "
				       "is dropped; branch.yaml says %s",
				       name, b->security_until ? b->security_until : "no date");
		if (s->sel.branch && strcmp(s->sel.branch, name) != 0)
			return err_set(err, ERR_USAGE, 0, "--drop %s: only %s was asked for", name,
				       s->sel.branch);
	}
	return 0;
}

/* ---- upstream's tags ---- */

static int list_tags(struct session *s, struct err *err)
{
	const struct upstream *u = s->r->upstream;
	const struct git_origin o = {
		.name = u->source, .urls = (const char *const *)u->urls.v, .n_urls = u->urls.n};
	_cleanup_free_ char *pattern = upstream_tag(u, "*"), *peeled = NULL, *list = NULL;
	const char *patterns[] = {pattern, NULL, NULL};

	peeled = xasprintf("%s^{}", pattern);
	patterns[1] = peeled;
	if (store_git_tags(s->rn->store, &o, patterns, &s->rn->fetch, s->rn->sink, &list,
			   &s->out->where, err) < 0)
		return -1;
	tags_parse(u, list, &s->tags);
	if (!s->tags.n)
		return err_set(err, ERR_INPUT, 0, "%s has no tag like %s", s->out->where, u->tag);
	return 0;
}

/* ---- one branch ---- */

static struct update_branch *add(struct session *s, const char *name, enum update_kind kind)
{
	struct update *u = s->out;
	struct update_branch *ub;

	ARRAY_GROW(u->v, u->n, u->cap);
	ub = &u->v[u->n++];
	*ub = (struct update_branch){.kind = kind, .name = xstrdup(name)};
	return ub;
}

/* What upstream's list says of a branch that seems to be the newest already. */
static int check_moved(const struct session *s, const struct branch *b, const struct source *own,
		       const struct tag *t, struct err *err)
{
	if (!strcmp(own->commit, t->commit))
		return 0;
	return err_set(err, ERR_INPUT, 0,
		       "%s@%s: %s says that the tag %s is commit %s, and branch.yaml pins %s: a "
		       "release does not move. Find out which of them is wrong before anything is "
		       "updated",
		       s->r->name, b->name, s->out->where, t->name, t->commit, own->commit);
}

/* Nothing to be done, and why; NULL when the branch has to be updated. */
static char *reason_to_leave(const struct branch *b, const struct source *own, const struct tag *t)
{
	if (!own && !t)
		return xasprintf("pinned to a tarball (%s), upstream has no release of it",
				 b->version);
	if (!own)
		return xasprintf("pinned to a tarball (%s), upstream's newest release is %s",
				 b->version, t->name);
	if (!t)
		return xstrdup("upstream has no release of it");
	if (version_compare(t->version, b->version) < 0)
		return xasprintf("upstream's newest release is %s, which is older", t->name);
	return NULL;
}

static int drop(struct session *s, const struct branch *b, struct update_branch *ub,
		struct err *err)
{
	_cleanup_free_ char *path = path_join(b->dir, "branch.yaml");
	size_t len = 0;

	ub->kind = UPDATE_DROP;
	free(ub->note);
	ub->note = xasprintf("past its security support since %s", ub->past);
	return file_read(AT_FDCWD, path, BRANCH_MAX, &ub->old_text, &len, err);
}

static int consider(struct session *s, const char *name, struct err *err)
{
	const struct tag *t = tags_newest(s->r->upstream, &s->tags, name);
	_cleanup_(branch_freep) struct branch *b = NULL;
	const struct source *own;
	struct update_branch *ub;

	if (branch_load(s->r, name, &b, err) < 0)
		return -1;
	ub = add(s, name, UPDATE_CURRENT);
	ub->from = xstrdup(b->version);
	ub->past = past_since(s, b);
	if (wants_drop(s, name))
		return drop(s, b, ub, err);
	own = git_source(b, s->r->upstream->source);
	ub->note = reason_to_leave(b, own, t);
	if (ub->note) {
		ub->kind = UPDATE_LEFT;
		return 0;
	}
	if (!version_compare(t->version, b->version) && branch_pinned(b, NULL))
		return check_moved(s, b, own, t, err);
	ub->kind = UPDATE_CHANGE;
	ub->to = xstrdup(t->version);
	ub->tag = xstrdup(t->name);
	return branch_update(s->rn, s->r, b, t, ub, err);
}

/* ---- branches that are not there yet ---- */

/* The newest branch that has a git source. */
static int load_template(struct session *s, struct branch **out, struct err *err)
{
	for (size_t i = s->names.n; i > 0; i--) {
		_cleanup_(branch_freep) struct branch *b = NULL;

		if (branch_load(s->r, s->names.v[i - 1], &b, err) < 0)
			return -1;
		if (!git_source(b, s->r->upstream->source))
			continue;
		*out = TAKE_PTR(b);
		return 0;
	}
	return err_set(
		err, ERR_INPUT, 0,
		"recipe '%s' has no branch whose source '%s' is a git source, so there is no "
		"model for a new one: write %s/BRANCH/branch.yaml by hand",
		s->r->name, s->r->upstream->source, s->r->dir);
}

static int make_new(struct session *s, const char *series, struct err *err)
{
	const struct tag *t = tags_newest(s->r->upstream, &s->tags, series);
	_cleanup_(branch_freep) struct branch *model = NULL;
	_cleanup_free_ char *dir = path_join(s->r->dir, series);
	struct update_branch *ub;

	if (!t)
		return err_set(err, ERR_USAGE, 0,
			       "recipe '%s' has no branch '%s', and %s has no release of one",
			       s->r->name, series, s->out->where);
	if (file_exists(AT_FDCWD, dir))
		return err_set(err, ERR_INPUT, EEXIST, "%s, which has no branch.yaml", dir);
	if (load_template(s, &model, err) < 0)
		return -1;
	ub = add(s, series, UPDATE_NEW);
	ub->to = xstrdup(t->version);
	ub->tag = xstrdup(t->name);
	return branch_update(s->rn, s->r, model, t, ub, err);
}

/* Whatever upstream has that is newer than the newest branch. */
static int find_new(struct session *s, struct err *err)
{
	const char *newest = s->names.n ? s->names.v[s->names.n - 1] : "0";
	_cleanup_free_ char *last = NULL;

	for (size_t i = 0; i < s->tags.n; i++) {
		char *series = upstream_series(s->r->upstream, s->tags.v[i].version);

		if (series && version_compare(series, newest) > 0 &&
		    (!last || strcmp(last, series) != 0) && make_new(s, series, err) < 0) {
			free(series);
			return -1;
		}
		free(last);
		last = series;
	}
	return 0;
}

static int consider_all(struct session *s, struct err *err)
{
	if (s->sel.branch && !strv_contains(&s->names, s->sel.branch))
		return make_new(s, s->sel.branch, err);
	if (s->sel.branch)
		return consider(s, s->sel.branch, err);
	for (size_t i = 0; i < s->names.n; i++) {
		if (consider(s, s->names.v[i], err) < 0)
			return -1;
	}
	return find_new(s, err);
}

int update_prepare(struct runner *rn, const struct update_request *rq, struct update *out,
		   struct err *err)
{
	struct session s = {.rn = rn, .rq = rq, .out = out, .tags = TAGS_INIT};
	int rc = load(&s, err);

	if (rc == 0)
		rc = check_drops(&s, err);
	if (rc == 0)
		rc = list_tags(&s, err);
	if (rc == 0)
		rc = consider_all(&s, err);
	tags_release(&s.tags);
	strv_release(&s.names);
	selector_release(&s.sel);
	recipe_free(s.r);
	return rc;
}
