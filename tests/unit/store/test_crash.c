/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>

/* Everything that writes, in a loop, until it is killed. */
static void work_forever(const struct world *w, bool collect, unsigned seed)
{
	for (unsigned i = 0;; i++) {
		struct world mine = {.tmp = STORE_TMP_INIT};
		struct sha256 tree, key = key_of((uint8_t)i);
		struct store_gc_stats stats;
		struct err err = ERR_INIT;
		char text[32];
		int fd, round;

		snprintf(text, sizeof(text), "text %u", seed * 7 + i % 20);
		if (store_open(w->path, STORE_CREATE, &mine.s, &err) < 0 ||
		    publish_text(&mine, text, &tree, &err) < 0 ||
		    store_memo_put(mine.s, "kind", &key, hex_of(&tree), &err) < 0 ||
		    store_action_put(mine.s, &key, action_of(&tree), &err) < 0)
			break;
		put_file(put_out(&mine, "record"), "record.json", "{}", 0644);
		fd = openat(w->fd, "source", O_RDONLY | O_CLOEXEC);
		if (store_blob_add_fd(mine.s, fd, "source", NULL, 0, NULL, &err) < 0 ||
		    store_record_publish(mine.s, &key, mine.tmp.fd, "record", &round, &err) < 0 ||
		    store_root_link(mine.s, xasprintf("%s/result", w->dir), &tree, &err) < 0)
			break;
		if (collect && store_gc(mine.s, false, false, NULL, &stats, &err) < 0)
			break;
		store_tmp_release(&mine.tmp);
		store_close(mine.s);
		close(fd);
	}
	_exit(1); /* a failure, which the caller sees as no signal */
}

static const char *kill_and_look(struct world *w, bool collect, unsigned i)
{
	struct heard heard = {STRBUF_INIT};
	struct event_sink sink = hear(&heard);
	_cleanup_(store_closep) struct store *s = NULL;
	struct err err = ERR_INIT;
	struct store_verified seen;
	int status;
	pid_t pid = fork();

	if (pid == 0)
		work_forever(w, collect, i);
	usleep(500 + (unsigned)random() % 60000);
	kill(pid, SIGKILL);
	CHECK(waitpid(pid, &status, 0) == pid);
	if (!WIFSIGNALED(status))
		return "the worker failed";
	OK(store_open(w->path, STORE_CREATE, &s, &err));
	CHECK(count_entries("%s/tmp", w->path) == 0);
	OK(store_verify(s, false, &sink, &seen, &err));
	if (seen.bad)
		return xasprintf("round %u: %s", i, strbuf_str(&heard.text));
	strbuf_release(&heard.text);
	return NULL;
}

static const char *kill_many(bool collect)
{
	struct sha256 tree;
	struct err err = ERR_INIT;
	time_t end = time(NULL) + 40;
	WORLD(w);

	put_file(w.fd, "source", "source", 0644);
	store_close(w.s);
	w.s = NULL;
	OK(file_remove_tree(AT_FDCWD, w.path, &err)); /* killed while it is made, too */
	srandom((unsigned)time(NULL));
	for (unsigned i = 0; i < 50 && time(NULL) < end; i++)
		STEP(kill_and_look(&w, collect, i));
	OK(store_open(w.path, STORE_CREATE, &w.s, &err));
	OK(publish_text(&w, "rerun", &tree, &err));
	return NULL;
}

STORE_TEST(crash, killed_while_writing)
{
	return kill_many(false);
}

STORE_TEST(crash, killed_while_collecting)
{
	return kill_many(true);
}

/* ---- a full disk ---- */

static const char *full_disk_body(const struct world *w, const char *path)
{
	_cleanup_free_ char *want = xasprintf("the disk of the store %s is full", path);
	_cleanup_close_ int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC), small = -1;
	_cleanup_free_ char *text = xmalloc(200001);
	struct world mine = {.tmp = STORE_TMP_INIT};
	struct sha256 hash;
	struct err err = ERR_INIT;
	struct store_verified seen;
	int out;

	memset(text, 'x', 200000);
	text[200000] = '\0';

	OK(store_open(path, STORE_CREATE, &mine.s, &err));
	FAILS(store_blob_add_fd(mine.s, zero, "big", NULL, 0, NULL, &err), ERR_STORE, want);
	CHECK(count_entries("%s/tmp", path) == 0);
	/* A tree that fits, but not once its hard links are broken. */
	out = put_out(&mine, "out");
	put_file(out, "a", text, 0644);
	for (int i = 0; i < 6; i++) {
		char name[2] = {(char)('b' + i), 0};

		CHECK(linkat(out, "a", out, name, 0) == 0);
	}
	FAILS(store_tree_publish(mine.s, mine.tmp.fd, "out", false, &hash, NULL, &err), ERR_STORE,
	      want);
	store_tmp_release(&mine.tmp);
	put_file(w->fd, "source", "source", 0644);
	small = openat(w->fd, "source", O_RDONLY | O_CLOEXEC);
	OK(store_blob_add_fd(mine.s, small, "small", NULL, 0, NULL, &err));
	OK(publish_text(&mine, "text", &hash, &err));
	store_tmp_release(&mine.tmp);
	OK(store_verify(mine.s, false, NULL, &seen, &err));
	CHECK(seen.bad == 0 && count_entries("%s/tmp", path) == 0);
	store_close(mine.s);
	return NULL;
}

STORE_TEST(crash, full_disk)
{
	_cleanup_free_ char *mnt = NULL, *path = NULL;
	const char *said;
	struct err err = ERR_INIT;

	if (own_namespaces() < 0)
		return SKIP("no namespaces here");
	WORLD(w);
	put_dir(w.fd, "small");
	mnt = path_join(w.dir, "small");
	path = path_join(mnt, "store");
	CHECK(mount("small", mnt, "tmpfs", 0, "size=1m,mode=755") == 0);
	said = full_disk_body(&w, path);
	CHECK(umount2(mnt, MNT_DETACH) == 0);
	return said;
}
