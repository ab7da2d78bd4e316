/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <base/printable.h>
#include <base/walk_tree.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/xattr.h>
#include <unistd.h>

/*
 * The normal form: owner the caller, modes 0644 or 0755, modification time 1, one name per inode,
 * no extended attributes, nothing but folders, files and symbolic links. What NAR does not see may
 * not vary, or a build that reads it would depend on something that no hash covers.
 *
 * Objects are changed through O_PATH fds only, never by name: between a look at a name and a
 * change of it, a hostile process could have put a link to a file of the host's there.
 */

struct normal {
	bool keep_hardlinks;
	bool have_top;
	uid_t top_uid; /* who owned the top before: the builder */
};

#define FD_PATH_LEN 32
static const char *fd_path(char buf[FD_PATH_LEN], int fd)
{
	snprintf(buf, FD_PATH_LEN, "/proc/self/fd/%d", fd);
	return buf;
}

static int refuse(const struct walk_entry *e, struct err *err, const char *why)
{
	_cleanup_free_ char *shown = printable(e->path, WALK_SHOWN_MAX);

	return err_set(err, ERR_INPUT, 0, "%s: %s", shown, why);
}

static int failed(const struct walk_entry *e, struct err *err, const char *doing)
{
	int saved = errno;
	_cleanup_free_ char *shown = printable(e->path, WALK_SHOWN_MAX);

	return err_set(err, ERR_STORE, saved, "%s %s", doing, shown);
}

static int check_type(const struct walk_entry *e, struct err *err)
{
	bool set_uid = e->st.st_mode & S_ISUID, set_gid = e->st.st_mode & S_ISGID;

	switch (e->st.st_mode & S_IFMT) {
	case S_IFLNK:
		return 0;
	case S_IFREG:
	case S_IFDIR:
		if (set_uid)
			return refuse(e, err, "has the set-user-id bit, which a tree may not have");
		if (set_gid)
			return refuse(e, err,
				      "has the set-group-id bit, which a tree may not have");
		return 0;
	case S_IFSOCK:
		return refuse(e, err, "is a socket, which a tree may not hold");
	case S_IFIFO:
		return refuse(e, err, "is a fifo, which a tree may not hold");
	case S_IFBLK:
	case S_IFCHR:
		return refuse(e, err, "is a device, which a tree may not hold");
	}
	return refuse(e, err, "is of an unknown type");
}

/* Labels that the host's own security modules and file systems put on every file. */
static bool xattr_of_host(const char *name)
{
	static const char *const names[] = {"security.selinux", "security.ima", "security.evm",
					    "security.apparmor", "system.nfs4_acl"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return str_starts(name, "security.SMACK64") || str_starts(name, "btrfs.");
}

static int check_xattrs(const struct walk_entry *e, struct err *err)
{
	char path[FD_PATH_LEN], few[1024];
	_cleanup_free_ char *many = NULL;
	char *list = few;
	ssize_t n = listxattr(fd_path(path, e->fd), few, sizeof(few));

	if (n < 0 && errno == ERANGE) {
		list = many = xmalloc(XATTR_LIST_MAX);
		n = listxattr(path, many, XATTR_LIST_MAX);
	}
	if (n < 0)
		return errno == ENOTSUP ? 0 : failed(e, err, "list the extended attributes of");
	for (const char *p = list; p < list + n; p += strlen(p) + 1) {
		_cleanup_free_ char *name = NULL, *why = NULL;

		if (xattr_of_host(p))
			continue;
		name = printable(p, WALK_SHOWN_MAX);
		why = xasprintf("has the extended attribute %s, which a tree may not have", name);
		return refuse(e, err, why);
	}
	return 0;
}

/* Read a file behind an O_PATH fd whose mode may forbid it; the mode is put back. */
static int open_content(const struct walk_entry *e)
{
	char path[FD_PATH_LEN];
	int fd = open(fd_path(path, e->fd), O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int saved;

	if (fd >= 0 || errno != EACCES || chmod(path, (e->st.st_mode & 07777) | S_IRUSR) < 0)
		return fd;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	saved = errno;
	if (chmod(path, e->st.st_mode & 07777) < 0)
		cleanup_closep(&fd), fd = -1;
	errno = saved;
	return fd;
}

static int copy_file(const struct walk_entry *e, const char *temp, struct err *err)
{
	_cleanup_close_ int in = open_content(e);
	_cleanup_close_ int out = -1;

	if (in < 0)
		return failed(e, err, "read");
	out = openat(e->dirfd, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return failed(e, err, "copy");
	if (file_copy_fd(in, out, err) < 0)
		return -1;
	return fchmod(out, e->st.st_mode & 0777) < 0 ? failed(e, err, "change the mode of") : 0;
}

static int copy_link(const struct walk_entry *e, const char *temp, struct err *err)
{
	_cleanup_free_ char *target = NULL;

	if (file_readlink(e->fd, "", &target, err) < 0)
		return -1;
	return symlinkat(target, e->dirfd, temp) < 0 ? failed(e, err, "copy") : 0;
}

/*
 * A name that shares its inode gets one of its own. The other name may be outside of the tree: the
 * shared inode is only read. A builder owns all that it made, so a shared file of another owner is
 * a link to something that is not the builder's, and its content might be secret.
 */
static int break_hardlink(const struct normal *n, struct walk_entry *e, struct err *err)
{
	char temp[40];
	uint64_t random;
	int fd;

	if (e->st.st_uid != n->top_uid)
		return refuse(e, err, "is a hard link to a file of another user");
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return failed(e, err, "copy");
	snprintf(temp, sizeof(temp), ".belljar-%016llx", (unsigned long long)random);
	if ((S_ISLNK(e->st.st_mode) ? copy_link(e, temp, err) : copy_file(e, temp, err)) < 0)
		return -1;
	if (renameat(e->dirfd, temp, e->dirfd, e->name) < 0)
		return failed(e, err, "replace");
	fd = openat(e->dirfd, e->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return failed(e, err, "open");
	close(e->fd);
	e->fd = fd;
	if (fstat(fd, &e->st) < 0)
		return failed(e, err, "stat");
	return e->st.st_nlink == 1 ? 0 : refuse(e, err, "changed while it was read");
}

static int set_time(const struct walk_entry *e, struct err *err)
{
	static const struct timespec one[2] = {{.tv_sec = 1}, {.tv_sec = 1}};

	if (utimensat(e->fd, "", one, AT_EMPTY_PATH) < 0)
		return failed(e, err, "set the time of");
	return 0;
}

static mode_t normal_mode(const struct stat *st)
{
	return S_ISDIR(st->st_mode) || (st->st_mode & S_IXUSR) ? 0755 : 0644;
}

static bool time_is_normal(const struct stat *st)
{
	return st->st_mtim.tv_sec == 1 && st->st_mtim.tv_nsec == 0;
}

/* Each property is only written where it differs: a kept hard link may be another tree's file. */
static int normalise_object(void *arg, struct walk_entry *e, struct err *err)
{
	struct normal *n = arg;
	char path[FD_PATH_LEN];

	if (e->leave)
		return set_time(e, err);
	if (!n->have_top) {
		n->have_top = true;
		n->top_uid = e->st.st_uid;
		if (!S_ISDIR(e->st.st_mode))
			return refuse(e, err, "is not a folder");
	}
	if (check_type(e, err) < 0 || check_xattrs(e, err) < 0)
		return -1;
	if (!S_ISDIR(e->st.st_mode) && e->st.st_nlink > 1 && !n->keep_hardlinks &&
	    break_hardlink(n, e, err) < 0)
		return -1;
	if ((e->st.st_uid != geteuid() || e->st.st_gid != getegid()) &&
	    fchownat(e->fd, "", geteuid(), getegid(), AT_EMPTY_PATH) < 0)
		return failed(e, err, "change the owner of");
	if (!S_ISLNK(e->st.st_mode) && (e->st.st_mode & 07777) != normal_mode(&e->st) &&
	    chmod(fd_path(path, e->fd), normal_mode(&e->st)) < 0)
		return failed(e, err, "change the mode of");
	if (!S_ISDIR(e->st.st_mode) && !time_is_normal(&e->st))
		return set_time(e, err);
	return 0;
}

int tree_normalise(int dirfd, const char *name, bool keep_hardlinks, struct err *err)
{
	struct normal n = {.keep_hardlinks = keep_hardlinks};

	return walk_tree(dirfd, name, normalise_object, &n, err);
}

static int check_object(void *arg, struct walk_entry *e, struct err *err)
{
	if (e->leave)
		return 0;
	if (check_type(e, err) < 0 || check_xattrs(e, err) < 0)
		return -1;
	if (e->st.st_uid != geteuid())
		return refuse(e, err, "has another owner than the store");
	if (!S_ISLNK(e->st.st_mode) && (e->st.st_mode & 07777) != normal_mode(&e->st))
		return refuse(e, err, "has a mode other than 0644 and 0755");
	return time_is_normal(&e->st) ? 0 : refuse(e, err, "has another modification time than 1");
}

int tree_check_normal(int dirfd, const char *name, struct err *err)
{
	return walk_tree(dirfd, name, check_object, NULL, err);
}
