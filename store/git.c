/* SPDX-License-Identifier: Apache-2.0 */
#include <store/git.h>

#include "git-room.h"
#include "internal.h"
#include "mirror.h"

#include <base/file.h>
#include <base/printable.h>
#include <fcntl.h>
#include <store/archive.h>
#include <string.h>

struct gitting {
	struct store *store;
	struct git_item *item;
	const struct fetch_options *opt;
	const struct event_sink *sink;
	struct strv failures; /* "URL: reason" */
	bool done;
};

bool git_commit_ok(const char *commit)
{
	return strlen(commit) == 40 && strspn(commit, "0123456789abcdef") == 40;
}

char *git_item_file(const struct git_item *item)
{
	return xasprintf("%s-%s.tar", item->name, item->commit);
}

static void add_failure(struct gitting *x, const char *where, const char *why)
{
	_cleanup_free_ char *w = printable(where, 300), *y = printable(why, 300);

	strv_pushf(&x->failures, "%s: %s", w, y);
}

/* ---- what came is what was pinned? ---- */

static int judge(const struct git_item *item, const struct sha256 *found, const char *where,
		 struct err *err)
{
	_cleanup_free_ char *shown = printable(where, 300);
	char want[52], have[52];

	if (!item->nar_known || sha256_equal(&item->nar, found))
		return 0;
	sha256_to_sri(&item->nar, want);
	sha256_to_sri(found, have);
	return err_set(err, ERR_INPUT, 0,
		       "source '%s': the checkout of %s from %s: expected NAR hash %s, found %s",
		       item->name, item->commit, shown, want, have);
}

/* So that `store gc --keep-sources` knows that this tree is one. */
static int remember(struct gitting *x, const struct sha256 *tree, const char *where,
		    struct err *err)
{
	if (git_tree_remember(x->store, tree, err) < 0)
		return -1;
	x->item->nar = *tree;
	x->item->nar_known = x->done = true;
	event_done(x->sink, "fetch", x->item->name, where);
	return 0;
}

/* ---- a repository ---- */

/* What git answered, @r; its refusal (1) is noted. */
static int noted(struct gitting *x, const struct git_room *g, int r, const char *where)
{
	if (r > 0) {
		_cleanup_free_ char *why = git_room_why(g);

		add_failure(x, where, why);
	}
	return r;
}

static int has_commit(struct gitting *x, struct git_room *g, const char *where, struct err *err)
{
	_cleanup_free_ char *object = xasprintf("%s^{commit}", x->item->commit);
	const char *const args[] = {"--git-dir=repo.git", "cat-file", "-e", object, NULL};
	int r = git_room_run(g, &(struct git_run){.args = args}, err);

	if (r > 0)
		add_failure(x, where, "the repository has no such commit");
	return r;
}

/* All branches and tags: for servers that hand out nothing else, and those that know no depth. */
static int fetch_all(struct gitting *x, struct git_room *g, const char *url, bool local,
		     struct err *err)
{
	const char *const args[] = {"--git-dir=repo.git",
				    "fetch",
				    "--progress",
				    "--no-tags",
				    "--no-recurse-submodules",
				    "--no-write-fetch-head",
				    "--",
				    url,
				    "+refs/heads/*:refs/remotes/o/*",
				    "+refs/tags/*:refs/tags/*",
				    NULL};
	const struct git_run run = {.args = args, .network = !local, .read = local ? url : NULL};
	int r = noted(x, g, git_room_run(g, &run, err), url);

	return r ? r : has_commit(x, g, url, err);
}

/* 0: the commit is there; 1: this repository does not give it. */
static int fetch_commit(struct gitting *x, struct git_room *g, const char *url, bool local,
			struct err *err)
{
	const char *const args[] = {"--git-dir=repo.git",
				    "fetch",
				    "--progress",
				    "--depth=1",
				    "--no-tags",
				    "--no-recurse-submodules",
				    "--no-write-fetch-head",
				    "--",
				    url,
				    x->item->commit,
				    NULL};
	const struct git_run run = {.args = args, .network = !local, .read = local ? url : NULL};
	int r = git_room_run(g, &run, err);

	if (r == 0)
		return has_commit(x, g, url, err);
	if (r > 0 && g->stalled)
		return noted(x, g, r, url);
	if (r > 0) {
		_cleanup_free_ char *why = git_room_why(g);

		event_debug(x->sink, "%s: %s: not the commit alone (%s), trying all of it",
			    x->item->name, url, why);
		r = fetch_all(x, g, url, local, err);
	}
	return r;
}

static int publish(struct gitting *x, struct git_room *g, const char *where, struct err *err)
{
	struct tree_commit c = {.dirfd = g->tmp.fd, .name = "tree"};

	if (store_tree_prepare(x->store, g->tmp.fd, "tree", false, &c.hash, NULL, err) < 0 ||
	    judge(x->item, &c.hash, where, err) < 0 || store_tree_commit(x->store, &c, 1, err) < 0)
		return -1;
	return remember(x, &c.hash, where, err);
}

/* @local: @url is a folder of this host. A refusal is noted, no error. */
static int from_repository(struct gitting *x, const char *url, bool local, struct err *err)
{
	_cleanup_(git_room_release) struct git_room g = {.tmp = STORE_TMP_INIT};
	int r;

	event_step(x->sink, "fetch", x->item->name);
	if (git_room_open(&g, x->store, x->item->name, x->opt, x->sink, err) < 0)
		return -1;
	r = fetch_commit(x, &g, url, local, err);
	if (r == 0)
		r = noted(x, &g, git_tree_check_out(&g, x->item->commit, err), url);
	if (r == 0 && !x->item->nar_known)
		r = git_tree_time(&g, x->item->commit, &x->item->time, err);
	if (r == 0)
		return publish(x, &g, url, err);
	return r < 0 ? err_wrap(err, "source '%s': %s", x->item->name, url) : 0;
}

/* ---- where it may be ---- */

static int from_tar(struct gitting *x, const char *path, struct err *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct sha256 blob, tree;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	event_step(x->sink, "fetch", x->item->name);
	if (store_blob_add_fd(x->store, fd, path, NULL, 0, &blob, err) < 0 ||
	    store_unpack(x->store, &blob, path, ARCHIVE_TAR, 0, &tree, err) < 0 ||
	    judge(x->item, &tree, path, err) < 0)
		return err_wrap(err, "--from");
	return remember(x, &tree, path, err);
}

static int from_directory(struct gitting *x, const char *dir, struct err *err)
{
	_cleanup_free_ char *absolute = realpath(dir, NULL), *file = git_item_file(x->item);
	_cleanup_free_ char *tar = path_join(absolute ? absolute : dir, file);
	_cleanup_free_ char *exact = xasprintf("%s/%s-%s.git", absolute ? absolute : dir,
					       x->item->name, x->item->commit);
	_cleanup_free_ char *any = xasprintf("%s/%s.git", absolute ? absolute : dir, x->item->name);
	const char *const repositories[] = {exact, any};

	for (size_t i = 0; absolute && i < ARRAY_SIZE(repositories) && !x->done; i++)
		if (file_exists(AT_FDCWD, repositories[i]) &&
		    from_repository(x, repositories[i], true, err) < 0)
			return -1;
	return x->done ? 0 : from_tar(x, tar, err);
}

static int from_urls(struct gitting *x, struct err *err)
{
	_cleanup_(strv_release) struct strv all = STRV_INIT;

	for (size_t i = 0; i < x->item->n_urls; i++) {
		struct err here = ERR_INIT;

		if (mirror_expand(x->item->urls[i], x->opt, &all, &here) < 0)
			add_failure(x, x->item->urls[i], here.msg);
	}
	for (char **url = all.v; url && *url && !x->done; url++) {
		int r = 0;

		/* A folder's path is given to git as it is, without decoding. */
		if (str_starts(*url, "file:///"))
			r = from_repository(x, *url + strlen("file://"), true, err);
		else if (str_starts(*url, "https://") || str_starts(*url, "http://"))
			r = from_repository(x, *url, false, err);
		else
			add_failure(x, *url, "only https, http, file and mirror URLs are known");
		if (r < 0)
			return -1;
	}
	return 0;
}

static int report(const struct gitting *x, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	if (x->opt->offline)
		strbuf_addf(&sb,
			    "offline, and source '%s' (commit %s) is neither in the store nor in "
			    "a --from directory",
			    x->item->name, x->item->commit);
	else
		strbuf_addf(&sb,
			    "cannot fetch source '%s' (commit %s): a bare clone %s.git, or the "
			    "file %s-%s.tar, can also be given with --from DIR",
			    x->item->name, x->item->commit, x->item->name, x->item->name,
			    x->item->commit);
	for (size_t i = 0; i < x->failures.n; i++)
		strbuf_addf(&sb, "%s %s", i ? "," : "; tried:", x->failures.v[i]);
	return err_set(err, ERR_INPUT, 0, "%s", strbuf_str(&sb));
}

int store_fetch_git(struct store *s, struct git_item *item, const struct fetch_options *opt,
		    const struct event_sink *sink, struct err *err)
{
	static const struct fetch_options defaults;
	struct gitting x = {.store = s, .item = item, .opt = opt ? opt : &defaults, .sink = sink};
	int r = 0;

	if (!git_commit_ok(item->commit))
		return err_set(err, ERR_BUG, 0, "'%s' is no commit", item->commit);
	if (item->nar_known && store_tree_has(s, &item->nar))
		return 0;
	for (size_t i = 0; x.opt->from && i < x.opt->from->n && !x.done && r == 0; i++)
		r = from_directory(&x, x.opt->from->v[i], err);
	if (r == 0 && !x.done && !x.opt->offline)
		r = from_urls(&x, err);
	if (r == 0 && !x.done)
		r = report(&x, err);
	strv_release(&x.failures);
	return r;
}
