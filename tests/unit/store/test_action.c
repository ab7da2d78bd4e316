/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include <signal.h>
#include <sys/wait.h>

STORE_TEST(action, put_and_get)
{
	_cleanup_json_ json_t *value = NULL, *got = NULL;
	struct sha256 key = key_of(1), other = key_of(2), tree;
	struct err err = ERR_INIT;
	WORLD(w);

	OK(publish_text(&w, "text", &tree, &err));
	value = action_of(&tree);
	OK(store_action_get(w.s, &key, &got, &err));
	CHECK(got == NULL);
	OK(store_action_put(w.s, &key, value, &err));
	OK(store_action_get(w.s, &other, &got, &err));
	CHECK(got == NULL);
	OK(store_action_get(w.s, &key, &got, &err));
	CHECK(got && json_equal(got, value));
	CHECK(count_entries("%s/tmp", w.path) == 2); /* the work area of the test only */
	return NULL;
}

STORE_TEST(action, without_its_tree_is_unknown)
{
	_cleanup_json_ json_t *value = NULL, *got = NULL;
	_cleanup_free_ char *path = NULL;
	struct sha256 key = key_of(1), tree;
	struct err err = ERR_INIT;
	WORLD(w);

	OK(publish_text(&w, "text", &tree, &err));
	value = action_of(&tree);
	OK(store_action_put(w.s, &key, value, &err));
	path = store_tree_path(w.s, &tree);
	OK(file_remove_tree(AT_FDCWD, path, &err));
	OK(store_action_get(w.s, &key, &got, &err));
	CHECK(got == NULL);
	FAILS(store_action_put(w.s, &key, value, &err), ERR_BUG, "which is not stored");
	return NULL;
}

STORE_TEST(action, damaged_entry_is_an_error)
{
	_cleanup_json_ json_t *got = NULL;
	struct sha256 key = key_of(1);
	struct err err = ERR_INIT;
	WORLD(w);

	put_file(w.fd, scratch(xasprintf("store/actions/%s.json", hex_of(&key))), "{\"outputs",
		 0644);
	FAILS(store_action_get(w.s, &key, &got, &err), ERR_STORE, "store verify with --repair");
	return NULL;
}

STORE_TEST(action, lock_excludes_and_tells)
{
	struct sha256 key = key_of(1), other = key_of(2);
	_cleanup_close_ int mine = -1, another = -1;
	struct err err = ERR_INIT;
	char said[128] = "";
	int fds[2];
	pid_t pid;
	WORLD(w);

	CHECK(pipe(fds) == 0);
	mine = store_action_lock(w.s, &key, NULL, &err);
	CHECK(mine >= 0);
	another = store_action_lock(w.s, &other, NULL, &err);
	CHECK(another >= 0); /* another key, another lock */
	pid = fork();
	if (pid == 0) {
		struct heard heard = {STRBUF_INIT};
		struct event_sink sink = hear(&heard);

		close(mine);
		alarm(20);
		if (store_action_lock(w.s, &key, &sink, &err) < 0)
			_exit(1);
		_exit(write(fds[1], strbuf_str(&heard.text), heard.text.len) < 0);
	}
	usleep(50000);
	CHECK(waitpid(pid, NULL, WNOHANG) == 0);
	close(TAKE_FD(mine));
	CHECK(read(fds[0], said, sizeof(said) - 1) > 0);
	CHECK(strstr(said, "waiting for another belljar that builds the same"));
	CHECK(waitpid(pid, NULL, 0) == pid);
	return NULL;
}

/* ---- records ---- */

static int publish_round(struct world *w, const struct sha256 *key, const char *text, int *round,
			 struct err *err)
{
	int fd = put_out(w, "record");

	put_file(fd, "record.json", text, 0644);
	put_file(fd, "log.zst", "", 0644);
	close(fd);
	return store_record_publish(w->s, key, w->tmp.fd, "record", round, err);
}

STORE_TEST(record, rounds_are_numbered)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_close_ int fd = -1, older = -1;
	struct sha256 key = key_of(1), other = key_of(2);
	struct err err = ERR_INIT;
	int round;
	WORLD(w);

	FAILS(store_record_open(w.s, &key, 0, &fd, &round, &err), ERR_INPUT, "no build of 0101");
	for (int i = 1; i <= 11; i++) {
		char json[32];

		snprintf(json, sizeof(json), "{\"n\":%d}", i);
		OK(publish_round(&w, &key, json, &round, &err));
		CHECK(round == i);
	}
	OK(publish_round(&w, &other, "{}", &round, &err));
	CHECK(round == 1);
	OK(store_record_open(w.s, &key, 0, &fd, &round, &err));
	text = slurp(fd, "record.json");
	CHECK(round == 11 && text && strcmp(text, "{\"n\":11}") == 0);
	OK(store_record_open(w.s, &key, 2, &older, &round, &err));
	CHECK(round == 2);
	FAILS(store_record_open(w.s, &key, 12, &older, &round, &err), ERR_INPUT,
	      "has no round 12, the newest is 11");
	return NULL;
}

STORE_TEST(record, eight_processes_at_once)
{
	struct sha256 key = key_of(1);
	struct err err = ERR_INIT;
	int status, failed = 0;
	WORLD(w);

	for (int i = 0; i < 8; i++) {
		if (fork() > 0)
			continue;
		for (int k = 0; k < 5; k++) {
			struct world mine = {.tmp = STORE_TMP_INIT};
			int round;

			if (store_open(w.path, 0, &mine.s, &err) < 0 ||
			    publish_round(&mine, &key, "{}", &round, &err) < 0)
				_exit(1);
			store_tmp_release(&mine.tmp);
			store_close(mine.s);
		}
		_exit(0);
	}
	while (wait(&status) > 0)
		failed += status != 0;
	CHECK(failed == 0);
	CHECK(count_entries("%s/builds/%s", w.path, hex_of(&key)) == 40);
	CHECK(count_entries("%s/tmp", w.path) == 0);
	return NULL;
}

/* ---- memos ---- */

STORE_TEST(memo, put_and_get)
{
	_cleanup_free_ char *none = NULL, *first = NULL, *second = NULL;
	struct sha256 key = key_of(1);
	struct err err = ERR_INIT;
	WORLD(w);

	OK(store_memo_get(w.s, "unpacked-1", &key, &none, &err));
	CHECK(none == NULL);
	OK(store_memo_put(w.s, "unpacked-1", &key, "text\nof two lines", &err));
	OK(store_memo_get(w.s, "unpacked-1", &key, &first, &err));
	CHECK(first && strcmp(first, "text\nof two lines") == 0);
	OK(store_memo_put(w.s, "unpacked-1", &key, "", &err)); /* replaces */
	OK(store_memo_get(w.s, "unpacked-1", &key, &second, &err));
	CHECK(second && strcmp(second, "") == 0);
	OK(store_memo_get(w.s, "other", &key, &none, &err));
	CHECK(none == NULL);
	FAILS(store_memo_put(w.s, "../roots", &key, "x", &err), ERR_BUG, "is no kind of memo");
	FAILS(store_memo_get(w.s, "", &key, &none, &err), ERR_BUG, "is no kind of memo");
	return NULL;
}

/* What a power cut may leave of a file that was not fsynced. */
STORE_TEST(memo, torn_is_unknown)
{
	_cleanup_free_ char *path = NULL, *cut = NULL;
	const char *torn[] = {"", "0123", NULL, NULL};
	struct sha256 key = key_of(1);
	struct err err = ERR_INIT;
	WORLD(w);

	OK(store_memo_put(w.s, "kind", &key, "a text", &err));
	path = xasprintf("%s/memo/kind/%s", w.path, hex_of(&key));
	cut = slurp(AT_FDCWD, path);
	CHECK(cut && strlen(cut) == 71);
	cut[70] = '\0'; /* all but the last byte */
	torn[2] = cut;
	for (size_t i = 0; i < ARRAY_SIZE(torn); i++) {
		_cleanup_free_ char *got = NULL;

		if (torn[i])
			OK(file_write_atomic(AT_FDCWD, path, torn[i], strlen(torn[i]), 0644, &err));
		else /* the right length, nothing in it */
			CHECK(truncate(path, 0) == 0 && truncate(path, 71) == 0);
		OK(store_memo_get(w.s, "kind", &key, &got, &err));
		CHECK(got == NULL);
	}
	return NULL;
}
