/* SPDX-License-Identifier: Apache-2.0 */
#include "updating.h"

#include "patches.h"

#include <base/cleanup.h>
#include <runner/branch_edit.h>
#include <store/release.h>
#include <string.h>

/* A branch that is being brought to a release. */
struct job {
	struct runner *rn;
	const struct recipe *r;
	const struct upstream *u;
	const struct branch *b; /* the one that is there, or the template */
	const struct tag *t;
	struct update_branch *ub;
	bool fresh;
	struct git_release release;
	struct pins pins;
	struct branch_edit edit; /* of @b's branch.yaml */
};

const struct source *git_source(const struct branch *b, const char *name)
{
	for (size_t i = 0; i < b->n_sources; i++) {
		if (!strcmp(b->sources[i].name, name))
			return b->sources[i].kind == SOURCE_GIT ? &b->sources[i] : NULL;
	}
	return NULL;
}

/* ---- the release: verified, checked out ---- */

/*
 * The patches of the main source that are files of the branch, up to the first that is not: a patch
 * may build on the one before it. *out_all: none was left out.
 */
static int open_patches(const struct branch *b, const char *project, struct git_patch *out,
			size_t *out_n, bool *out_all, struct err *err)
{
	*out_all = true;
	for (size_t i = 0; i < b->n_patches; i++) {
		const struct patch *p = &b->patches[i];

		if (strcmp(p->project, project) != 0 || p->source) {
			*out_all = false;
			if (p->source && !strcmp(p->project, project))
				return 0;
			continue;
		}
		out[*out_n].name = p->file;
		out[*out_n].fd = patch_open(b->dir, p->file, err);
		if (out[*out_n].fd < 0)
			return -1;
		++*out_n;
	}
	return 0;
}

static int patch_refused(const struct job *x, const struct git_patch *p, struct err *err)
{
	return err_set(err, ERR_INPUT, 0,
		       "the patch %s does not apply to %s (%s): take it out if upstream has "
		       "it now, or rework it, then update again",
		       p->name, x->t->name,
		       x->release.complaint ? x->release.complaint : "no reason");
}

static int fetch_release(struct job *x, struct err *err)
{
	_cleanup_free_ struct git_patch *patches = xcalloc(x->b->n_patches + 1, sizeof(*patches));
	struct signing signing = {.upstream = x->u, .tag = x->t->name};
	bool all = true;
	int rc;

	x->release = (struct git_release){
		.origin = {.name = x->u->source,
			   .urls = (const char *const *)x->u->urls.v,
			   .n_urls = x->u->urls.n},
		.tag = x->t->name,
		.judge = signature_check,
		.arg = &signing,
		.patches = patches,
	};
	rc = x->fresh ? 0
		      : open_patches(x->b, x->u->source, patches, &x->release.n_patches, &all, err);
	if (rc == 0)
		rc = store_git_release(x->rn->store, &x->release, &x->rn->fetch, x->rn->sink, err);
	x->ub->signer = signing.signer;
	if (rc == 0 && x->release.bad_patch >= 0)
		rc = patch_refused(x, &patches[x->release.bad_patch], err);
	for (size_t i = 0; i < x->release.n_patches; i++)
		close(patches[i].fd);
	if (rc == 0 && x->release.n_patches)
		strv_pushf(&x->ub->remarks,
			   x->release.n_patches == 1 ? "%zu patch of the folder applies"
						     : "%zu patches of the folder apply",
			   x->release.n_patches);
	if (rc == 0 && !all)
		strv_push(&x->ub->remarks,
			  "some patches were not tried (pinned files, or of components): "
			  "`belljar build` says whether they apply");
	return rc;
}

/* ---- support dates ---- */

struct dates {
	char *released, *full, *security;
};

static void dates_release(struct dates *d)
{
	free(d->released);
	free(d->full);
	free(d->security);
}

static int read_dates(struct job *x, struct dates *out, struct err *err)
{
	const struct upstream_support *s = &x->u->support;
	_cleanup_free_ char *text = NULL;

	if (!s->file)
		return 0;
	if (checkout_read(x->rn, &x->release.nar, s->file, &text, err) < 0)
		return -1;
	if (!text)
		return 0;
	out->released = support_date(text, s->released);
	out->full = support_date(text, s->full_until);
	out->security = support_date(text, s->security_until);
	return 0;
}

static char *support_lines(const struct job *x, const struct dates *d)
{
	if (d->released && d->full && d->security)
		return xasprintf("support:\n  released: %s\n  full_until: %s\n"
				 "  security_until: %s\n  source: \"%s of %s\"\n",
				 d->released, d->full, d->security, x->u->support.file, x->t->name);
	return xasprintf("# How long it is supported is not known. Once upstream says so:\n"
			 "# support: {released: YYYY-MM-DD, full_until: YYYY-MM-DD, "
			 "security_until: YYYY-MM-DD, source: \"where\"}\n");
}

/* The hand-written dates stay: upstream may have prolonged them since. Others are worth a look. */
static void compare_dates(struct job *x, const struct dates *d)
{
	const char *own = x->b->security_until;

	if (d->security && (!own || strcmp(own, d->security) != 0))
		strv_pushf(&x->ub->remarks,
			   "%s of %s says security support until %s, branch.yaml says %s",
			   x->u->support.file, x->t->name, d->security, own ? own : "nothing");
}

/* ---- the text ---- */

static int edit_git(struct branch_edit *e, const struct yaml *source, const char *commit,
		    const char *tag, const char *nar, struct err *err)
{
	const struct yaml *git = yaml_get(source, "git"), *own = yaml_get(git, "tag");

	if (branch_edit_scalar(e, yaml_get(git, "commit"), commit, false, err) < 0 ||
	    branch_edit_scalar(e, yaml_get(git, "nar"), nar, true, err) < 0)
		return -1;
	/* Where a commit took the place of a tag, the old tag would be a lie. */
	return own ? branch_edit_scalar(e, own, tag ? tag : commit, false, err) : 0;
}

static const struct yaml *find_source(const struct yaml *root, const char *name)
{
	const struct yaml *list = yaml_get(root, "sources");

	for (size_t i = 0; list && i < list->n; i++) {
		const struct yaml *own = yaml_get(list->items[i], "name");

		if (own && own->kind == YAML_SCALAR && !strcmp(own->text, name))
			return yaml_get(list->items[i], "git") ? list->items[i] : NULL;
	}
	return NULL;
}

static int edit_env(struct job *x, struct err *err)
{
	const struct yaml *root = x->edit.doc.root, *env = yaml_get(root, "env");

	for (size_t i = 0; i < x->u->env.n; i++) {
		const struct setting *s = &x->u->env.v[i];
		const struct yaml *own = env ? yaml_get(env, s->name) : NULL;
		_cleanup_free_ char *value =
			upstream_fill(s->value, x->t->version, x->t->name, x->release.commit);

		if (!own)
			return yaml_error(env ? env : root, err,
					  "'env': expected %s here, which the recipe's 'upstream' "
					  "sets",
					  s->name);
		if (branch_edit_scalar(&x->edit, own, value, true, err) < 0)
			return -1;
	}
	return 0;
}

static void add_source(struct branch_edit *e, const struct pin *p)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	_cleanup_free_ char *lines = NULL;

	strbuf_addf(&sb, "  - name: %s\n    git:\n      commit: %s\n", p->name, p->commit);
	if (p->tag)
		strbuf_addf(&sb, "      tag: %s\n", p->tag);
	strbuf_addf(&sb, "      nar: \"%s\"\n    urls: [\"%s\"]\n    to: %s\n", p->nar, p->url,
		    p->component->to);
	if (p->component->when)
		strbuf_addf(&sb, "    when: %s\n", p->component->when);
	lines = branch_edit_entry(yaml_get(e->doc.root, "sources"), strbuf_str(&sb));
	branch_edit_append(e, "sources", lines);
}

static int edit_components(struct job *x, struct err *err)
{
	struct branch_edit *e = &x->edit;

	for (size_t i = 0; i < x->pins.n; i++) {
		const struct pin *p = &x->pins.v[i];
		const struct yaml *source = find_source(e->doc.root, p->name);

		if (source && edit_git(e, source, p->commit, p->tag, p->nar, err) < 0)
			return -1;
		if (!source && p->component->to)
			add_source(e, p);
	}
	return 0;
}

static int edit_all(struct job *x, const struct dates *d, struct err *err)
{
	_cleanup_free_ char *epoch = xasprintf("%lld", (long long)x->release.time);
	struct branch_edit *e = &x->edit;
	const struct yaml *root = e->doc.root;
	char nar[52];

	sha256_to_sri(&x->release.nar, nar);
	if (branch_edit_scalar(e, yaml_get(root, "version"), x->t->version, true, err) < 0 ||
	    branch_edit_scalar(e, yaml_get(root, "epoch"), epoch, false, err) < 0 ||
	    edit_git(e, find_source(root, x->u->source), x->release.commit, x->t->name, nar, err) <
		    0 ||
	    edit_env(x, err) < 0 || edit_components(x, err) < 0)
		return -1;
	branch_edit_remove_key(e, "golden");
	if (x->fresh) {
		_cleanup_free_ char *lines = support_lines(x, d);

		branch_edit_remove_key(e, "support");
		branch_edit_insert(e, "sources", lines);
	}
	return 0;
}

static bool says(const struct branch *b, const char *name, const char *commit, const char *nar)
{
	const struct source *s = git_source(b, name);
	char own[52];

	if (!s)
		return false;
	sha256_to_sri(&s->hash, own);
	return s->pinned && !strcmp(s->commit, commit) && !strcmp(own, nar);
}

static bool says_all(const struct job *x, const struct branch *b)
{
	char nar[52];

	sha256_to_sri(&x->release.nar, nar);
	for (size_t i = 0; i < x->pins.n; i++) {
		const struct pin *p = &x->pins.v[i];

		if (*p->nar && !says(b, p->name, p->commit, p->nar))
			return false;
	}
	return says(b, x->u->source, x->release.commit, nar) &&
	       !strcmp(b->version, x->t->version) && b->epoch == x->release.time;
}

static int read_back(struct job *x, struct branch **out, struct err *err)
{
	if (branch_edit_apply(&x->edit, err) < 0)
		return -1;
	return branch_parse(x->r, "branch.yaml", x->edit.text, strlen(x->edit.text), x->ub->name,
			    x->r->dir, out, err);
}

/* What is going to be written must say what was meant: libfyaml's word on it, not ours. */
static int finish_text(struct job *x, struct err *err)
{
	_cleanup_(branch_freep) struct branch *b = NULL;

	if (read_back(x, &b, err) < 0)
		return err_wrap(err, "what would be written is wrong");
	if (!says_all(x, b))
		return err_set(err, ERR_BUG, 0,
			       "what would be written does not say what was resolved");
	x->ub->new_text = TAKE_PTR(x->edit.text);
	return 0;
}

static int make_text(struct job *x, const struct dates *d, struct err *err)
{
	/* A template's comments are of another branch; its first line is the licence. */
	if (x->fresh && branch_edit_drop_comments(&x->edit, err) < 0)
		return -1;
	if (edit_all(x, d, err) < 0)
		return -1;
	return finish_text(x, err);
}

/* ---- what a person is told ---- */

static void list_components(struct job *x)
{
	struct update_branch *ub = x->ub;

	ub->components = xcalloc(x->pins.n + 1, sizeof(*ub->components));
	for (size_t i = 0; i < x->pins.n; i++) {
		const struct pin *p = &x->pins.v[i];

		ub->components[ub->n_components++] = (struct update_component){
			.name = xstrdup(p->name),
			.revision = xstrdup(p->tag ? p->tag : p->commit),
			.commit = xstrdup(p->commit),
			.source = *p->nar != '\0',
		};
	}
}

static void remark(struct job *x)
{
	const char *old = x->ub->old_text; /* NULL of a branch that is new */

	if (!x->fresh && x->b->n_golden)
		strv_pushf(&x->ub->remarks,
			   "golden hashes are taken out, they are those of %s: build, then "
			   "`belljar check %s@%s --regold`",
			   x->b->version, x->r->name, x->ub->name);
	if (old && strchr(old + strcspn(old, "\n"), '#'))
		strv_push(&x->ub->remarks,
			  "comments were kept as they are: read whether they are still true");
	if (x->fresh && x->b->n_patches)
		strv_pushf(&x->ub->remarks, "the patches of %s@%s were not copied", x->r->name,
			   x->b->name);
	if (x->fresh)
		strv_pushf(&x->ub->remarks, "made after the model of %s@%s", x->r->name,
			   x->b->name);
}

static int run(struct job *x, struct err *err)
{
	_cleanup_(dates_release) struct dates d = {0};

	if (branch_edit_open(&x->edit, x->b->dir, err) < 0)
		return -1;
	if (!x->fresh)
		x->ub->old_text = xstrdup(x->edit.text);
	if (fetch_release(x, err) < 0 || read_dates(x, &d, err) < 0 ||
	    components_resolve(x->rn, x->u, x->b, &x->release.nar, &x->pins, err) < 0)
		return -1;
	memcpy(x->ub->commit, x->release.commit, sizeof(x->ub->commit));
	if (make_text(x, &d, err) < 0)
		return -1;
	list_components(x);
	remark(x);
	if (!x->fresh)
		compare_dates(x, &d);
	else if (!d.released || !d.full || !d.security)
		strv_push(&x->ub->remarks, "its support dates are not known");
	return 0;
}

int branch_update(struct runner *rn, const struct recipe *r, const struct branch *b,
		  const struct tag *t, struct update_branch *ub, struct err *err)
{
	struct job x = {.rn = rn, .r = r, .u = r->upstream, .b = b, .t = t, .ub = ub};
	int rc;

	x.fresh = ub->kind == UPDATE_NEW;
	rc = run(&x, err);
	pins_release(&x.pins);
	free(x.release.complaint);
	branch_edit_release(&x.edit);
	return rc < 0 ? err_wrap(err, "%s@%s", r->name, ub->name) : 0;
}
