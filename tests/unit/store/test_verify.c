/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

/* One damage each: told with its reason, moved to bad/ by a repair, gone in the run after it. */

struct stock {
	struct sha256 tree, key, blob;
	char *tree_path, *blob_path, *action_path;
};

static const char *make_stock(struct world *w, struct stock *st)
{
	_cleanup_json_ json_t *value = NULL;
	_cleanup_close_ int fd = -1;
	struct err err = ERR_INIT;
	int round;

	st->key = key_of(1);
	OK(publish_text(w, "text", &st->tree, &err));
	value = action_of(&st->tree);
	OK(store_action_put(w->s, &st->key, value, &err));
	put_file(w->fd, "source", "source", 0644);
	fd = openat(w->fd, "source", O_RDONLY | O_CLOEXEC);
	OK(store_blob_add_fd(w->s, fd, "source", NULL, 0, &st->blob, &err));
	put_file(put_out(w, "record"), "record.json", "{}", 0644);
	OK(store_record_publish(w->s, &st->key, w->tmp.fd, "record", &round, &err));
	st->tree_path = scratch(store_tree_path(w->s, &st->tree));
	st->blob_path = scratch(store_blob_path(w->s, &st->blob));
	st->action_path = scratch(xasprintf("%s/actions/%s.json", w->path, hex_of(&st->key)));
	return NULL;
}

static const char *finds(struct world *w, unsigned want, const char *text, const char *kept)
{
	struct heard heard = {STRBUF_INIT};
	struct event_sink sink = hear(&heard);
	_cleanup_free_ char *where = NULL;
	struct err err = ERR_INIT;
	struct store_verified seen;

	OK(store_verify(w->s, false, &sink, &seen, &err));
	if (seen.bad != want || !strstr(strbuf_str(&heard.text), text))
		return xasprintf("%llu bad: %s", (unsigned long long)seen.bad,
				 strbuf_str(&heard.text));
	CHECK(!file_exists(store_fd(w->s), "bad"));
	OK(store_verify(w->s, true, &sink, &seen, &err));
	CHECK(seen.bad == want);
	where = xasprintf("bad/%s", kept);
	CHECK(file_exists(store_fd(w->s), where));
	OK(store_verify(w->s, false, &sink, &seen, &err));
	CHECK(seen.bad == 0);
	strbuf_release(&heard.text);
	return NULL;
}

static int append(const char *path, const char *text)
{
	int fd, r;

	if (chmod(path, 0644) < 0)
		return -1;
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	r = write(fd, text, strlen(text)) < 0 ? -1 : 0;
	close(fd);
	return r;
}

STORE_TEST(verify, sound_store)
{
	struct err err = ERR_INIT;
	struct stock st;
	struct store_verified seen;
	WORLD(w);

	STEP(make_stock(&w, &st));
	OK(store_verify(w.s, false, NULL, &seen, &err));
	CHECK(seen.bad == 0);
	OK(store_verify(w.s, true, NULL, &seen, &err));
	CHECK(seen.bad == 0 && !file_exists(store_fd(w.s), "bad"));
	return NULL;
}

STORE_TEST(verify, changed_blob)
{
	struct err err = ERR_INIT;
	struct stock st;
	WORLD(w);

	STEP(make_stock(&w, &st));
	CHECK(append(st.blob_path, "!") == 0);
	return finds(&w, 1, "its sha256 is", scratch(xasprintf("blob-%s", hex_of(&st.blob))));
}

STORE_TEST(verify, blob_that_is_a_link)
{
	struct err err = ERR_INIT;
	struct stock st;
	WORLD(w);

	STEP(make_stock(&w, &st));
	CHECK(unlink(st.blob_path) == 0 && symlink("../../version", st.blob_path) == 0);
	return finds(&w, 1, "symbolic link", scratch(xasprintf("blob-%s", hex_of(&st.blob))));
}

/* The action goes in the same run as its tree. */
STORE_TEST(verify, changed_tree)
{
	_cleanup_free_ char *file = NULL;
	struct heard heard = {STRBUF_INIT};
	struct event_sink sink = hear(&heard);
	struct err err = ERR_INIT;
	struct stock st;
	struct store_verified seen;
	WORLD(w);

	STEP(make_stock(&w, &st));
	file = path_join(st.tree_path, "file");
	CHECK(append(file, "!") == 0);
	OK(store_verify(w.s, false, &sink, &seen, &err));
	CHECK(seen.bad == 1 && strstr(strbuf_str(&heard.text), "its hash is"));
	OK(store_verify(w.s, true, &sink, &seen, &err));
	CHECK(seen.bad == 2 && strstr(strbuf_str(&heard.text), "is not there"));
	CHECK(!file_exists(AT_FDCWD, st.tree_path) && !file_exists(AT_FDCWD, st.action_path));
	OK(store_verify(w.s, false, &sink, &seen, &err));
	CHECK(seen.bad == 0);
	/* A rerun completes, and a second damage finds another place in bad/. */
	OK(publish_text(&w, "text", &st.tree, &err));
	CHECK(append(file, "!") == 0);
	OK(store_verify(w.s, true, &sink, &seen, &err));
	CHECK(seen.bad == 1 && count_entries("%s/bad", w.path) == 3);
	strbuf_release(&heard.text);
	return NULL;
}

/* What NAR does not see and builds do. */
STORE_TEST(verify, tree_out_of_its_form)
{
	static const struct {
		mode_t mode;
		time_t mtime;
		const char *reason;
	} rows[] = {{0600, 1, "file: has a mode other than"},
		    {0644, 2, "file: has another modification time"},
		    {04644, 1, "file: has the set-user-id bit"}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct timespec times[2] = {{.tv_sec = rows[i].mtime}, {.tv_sec = rows[i].mtime}};
		_cleanup_free_ char *file = NULL;
		struct err err = ERR_INIT;
		struct stock st;
		WORLD(w);

		STEP(make_stock(&w, &st));
		CHECK(unlink(st.action_path) == 0);
		file = path_join(st.tree_path, "file");
		CHECK(chmod(file, rows[i].mode) == 0);
		CHECK(utimensat(AT_FDCWD, file, times, 0) == 0);
		STEP(finds(&w, 1, rows[i].reason, scratch(xasprintf("tree-%s", hex_of(&st.tree)))));
	}
	return NULL;
}

STORE_TEST(verify, foreign_entry_among_trees)
{
	struct err err = ERR_INIT;
	struct stock st;
	WORLD(w);

	STEP(make_stock(&w, &st));
	CHECK(mkdirat(store_fd(w.s), "trees/notes", 0755) == 0);
	return finds(&w, 1, "bad tree notes", "tree-notes");
}

STORE_TEST(verify, damaged_action)
{
	struct err err = ERR_INIT;
	struct stock st;
	WORLD(w);

	STEP(make_stock(&w, &st));
	CHECK(append(st.action_path, "}") == 0);
	return finds(&w, 1, "bad action", scratch(xasprintf("action-%s.json", hex_of(&st.key))));
}

STORE_TEST(verify, action_without_its_tree)
{
	struct err err = ERR_INIT;
	struct stock st;
	WORLD(w);

	STEP(make_stock(&w, &st));
	OK(file_remove_tree(AT_FDCWD, st.tree_path, &err));
	return finds(&w, 1, "is not there", scratch(xasprintf("action-%s.json", hex_of(&st.key))));
}

STORE_TEST(verify, damaged_record)
{
	_cleanup_free_ char *path = NULL;
	struct err err = ERR_INIT;
	struct stock st;
	WORLD(w);

	STEP(make_stock(&w, &st));
	path = xasprintf("%s/builds/%s/1/record.json", w.path, hex_of(&st.key));
	CHECK(append(path, "{") == 0);
	return finds(&w, 1, "bad record", "record-1");
}
