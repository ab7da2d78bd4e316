/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/*
 * What lives: the trees that roots lead to; each action all of whose outputs live; every tree that
 * such an action's value names (its root, its inputs), and so on until nothing is added. All else
 * goes, actions before trees, so that a kill in the middle leaves no action without its tree.
 *
 * "All of whose": an empty output is the same tree for every action, and would keep them all.
 *
 * A dry run takes no lock and writes nothing: it looks while others build, and perhaps while
 * another gc removes what it is looking at.
 */

struct gc_action {
	char *name; /* key.json */
	struct strv outputs, references;
	bool live;
};

struct gc {
	struct store *s;
	bool dry_run;
	bool locked;
	bool removing; /* the second pass: see sweep() */
	const struct event_sink *sink;
	json_t *live; /* tree hash -> true */
	struct gc_action *actions;
	size_t n, cap;
	struct store_tmp tmp;
	struct store_gc_stats *stats;
};

static void gc_release(struct gc *gc)
{
	for (size_t i = 0; i < gc->n; i++) {
		free(gc->actions[i].name);
		strv_release(&gc->actions[i].outputs);
		strv_release(&gc->actions[i].references);
	}
	free(gc->actions);
	json_decref(gc->live);
	store_tmp_release(&gc->tmp);
	if (gc->locked)
		store_lock_shared(gc->s);
}

/* Of a dry run: did another gc take the object away, that it could not be looked at? */
static bool is_gone(const struct gc *gc, int dirfd, const char *name, struct err *err)
{
	if (!gc->dry_run || (err->sys_errno != ENOENT && file_exists(dirfd, name)))
		return false;
	err_clear(err);
	return true;
}

static bool is_live(const struct gc *gc, const char *hex)
{
	return json_object_get(gc->live, hex) != NULL;
}

static bool all_live(const struct gc *gc, const struct strv *trees)
{
	for (size_t i = 0; i < trees->n; i++)
		if (!is_live(gc, trees->v[i]))
			return false;
	return trees->n > 0;
}

/*
 * The tree that a root keeps, if any. Judged by inode, not by the spelling of a path: the store may
 * be reached through another one than when the link was made.
 */
static int root_target(struct gc *gc, const char *link, bool *out_valid,
		       char hex[SHA256_HEX_LEN + 1], struct err *err)
{
	_cleanup_free_ char *target = NULL;
	struct stat there, ours;
	const char *base = path_base(link);

	*out_valid = false;
	if (fstatat(AT_FDCWD, link, &there, 0) < 0) {
		if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)
			return 0;
		return err_set(err, ERR_STORE, errno,
			       "cannot see whether the result link %s still needs its tree", link);
	}
	if (!name_is_hash(base)) {
		if (file_readlink(AT_FDCWD, link, &target, err) < 0) {
			if (err->sys_errno != EINVAL && err->sys_errno != ENOENT)
				return -1;
			err_clear(err); /* no link any more: the user's own business */
			return 0;
		}
		base = path_base(target);
	}
	if (!name_is_hash(base) ||
	    fstatat(gc->s->dirs[DIR_TREES], base, &ours, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	*out_valid = ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
	memcpy(hex, base, SHA256_HEX_LEN + 1);
	return 0;
}

static int load_roots(struct gc *gc, struct err *err)
{
	_cleanup_(strv_release) struct strv names = STRV_INIT;
	int roots = gc->s->dirs[DIR_ROOTS];

	if (store_list(roots, ".", &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_free_ char *link = NULL;
		char hex[SHA256_HEX_LEN + 1];
		bool valid;

		if (file_readlink(roots, names.v[i], &link, err) < 0) {
			if (is_gone(gc, roots, names.v[i], err))
				continue;
			return -1;
		}
		if (root_target(gc, link, &valid, hex, err) < 0)
			return -1;
		if (valid) {
			json_set(gc->live, hex, json_true());
			continue;
		}
		event_debug(gc->sink, "result link %s no longer leads here", link);
		if (!gc->dry_run && unlinkat(roots, names.v[i], 0) < 0)
			return err_set(err, ERR_STORE, errno, "remove roots/%s", names.v[i]);
	}
	return 0;
}

static int load_actions(struct gc *gc, struct err *err)
{
	_cleanup_(strv_release) struct strv names = STRV_INIT;

	if (store_list(gc->s->dirs[DIR_ACTIONS], ".", &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_json_ json_t *value = NULL;
		struct err ignored = ERR_INIT;
		struct gc_action *a;

		ARRAY_GROW(gc->actions, gc->n, gc->cap);
		a = &gc->actions[gc->n++];
		*a = (struct gc_action){.name = xstrdup(names.v[i])};
		/* One that does not parse names nothing, and goes. */
		if (json_read_file(gc->s->dirs[DIR_ACTIONS], a->name, &value, &ignored) < 0)
			continue;
		action_outputs(value, &a->outputs);
		action_references(value, &a->references);
	}
	return 0;
}

static void spread(struct gc *gc)
{
	for (bool again = true; again;) {
		again = false;
		for (size_t i = 0; i < gc->n; i++) {
			struct gc_action *a = &gc->actions[i];

			if (a->live || !all_live(gc, &a->outputs))
				continue;
			a->live = again = true;
			for (size_t k = 0; k < a->references.n; k++)
				json_set(gc->live, a->references.v[k], json_true());
		}
	}
}

/* Count one object in the first pass, remove it in the second. */
static int discard(struct gc *gc, enum store_dir dir, const char *name, uint64_t *count,
		   struct err *err)
{
	static const char *const kinds[DIR_COUNT] = {[DIR_BLOBS] = "files with hashes of",
						     [DIR_TREES] = "tree",
						     [DIR_ACTIONS] = "action",
						     [DIR_BUILDS] = "builds of"};
	int dirfd = gc->s->dirs[dir];
	uint64_t bytes = 0;

	if (gc->removing)
		return store_trash(&gc->tmp, dirfd, name, err);
	if (tree_size(dirfd, name, &bytes, err) < 0)
		return is_gone(gc, dirfd, name, err) ? 0 : -1;
	gc->stats->bytes += bytes;
	if (count)
		(*count)++;
	event_debug(gc->sink, "%s %s %s", gc->dry_run ? "would remove" : "remove", kinds[dir],
		    name);
	return 0;
}

static bool key_is_live(const struct gc *gc, const char *key)
{
	for (size_t i = 0; i < gc->n; i++)
		if (gc->actions[i].live && strncmp(gc->actions[i].name, key, SHA256_HEX_LEN) == 0)
			return true;
	return false;
}

static int sweep_actions(struct gc *gc, struct err *err)
{
	_cleanup_(strv_release) struct strv builds = STRV_INIT;

	for (size_t i = 0; i < gc->n; i++)
		if (!gc->actions[i].live &&
		    discard(gc, DIR_ACTIONS, gc->actions[i].name, NULL, err) < 0)
			return -1;
	if ((gc->removing && file_fsync_dir(gc->s->dirs[DIR_ACTIONS], err) < 0) ||
	    store_list(gc->s->dirs[DIR_BUILDS], ".", &builds, err) < 0)
		return -1;
	for (size_t i = 0; i < builds.n; i++)
		if (!key_is_live(gc, builds.v[i]) &&
		    discard(gc, DIR_BUILDS, builds.v[i], &gc->stats->builds, err) < 0)
			return -1;
	return 0;
}

static int sweep_trees(struct gc *gc, struct err *err)
{
	_cleanup_(strv_release) struct strv names = STRV_INIT;

	if (store_list(gc->s->dirs[DIR_TREES], ".", &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		if (gc->removing || gc->dry_run)
			event_progress(gc->sink, "gc", "trees", i, names.n);
		if (!is_live(gc, names.v[i]) &&
		    discard(gc, DIR_TREES, names.v[i], &gc->stats->trees, err) < 0)
			return -1;
	}
	return 0;
}

/* Does a memo's text name a tree that goes? Each run of hex digits is looked at. */
static bool memo_is_dead(const struct gc *gc, const char *text)
{
	static const char hex_digits[] = "0123456789abcdef";

	while (*(text += strcspn(text, hex_digits))) {
		size_t n = strspn(text, hex_digits);
		char hex[SHA256_HEX_LEN + 1];

		if (n == SHA256_HEX_LEN) {
			memcpy(hex, text, n);
			hex[n] = '\0';
			if (file_exists(gc->s->dirs[DIR_TREES], hex) && !is_live(gc, hex))
				return true;
		}
		text += n;
	}
	return false;
}

static int sweep_memos_of(struct gc *gc, const char *kind, struct err *err)
{
	_cleanup_(strv_release) struct strv names = STRV_INIT;

	if (store_list(gc->s->dirs[DIR_MEMO], kind, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_free_ char *text = NULL;
		struct sha256 key;
		bool known = sha256_from_hex(names.v[i], &key);

		if (known && store_memo_get(gc->s, kind, &key, &text, err) < 0)
			return -1;
		if (!text || memo_is_dead(gc, text)) {
			_cleanup_free_ char *rel = path_join(kind, names.v[i]);

			if (unlinkat(gc->s->dirs[DIR_MEMO], rel, 0) < 0)
				return err_set(err, ERR_STORE, errno, "remove memo/%s", rel);
		}
	}
	return 0;
}

/* Checkouts have no blob that they could be made of anew: they are sources themselves. */
static int load_checkouts(struct gc *gc, struct err *err)
{
	_cleanup_(strv_release) struct strv names = STRV_INIT;

	if (store_list(gc->s->dirs[DIR_MEMO], "git", &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++)
		json_set(gc->live, names.v[i], json_true());
	return 0;
}

static int sweep_memos(struct gc *gc, struct err *err)
{
	_cleanup_(strv_release) struct strv kinds = STRV_INIT;

	if (!gc->removing)
		return 0;
	if (store_list(gc->s->dirs[DIR_MEMO], ".", &kinds, err) < 0)
		return -1;
	for (size_t i = 0; i < kinds.n; i++)
		if (sweep_memos_of(gc, kinds.v[i], err) < 0)
			return -1;
	return 0;
}

static int sweep_blobs(struct gc *gc, struct err *err)
{
	_cleanup_(strv_release) struct strv dirs = STRV_INIT;

	if (store_list(gc->s->dirs[DIR_BLOBS], ".", &dirs, err) < 0)
		return -1;
	for (size_t i = 0; i < dirs.n; i++) {
		_cleanup_(strv_release) struct strv names = STRV_INIT;

		if (store_list(gc->s->dirs[DIR_BLOBS], dirs.v[i], &names, err) < 0)
			return -1;
		gc->stats->blobs += gc->removing ? 0 : names.n;
		if (names.n && discard(gc, DIR_BLOBS, dirs.v[i], NULL, err) < 0)
			return -1;
	}
	return 0;
}

/* Lock files of actions have no owner while the store is locked exclusively. */
static int sweep_locks(struct gc *gc, struct err *err)
{
	_cleanup_(strv_release) struct strv names = STRV_INIT;

	if (!gc->removing)
		return 0;
	if (store_list(gc->s->dirs[DIR_LOCKS], ".", &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++)
		if (str_starts(names.v[i], "action-"))
			unlinkat(gc->s->dirs[DIR_LOCKS], names.v[i], 0);
	return 0;
}

/*
 * All is counted before anything is removed: trees share files, and what is shared weighs more in
 * the second one when the first is gone.
 */
static int sweep(struct gc *gc, bool keep_sources, struct err *err)
{
	/* Memos before trees: their texts are judged by the trees that are there. */
	if (sweep_actions(gc, err) < 0 || sweep_memos(gc, err) < 0 || sweep_trees(gc, err) < 0)
		return -1;
	if (!keep_sources && sweep_blobs(gc, err) < 0)
		return -1;
	return sweep_locks(gc, err);
}

static int take_over(struct gc *gc, struct err *err)
{
	if (store_need_write(gc->s, err) < 0 || store_lock_exclusive(gc->s, gc->sink, err) < 0)
		return -1;
	gc->locked = true;
	return store_tmp_new(gc->s, &gc->tmp, err);
}

int store_gc(struct store *s, bool dry_run, bool keep_sources, const struct event_sink *sink,
	     struct store_gc_stats *out, struct err *err)
{
	_cleanup_(gc_release) struct gc gc = {.s = s,
					      .dry_run = dry_run,
					      .sink = sink,
					      .live = json_object(),
					      .tmp = STORE_TMP_INIT,
					      .stats = out};

	*out = (struct store_gc_stats){0};
	if (!dry_run && take_over(&gc, err) < 0)
		return -1;
	if (load_roots(&gc, err) < 0 || load_actions(&gc, err) < 0 ||
	    (keep_sources && load_checkouts(&gc, err) < 0))
		return -1;
	spread(&gc);
	if (sweep(&gc, keep_sources, err) < 0)
		return -1;
	gc.removing = !dry_run;
	return dry_run ? 0 : sweep(&gc, keep_sources, err);
}
