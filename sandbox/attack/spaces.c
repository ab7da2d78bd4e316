/* SPDX-License-Identifier: Apache-2.0 */
/* Classes 13 to 15: namespaces inside the room, and its mounts. */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MS_REMOUNT
#define MS_RDONLY  1
#define MS_REMOUNT 32
#define MS_BIND    4096
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif
#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr 467
#endif
#define MAX_MOUNTS 64

static const char not_here[] =
	"with host privilege it would change mounts outside the user namespace";

/* A child that was made ends at once, and so does our part in it. */
static long reaped(long pid)
{
	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid((pid_t)pid, NULL, 0);
	return pid;
}

/* unshare in a child, so that its effect ends there. */
static void in_child_unshare(const char *name, unsigned long flags)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(syscall(SYS_unshare, flags) == 0 ? 0 : errno);
	waitpid(pid, &status, 0);
	errno = WEXITSTATUS(status);
	refused(name, errno ? -1 : 0, EPERM);
}

void attack_namespaces(void)
{
	static const struct {
		const char *name;
		unsigned long flag;
	} kinds[] = {{"user", CLONE_NEWUSER},    {"mount", CLONE_NEWNS}, {"pid", CLONE_NEWPID},
		     {"net", CLONE_NEWNET},      {"ipc", CLONE_NEWIPC},  {"uts", CLONE_NEWUTS},
		     {"cgroup", CLONE_NEWCGROUP}};
	struct clone_args args = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
	char name[64];
	int fd;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		snprintf(name, sizeof(name), "unshare, %s", kinds[i].name);
		in_child_unshare(name, kinds[i].flag);
		snprintf(name, sizeof(name), "clone, %s", kinds[i].name);
		refused(name, reaped(syscall(SYS_clone, kinds[i].flag | SIGCHLD, 0, 0, 0, 0)),
			EPERM);
		snprintf(name, sizeof(name), "unshare, %s, high word set", kinds[i].name);
		in_child_unshare(name, kinds[i].flag | GARBAGE);
	}
	in_child_unshare("unshare, time", CLONE_NEWTIME);
	in_child_unshare("unshare, user and all others",
			 CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET);
	refused("clone3, user", reaped(syscall(SYS_clone3, &args, sizeof(args))), ENOSYS);
	fd = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
	door("setns", syscall(SYS_setns, fd, CLONE_NEWUSER), EPERM);
	close(fd);
}

static long old_mount(const char *src, const char *dst, const char *type, unsigned long flags)
{
	return syscall(SYS_mount, src, dst, type, flags, NULL);
}

static long closed(long fd)
{
	if (fd >= 0)
		close((int)fd);
	return fd;
}

/* Take off again what was mounted. */
static long undone(long result, const char *where)
{
	if (result == 0)
		syscall(SYS_umount2, where, 2);
	return result;
}

void attack_mount_api(void)
{
	struct mount_attr attr = {0};

	if (!standing.harmless) {
		not_tried("mount, umount, pivot_root and the others", not_here);
		return;
	}
	refused("mount tmpfs", undone(old_mount("none", "/tmp", "tmpfs", 0), "/tmp"), EPERM);
	refused("mount proc", undone(old_mount("none", "/proc", "proc", 0), "/proc"), EPERM);
	refused("bind mount", undone(old_mount("/", "/tmp", NULL, MS_BIND), "/tmp"), EPERM);
	refused("umount of /proc", syscall(SYS_umount2, "/proc", 2), EPERM);
	refused("fsopen", closed(syscall(SYS_fsopen, "tmpfs", 1)), EPERM);
	refused("fspick", closed(syscall(SYS_fspick, AT_FDCWD, "/", 1)), EPERM);
	refused("open_tree", closed(syscall(SYS_open_tree, AT_FDCWD, "/", OPEN_TREE_CLONE)), EPERM);
	refused("mount_setattr", syscall(SYS_mount_setattr, AT_FDCWD, "/", 0, &attr, sizeof(attr)),
		EPERM);
	refused("chroot", chroot("/tmp"), EPERM);
	door("pivot_root", syscall(SYS_pivot_root, ".", "."), EPERM);
	door("move_mount", syscall(SYS_move_mount, -1, "", -1, "", 0), EPERM);
	door("fsconfig", syscall(SYS_fsconfig, -1, 0, NULL, NULL, 0), EPERM);
	door("fsmount", syscall(SYS_fsmount, -1, 0, 0), EPERM);
	door("open_tree_attr", syscall(SYS_open_tree_attr, -1, "", 0, NULL, 0), EPERM);
	door("statmount", syscall(457, NULL, NULL, 0, 0), ENOSYS);
	door("listmount", syscall(458, NULL, NULL, 0, 0), ENOSYS);
}

static void unlock(const char *where)
{
	struct mount_attr rw = {.attr_clr = MOUNT_ATTR_RDONLY},
			  suid = {.attr_clr = MOUNT_ATTR_NOSUID};
	char name[320];

	snprintf(name, sizeof(name), "remount writable: %s", where);
	refused(name, old_mount(NULL, where, NULL, MS_REMOUNT | MS_BIND), EPERM);
	snprintf(name, sizeof(name), "mount_setattr writable: %s", where);
	refused(name, syscall(SYS_mount_setattr, AT_FDCWD, where, 0, &rw, sizeof(rw)), EPERM);
	snprintf(name, sizeof(name), "mount_setattr without nosuid: %s", where);
	refused(name, syscall(SYS_mount_setattr, AT_FDCWD, where, 0, &suid, sizeof(suid)), EPERM);
	snprintf(name, sizeof(name), "take off: %s", where);
	/* without the filter, EINVAL says that it is locked (mount_namespaces(7)) */
	refused(name, syscall(SYS_umount2, where, 2), EITHER(EPERM, EINVAL));
}

/* Every mount that is read-only now. */
void attack_locked_mounts(void)
{
	char line[1024], where[256], flags[256];
	FILE *f = fopen("/proc/self/mountinfo", "re");
	int n = 0;

	if (!standing.harmless) {
		not_tried("remount and umount of read-only mounts", not_here);
		return;
	}
	while (f && n < MAX_MOUNTS && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*d %*d %*s %*s %255s %255s", where, flags) != 2 ||
		    strncmp(flags, "ro", 2) != 0)
			continue;
		unlock(where);
		n++;
	}
	if (f)
		fclose(f);
	if (n == 0)
		not_applicable("remount of read-only mounts", "there is no read-only mount");
}
