/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

/* The private header, for the lock that only gc takes. */
#include <internal.h>
#include <sys/file.h>
#include <sys/wait.h>

STORE_TEST(open, makes_the_layout)
{
	static const char *const names[] = {"blobs/sha256", "trees", "actions", "builds", "memo",
					    "roots",        "tmp",   "locks",   "version"};
	struct err err = ERR_INIT;
	struct stat st;
	WORLD(w);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		CHECK(file_exists(store_fd(w.s), names[i]));
	CHECK(fstat(store_fd(w.s), &st) == 0 && (st.st_mode & 07777) == 0700);
	CHECK(strcmp(store_path(w.s), w.path) == 0);
	CHECK(count_entries("%s/tmp", w.path) == 0);
	return NULL;
}

STORE_TEST(open, missing_store_is_not_made_unasked)
{
	_cleanup_(store_closep) struct store *s = NULL;
	_cleanup_free_ char *path = NULL;
	struct err err = ERR_INIT;
	WORLD(w);

	path = path_join(w.dir, "other");
	FAILS(store_open(path, 0, &s, &err), ERR_STORE, "no store at");
	FAILS(store_open(path, STORE_READONLY | STORE_CREATE, &s, &err), ERR_STORE, "no store at");
	CHECK(!file_exists(w.fd, "other"));
	FAILS(store_open(w.dir, 0, &s, &err), ERR_STORE,
	      "is not a belljar store: it holds 'store'");
	CHECK(mkdir(path, 0700) == 0);
	FAILS(store_open(path, 0, &s, &err), ERR_STORE, "is not a belljar store: it is empty");
	CHECK(count_entries("%s", path) == 0);
	return NULL;
}

STORE_TEST(open, folder_of_the_user_is_refused)
{
	_cleanup_(store_closep) struct store *s = NULL;
	struct err err = ERR_INIT;
	WORLD(w);

	put_file(w.fd, "letters.txt", "", 0644);
	FAILS(store_open(w.dir, STORE_CREATE, &s, &err), ERR_STORE,
	      "is not a belljar store: it holds 'letters.txt'");
	CHECK(count_entries("%s", w.dir) == 2); /* nothing was added to it */
	return NULL;
}

STORE_TEST(open, unknown_version_says_what_to_do)
{
	struct err err = ERR_INIT;
	WORLD(w);

	store_close(w.s);
	w.s = NULL;
	OK(file_write_atomic(w.fd, "store/version", "17\n", 3, 0644, &err));
	FAILS(store_open(w.path, STORE_CREATE, &w.s, &err), ERR_STORE, "layout version '17'");
	CHECK(strstr(err.msg, "set BELLJAR_STORE to another folder"));
	return NULL;
}

/* As when belljar is killed while it makes the store: the version comes last. */
static bool cut_short(struct world *w)
{
	store_close(w->s);
	w->s = NULL;
	return unlinkat(w->fd, "store/version", 0) == 0;
}

STORE_TEST(open, unfinished_store_is_completed)
{
	struct err err = ERR_INIT;
	WORLD(w);

	CHECK(cut_short(&w));
	CHECK(unlinkat(w.fd, "store/trees", AT_REMOVEDIR) == 0);
	OK(store_open(w.path, STORE_CREATE, &w.s, &err));
	CHECK(file_exists(store_fd(w.s), "version") && file_exists(store_fd(w.s), "trees"));
	return NULL;
}

/* What comes next need not be a build. */
STORE_TEST(open, unfinished_store_is_completed_by_any_writer)
{
	struct err err = ERR_INIT;
	WORLD(w);

	CHECK(cut_short(&w));
	FAILS(store_open(w.path, STORE_READONLY, &w.s, &err), ERR_STORE,
	      "is unfinished, as belljar was stopped while it made it");
	CHECK(!file_exists(w.fd, "store/version"));
	OK(store_open(w.path, 0, &w.s, &err));
	CHECK(file_exists(store_fd(w.s), "version"));
	return NULL;
}

STORE_TEST(open, writable_by_others_is_refused)
{
	struct err err = ERR_INIT;
	WORLD(w);

	store_close(w.s);
	w.s = NULL;
	CHECK(chmod(w.path, 0770) == 0);
	FAILS(store_open(w.path, STORE_CREATE, &w.s, &err), ERR_STORE, "others may write");
	return NULL;
}

STORE_TEST_ROOT(open, store_of_another_user_is_refused)
{
	struct err err = ERR_INIT;
	WORLD(w);

	store_close(w.s);
	w.s = NULL;
	CHECK(chown(w.path, PLAIN_UID, PLAIN_UID) == 0);
	FAILS(store_open(w.path, STORE_CREATE, &w.s, &err), ERR_STORE, "belongs to user 12345");
	return NULL;
}

/* Folders made below would inherit the bit, and no tree may have it. */
STORE_TEST(open, set_group_id_above_does_not_reach_trees)
{
	_cleanup_(store_closep) struct store *s = NULL;
	_cleanup_free_ char *path = NULL;
	struct err err = ERR_INIT;
	struct stat st;
	WORLD(w);

	CHECK(chmod(w.dir, 02755) == 0);
	path = path_join(w.dir, "other");
	OK(store_open(path, STORE_CREATE, &s, &err));
	CHECK(fstat(store_fd(s), &st) == 0 && !(st.st_mode & S_ISGID));
	CHECK(fstatat(store_fd(s), "tmp", &st, 0) == 0 && !(st.st_mode & S_ISGID));
	return NULL;
}

STORE_TEST(open, path_from_the_environment)
{
	_cleanup_(store_closep) struct store *s = NULL;
	_cleanup_free_ char *path = NULL;
	struct err err = ERR_INIT;
	WORLD(w);

	path = path_join(w.dir, "a/b/c");
	setenv("BELLJAR_STORE", path, 1);
	OK(store_open(NULL, STORE_CREATE, &s, &err));
	CHECK(strcmp(store_path(s), path) == 0);
	return NULL;
}

STORE_TEST(open, no_place_for_the_store)
{
	_cleanup_(store_closep) struct store *s = NULL;
	struct err err = ERR_INIT;

	if (geteuid() == 0)
		return NULL; /* root has a fixed place */
	unsetenv("BELLJAR_STORE");
	unsetenv("XDG_DATA_HOME");
	unsetenv("HOME");
	FAILS(store_open(NULL, STORE_CREATE, &s, &err), ERR_STORE, "set BELLJAR_STORE or HOME");
	return NULL;
}

STORE_TEST(open, read_only_writes_nothing)
{
	_cleanup_(store_closep) struct store *s = NULL;
	struct store_tmp tmp = STORE_TMP_INIT;
	struct sha256 key = key_of(1);
	struct err err = ERR_INIT;
	WORLD(w);

	OK(store_open(w.path, STORE_READONLY, &s, &err));
	FAILS(store_tmp_new(s, &tmp, &err), ERR_BUG, "open for reading only");
	FAILS(store_memo_put(s, "kind", &key, "text", &err), ERR_BUG, "open for reading only");
	FAILS(store_action_lock(s, &key, NULL, &err), ERR_BUG, "open for reading only");
	return NULL;
}

/* Who only wants to know what is built needs no store: none has nothing. */
STORE_TEST(open, missing_store_is_none_for_who_asks)
{
	_cleanup_free_ char *path = NULL;
	struct err err = ERR_INIT;
	struct store *s = NULL;
	WORLD(w);

	path = path_join(w.dir, "other");
	OK(store_open(path, STORE_READONLY | STORE_MAY_MISS, &s, &err));
	CHECK(!s && !file_exists(w.fd, "other"));
	CHECK(mkdir(path, 0700) == 0 && mkdirat(w.fd, "other/trees", 0700) == 0);
	OK(store_open(path, STORE_READONLY | STORE_MAY_MISS, &s, &err));
	CHECK(!s && count_entries("%s", path) == 1);
	put_file(w.fd, "other/letters.txt", "", 0644);
	FAILS(store_open(path, STORE_READONLY | STORE_MAY_MISS, &s, &err), ERR_STORE,
	      "is not a belljar store: it holds 'letters.txt'");
	OK(store_open(w.path, STORE_READONLY | STORE_MAY_MISS, &s, &err));
	CHECK(s && strcmp(store_path(s), w.path) == 0);
	store_close(s);
	return NULL;
}

/* While gc has the store, an opener waits; while the store is open, gc waits and says so. */
STORE_TEST(open, waits_for_gc)
{
	struct err err = ERR_INIT;
	int status;
	pid_t pid;
	WORLD(w);

	OK(store_lock_exclusive(w.s, NULL, &err));
	pid = fork();
	if (pid == 0) {
		struct store *s;

		_exit(store_open(w.path, 0, &s, &err) < 0 ? 1 : 0);
	}
	usleep(100000);
	CHECK(waitpid(pid, &status, WNOHANG) == 0);
	store_lock_shared(w.s);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	return NULL;
}

STORE_TEST(open, gc_waits_for_others_and_says_so)
{
	_cleanup_(store_closep) struct store *other = NULL;
	struct store_gc_stats stats;
	struct err err = ERR_INIT;
	char said[128] = "";
	int fds[2];
	pid_t pid;
	WORLD(w);

	CHECK(pipe(fds) == 0);
	OK(store_open(w.path, 0, &other, &err));
	pid = fork();
	if (pid == 0) {
		struct heard heard = {STRBUF_INIT};
		struct event_sink sink = hear(&heard);
		struct store *s;

		/* Descriptors that came with the fork hold the parent's locks. */
		if (store_open(w.path, 0, &s, &err) < 0)
			_exit(1);
		alarm(20);
		if (store_gc(s, false, false, &sink, &stats, &err) < 0)
			_exit(1);
		_exit(write(fds[1], strbuf_str(&heard.text), heard.text.len) < 0);
	}
	usleep(100000);
	CHECK(waitpid(pid, NULL, WNOHANG) == 0);
	/* The child's copies of the two locks are the same locks: unlocking is for both. */
	CHECK(flock(w.s->lock_fd, LOCK_UN) == 0);
	CHECK(flock(other->lock_fd, LOCK_UN) == 0);
	CHECK(waitpid(pid, NULL, 0) == pid);
	CHECK(read(fds[0], said, sizeof(said) - 1) > 0);
	CHECK(strstr(said, "waiting for other belljars"));
	return NULL;
}
