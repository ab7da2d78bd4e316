/* SPDX-License-Identifier: Apache-2.0 */
/* Class 26: devices, by making them and by finding them. */
#include "attack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const char node[] = "attack-node";

/* A node that was made is tried for reading, then removed. */
static void make(const char *what, mode_t type, unsigned major, unsigned minor)
{
	long r = syscall(SYS_mknodat, AT_FDCWD, node, type | 0600, makedev(major, minor));

	refused(what, r, EPERM);
	if (r == 0)
		unlink(node);
}

/* The whole of a room's /dev (docs/SECURITY.md). */
static bool is_known(const char *name)
{
	static const char *const known[] = {".",     "..",     "fd",     "full",    "null",
					    "ptmx",  "pts",    "random", "shm",     "stderr",
					    "stdin", "stdout", "tty",    "urandom", "zero"};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(known[i], name))
			return true;
	return false;
}

static void list(void)
{
	DIR *d = opendir("/dev");
	char other[64] = "";
	struct dirent *e;
	int found = 0;

	while (d && (e = readdir(d)))
		if (!is_known(e->d_name)) {
			found++;
			snprintf(other, sizeof(other), "%.60s", e->d_name);
		}
	if (d)
		closedir(d);
	contained(found == 0, "/dev holds nothing but the usual", "%d others, one is %s", found,
		  other);
}

void attack_devices(void)
{
	static const char *const absent[] = {
		"/dev/kvm",       "/dev/fuse",         "/dev/net/tun",
		"/dev/kmsg",      "/dev/mem",          "/dev/port",
		"/dev/loop0",     "/dev/loop-control", "/dev/vda",
		"/dev/sda",       "/dev/nvme0n1",      "/dev/vhost-net",
		"/dev/vsock",     "/dev/uinput",       "/dev/snd/seq",
		"/dev/dri/card0", "/dev/userfaultfd",  "/dev/mapper/control",
		"/dev/hpet",      "/dev/autofs",       "/dev/btrfs-control",
		"/dev/cuse",
	};

	make("a node of /dev/mem", S_IFCHR, 1, 1);
	make("a node of a disk", S_IFBLK, 8, 0);
	make("a node of /dev/kmsg", S_IFCHR, 1, 11);
	make("a node of /dev/null", S_IFCHR, 1, 3);
	make("a whiteout", S_IFCHR, 0, 0);
	refused("RENAME_WHITEOUT", syscall(SYS_renameat2, AT_FDCWD, "/tmp", AT_FDCWD, "x", 4),
		EPERM);
	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		refused(absent[i],
			standing.harmless ? try_open(absent[i], O_RDWR | O_NONBLOCK)
					  : access(absent[i], F_OK),
			ENOENT);
	/* opening this one would start it, and closing it would restart the machine */
	refused("/dev/watchdog", access("/dev/watchdog", F_OK), ENOENT);
	if (!standing.harmless) {
		not_tried("changing /dev", "with host privilege it could be the machine's");
		list();
		return;
	}
	refused("the mode of /dev/null", chmod("/dev/null", 0666), ANY_OF(EROFS, EPERM, EACCES));
	refused("a file in /dev", try_open("/dev/attack", O_CREAT | O_WRONLY),
		ANY_OF(EROFS, EACCES, EPERM));
	unlink("/dev/attack");
	list();
}
