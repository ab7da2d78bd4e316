/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Class 40: a probe that is started outside any namespace refuses to run. Two things are proved:
 * the namespaces of process ids and of mounts are not the starter's, whose inodes the command line
 * names, nor the machine's first ones, whose inodes the kernel fixes (include/uapi/linux/nsfs.h and
 * include/linux/proc_ns.h).
 */
#include "attack.h"

#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OVERFLOW_UID 65534 /* /proc/sys/kernel/overflowuid, unless an administrator changed it */

#define FIRST_USER 0xeffffffdULL
#define FIRST_PID  0xeffffffcULL
#define FIRST_MNT  0xeffffff8ULL /* since Linux 6.18; others are given by --outside */

struct standing standing;

/* 0 when it cannot be told. */
static uint64_t namespace_inode(const char *kind)
{
	char path[64], text[64] = "";
	const char *open;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", kind);
	if (readlink(path, text, sizeof(text) - 1) <= 0)
		return 0;
	open = strchr(text, '[');
	return open ? strtoull(open + 1, NULL, 10) : 0;
}

static bool is_own(const char *kind, uint64_t outside, uint64_t first)
{
	uint64_t mine = namespace_inode(kind);

	return mine && mine != outside && mine != first;
}

static bool has_capability(void)
{
	struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct d[2] = {{0}};

	if (syscall(SYS_capget, &h, d) < 0)
		return true;
	return d[0].effective || d[1].effective || d[0].permitted || d[1].permitted;
}

/*
 * Whatever the namespace is called: are the files of the machine's root ours? The root of a proc
 * belongs to the machine's uid 0 (fs/proc/root.c). Where that is not mapped, it shows as the
 * overflow uid.
 */
static bool is_host_root(void)
{
	struct stat st;

	return stat("/proc", &st) < 0 || st.st_uid != OVERFLOW_UID;
}

const char *safety_prove(void)
{
	if (!opt.outside_user || !opt.outside_pid || !opt.outside_mnt)
		return "nobody said with --outside USER:PID:MNT which namespaces are outside";
	standing.own_user = is_own("user", opt.outside_user, FIRST_USER);
	standing.own_pid = is_own("pid", opt.outside_pid, FIRST_PID);
	standing.own_mnt = is_own("mnt", opt.outside_mnt, FIRST_MNT);
	if (!standing.own_pid)
		return "this is no pid namespace of its own";
	if (!standing.own_mnt)
		return "this is no mount namespace of its own";
	standing.harmless =
		standing.own_user ? !is_host_root() : getuid() != 0 && !has_capability();
	return NULL;
}
