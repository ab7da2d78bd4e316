/* SPDX-License-Identifier: Apache-2.0 */
#include <base/file.h>

#include <base/str.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <support/testutil.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

TEST_DIR_FIXTURE(tmp)
TestSuite(remove_tree, .init = tmp_setup, .fini = tmp_teardown, .timeout = 120);

Test(remove_tree, plain)
{
	struct err err = ERR_INIT;

	assert_ok(file_mkdir_p(tmp.fd, "t/a/b", 0755, &err), err);
	assert_ok(file_mkdir_p(tmp.fd, "t/c", 0755, &err), err);
	for (int i = 0; i < 3000; i++) {
		_cleanup_free_ char *name = xasprintf("t/c/%d", i);

		test_write_text(tmp.fd, name, "");
	}
	assert_ok(file_remove_tree(tmp.fd, "t/", &err), err);
	cr_assert_not(file_exists(tmp.fd, "t"));
}

Test(remove_tree, missing_is_success)
{
	struct err err = ERR_INIT;

	assert_ok(file_remove_tree(tmp.fd, "none", &err), err);
	assert_ok(file_remove_tree(tmp.fd, "none/none", &err), err);
}

Test(remove_tree, file_or_link_is_removed_itself)
{
	struct err err = ERR_INIT;

	test_write_text(tmp.fd, "f", "");
	assert_ok(file_mkdir_p(tmp.fd, "kept/x", 0755, &err), err);
	cr_assert_eq(symlinkat("kept", tmp.fd, "l"), 0);
	assert_ok(file_remove_tree(tmp.fd, "f", &err), err);
	assert_ok(file_remove_tree(tmp.fd, "l", &err), err);
	cr_assert_not(file_exists(tmp.fd, "f") || file_exists(tmp.fd, "l"));
	cr_assert(file_exists(tmp.fd, "kept/x"));
}

Test(remove_tree, does_not_follow_links)
{
	struct err err = ERR_INIT;

	assert_ok(file_mkdir_p(tmp.fd, "kept/x", 0755, &err), err);
	test_write_text(tmp.fd, "kept/f", "");
	assert_ok(file_mkdir_p(tmp.fd, "t", 0755, &err), err);
	cr_assert_eq(symlinkat("../kept", tmp.fd, "t/l"), 0);
	cr_assert_eq(linkat(tmp.fd, "kept/f", tmp.fd, "t/hard", 0), 0);
	assert_ok(file_remove_tree(tmp.fd, "t", &err), err);
	cr_assert(file_exists(tmp.fd, "kept/x") && file_exists(tmp.fd, "kept/f"));
}

Test(remove_tree, refuses_what_is_no_tree)
{
	struct err err = ERR_INIT;

	assert_refused(file_remove_tree(tmp.fd, ".", &err), err, ERR_BUG, "names no tree");
	assert_refused(file_remove_tree(tmp.fd, "a/..", &err), err, ERR_BUG, "names no tree");
	assert_refused(file_remove_tree(tmp.fd, "/", &err), err, ERR_BUG, "names no tree");
	assert_refused(file_remove_tree(tmp.fd, "", &err), err, ERR_BUG, "names no tree");
}

static int make_deep(const struct test_dir *d, int depth, char *report, size_t size)
{
	int fd = openat(d->fd, "deep", O_RDONLY | O_DIRECTORY);

	for (int i = 0; i < depth; i++) {
		child_check(mkdirat(fd, "0123456789", 0755) == 0, "mkdir %d", i);
		int next = openat(fd, "0123456789", O_RDONLY | O_DIRECTORY);

		child_check(next >= 0, "open %d: %s", i, strerror(errno));
		/* Siblings on the way, so that the walk has to come back. */
		child_check(mkdirat(fd, "z", 0755) == 0, "mkdir z");
		close(fd);
		fd = next;
	}
	close(fd);
	return 0;
}

/* Far beyond PATH_MAX and with fewer fds than levels. */
static int deep_tree(void *arg, char *report, size_t size)
{
	const struct test_dir *d = arg;
	struct rlimit few = {120, 120};
	struct err err = ERR_INIT;

	child_check(mkdirat(d->fd, "deep", 0755) == 0, "mkdir");
	if (make_deep(d, 600, report, size))
		return 1;
	/* A stranger's folder with the name that the removal wants for its own use. */
	child_check(mkdirat(d->fd, "deep/.belljar-remove-0", 0755) == 0, "mkdir");
	child_check(mkdirat(d->fd, "deep/.belljar-remove-0/x", 0755) == 0, "mkdir");
	child_check(setrlimit(RLIMIT_NOFILE, &few) == 0, "setrlimit");
	child_check(file_remove_tree(d->fd, "deep", &err) == 0, "%s", err.msg);
	child_check(!file_exists(d->fd, "deep"), "it is still there");
	return 0;
}

Test(remove_tree, deeper_than_a_path)
{
	test_in_child(deep_tree, &tmp);
}

/* As a user: root may enter folders of mode 000. */
static int modes(void *arg, char *report, size_t size)
{
	const struct test_dir *d = arg;
	struct err err = ERR_INIT;

	if (test_drop_root(report, size))
		return 1;
	child_check(file_mkdir_p(d->fd, "t/none/x/y", 0755, &err) == 0, "%s", err.msg);
	child_check(file_mkdir_p(d->fd, "t/ro/x", 0755, &err) == 0, "%s", err.msg);
	child_check(file_mkdir_p(d->fd, "t/noexec/x", 0755, &err) == 0, "%s", err.msg);
	child_check(close(openat(d->fd, "t/ro/f", O_CREAT | O_WRONLY, 0000)) == 0, "create");
	child_check(fchmodat(d->fd, "t/none/x", 0000, 0) == 0, "chmod");
	child_check(fchmodat(d->fd, "t/none", 0000, 0) == 0, "chmod");
	child_check(fchmodat(d->fd, "t/ro", 0500, 0) == 0, "chmod");
	child_check(fchmodat(d->fd, "t/noexec", 0600, 0) == 0, "chmod");
	child_check(fchmodat(d->fd, "t", 0000, 0) == 0, "chmod");
	child_check(file_remove_tree(d->fd, "t", &err) == 0, "%s", err.msg);
	child_check(!file_exists(d->fd, "t"), "it is still there");
	return 0;
}

Test(remove_tree, folders_without_permissions)
{
	cr_assert_eq(fchmod(tmp.fd, 0777), 0);
	test_in_child(modes, &tmp);
}

/* In a folder that may not be written the reason is told. */
static int not_permitted(void *arg, char *report, size_t size)
{
	const struct test_dir *d = arg;
	struct err err = ERR_INIT;

	if (test_drop_root(report, size))
		return 1;
	child_check(file_remove_tree(d->fd, "ro/f", &err) < 0, "not refused");
	child_check(strcmp(err.msg, "remove ro/f: f: Permission denied") == 0, "%s", err.msg);
	return 0;
}

Test(remove_tree, refusal_names_the_entry)
{
	cr_assert_eq(fchmod(tmp.fd, 0755), 0);
	cr_assert_eq(mkdirat(tmp.fd, "ro", 0755), 0);
	test_write_text(tmp.fd, "ro/f", "");
	cr_assert_eq(fchmodat(tmp.fd, "ro", 0555, 0), 0);
	test_in_child(not_permitted, &tmp);
}

static bool write_once(const char *path, const char *text)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

static int with_mount(void *arg, char *report, size_t size)
{
	const struct test_dir *d = arg;
	struct err err = ERR_INIT;
	struct stat before, after;
	char at[300], map[32];
	uid_t uid = getuid();
	gid_t gid = getgid();

	/* A mount namespace of its own, seen to be another one before anything is mounted. */
	child_check(stat("/proc/self/ns/mnt", &before) == 0, "stat");
	child_check(unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0, "unshare: %s", strerror(errno));
	child_check(stat("/proc/self/ns/mnt", &after) == 0, "stat");
	child_check(before.st_ino != after.st_ino, "still in the old mount namespace");
	snprintf(map, sizeof(map), "0 %u 1", (unsigned)uid);
	child_check(write_once("/proc/self/uid_map", map), "uid_map: %s", strerror(errno));
	child_check(write_once("/proc/self/setgroups", "deny"), "setgroups: %s", strerror(errno));
	snprintf(map, sizeof(map), "0 %u 1", (unsigned)gid);
	child_check(write_once("/proc/self/gid_map", map), "gid_map: %s", strerror(errno));
	snprintf(at, sizeof(at), "%s/t/mnt", d->path);
	child_check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "make private: %s",
		    strerror(errno));
	child_check(mount("none", at, "tmpfs", 0, NULL) == 0, "mount: %s", strerror(errno));
	/* The fd of before the unshare sees the old namespace's mounts: open the path anew. */
	int dir = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	child_check(mkdirat(dir, "t/mnt/inside", 0755) == 0, "mkdir");
	child_check(file_remove_tree(dir, "t", &err) < 0, "a mount point was crossed");
	child_check(strstr(err.msg, "mnt is a mount point"), "%s", err.msg);
	child_check(file_exists(dir, "t/mnt/inside"), "the mount's contents are gone");
	return 0;
}

static bool can_unshare(void)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

Test(remove_tree, does_not_cross_mounts)
{
	struct err err = ERR_INIT;

	if (!can_unshare())
		test_skip("user namespaces are not available");
	assert_ok(file_mkdir_p(tmp.fd, "t/mnt", 0755, &err), err);
	test_in_child(with_mount, &tmp);
}
