/* SPDX-License-Identifier: Apache-2.0 */
#include <store/release.h>

#include "git-room.h"
#include "internal.h"
#include "mirror.h"

#include <base/file.h>
#include <base/printable.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define TAGS_MAX   (16u << 20)
#define OBJECT_MAX (1u << 20)
#define PATCH_MAX  (64u << 20)

/* ---- where to look ---- */

struct places {
	struct strv urls;     /* what git is told */
	size_t n_local;       /* the first ones are folders of --from */
	struct strv failures; /* "PLACE: reason" */
};

static void places_release(struct places *p)
{
	strv_release(&p->urls);
	strv_release(&p->failures);
}

static void add_failure(struct places *p, const char *where, const char *why)
{
	_cleanup_free_ char *w = printable(where, 300), *y = printable(why, 300);

	strv_pushf(&p->failures, "%s: %s", w, y);
}

static void add_folders(struct places *p, const struct git_origin *o,
			const struct fetch_options *opt)
{
	for (size_t i = 0; opt->from && i < opt->from->n; i++) {
		_cleanup_free_ char *dir = realpath(opt->from->v[i], NULL);
		_cleanup_free_ char *path = dir ? xasprintf("%s/%s.git", dir, o->name) : NULL;

		if (path && file_exists(AT_FDCWD, path))
			strv_push(&p->urls, path);
	}
	p->n_local = p->urls.n;
}

static void places_find(struct places *p, const struct git_origin *o,
			const struct fetch_options *opt)
{
	add_folders(p, o, opt);
	for (size_t i = 0; !opt->offline && i < o->n_urls; i++) {
		struct err here = ERR_INIT;

		if (mirror_expand(o->urls[i], opt, &p->urls, &here) < 0)
			add_failure(p, o->urls[i], here.msg);
	}
}

/* What git takes for the place, and whether that is a folder. False: of no use. */
static bool place_at(const struct places *p, size_t i, const char **out_url, bool *out_local)
{
	const char *url = p->urls.v[i];

	*out_url = url;
	*out_local = i < p->n_local || str_starts(url, "file:///");
	/* A folder's path is given to git as it is, without decoding. */
	if (*out_local && i >= p->n_local)
		*out_url += strlen("file://");
	return *out_local || str_starts(url, "https://") || str_starts(url, "http://");
}

static int report(const struct places *p, const struct git_origin *o, bool offline,
		  const char *what, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	strbuf_addf(&sb,
		    "%s of '%s' from any place: a bare clone %s.git can also be given with "
		    "--from DIR%s",
		    what, o->name, o->name, offline ? "; offline" : "");
	for (size_t i = 0; i < p->failures.n; i++)
		strbuf_addf(&sb, "%s %s", i ? "," : "; tried:", p->failures.v[i]);
	return err_set(err, ERR_INPUT, 0, "%s", strbuf_str(&sb));
}

/* ---- runs of git that print something ---- */

struct printed {
	struct strbuf text;
	size_t max;
	const char *what;
};

static int take_output(void *arg, const char *data, size_t len, struct err *err)
{
	struct printed *p = arg;

	if (p->text.len + len > p->max)
		return err_set(err, ERR_INPUT, 0, "%s: more than %zu bytes", p->what, p->max);
	strbuf_add(&p->text, data, len);
	return 0;
}

/* One run without network in the repository; a refusal of git's is ERR_INPUT. */
static int ask(struct git_room *g, const char *const *args, struct printed *out, struct err *err)
{
	const struct git_run run = {.args = args, .out = take_output, .arg = out};
	int r;

	out->what = out->what ? out->what : g->name;
	out->max = out->max ? out->max : OBJECT_MAX;
	r = git_room_run(g, &run, err);
	if (r > 0) {
		_cleanup_free_ char *why = git_room_why(g);

		return err_set(err, ERR_INPUT, 0, "git %s: %s", args[1], why);
	}
	return r;
}

/* ---- the list of tags ---- */

static void list_arguments(struct strv *args, const char *url, const char *const *patterns)
{
	static const char *const fixed[] = {"--git-dir=repo.git", "ls-remote", "--tags", "--"};

	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		strv_push(args, fixed[i]);
	strv_push(args, url);
	for (size_t i = 0; patterns && patterns[i]; i++)
		strv_pushf(args, "refs/tags/%s", patterns[i]);
}

static int list_at(struct git_room *g, const char *url, bool local, const char *const *patterns,
		   struct printed *out, struct err *err)
{
	_cleanup_(strv_release) struct strv args = STRV_INIT;
	struct git_run run = {.network = !local, .read = local ? url : NULL};

	list_arguments(&args, url, patterns);
	run.args = (const char *const *)args.v;
	run.out = take_output;
	run.arg = out;
	strbuf_clear(&out->text);
	return git_room_run(g, &run, err);
}

/* 0 and *out_where, or 1: no place answered. */
static int list_anywhere(struct git_room *g, struct places *p, const char *const *patterns,
			 struct printed *out, char **out_where, struct err *err)
{
	for (size_t i = 0; i < p->urls.n; i++) {
		bool local = false;
		const char *url;
		_cleanup_free_ char *why = NULL;
		int r;

		if (!place_at(p, i, &url, &local)) {
			add_failure(p, p->urls.v[i],
				    "only https, http, file and mirror URLs are known");
			continue;
		}
		r = list_at(g, url, local, patterns, out, err);
		if (r < 0)
			return err_wrap(err, "%s", url);
		if (r == 0) {
			*out_where = xstrdup(p->urls.v[i]);
			return 0;
		}
		why = git_room_why(g);
		add_failure(p, url, why);
	}
	return 1;
}

int store_git_tags(struct store *s, const struct git_origin *o, const char *const *patterns,
		   const struct fetch_options *opt, const struct event_sink *sink, char **out,
		   char **out_where, struct err *err)
{
	_cleanup_(git_room_release) struct git_room g = {.tmp = STORE_TMP_INIT};
	_cleanup_(places_release) struct places p = {0};
	struct printed text = {.max = TAGS_MAX, .what = "the list of tags"};
	int r;

	places_find(&p, o, opt);
	if (git_room_open(&g, s, o->name, opt, sink, err) < 0)
		return -1;
	r = list_anywhere(&g, &p, patterns, &text, out_where, err);
	if (r == 0) {
		/* A NUL would hide what follows it. */
		for (size_t i = 0; i < text.text.len; i++)
			text.text.s[i] = text.text.s[i] ? text.text.s[i] : '?';
		*out = strbuf_steal(&text.text);
	}
	strbuf_release(&text.text);
	return r > 0 ? report(&p, o, opt->offline, "cannot list the tags", err) : r;
}

/* ---- one release ---- */

static int fetch_tag(struct git_room *g, const char *url, bool local, const char *tag, bool shallow,
		     struct err *err)
{
	_cleanup_free_ char *refspec = xasprintf("refs/tags/%s:refs/tags/%s", tag, tag);
	_cleanup_(strv_release) struct strv args = STRV_INIT;
	static const char *const fixed[] = {"--git-dir=repo.git",
					    "fetch",
					    "--progress",
					    "--no-tags",
					    "--no-recurse-submodules",
					    "--no-write-fetch-head"};
	struct git_run run = {.network = !local, .read = local ? url : NULL};

	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		strv_push(&args, fixed[i]);
	if (shallow)
		strv_push(&args, "--depth=1");
	strv_push(&args, "--");
	strv_push(&args, url);
	strv_push(&args, refspec);
	run.args = (const char *const *)args.v;
	return git_room_run(g, &run, err);
}

/* 0: the tag is in the repository; 1: no place gave it. */
static int fetch_anywhere(struct git_room *g, struct places *p, const char *tag, struct err *err)
{
	for (size_t i = 0; i < p->urls.n; i++) {
		bool local = false;
		const char *url;
		_cleanup_free_ char *why = NULL;
		int r;

		if (!place_at(p, i, &url, &local))
			continue;
		r = fetch_tag(g, url, local, tag, true, err);
		/* Servers of plain files know no depth. */
		if (r > 0 && !g->stalled)
			r = fetch_tag(g, url, local, tag, false, err);
		if (r <= 0)
			return r;
		why = git_room_why(g);
		add_failure(p, url, why);
	}
	return 1;
}

static int judge(struct git_room *g, struct git_release *r, struct err *err)
{
	_cleanup_free_ char *ref = xasprintf("refs/tags/%s", r->tag);
	const char *const type[] = {"--git-dir=repo.git", "cat-file", "-t", ref, NULL};
	const char *const text[] = {"--git-dir=repo.git", "cat-file", "tag", ref, NULL};
	_cleanup_(strbuf_release) struct strbuf kind = STRBUF_INIT, object = STRBUF_INIT;
	struct printed p = {0};
	int rc = ask(g, type, &p, err);

	kind = p.text;
	if (rc < 0)
		return -1;
	if (strcmp(strbuf_str(&kind), "tag\n") != 0)
		return err_set(err, ERR_INPUT, 0,
			       "it is a lightweight tag, which holds no signature");
	p = (struct printed){.what = "its tag object"};
	rc = ask(g, text, &p, err);
	object = p.text;
	if (rc < 0)
		return -1;
	return r->judge(r->arg, strbuf_str(&object), object.len, g->tmp.path, r->commit, err);
}

static int commit_time(struct git_room *g, struct git_release *r, struct err *err)
{
	if (git_tree_time(g, r->commit, &r->time, err) < 0)
		return -1;
	return r->time ? 0
		       : err_set(err, ERR_INPUT, 0, "commit %s bears no time after 1970",
				 r->commit);
}

static int check_out(struct git_room *g, struct git_release *r, struct err *err)
{
	int rc = git_tree_check_out(g, r->commit, err);

	if (rc > 0) {
		_cleanup_free_ char *why = git_room_why(g);

		return err_set(err, ERR_INPUT, 0, "git checkout: %s", why);
	}
	return rc;
}

/* On the index: the checkout stays what it is. 1 when the patch does not apply. */
static int try_patch(struct git_room *g, const struct git_patch *patch, struct err *err)
{
	static const char *const args[] = {"--git-dir=repo.git",
					   "--work-tree=tree",
					   "apply",
					   "--cached",
					   "-p1",
					   "--whitespace=nowarn",
					   "--",
					   "patch",
					   NULL};
	_cleanup_free_ char *text = NULL;
	size_t len = 0;

	if (lseek(patch->fd, 0, SEEK_SET) < 0)
		return err_set(err, ERR_INPUT, errno, "%s", patch->name);
	if (file_read_fd(patch->fd, patch->name, PATCH_MAX, &text, &len, err) < 0 ||
	    file_write_atomic(g->tmp.fd, "patch", text, len, 0600, err) < 0)
		return -1;
	return git_room_run(g, &(struct git_run){.args = args}, err);
}

static int try_patches(struct git_room *g, struct git_release *r, struct err *err)
{
	r->bad_patch = -1;
	for (size_t i = 0; i < r->n_patches; i++) {
		int rc = try_patch(g, &r->patches[i], err);

		if (rc < 0)
			return -1;
		if (rc == 0)
			continue;
		r->bad_patch = (int)i;
		r->complaint = git_room_why(g);
		break;
	}
	return 0;
}

static int publish(struct store *s, struct git_room *g, struct git_release *r, struct err *err)
{
	struct tree_commit c = {.dirfd = g->tmp.fd, .name = "tree"};

	if (store_tree_prepare(s, g->tmp.fd, "tree", false, &c.hash, NULL, err) < 0 ||
	    store_tree_commit(s, &c, 1, err) < 0)
		return -1;
	r->nar = c.hash;
	return git_tree_remember(s, &c.hash, err);
}

static int release_run(struct store *s, struct git_room *g, struct places *p, struct git_release *r,
		       const struct fetch_options *opt, struct err *err)
{
	int rc = fetch_anywhere(g, p, r->tag, err);

	if (rc > 0)
		return report(p, &r->origin, opt->offline, "cannot fetch it", err);
	if (rc < 0 || judge(g, r, err) < 0 || commit_time(g, r, err) < 0 ||
	    check_out(g, r, err) < 0 || try_patches(g, r, err) < 0)
		return -1;
	return publish(s, g, r, err);
}

int store_git_release(struct store *s, struct git_release *r, const struct fetch_options *opt,
		      const struct event_sink *sink, struct err *err)
{
	_cleanup_(git_room_release) struct git_room g = {.tmp = STORE_TMP_INIT};
	_cleanup_(places_release) struct places p = {0};
	_cleanup_free_ char *label = xasprintf("%s %s", r->origin.name, r->tag);

	places_find(&p, &r->origin, opt);
	if (git_room_open(&g, s, r->origin.name, opt, sink, err) < 0)
		return -1;
	event_step(sink, "fetch", label);
	if (release_run(s, &g, &p, r, opt, err) < 0)
		return err_wrap(err, "tag %s", r->tag);
	event_done(sink, "fetch", label, r->commit);
	return 0;
}
