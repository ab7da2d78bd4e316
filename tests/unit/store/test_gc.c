/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

/* The private header, for the lock that only gc takes. */
#include <internal.h>

/* ---- result links ---- */

static char *link_path(const struct world *w, const char *name)
{
	return path_join(w->dir, name);
}

static bool leads_to(const struct world *w, const char *name, const struct sha256 *tree)
{
	struct err err = ERR_INIT;
	_cleanup_free_ char *target = NULL, *want = store_tree_path(w->s, tree);

	return file_readlink(w->fd, name, &target, &err) == 0 && strcmp(target, want) == 0;
}

STORE_TEST(root, made_and_replaced)
{
	_cleanup_free_ char *link = NULL;
	struct sha256 one, two, gone = key_of(9);
	struct err err = ERR_INIT;
	WORLD(w);

	link = link_path(&w, "result");
	OK(publish_text(&w, "one", &one, &err));
	OK(publish_text(&w, "two", &two, &err));
	FAILS(store_root_link(w.s, link, &gone, &err), ERR_STORE, "is not there");
	OK(store_root_link(w.s, link, &one, &err));
	CHECK(leads_to(&w, "result", &one));
	OK(store_root_link(w.s, link, &two, &err));
	CHECK(leads_to(&w, "result", &two));
	CHECK(count_entries("%s/roots", w.path) == 1 && count_entries("%s", w.dir) == 2);
	return NULL;
}

/* A relative name is registered as an absolute one. */
STORE_TEST(root, relative_name)
{
	struct store_gc_stats stats;
	struct sha256 tree;
	struct err err = ERR_INIT;
	WORLD(w);

	CHECK(chdir(w.dir) == 0);
	OK(publish_text(&w, "one", &tree, &err));
	OK(store_root_link(w.s, "result", &tree, &err));
	CHECK(leads_to(&w, "result", &tree));
	CHECK(chdir("/") == 0);
	OK(store_gc(w.s, false, false, NULL, &stats, &err));
	CHECK(store_tree_has(w.s, &tree));
	return NULL;
}

STORE_TEST(root, files_of_the_user_are_not_replaced)
{
	static const char *const names[] = {"file", "folder", "elsewhere", "relative"};
	struct sha256 tree;
	struct err err = ERR_INIT;
	WORLD(w);

	OK(publish_text(&w, "one", &tree, &err));
	put_file(w.fd, "file", "mine", 0644);
	put_dir(w.fd, "folder");
	CHECK(symlinkat("/nowhere/else", w.fd, "elsewhere") == 0);
	CHECK(symlinkat("trees/0123", w.fd, "relative") == 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *link = link_path(&w, names[i]);

		FAILS(store_root_check(link, &err), ERR_USAGE, "belljar does not replace it");
		FAILS(store_root_link(w.s, link, &tree, &err), ERR_USAGE,
		      "belljar does not replace it");
		CHECK(!leads_to(&w, names[i], &tree));
	}
	CHECK(count_entries("%s/roots", w.path) == 0);
	FAILS(store_root_link(w.s, "/nonexistent/result", &tree, &err), ERR_USAGE, "the folder of");
	FAILS(store_root_link(w.s, "/tmp/", &tree, &err), ERR_USAGE, "cannot be the name");
	FAILS(store_root_link(w.s, "..", &tree, &err), ERR_USAGE, "cannot be the name");
	return NULL;
}

/* ---- gc ---- */

/* Three trees: linked, built but not linked, and neither. */
struct scene {
	struct sha256 linked, built, loose, toolchain;
	struct sha256 key_linked, key_built;
	struct sha256 blob;
	char *link;
};

static const char *make_scene(struct world *w, struct scene *sc)
{
	_cleanup_json_ json_t *one = NULL, *two = NULL;
	_cleanup_close_ int fd = -1;
	struct err err = ERR_INIT;

	sc->key_linked = key_of(1);
	sc->key_built = key_of(2);
	sc->link = link_path(w, "result");
	OK(publish_text(w, "linked", &sc->linked, &err));
	OK(publish_text(w, "built", &sc->built, &err));
	OK(publish_text(w, "loose", &sc->loose, &err));
	OK(publish_text(w, "toolchain", &sc->toolchain, &err));
	one = action_of(&sc->linked);
	json_set(one, "root", json_string(hex_of(&sc->toolchain)));
	two = action_of(&sc->built);
	OK(store_action_put(w->s, &sc->key_linked, one, &err));
	OK(store_action_put(w->s, &sc->key_built, two, &err));
	OK(store_root_link(w->s, sc->link, &sc->linked, &err));
	OK(store_memo_put(w->s, "root", &sc->key_linked, hex_of(&sc->toolchain), &err));
	OK(store_memo_put(w->s, "root", &sc->key_built, hex_of(&sc->loose), &err));
	put_file(w->fd, "source", "source", 0644);
	fd = openat(w->fd, "source", O_RDONLY | O_CLOEXEC);
	OK(store_blob_add_fd(w->s, fd, "source", NULL, 0, &sc->blob, &err));
	for (int i = 1; i <= 2; i++) {
		struct sha256 key = key_of((uint8_t)i);
		int round;

		put_file(put_out(w, "record"), "record.json", "{}", 0644);
		OK(store_record_publish(w->s, &key, w->tmp.fd, "record", &round, &err));
	}
	fd = store_action_lock(w->s, &sc->key_linked, NULL, &err);
	return fd < 0 ? "lock" : NULL;
}

static bool memo_known(struct world *w, const struct sha256 *key)
{
	_cleanup_free_ char *text = NULL;
	struct err err = ERR_INIT;

	return store_memo_get(w->s, "root", key, &text, &err) == 0 && text;
}

STORE_TEST(gc, keeps_what_is_needed)
{
	_cleanup_json_ json_t *kept = NULL, *gone = NULL;
	struct store_gc_stats stats;
	struct scene sc;
	struct err err = ERR_INIT;
	struct store_verified seen;
	WORLD(w);

	STEP(make_scene(&w, &sc));
	OK(store_gc(w.s, false, true, NULL, &stats, &err));
	CHECK(stats.trees == 2 && stats.builds == 1 && stats.blobs == 0 && stats.bytes > 0);
	CHECK(store_tree_has(w.s, &sc.linked) && store_tree_has(w.s, &sc.toolchain));
	CHECK(!store_tree_has(w.s, &sc.built) && !store_tree_has(w.s, &sc.loose));
	OK(store_action_get(w.s, &sc.key_linked, &kept, &err));
	OK(store_action_get(w.s, &sc.key_built, &gone, &err));
	CHECK(kept && !gone);
	CHECK(memo_known(&w, &sc.key_linked) && !memo_known(&w, &sc.key_built));
	CHECK(store_blob_has(w.s, &sc.blob));
	CHECK(count_entries("%s/builds", w.path) == 1 && count_entries("%s/actions", w.path) == 1);
	store_tmp_release(&w.tmp);
	CHECK(count_entries("%s/tmp", w.path) == 0);
	OK(store_verify(w.s, false, NULL, &seen, &err));
	CHECK(seen.bad == 0);
	free(sc.link);
	return NULL;
}

STORE_TEST(gc, dry_run_only_counts)
{
	struct store_gc_stats dry, wet;
	struct scene sc;
	struct err err = ERR_INIT;
	WORLD(w);

	STEP(make_scene(&w, &sc));
	CHECK(unlink(sc.link) == 0);
	OK(store_gc(w.s, true, false, NULL, &dry, &err));
	CHECK(store_tree_has(w.s, &sc.loose) && store_blob_has(w.s, &sc.blob));
	CHECK(count_entries("%s/roots", w.path) == 1);
	OK(store_gc(w.s, false, false, NULL, &wet, &err));
	CHECK(dry.trees == 4 && dry.blobs == 1 && dry.builds == 2);
	CHECK(dry.trees == wet.trees && dry.blobs == wet.blobs && dry.builds == wet.builds &&
	      dry.bytes == wet.bytes);
	free(sc.link);
	return NULL;
}

/* Nor does it wait, for who builds or for a gc, or write. */
STORE_TEST(gc, dry_run_waits_for_nobody)
{
	_cleanup_(store_closep) struct store *s = NULL;
	struct store_gc_stats dry;
	struct scene sc;
	struct err err = ERR_INIT;
	WORLD(w);

	STEP(make_scene(&w, &sc));
	alarm(20); /* an end for who waits all the same */
	OK(store_lock_exclusive(w.s, NULL, &err));
	OK(store_open(w.path, STORE_READONLY, &s, &err));
	OK(store_gc(s, true, true, NULL, &dry, &err));
	CHECK(dry.trees == 2 && dry.builds == 1 && dry.blobs == 0);
	FAILS(store_gc(s, false, true, NULL, &dry, &err), ERR_BUG, "open for reading only");
	alarm(0);
	free(sc.link);
	return NULL;
}

/* Another gc that is faster: what a dry run was told of first of its kind, it takes away all of. */
static void take_away(void *arg, const struct event *ev)
{
	static const struct {
		const char *said, *folder;
	} kinds[] = {{"no longer leads", "roots"},
		     {"remove action", "actions"},
		     {"remove builds", "builds"},
		     {"remove tree", "trees"}};
	const struct world *w = arg;
	struct err err = ERR_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		_cleanup_free_ char *rel = path_join("store", kinds[i].folder);

		if (!ev->text || !strstr(ev->text, kinds[i].said))
			continue;
		if (file_remove_tree(w->fd, rel, &err) < 0)
			abort();
		put_dir(w->fd, rel);
	}
}

STORE_TEST(gc, dry_run_beside_another_gc)
{
	_cleanup_free_ char *second = NULL;
	struct event_sink sink = {.fn = take_away};
	struct store_gc_stats dry;
	struct scene sc;
	struct err err = ERR_INIT;
	WORLD(w);

	sink.arg = &w;
	second = link_path(&w, "second");
	STEP(make_scene(&w, &sc));
	OK(store_root_link(w.s, second, &sc.built, &err));
	CHECK(unlink(sc.link) == 0 && unlink(second) == 0);
	OK(store_gc(w.s, true, true, &sink, &dry, &err));
	CHECK(dry.trees == 1 && dry.builds == 1);
	free(sc.link);
	return NULL;
}

/* The user removed the link, or pointed it elsewhere: all goes, and the entry in roots/ too. */
STORE_TEST(gc, link_that_leads_elsewhere_is_no_root)
{
	struct store_gc_stats stats;
	struct sha256 one, two;
	struct err err = ERR_INIT;
	_cleanup_free_ char *link = NULL;
	WORLD(w);

	link = link_path(&w, "result");
	OK(publish_text(&w, "one", &one, &err));
	OK(publish_text(&w, "two", &two, &err));
	OK(store_root_link(w.s, link, &one, &err));
	OK(store_root_link(w.s, link, &two, &err));
	OK(store_gc(w.s, false, false, NULL, &stats, &err));
	CHECK(!store_tree_has(w.s, &one) && store_tree_has(w.s, &two));
	CHECK(unlink(link) == 0);
	put_file(w.fd, "result", "now a file", 0644);
	OK(store_gc(w.s, false, false, NULL, &stats, &err));
	CHECK(!store_tree_has(w.s, &two) && count_entries("%s/roots", w.path) == 0);
	return NULL;
}

/* The spelling of the store's path is not what counts. */
STORE_TEST(gc, store_reached_through_another_path)
{
	_cleanup_(store_closep) struct store *s = NULL;
	_cleanup_free_ char *link = NULL, *alias = NULL, *target = NULL;
	struct store_gc_stats stats;
	struct sha256 tree;
	struct err err = ERR_INIT;
	WORLD(w);

	alias = path_join(w.dir, "alias");
	link = link_path(&w, "result");
	CHECK(symlink("store", alias) == 0);
	OK(publish_text(&w, "one", &tree, &err));
	OK(store_root_link(w.s, link, &tree, &err));
	target = xasprintf("%s/trees/%s", alias, hex_of(&tree));
	CHECK(unlink(link) == 0 && symlink(target, link) == 0);
	OK(store_gc(w.s, false, false, NULL, &stats, &err));
	CHECK(store_tree_has(w.s, &tree));
	return NULL;
}

/* One that cannot be looked at may still be needed: nothing is removed. */
STORE_TEST(gc, root_that_cannot_be_seen_stops_it)
{
	_cleanup_free_ char *link = NULL;
	struct store_gc_stats stats;
	struct sha256 tree, loose;
	struct err err = ERR_INIT;
	WORLD(w);

	if (geteuid() == 0)
		return NULL; /* root sees everything */
	put_dir(w.fd, "home");
	link = link_path(&w, "home/result");
	OK(publish_text(&w, "one", &tree, &err));
	OK(publish_text(&w, "two", &loose, &err));
	OK(store_root_link(w.s, link, &tree, &err));
	CHECK(fchmodat(w.fd, "home", 0, 0) == 0);
	FAILS(store_gc(w.s, false, false, NULL, &stats, &err), ERR_STORE, "cannot see whether");
	CHECK(store_tree_has(w.s, &tree) && store_tree_has(w.s, &loose));
	return NULL;
}

/* An empty output is the same tree for every action: it must not keep them all. */
STORE_TEST(gc, shared_empty_output_keeps_nothing)
{
	_cleanup_json_ json_t *value = NULL;
	_cleanup_free_ char *link = NULL;
	struct sha256 empty, big, key = key_of(7);
	struct store_gc_stats stats;
	struct err err = ERR_INIT;
	WORLD(w);

	link = link_path(&w, "result");
	close(put_out(&w, "empty"));
	OK(store_tree_publish(w.s, w.tmp.fd, "empty", false, &empty, NULL, &err));
	OK(publish_text(&w, "big", &big, &err));
	value = json_pack("{s{ssss}}", "outputs", "out", hex_of(&big), "doc", hex_of(&empty));
	OK(store_action_put(w.s, &key, value, &err));
	OK(store_root_link(w.s, link, &empty, &err));
	OK(store_gc(w.s, false, false, NULL, &stats, &err));
	CHECK(store_tree_has(w.s, &empty) && !store_tree_has(w.s, &big));
	CHECK(count_entries("%s/actions", w.path) == 0);
	/* Nor does an action without outputs live by having no dead one. */
	json_object_clear(json_object_get(value, "outputs"));
	OK(store_action_put(w.s, &key, value, &err));
	OK(store_gc(w.s, false, false, NULL, &stats, &err));
	CHECK(count_entries("%s/actions", w.path) == 0);
	return NULL;
}

STORE_TEST(gc, du_counts)
{
	struct store_du du;
	struct scene sc;
	struct err err = ERR_INIT;
	WORLD(w);

	STEP(make_scene(&w, &sc));
	put_file(w.tmp.fd, "half", "done", 0644);
	OK(store_du(w.s, &du, &err));
	CHECK(du.trees == 4 && du.blobs == 1 && du.builds == 2);
	CHECK(du.tree_bytes > 0 && du.blob_bytes > 0 && du.build_bytes > 0 && du.tmp_bytes > 0);
	free(sc.link);
	return NULL;
}
