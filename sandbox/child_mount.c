/* SPDX-License-Identifier: Apache-2.0 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

/* sys/mount.h and linux/mount.h cannot both be included. */
#ifndef MNT_DETACH
#define MNT_DETACH 2
#endif
#ifndef MS_PRIVATE
#define MS_PRIVATE (1 << 18)
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef OPEN_TREE_CLOEXEC
#define OPEN_TREE_CLOEXEC O_CLOEXEC
#endif

/*
 * Open a path of the new root. Whoever made that root may have put links where we mount: none is
 * followed, in no component. (No O_NOFOLLOW: with O_PATH it would open the link itself.)
 */
static int open_inside(const struct room_child *c, const char *path, int flags)
{
	struct open_how how = {.flags = (uint64_t)flags | O_CLOEXEC,
			       .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
					  RESOLVE_NO_MAGICLINKS};
	long fd = syscall(SYS_openat2, c->root, *path ? path + 1 : ".", &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

static void forget_folder(struct room_child *c)
{
	if (c->folder >= 0)
		close(c->folder);
	c->folder = -1;
}

/*
 * The folder that holds @path, borrowed; *name becomes its last component. The last one is kept
 * open: neighbours are made one after the other.
 */
static int parent_of(struct room_child *c, const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	size_t n = (size_t)(slash - path);

	*name = slash + 1;
	if (n == 0)
		return c->root;
	if (n >= sizeof(c->folder_path))
		return -ENAMETOOLONG;
	if (c->folder >= 0 && !strncmp(c->folder_path, path, n) && !c->folder_path[n])
		return c->folder;
	forget_folder(c);
	memcpy(c->folder_path, path, n);
	c->folder_path[n] = '\0';
	c->folder = open_inside(c, c->folder_path, O_PATH | O_DIRECTORY);
	return c->folder;
}

static int set_attributes(int mount, uint64_t set, unsigned flags)
{
	struct mount_attr attr = {.attr_set = set, .propagation = flags ? MS_PRIVATE : 0};

	return room_errno(
		syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH | flags, &attr, sizeof(attr)));
}

/* Put a detached mount on @dst; on "" it becomes the new root, over the old one. */
static int attach(struct room_child *c, int mount, const char *dst)
{
	int target = AT_FDCWD, r;

	forget_folder(c); /* the mount may cover it */
	if (*dst) {
		target = open_inside(c, dst, O_PATH);
		if (target < 0)
			return target;
	}
	r = room_errno(syscall(SYS_move_mount, mount, "", target, *dst ? "" : "/",
			       MOVE_MOUNT_F_EMPTY_PATH | (*dst ? MOVE_MOUNT_T_EMPTY_PATH : 0)));
	if (*dst)
		close(target);
	if (r == 0 && !*dst)
		c->root = mount;
	else
		close(mount);
	return r;
}

static int apply_tree(struct room_child *c, const struct room_op *op)
{
	int mount = op->fd, r;

	if (mount < 0) {
		mount = (int)syscall(SYS_open_tree, AT_FDCWD, op->src,
				     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
		if (mount < 0)
			return -errno;
		r = set_attributes(mount, op->a, AT_RECURSIVE);
		if (r < 0)
			return r;
	}
	return attach(c, mount, op->dst);
}

struct option {
	const char *key, *value;
};

/* A new file system: negative errno, or its detached mount. */
static int new_mount(const char *type, const struct option *options, size_t n, uint64_t attr)
{
	int fs = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC), mount;

	if (fs < 0)
		return -errno;
	for (size_t i = 0; i < n; i++)
		if (syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, options[i].key, options[i].value,
			    0) < 0)
			return -errno;
	if (syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	mount = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attr);
	if (mount < 0)
		return -errno;
	close(fs);
	return mount;
}

/* No stdio here. */
static const char *decimal(uint64_t value, char buf[24])
{
	char *at = buf + 23;

	*at = '\0';
	do
		*--at = (char)('0' + value % 10);
	while (value /= 10);
	return at;
}

static int apply_tmpfs(struct room_child *c, const struct room_op *op)
{
	char mode[8] = {'0',
			(char)('0' + (op->a >> 9 & 7)),
			(char)('0' + (op->a >> 6 & 7)),
			(char)('0' + (op->a >> 3 & 7)),
			(char)('0' + (op->a & 7)),
			'\0'};
	char nodes[24];
	const struct option options[] = {
		{"mode", mode}, {"size", op->src}, {"nr_inodes", decimal(op->c, nodes)}};
	int mount = new_mount("tmpfs", options, op->c ? 3 : 2, op->b);

	return mount < 0 ? mount : attach(c, mount, op->dst);
}

static int apply_proc(struct room_child *c, const struct room_op *op)
{
	/* hidepid: init is not dumpable and therefore not there */
	const struct option options[] = {{"hidepid", "2"}, {"subset", op->src}};
	int mount = new_mount("proc", options, op->src ? 2 : 1,
			      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);

	return mount < 0 ? mount : attach(c, mount, op->dst);
}

static int apply_devpts(struct room_child *c, const struct room_op *op)
{
	static const struct option options[] = {{"ptmxmode", "0666"}, {"mode", "0620"}};
	int mount = new_mount("devpts", options, 2, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);

	return mount < 0 ? mount : attach(c, mount, op->dst);
}

/*
 * A user namespace that ever had a binfmt_misc of its own no longer looks at its parent's (Linux
 * 6.7), so that a foreign binary fails to start here whatever the host has registered. Creating
 * the file system is enough; older kernels refuse, and then the host's handlers stay.
 */
static int apply_binfmt(struct room_child *c, const struct room_op *op)
{
	int fs = (int)syscall(SYS_fsopen, "binfmt_misc", FSOPEN_CLOEXEC);

	if (fs < 0)
		return 0;
	syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	close(fs);
	return 0;
}

static int apply_mkdir(struct room_child *c, const struct room_op *op)
{
	const char *name;
	int parent = parent_of(c, op->dst, &name);

	if (parent < 0)
		return parent;
	return room_errno(mkdirat(parent, name, (mode_t)op->a));
}

static int apply_mkfile(struct room_child *c, const struct room_op *op)
{
	const char *name;
	int parent = parent_of(c, op->dst, &name), fd, r = 0;

	if (parent < 0)
		return parent;
	fd = openat(parent, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0644);
	if (fd < 0)
		r = -errno;
	else if (op->src && write(fd, op->src, strlen(op->src)) < 0)
		r = -errno;
	close(fd);
	return r;
}

static int apply_symlink(struct room_child *c, const struct room_op *op)
{
	const char *name;
	int parent = parent_of(c, op->dst, &name);

	if (parent < 0)
		return parent;
	return room_errno(symlinkat(op->src, parent, name));
}

static int apply_mask(struct room_child *c, const struct room_op *op)
{
	static const struct option options[] = {{"size", "4k"}, {"mode", "0555"}};
	int target = open_inside(c, op->dst, O_PATH), cover, r;

	if (target == -ENOENT) /* not in this kernel's configuration */
		return 0;
	if (target < 0)
		return target;
	close(target);
	if (!op->src) {
		cover = new_mount("tmpfs", options, 2, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID);
		return cover < 0 ? cover : attach(c, cover, op->dst);
	}
	target = open_inside(c, op->src, O_PATH);
	if (target < 0)
		return target;
	cover = (int)syscall(SYS_open_tree, target, "",
			     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	r = cover < 0 ? -errno : attach(c, cover, op->dst);
	close(target);
	return r;
}

static int apply_seal(struct room_child *c, const struct room_op *op)
{
	int mount = open_inside(c, op->dst, O_PATH | O_DIRECTORY), r;

	if (mount < 0)
		return mount;
	r = set_attributes(mount, MOUNT_ATTR_RDONLY, 0);
	close(mount);
	return r;
}

static int apply_pty(struct room_child *c, const struct room_op *op)
{
	struct room_report r = {.kind = ROOM_REPORT_PTY};
	int master = open_inside(c, "/dev/pts/ptmx", O_RDWR | O_NOCTTY), unlock = 0, sent;

	if (master < 0)
		return master;
	if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return -errno;
	c->terminal = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (c->terminal < 0)
		return -errno;
	sent = room_send(c->control, &r, master);
	close(master);
	return sent;
}

static int apply_pivot(struct room_child *c, const struct room_op *op)
{
	forget_folder(c);
	if (fchdir(c->root) < 0)
		return -errno;
	/* with both paths equal, the old root lies over the new one and is taken off */
	if (syscall(SYS_pivot_root, ".", ".") < 0 || syscall(SYS_umount2, ".", MNT_DETACH) < 0)
		return -errno;
	close(c->root);
	c->root = -1;
	return room_errno(chdir("/"));
}

const room_apply_fn room_apply_mount[ROOM_OP_KINDS] = {
	[ROOM_OP_TREE] = apply_tree,       [ROOM_OP_TMPFS] = apply_tmpfs,
	[ROOM_OP_PROC] = apply_proc,       [ROOM_OP_DEVPTS] = apply_devpts,
	[ROOM_OP_MKDIR] = apply_mkdir,     [ROOM_OP_MKFILE] = apply_mkfile,
	[ROOM_OP_SYMLINK] = apply_symlink, [ROOM_OP_MASK] = apply_mask,
	[ROOM_OP_SEAL] = apply_seal,       [ROOM_OP_PTY] = apply_pty,
	[ROOM_OP_PIVOT] = apply_pivot,     [ROOM_OP_BINFMT] = apply_binfmt,
};
