/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only a root belljar does: give each running room a uid of its own, and pass it the trees it
 * could not open itself (they lie below a folder of mode 0700) as detached mounts, read-only, with
 * their owner shown as the room's user.
 */
#include "internal.h"

#include "kernel.h"
#include <base/file.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef MS_PRIVATE
#define MS_PRIVATE (1 << 18)
#endif

#define SLOTS     "/run/belljar"
#define READ_ONLY (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

/* A locked file per uid: the lock goes with the process, whatever happens to it. */
static int lock_slot(int dir, unsigned slot)
{
	char name[16];
	int fd;

	snprintf(name, sizeof(name), "uid-%u", slot);
	fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

int room_root_uid(struct room_facts *f, const struct room_spec *spec, int *out_slot,
		  struct err *err)
{
	_cleanup_close_ int dir = -1;

	if (spec->host_uid) {
		f->uid = f->gid = spec->host_uid;
		return 0;
	}
	if (mkdir(SLOTS, 0700) < 0 && errno != EEXIST)
		return err_set(err, ERR_HOST, errno, "room: make %s", SLOTS);
	dir = open(SLOTS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return err_set(err, ERR_HOST, errno, "room: open %s", SLOTS);
	for (unsigned slot = 0; slot < ROOM_UIDS; slot++) {
		*out_slot = lock_slot(dir, slot);
		if (*out_slot >= 0) {
			f->uid = f->gid = room_host_uid(slot);
			return 0;
		}
	}
	return err_set(err, ERR_HOST, 0, "room: all %u uids for rooms are taken (locks in %s)",
		       ROOM_UIDS, SLOTS);
}

static int write_map(pid_t pid, const char *file, uid_t on_disk, uid_t seen)
{
	char path[64], text[64];
	int fd, n, r;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	n = snprintf(text, sizeof(text), "%u %u 1", on_disk, seen);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	r = write(fd, text, (size_t)n) == n ? 0 : -1;
	close(fd);
	return r;
}

/* Wait to be killed, by the supervisor or with it: or else root's descriptors and locks would stay.
 */
static void __attribute__((noreturn)) hold_namespace(pid_t supervisor)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() == supervisor) /* it may have been gone before */
		syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
	_exit(0);
}

/*
 * A user namespace that exists only to say "what is owned by @st's owner on disk, shall be the
 * room's": mount_setattr(2) takes such a map as a namespace. -1 when it cannot be made.
 */
static int map_namespace(const struct stat *st, const struct room_facts *f)
{
	char path[64];
	int fd = -1;
	pid_t self = getpid();
	pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0)
		hold_namespace(self);
	if (pid < 0)
		return -1;
	if (write_map(pid, "uid_map", st->st_uid, f->uid) == 0 &&
	    write_map(pid, "gid_map", st->st_gid, f->gid) == 0) {
		snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		;
	return fd;
}

struct owner_map {
	int ns; /* -1: none yet */
	uid_t uid;
	gid_t gid;
};

static int set_attributes(int tree, uint64_t attr, int ns)
{
	struct mount_attr a = {.attr_set = attr, .propagation = MS_PRIVATE};

	if (ns >= 0) {
		a.attr_set |= MOUNT_ATTR_IDMAP;
		a.userns_fd = (uint64_t)ns;
	}
	return (int)syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &a,
			    sizeof(a));
}

/* One map serves all trees of one owner, which in practice is the store's. */
static int owner_map(struct owner_map *map, const struct stat *st, const struct room_facts *f)
{
	if (map->ns >= 0 && map->uid == st->st_uid && map->gid == st->st_gid)
		return map->ns;
	cleanup_closep(&map->ns);
	*map = (struct owner_map){map_namespace(st, f), st->st_uid, st->st_gid};
	return map->ns;
}

/* @map NULL: owners stay as they are. */
static int open_detached(const char *path, uint64_t attr, struct owner_map *map,
			 const struct room_facts *f, int *out, struct err *err)
{
	_cleanup_close_ int tree = (int)syscall(SYS_open_tree, AT_FDCWD, path,
						OPEN_TREE_CLONE | O_CLOEXEC | AT_RECURSIVE);
	struct stat st;

	if (tree < 0 || fstat(tree, &st) < 0)
		return room_fail_call(err, "open the tree", path, errno);
	/* not every file system can map owners (then they show as nobody, which does no harm) */
	if (!map || st.st_uid == f->uid || set_attributes(tree, attr, owner_map(map, &st, f)) < 0)
		if (set_attributes(tree, attr, -1) < 0)
			return room_fail_call(err, "make read-only the mount of", path, errno);
	*out = TAKE_FD(tree);
	return 0;
}

/* Only the top: what the room makes below will be its own. */
static int give_away(int tree, const char *path, const struct room_facts *f, struct err *err)
{
	if (fchownat(tree, "", f->uid, f->gid, AT_EMPTY_PATH) < 0)
		return err_set(err, ERR_HOST, errno, "room: give %s to uid %u", path, f->uid);
	return 0;
}

static int open_mount(const struct room_mount *m, struct room_source *s, struct owner_map *map,
		      const struct room_facts *f, struct err *err)
{
	bool rw = m->kind == ROOM_BIND_RW, give = rw && !m->keep_owner;
	uint64_t attr = rw ? READ_ONLY & ~(uint64_t)MOUNT_ATTR_RDONLY : READ_ONLY;

	if (m->kind == ROOM_TMPFS || !s->present)
		return 0;
	if (m->noexec)
		attr |= MOUNT_ATTR_NOEXEC;
	if (open_detached(m->src, attr, give ? NULL : map, f, &s->tree, err) < 0)
		return -1;
	return give ? give_away(s->tree, m->src, f, err) : 0;
}

int room_root_trees(struct room_facts *f, const struct room_spec *spec, struct err *err)
{
	struct owner_map map = {.ns = -1};
	int r = 0;

	if (spec->root == ROOM_ROOT_TREE)
		r = open_detached(spec->root_path, READ_ONLY, &map, f, &f->root.tree, err);
	for (size_t i = 0; r == 0 && i < f->n_host; i++) {
		struct room_host_entry *e = &f->host[i];
		char path[32];

		snprintf(path, sizeof(path), "/%s", e->name);
		if (!*e->link)
			r = open_detached(path, READ_ONLY, NULL, f, &e->tree, err);
	}
	for (size_t i = 0; r == 0 && i < spec->n_mounts; i++)
		r = open_mount(&spec->mounts[i], &f->sources[i], &map, f, err);
	cleanup_closep(&map.ns);
	return r;
}
