/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>

/* What a hostile build may leave in its output. Each is refused with its reason and its name. */

static const char *refused(struct world *w, const char *reason)
{
	struct sha256 hash;
	struct err err = ERR_INIT;

	FAILS(store_tree_publish(w->s, w->tmp.fd, "out", false, &hash, NULL, &err), ERR_INPUT,
	      reason);
	CHECK(count_entries("%s/trees", w->path) == 0);
	/* What is left can be removed, whatever it is. */
	OK(file_remove_tree(w->tmp.fd, "out", &err));
	return NULL;
}

STORE_TEST(hostile, fifo)
{
	WORLD(w);
	int out = put_out(&w, "out");

	put_dir(out, "sub");
	if (mkfifoat(out, "sub/fifo", 0644) < 0)
		return "mkfifo";
	close(out);
	return refused(&w, "sub/fifo: is a fifo");
}

STORE_TEST(hostile, socket)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct err err = ERR_INIT;
	WORLD(w);

	close(put_out(&w, "out"));
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/out/sock", w.tmp.path);
	CHECK(bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0);
	close(fd);
	return refused(&w, "sock: is a socket");
}

STORE_TEST_ROOT(hostile, device)
{
	struct err err = ERR_INIT;
	WORLD(w);
	int out = put_out(&w, "out");

	CHECK(mknodat(out, "null", S_IFCHR | 0666, makedev(1, 3)) == 0);
	close(out);
	return refused(&w, "null: is a device");
}

STORE_TEST(hostile, set_id_bits)
{
	static const struct {
		const char *name, *reason;
		mode_t mode;
	} rows[] = {{"uid", "uid: has the set-user-id bit", 04755},
		    {"gid", "gid: has the set-group-id bit", 02755},
		    {"both", "both: has the set-user-id bit", 06000}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		WORLD(w);
		int out = put_out(&w, "out");

		put_file(out, rows[i].name, "", rows[i].mode);
		STEP(refused(&w, rows[i].reason));
		put_dir(put_out(&w, "out"), rows[i].name);
		if (fchmodat(w.tmp.fd, scratch(xasprintf("out/%s", rows[i].name)), rows[i].mode,
			     0) < 0)
			return "chmod";
		STEP(refused(&w, rows[i].reason));
		close(out);
	}
	return NULL;
}

static const char *with_xattr(const char *attr, const void *value, size_t len, const char *object)
{
	_cleanup_free_ char *reason = NULL, *path = NULL;
	WORLD(w);
	int out = put_out(&w, "out");

	put_file(out, "file", "", 0755);
	put_dir(out, "folder");
	close(out);
	path = xasprintf("%s/out/%s", w.tmp.path, object);
	if (lsetxattr(path, attr, value, len, 0) < 0)
		return errno == ENOTSUP ? SKIP("the file system has no such attributes")
					: xasprintf("set %s: %s", attr, strerror(errno));
	reason = xasprintf("%s: has the extended attribute %s", object, attr);
	return refused(&w, reason);
}

STORE_TEST(hostile, user_xattr)
{
	STEP(with_xattr("user.note", "x", 1, "file"));
	return with_xattr("user.note", "x", 1, "folder");
}

STORE_TEST(hostile, access_control_list)
{
	static const struct {
		uint32_t version;
		struct {
			uint16_t tag, perm;
			uint32_t id;
		} e[5];
	} acl = {2, {{1, 6, ~0U}, {2, 7, 4711}, {4, 4, ~0U}, {0x10, 7, ~0U}, {0x20, 4, ~0U}}};

	STEP(with_xattr("system.posix_acl_access", &acl, sizeof(acl), "file"));
	return with_xattr("system.posix_acl_default", &acl, sizeof(acl), "folder");
}

STORE_TEST_ROOT(hostile, file_capability)
{
	/* struct vfs_cap_data, revision 2, effective, CAP_NET_RAW permitted */
	static const uint32_t cap[5] = {0x02000001, 1U << 13, 0, 0, 0};

	return with_xattr("security.capability", cap, sizeof(cap), "file");
}

STORE_TEST(hostile, output_is_a_link)
{
	struct err err = ERR_INIT;
	struct sha256 hash;
	WORLD(w);

	close(put_out(&w, "real"));
	CHECK(symlinkat("real", w.tmp.fd, "out") == 0);
	FAILS(store_tree_publish(w.s, w.tmp.fd, "out", false, &hash, NULL, &err), ERR_INPUT,
	      "is not a folder");
	return NULL;
}

/* Names of files reach the user's terminal in messages: not as they are. */
STORE_TEST(hostile, terminal_escape_in_a_name)
{
	WORLD(w);

	if (mkfifoat(put_out(&w, "out"), "a\x1b]0;\nb", 0644) < 0)
		return "mkfifo";
	return refused(&w, "a\\x1b]0;\\x0ab: is a fifo");
}

/*
 * ---- a file of the host's, linked into the output ----
 * The host is played by a folder of the test's own: what is tested might fail, and then it must not
 * have been the real one.
 */

static void put_sentinel(const struct world *w)
{
	static const struct timespec five[2] = {{.tv_sec = 5}, {.tv_sec = 5}};

	put_dir(w->fd, "host");
	put_file(w->fd, "host/sentinel", "precious", 0640);
	if (utimensat(w->fd, "host/sentinel", five, 0) < 0 || utimensat(w->fd, "host", five, 0) < 0)
		abort();
}

static const char *sentinel_unchanged(const struct world *w)
{
	_cleanup_free_ char *text = slurp(w->fd, "host/sentinel");
	struct err err = ERR_INIT;
	struct stat st;

	CHECK(text && strcmp(text, "precious") == 0);
	CHECK(fstatat(w->fd, "host/sentinel", &st, 0) == 0);
	CHECK((st.st_mode & 07777) == 0640 && st.st_mtim.tv_sec == 5 && st.st_uid == geteuid());
	CHECK(fstatat(w->fd, "host", &st, 0) == 0);
	CHECK((st.st_mode & 07777) == 0755 && st.st_mtim.tv_sec == 5);
	return NULL;
}

/* A bind mount may have the same device number: only the kernel can tell it. */
STORE_TEST(hostile, mount_point)
{
	_cleanup_free_ char *host = NULL;
	struct sha256 hash;
	struct err err = ERR_INIT;
	int r;

	if (own_namespaces() < 0)
		return SKIP("no namespaces here");
	WORLD(w);
	put_sentinel(&w);
	put_dir(put_out(&w, "out"), "inner");
	host = path_join(w.dir, "host");
	CHECK(chdir(w.tmp.path) == 0);
	CHECK(mount(host, "out/inner", NULL, MS_BIND, NULL) == 0);
	r = store_tree_publish(w.s, w.tmp.fd, "out", false, &hash, NULL, &err);
	CHECK(umount("out/inner") == 0);
	CHECK(r < 0 && err.code == ERR_INPUT);
	CHECK(strstr(err.msg, "inner: a mount point inside the tree"));
	return sentinel_unchanged(&w);
}

STORE_TEST(hostile, hard_link_to_outside_is_copied)
{
	_cleanup_close_ int out = -1;
	struct sha256 hash;
	struct err err = ERR_INIT;
	struct stat st;
	WORLD(w);

	put_sentinel(&w);
	out = put_out(&w, "out");
	CHECK(linkat(w.fd, "host/sentinel", out, "file", 0) == 0);
	OK(store_tree_publish(w.s, w.tmp.fd, "out", false, &hash, NULL, &err));
	CHECK(fstatat(w.fd, "host/sentinel", &st, 0) == 0 && st.st_nlink == 1);
	return sentinel_unchanged(&w);
}

/* Unreadable, so that it must be made readable for the copy, and put back. */
STORE_TEST(hostile, hard_link_to_unreadable_file)
{
	_cleanup_close_ int out = -1;
	struct sha256 hash;
	struct err err = ERR_INIT;
	struct stat st;
	WORLD(w);

	put_file(w.fd, "unreadable", "precious", 0);
	out = put_out(&w, "out");
	CHECK(linkat(w.fd, "unreadable", out, "file", 0) == 0);
	OK(store_tree_publish(w.s, w.tmp.fd, "out", false, &hash, NULL, &err));
	CHECK(fstatat(w.fd, "unreadable", &st, 0) == 0 && (st.st_mode & 07777) == 0);
	return NULL;
}

/* The builder's files are the builder's: a link to root's file would publish its content. */
STORE_TEST_ROOT(hostile, hard_link_to_file_of_another_user)
{
	struct err err = ERR_INIT;
	WORLD(w);
	int out = put_out(&w, "out");

	put_sentinel(&w);
	CHECK(linkat(w.fd, "host/sentinel", out, "file", 0) == 0);
	CHECK(fchown(out, PLAIN_UID, PLAIN_UID) == 0);
	close(out);
	STEP(refused(&w, "file: is a hard link to a file of another user"));
	return sentinel_unchanged(&w);
}

STORE_TEST(hostile, links_are_never_followed)
{
	_cleanup_close_ int out = -1, tree = -1;
	struct sha256 hash;
	struct err err = ERR_INIT;
	struct stat st;
	WORLD(w);

	put_sentinel(&w);
	out = put_out(&w, "out");
	CHECK(symlinkat("../../../../host", out, "folder") == 0);
	CHECK(symlinkat("../../../../host/sentinel", out, "file") == 0);
	OK(store_tree_publish(w.s, w.tmp.fd, "out", false, &hash, NULL, &err));
	tree = store_tree_open(w.s, &hash, &err);
	CHECK(fstatat(tree, "folder", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode));
	return sentinel_unchanged(&w);
}

static void swap_forever(int out)
{
	for (;;) {
		renameat2(out, "folder", out, "folder-link", RENAME_EXCHANGE);
		renameat2(out, "file", out, "file-hard", RENAME_EXCHANGE);
		renameat2(out, "file", out, "file-link", RENAME_EXCHANGE);
		renameat2(out, "folder/deep", out, "deep", 0);
		renameat2(out, "deep", out, "folder/deep", 0);
	}
}

/* A process that outlived its build swaps names while the tree is walked. */
STORE_TEST(hostile, swaps_during_the_walk)
{
	_cleanup_close_ int out = -1;
	struct err err = ERR_INIT;
	unsigned failures = 0;
	pid_t pid;
	WORLD(w);

	put_sentinel(&w);
	out = put_out(&w, "out");
	put_dir(out, "folder");
	put_dir(out, "folder/deep");
	put_file(out, "folder/sentinel", "mine", 0600);
	put_file(out, "file", "mine", 0600);
	CHECK(symlinkat("../../../../host", out, "folder-link") == 0);
	CHECK(symlinkat("../../../../host/sentinel", out, "file-link") == 0);
	CHECK(linkat(w.fd, "host/sentinel", out, "file-hard", 0) == 0);
	pid = fork();
	if (pid == 0)
		swap_forever(out);
	/* On a crowded machine the other process may not run for a while: again until it did. */
	for (int i = 0; i < 1500 || (!failures && i < 40000); i++) {
		struct sha256 hash;

		err_clear(&err);
		/* Put back what a walk broke up. */
		unlinkat(out, "again", 0);
		if (linkat(w.fd, "host/sentinel", out, "again", 0) == 0)
			renameat(out, "again", out, "file-hard");
		failures += store_tree_prepare(w.s, w.tmp.fd, "out", false, &hash, NULL, &err) < 0;
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	CHECK(failures > 0); /* else nothing was swapped at the right moment */
	return sentinel_unchanged(&w);
}
