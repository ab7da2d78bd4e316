/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include <signal.h>
#include <sys/wait.h>

STORE_TEST(tmp, release_removes)
{
	struct store_tmp t = STORE_TMP_INIT;
	struct err err = ERR_INIT;
	WORLD(w);

	OK(store_tmp_new(w.s, &t, &err));
	put_file(t.fd, "file", "x", 0);
	CHECK(count_entries("%s/tmp", w.path) == 2); /* folder and lock */
	store_tmp_release(&t);
	CHECK(count_entries("%s/tmp", w.path) == 0);
	store_tmp_release(&t); /* harmless */
	return NULL;
}

STORE_TEST(tmp, sweep_leaves_the_living_alone)
{
	_cleanup_(store_closep) struct store *second = NULL;
	_cleanup_free_ char *text = NULL;
	struct err err = ERR_INIT;
	WORLD(w);

	put_file(put_out(&w, "out"), "file", "mine", 0644);
	OK(store_open(w.path, 0, &second, &err));
	text = slurp(w.tmp.fd, "out/file");
	CHECK(text && strcmp(text, "mine") == 0);
	return NULL;
}

/* A child that dies with all kinds of rubbish in its area. */
static void leave_rubbish(struct world *w)
{
	struct err err = ERR_INIT;
	struct store *s;
	struct store_tmp t;

	if (store_open(w->path, 0, &s, &err) < 0 || store_tmp_new(s, &t, &err) < 0)
		_exit(1);
	put_dir(t.fd, "locked");
	put_dir(t.fd, "locked/inner");
	put_file(t.fd, "locked/inner/file", "x", 0);
	if (symlinkat("../../../keep", t.fd, "link") < 0 || mkfifoat(t.fd, "fifo", 0600) < 0 ||
	    fchmodat(t.fd, "locked/inner", 0, 0) < 0 || fchmodat(t.fd, "locked", 0, 0) < 0)
		_exit(1);
	kill(getpid(), SIGKILL);
}

STORE_TEST(tmp, sweep_removes_the_dead)
{
	_cleanup_(store_closep) struct store *second = NULL;
	struct err err = ERR_INIT;
	int status;
	pid_t pid;
	WORLD(w);

	pid = fork();
	if (pid == 0)
		leave_rubbish(&w);
	CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
	CHECK(count_entries("%s/tmp", w.path) == 2);
	OK(store_open(w.path, STORE_READONLY, &second, &err));
	CHECK(count_entries("%s/tmp", w.path) == 2); /* for reading only: nothing is touched */
	store_close(second);
	OK(store_open(w.path, 0, &second, &err));
	CHECK(count_entries("%s/tmp", w.path) == 0);
	return NULL;
}

/* What a kill between two steps of making or removing an area leaves. */
STORE_TEST(tmp, sweep_removes_halves)
{
	_cleanup_(store_closep) struct store *second = NULL;
	struct err err = ERR_INIT;
	WORLD(w);

	put_file(w.fd, "store/tmp/0000.lock", "", 0600);
	put_dir(w.fd, "store/tmp/1111");
	put_file(w.fd, "store/tmp/1111/file", "x", 0600);
	put_file(w.fd, "store/tmp/2222", "x", 0400);
	put_dir(w.fd, "keep");
	put_file(w.fd, "keep/file", "x", 0600);
	CHECK(symlinkat("../../keep", w.fd, "store/tmp/3333") == 0);
	OK(store_open(w.path, 0, &second, &err));
	CHECK(file_exists(w.fd, "keep/file"));
	CHECK(count_entries("%s/tmp", w.path) == 0);
	return NULL;
}
