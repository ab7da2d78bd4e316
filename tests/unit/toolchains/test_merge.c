/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include <fcntl.h>
#include <sys/stat.h>

/* Packages a, b, c in folders of these names, merged in this order into the folder root. */
struct kit {
	struct bench b;
	struct toolchain *tc;
	struct lock *lock;
	int fds[3];
	struct merge merge;
};

static void add(struct lock *l, const char *name, const char *replaces)
{
	_cleanup_(strv_release) struct strv list = STRV_INIT;
	struct sha256 hash = {{0}};
	struct err err = ERR_INIT;

	if (replaces)
		strv_push(&list, replaces);
	OK(lock_add_package(l, name, "1", "all", "pool/x.deb", 1, &hash, &list, &err));
}

static struct kit kit_new(const char *a_replaces, const char *b_replaces, const char *c_replaces)
{
	struct kit k = {.b = bench_new(), .lock = lock_new()};

	k.tc = loaded(&k.b, NULL, NULL);
	add(k.lock, "a", a_replaces);
	add(k.lock, "b", b_replaces);
	add(k.lock, "c", c_replaces);
	put_dir(&k.b, "a");
	put_dir(&k.b, "b");
	put_dir(&k.b, "c");
	put_dir(&k.b, "root");
	return k;
}

static void kit_release(struct kit *k)
{
	for (int i = 0; i < 3; i++)
		close(k->fds[i]);
	close(k->merge.root);
	lock_free(k->lock);
	toolchain_free(k->tc);
	bench_release(&k->b);
}
#define KIT(name, ...) _cleanup_(kit_release) struct kit name = kit_new(__VA_ARGS__)

static int open_dir(const struct bench *b, const char *name)
{
	int fd = openat(b->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	cr_assert(fd >= 0);
	return fd;
}

static int merge(struct kit *k, struct err *err)
{
	static const char *const names[] = {"a", "b", "c"};

	for (int i = 0; i < 3; i++)
		k->fds[i] = open_dir(&k->b, names[i]);
	k->merge = (struct merge){
		.tc = k->tc, .lock = k->lock, .tree_fds = k->fds, .root = open_dir(&k->b, "root")};
	for (size_t i = 0; i < 3; i++)
		if (merge_package(&k->merge, i, err) < 0)
			return -1;
	return 0;
}

static void has(const struct kit *k, const char *path, const char *text)
{
	_cleanup_free_ char *found = get(&k->b, path);

	if (!text)
		cr_assert_null(found, "%s is there", path);
	else
		cr_assert(found && strcmp(found, text) == 0, "%s: expected '%s', found '%s'", path,
			  text, found ? found : "nothing");
}

Test(merge, puts_packages_together_by_hard_links)
{
	struct err err = ERR_INIT;
	struct stat st;
	KIT(k, NULL, NULL, NULL);

	put(&k.b, "a/usr/bin/x", "x");
	put(&k.b, "b/usr/bin/y", "y");
	put_link(&k.b, "c/usr/bin/z", "x");
	put_dir(&k.b, "c/var/empty");
	OK(merge(&k, &err));
	has(&k, "root/usr/bin/x", "x");
	has(&k, "root/usr/bin/y", "y");
	has(&k, "root/usr/bin/z", "x");
	cr_assert_eq(fstatat(k.b.fd, "root/usr/bin/x", &st, 0), 0);
	cr_assert_eq(st.st_nlink, 2);
	cr_assert_eq(fstatat(k.b.fd, "root/var/empty", &st, 0), 0);
}

Test(merge, drops_what_the_list_names)
{
	struct err err = ERR_INIT;
	KIT(k, NULL, NULL, NULL);

	put(&k.b, "a/usr/share/doc/a/copyright", "a");
	put(&k.b, "a/usr/share/doc-base/x", "kept");
	put(&k.b, "b/usr/share/doc", "a file where others have a folder");
	OK(merge(&k, &err));
	has(&k, "root/usr/share/doc", NULL);
	has(&k, "root/usr/share/doc-base/x", "kept");
}

Test(merge, equal_files_are_no_conflict)
{
	struct err err = ERR_INIT;
	KIT(k, NULL, NULL, NULL);

	put(&k.b, "a/etc/x", "same");
	put(&k.b, "b/etc/x", "same");
	put_link(&k.b, "a/etc/l", "x");
	put_link(&k.b, "c/etc/l", "x");
	OK(merge(&k, &err));
	has(&k, "root/etc/x", "same");
}

Test(merge, unequal_files_are_refused)
{
	struct err err = ERR_INIT;
	KIT(k, NULL, NULL, NULL);

	put(&k.b, "a/etc/x", "one");
	put(&k.b, "c/etc/x", "two");
	REFUSED(merge(&k, &err), ERR_INPUT,
		"/etc/x is in package a and, different, in package c, and neither replaces");
}

Test(merge, unequal_execute_bits_and_kinds_are_refused)
{
	struct err err = ERR_INIT;
	KIT(k, NULL, NULL, NULL);
	KIT(links, NULL, NULL, NULL);

	put(&k.b, "a/etc/x", "same");
	put_exec(&k.b, "b/etc/x", "same");
	REFUSED(merge(&k, &err), ERR_INPUT, "/etc/x is in package a");
	put_link(&links.b, "a/etc/x", "one");
	put_link(&links.b, "b/etc/x", "two");
	REFUSED(merge(&links, &err), ERR_INPUT, "/etc/x is in package a");
}

Test(merge, the_later_one_may_replace)
{
	struct err err = ERR_INIT;
	KIT(k, NULL, NULL, "a");

	put(&k.b, "a/etc/x", "one");
	put(&k.b, "c/etc/x", "two");
	OK(merge(&k, &err));
	has(&k, "root/etc/x", "two");
	has(&k, "a/etc/x", "one"); /* never written through the hard link */
}

Test(merge, the_earlier_one_may_replace)
{
	struct err err = ERR_INIT;
	KIT(k, "c", NULL, NULL);

	put(&k.b, "a/etc/x", "one");
	put(&k.b, "c/etc/x", "two");
	OK(merge(&k, &err));
	has(&k, "root/etc/x", "one");
}

Test(merge, a_third_package_is_not_covered_by_the_second_s_replaces)
{
	struct err err = ERR_INIT;
	KIT(k, NULL, "a", NULL);

	put(&k.b, "a/etc/x", "one");
	put(&k.b, "b/etc/x", "two");
	put(&k.b, "c/etc/x", "three");
	REFUSED(merge(&k, &err), ERR_INPUT, "/etc/x is in package a and, different, in package c");
}

Test(merge, folder_against_file_is_refused)
{
	struct err err = ERR_INIT;
	KIT(k, NULL, NULL, NULL);
	KIT(other, NULL, "a", NULL);

	put(&k.b, "a/etc/x", "file");
	put(&k.b, "b/etc/x/y", "in a folder");
	REFUSED(merge(&k, &err), ERR_INPUT, "/etc/x is a folder in package b and something else");
	put(&other.b, "a/etc/x/y", "in a folder");
	put(&other.b, "b/etc/x", "file");
	REFUSED(merge(&other, &err), ERR_INPUT, "/etc/x of package b replaces a folder");
}

/* A link that a package planted must not lead the next one's files elsewhere. */
Test(merge, never_follows_a_planted_link)
{
	struct err err = ERR_INIT;
	KIT(k, NULL, NULL, NULL);

	put_dir(&k.b, "outside");
	put_link(&k.b, "a/etc", "../outside");
	put(&k.b, "b/etc/x", "escaped");
	REFUSED(merge(&k, &err), ERR_INPUT, "/etc is a folder in package b and something else");
	has(&k, "outside/x", NULL);
}

Test(merge, the_layout_is_not_for_packages)
{
	struct err err = ERR_INIT;
	KIT(k, NULL, NULL, NULL);

	put_link(&k.b, "root/bin", "usr/bin");
	put(&k.b, "a/bin", "a file");
	REFUSED(merge(&k, &err), ERR_INPUT, "/bin of package a is in the way of the root's layout");
}
