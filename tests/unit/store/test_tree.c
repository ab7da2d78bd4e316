/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include <sys/resource.h>
#include <sys/wait.h>

static bool is_normal(int dirfd, const char *name, mode_t mode)
{
	struct stat st;

	return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_mtim.tv_sec == 1 &&
	       st.st_mtim.tv_nsec == 0 && st.st_uid == geteuid() && st.st_gid == getegid() &&
	       (S_ISLNK(st.st_mode) || (st.st_mode & 07777) == mode) &&
	       (S_ISDIR(st.st_mode) || st.st_nlink == 1);
}

STORE_TEST(tree, normal_form)
{
	_cleanup_close_ int out = -1, tree = -1;
	struct tree_stats stats;
	struct sha256 hash;
	struct err err = ERR_INIT;
	WORLD(w);

	out = put_out(&w, "out");
	put_dir(out, "folder");
	put_file(out, "folder/secret", "x", 0);
	put_file(out, "program", "#!", 0700);
	put_file(out, "others", "may run, the owner may not", 0011);
	put_file(out, "sticky", "", 01666);
	put_file(out, "\x1b[31m\n", "names may be anything", 0444);
	CHECK(symlinkat("program", out, "link") == 0 && symlinkat("nowhere", out, "l2") == 0);
	CHECK(fchmodat(out, "folder", 0, 0) == 0 && fchmod(out, 01777) == 0);
	OK(store_tree_publish(w.s, w.tmp.fd, "out", false, &hash, &stats, &err));
	CHECK(stats.files == 5 && stats.dirs == 2 && stats.links == 2);
	CHECK(!file_exists(w.tmp.fd, "out") && store_tree_has(w.s, &hash));
	tree = store_tree_open(w.s, &hash, &err);
	CHECK(tree >= 0);
	CHECK(is_normal(tree, ".", 0755) && is_normal(tree, "folder", 0755));
	CHECK(is_normal(tree, "folder/secret", 0644) && is_normal(tree, "program", 0755));
	CHECK(is_normal(tree, "others", 0644) && is_normal(tree, "sticky", 0644));
	CHECK(is_normal(tree, "\x1b[31m\n", 0644) && is_normal(tree, "link", 0));
	return NULL;
}

/* Nothing that NAR does not look at makes another tree. */
STORE_TEST(tree, hash_does_not_depend_on_the_world)
{
	struct sha256 first, second;
	struct err err = ERR_INIT;
	WORLD(w);

	OK(publish_text(&w, "text", &first, &err));
	umask(077);
	put_file(put_out(&w, "again"), "file", "text", 0400);
	OK(store_tree_publish(w.s, w.tmp.fd, "again", false, &second, NULL, &err));
	CHECK(sha256_equal(&first, &second));
	CHECK(count_entries("%s/trees", w.path) == 1);
	CHECK(!file_exists(w.tmp.fd, "again"));
	OK(publish_text(&w, "other text", &second, &err));
	CHECK(!sha256_equal(&first, &second));
	return NULL;
}

STORE_TEST(tree, umask_of_the_caller_does_not_matter)
{
	_cleanup_free_ char *path = NULL;
	struct sha256 hash;
	struct err err = ERR_INIT;
	struct stat st;

	umask(077);
	WORLD(w);
	OK(publish_text(&w, "text", &hash, &err));
	path = store_tree_path(w.s, &hash);
	CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0755);
	return NULL;
}

STORE_TEST(tree, empty_tree)
{
	struct sha256 first, second;
	struct err err = ERR_INIT;
	WORLD(w);

	close(put_out(&w, "a"));
	close(put_out(&w, "b"));
	OK(store_tree_publish(w.s, w.tmp.fd, "a", false, &first, NULL, &err));
	OK(store_tree_publish(w.s, w.tmp.fd, "b", false, &second, NULL, &err));
	CHECK(sha256_equal(&first, &second) && count_entries("%s/trees", w.path) == 1);
	return NULL;
}

STORE_TEST(tree, hard_links_are_broken)
{
	_cleanup_close_ int out = -1, tree = -1;
	struct sha256 hash;
	struct err err = ERR_INIT;
	struct stat a, b;
	WORLD(w);

	out = put_out(&w, "out");
	put_file(out, "a", "shared", 0711);
	CHECK(linkat(out, "a", out, "b", 0) == 0 && linkat(out, "a", out, "c", 0) == 0);
	CHECK(symlinkat("target", out, "l") == 0 && linkat(out, "l", out, "m", 0) == 0);
	OK(store_tree_publish(w.s, w.tmp.fd, "out", false, &hash, NULL, &err));
	tree = store_tree_open(w.s, &hash, &err);
	CHECK(is_normal(tree, "a", 0755) && is_normal(tree, "b", 0755) &&
	      is_normal(tree, "c", 0755) && is_normal(tree, "l", 0) && is_normal(tree, "m", 0));
	CHECK(fstatat(tree, "a", &a, 0) == 0 && fstatat(tree, "b", &b, 0) == 0);
	CHECK(a.st_ino != b.st_ino && a.st_size == 6 && b.st_size == 6);
	CHECK(count_entries("%s/trees/%s", w.path, hex_of(&hash)) == 5);
	return NULL;
}

STORE_TEST(tree, hard_links_are_kept_on_request)
{
	_cleanup_close_ int out = -1, tree = -1;
	struct sha256 hash;
	struct err err = ERR_INIT;
	struct stat a, b;
	WORLD(w);

	out = put_out(&w, "out");
	put_file(out, "a", "shared", 0644);
	CHECK(linkat(out, "a", out, "b", 0) == 0);
	OK(store_tree_publish(w.s, w.tmp.fd, "out", true, &hash, NULL, &err));
	tree = store_tree_open(w.s, &hash, &err);
	CHECK(fstatat(tree, "a", &a, 0) == 0 && fstatat(tree, "b", &b, 0) == 0);
	CHECK(a.st_ino == b.st_ino && a.st_mtim.tv_sec == 1);
	return NULL;
}

STORE_TEST(tree, many_at_once)
{
	struct tree_commit items[3];
	static const char *const names[] = {"one", "two", "three"};
	struct err err = ERR_INIT;
	WORLD(w);

	for (size_t i = 0; i < 3; i++) {
		int fd = put_out(&w, names[i]);

		/* The last two are equal. */
		put_file(fd, "file", i ? "same" : "other", 0644);
		close(fd);
		items[i] = (struct tree_commit){.dirfd = w.tmp.fd, .name = names[i]};
		OK(store_tree_prepare(w.s, w.tmp.fd, names[i], false, &items[i].hash, NULL, &err));
	}
	CHECK(count_entries("%s/trees", w.path) == 0);
	OK(store_tree_commit(w.s, items, 3, &err));
	CHECK(count_entries("%s/trees", w.path) == 2);
	for (size_t i = 0; i < 3; i++)
		CHECK(store_tree_has(w.s, &items[i].hash));
	return NULL;
}

/* Deeper than PATH_MAX and than the limit of open files, on a small stack. */
STORE_TEST(tree, deep_tree)
{
	static const struct rlimit files = {256, 256}, stack = {256 << 10, 256 << 10};
	_cleanup_close_ int at = -1;
	struct tree_stats stats;
	struct sha256 hash;
	struct store_verified seen;
	struct err err = ERR_INIT;
	WORLD(w);

	CHECK(setrlimit(RLIMIT_NOFILE, &files) == 0 && setrlimit(RLIMIT_STACK, &stack) == 0);
	at = put_out(&w, "out");
	for (int i = 0; i < 5000; i++) {
		int next;

		put_dir(at, "dd");
		next = openat(at, "dd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close(at);
		at = next;
	}
	put_file(at, "bottom", "x", 0600);
	OK(store_tree_publish(w.s, w.tmp.fd, "out", false, &hash, &stats, &err));
	CHECK(stats.dirs == 5001 && stats.files == 1);
	OK(store_verify(w.s, false, NULL, &seen, &err));
	CHECK(seen.bad == 0);
	return NULL;
}

/* Eight at once: one tree, nobody fails, nothing is left. */
STORE_TEST(tree, published_by_eight_processes)
{
	struct err err = ERR_INIT;
	int status, failed = 0;
	struct store_verified seen;
	WORLD(w);

	for (int i = 0; i < 8; i++) {
		if (fork() > 0)
			continue;
		for (int k = 0; k < 5; k++) {
			struct world mine = {.tmp = STORE_TMP_INIT};
			struct sha256 hash;
			char text[32];

			snprintf(text, sizeof(text), "text %d", k);
			if (store_open(w.path, 0, &mine.s, &err) < 0 ||
			    publish_text(&mine, text, &hash, &err) < 0 ||
			    !store_tree_has(mine.s, &hash)) {
				dprintf(2, "%s\n", err.msg);
				_exit(1);
			}
			store_tmp_release(&mine.tmp);
			store_close(mine.s);
		}
		_exit(0);
	}
	while (wait(&status) > 0)
		failed += status != 0;
	CHECK(failed == 0);
	CHECK(count_entries("%s/trees", w.path) == 5 && count_entries("%s/tmp", w.path) == 0);
	OK(store_verify(w.s, false, NULL, &seen, &err));
	CHECK(seen.bad == 0);
	return NULL;
}
