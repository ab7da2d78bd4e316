/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <base/nar.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

/*
 * Trees before actions: an action whose tree was just moved away is bad too, and goes in the same
 * run, so that a second one finds nothing.
 */

struct verify {
	struct store *s;
	bool repair;
	const struct event_sink *sink;
	struct store_verified seen;
};

/*
 * One bad object: tell, and move it to bad/ where it can be looked at. @why is used up. A failure
 * of the store itself (not of the object) ends the run.
 */
static int report(struct verify *v, int dirfd, const char *name, const char *kind, struct err *why,
		  struct err *err)
{
	_cleanup_free_ char *base = xasprintf("%s-%s", kind, path_base(name)), *to = xstrdup(base);

	v->seen.bad++;
	event_warn(v->sink, "bad %s %s: %s", kind, name, why->msg);
	if (!v->repair)
		return 0;
	if (file_mkdir_p(v->s->fd, "bad", 0700, err) < 0)
		return -1;
	for (int i = 1;; i++) {
		_cleanup_free_ char *rel = path_join("bad", to);

		if (file_exists(v->s->fd, rel)) {
			free(to);
			to = xasprintf("%s.%d", base, i);
			continue;
		}
		if (renameat(dirfd, name, v->s->fd, rel) < 0)
			return err_set(err, ERR_STORE, errno, "move %s to bad/", name);
		return file_fsync_dir(dirfd, err);
	}
}

static int check_blob(int dirfd, const char *name, struct err *why)
{
	_cleanup_close_ int fd = file_open_beneath(dirfd, name, O_RDONLY | O_NONBLOCK, 0, why);
	char hex[SHA256_HEX_LEN + 1];
	struct sha256 hash;

	if (fd < 0 || sha256_of_fd(fd, &hash, NULL, why) < 0)
		return -1;
	sha256_to_hex(&hash, hex);
	if (strcmp(hex, path_base(name)) != 0)
		return err_set(why, ERR_STORE, 0, "its sha256 is %s", hex);
	return strncmp(name, hex, 2) ? err_set(why, ERR_STORE, 0, "is in the wrong folder") : 0;
}

static int verify_blobs(struct verify *v, struct err *err)
{
	_cleanup_(strv_release) struct strv dirs = STRV_INIT;
	int blobs = v->s->dirs[DIR_BLOBS];

	if (store_list(blobs, ".", &dirs, err) < 0)
		return -1;
	for (size_t i = 0; i < dirs.n; i++) {
		_cleanup_(strv_release) struct strv names = STRV_INIT;

		event_progress(v->sink, "verify", "blobs", i, dirs.n);
		if (store_list(blobs, dirs.v[i], &names, err) < 0)
			return -1;
		for (size_t k = 0; k < names.n; k++) {
			_cleanup_free_ char *rel = path_join(dirs.v[i], names.v[k]);
			struct err why = ERR_INIT;

			v->seen.blobs++;
			if (check_blob(blobs, rel, &why) < 0 &&
			    report(v, blobs, rel, "blob", &why, err) < 0)
				return -1;
		}
	}
	return 0;
}

/*
 * The form as well as the hash: a build sees modes and times, so that a tree whose time was changed
 * may change what is built from it.
 */
static int check_tree(int dirfd, const char *name, struct err *why)
{
	char hex[SHA256_HEX_LEN + 1];
	struct sha256 hash;

	if (nar_hash_at(dirfd, name, &hash, NULL, why) < 0)
		return -1;
	sha256_to_hex(&hash, hex);
	if (strcmp(hex, name) != 0)
		return err_set(why, ERR_STORE, 0, "its hash is %s", hex);
	return tree_check_normal(dirfd, name, why);
}

static int verify_trees(struct verify *v, struct err *err)
{
	_cleanup_(strv_release) struct strv names = STRV_INIT;
	int trees = v->s->dirs[DIR_TREES];

	if (store_list(trees, ".", &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		struct err why = ERR_INIT;

		v->seen.trees++;
		event_progress(v->sink, "verify", "trees", i, names.n);
		if (check_tree(trees, names.v[i], &why) < 0 &&
		    report(v, trees, names.v[i], "tree", &why, err) < 0)
			return -1;
	}
	return 0;
}

static int check_action(struct store *s, const char *name, struct err *why)
{
	_cleanup_(strv_release) struct strv outputs = STRV_INIT;
	_cleanup_json_ json_t *value = NULL;
	_cleanup_free_ char *hex = xstrndup(name, SHA256_HEX_LEN);

	if (!name_is_hash(hex) || strcmp(name + SHA256_HEX_LEN, ".json") != 0)
		return err_set(why, ERR_STORE, 0, "is no action's name");
	if (json_read_file(s->dirs[DIR_ACTIONS], name, &value, why) < 0)
		return -1;
	action_outputs(value, &outputs);
	for (size_t i = 0; i < outputs.n; i++)
		if (!file_exists(s->dirs[DIR_TREES], outputs.v[i]))
			return err_set(why, ERR_STORE, 0, "its tree %s is not there", outputs.v[i]);
	return 0;
}

static int verify_actions(struct verify *v, struct err *err)
{
	_cleanup_(strv_release) struct strv names = STRV_INIT;
	int actions = v->s->dirs[DIR_ACTIONS];

	if (store_list(actions, ".", &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		struct err why = ERR_INIT;

		v->seen.actions++;
		if (check_action(v->s, names.v[i], &why) < 0 &&
		    report(v, actions, names.v[i], "action", &why, err) < 0)
			return -1;
	}
	return 0;
}

static int check_record(int builds, const char *rel, struct err *why)
{
	_cleanup_free_ char *path = path_join(rel, "record.json");
	_cleanup_json_ json_t *value = NULL;

	return file_exists(builds, path) ? json_read_file(builds, path, &value, why) : 0;
}

static int verify_records(struct verify *v, struct err *err)
{
	_cleanup_(strv_release) struct strv keys = STRV_INIT;
	int builds = v->s->dirs[DIR_BUILDS];

	if (store_list(builds, ".", &keys, err) < 0)
		return -1;
	for (size_t i = 0; i < keys.n; i++) {
		_cleanup_(strv_release) struct strv rounds = STRV_INIT;

		if (store_list(builds, keys.v[i], &rounds, err) < 0)
			return -1;
		for (size_t k = 0; k < rounds.n; k++) {
			_cleanup_free_ char *rel = path_join(keys.v[i], rounds.v[k]);
			struct err why = ERR_INIT;

			v->seen.records++;
			if (check_record(builds, rel, &why) < 0 &&
			    report(v, builds, rel, "record", &why, err) < 0)
				return -1;
		}
	}
	return 0;
}

static int verify_all(struct verify *v, struct err *err)
{
	if (verify_blobs(v, err) < 0 || verify_trees(v, err) < 0)
		return -1;
	return verify_actions(v, err) < 0 || verify_records(v, err) < 0 ? -1 : 0;
}

int store_verify(struct store *s, bool repair, const struct event_sink *sink,
		 struct store_verified *out, struct err *err)
{
	struct verify v = {.s = s, .repair = repair, .sink = sink};
	int r;

	/* Nobody may count on an object while it is moved away. */
	if (repair && (store_need_write(s, err) < 0 || store_lock_exclusive(s, sink, err) < 0))
		return -1;
	r = verify_all(&v, err);
	if (repair)
		store_lock_shared(s);
	*out = v.seen;
	return r < 0 ? store_explain(s, err) : 0;
}
