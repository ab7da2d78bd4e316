/* SPDX-License-Identifier: Apache-2.0 */
/* Classes 16 and 17: settings of the host in /proc/sys, and what /proc tells of it. */
#include "attack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Opened only, never written: an open that succeeds is the finding. */
void attack_sysctl(void)
{
	static const char *const settings[] = {
		"/proc/sys/kernel/core_pattern",
		"/proc/sys/kernel/modprobe",
		"/proc/sys/kernel/hotplug",
		"/proc/sys/kernel/poweroff_cmd",
		"/proc/sys/kernel/sysrq",
		"/proc/sys/kernel/hostname",
		"/proc/sys/kernel/yama/ptrace_scope",
		"/proc/sys/vm/overcommit_memory",
		"/proc/sys/vm/drop_caches",
		"/proc/sys/fs/suid_dumpable",
		"/proc/sys/fs/binfmt_misc/register",
		"/proc/sys/net/ipv4/ip_forward",
		"/proc/sysrq-trigger",
		"/sys/kernel/uevent_helper",
		"/sys/fs/cgroup/release_agent",
		"/sys/kernel/mm/ksm/run",
	};
	struct stat st;

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (stat(settings[i], &st) == 0 && st.st_rdev == makedev(1, 3))
			contained(true, settings[i], "it is /dev/null");
		else
			refused(settings[i], try_open(settings[i], O_WRONLY),
				ANY_OF(ENOENT, EACCES, EROFS));
	}
	contained(getuid() != 0, "not uid 0, even of a namespace", "uid %u", getuid());
}

/* How much can be read; what is fixed in a room is no leak. */
static long readable(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, buf, size - 1);
	close(fd);
	buf[n > 0 ? n : 0] = '\0';
	return n;
}

/* The fixed texts of a whole /proc (docs/REPRODUCIBILITY.md). */
static bool is_fixed(const char *path, const char *text)
{
	static const struct {
		const char *path, *part;
	} fixed[] = {
		{"/proc/cmdline", "belljar"},    {"/proc/version", "6.1.0-belljar"},
		{"/proc/uptime", "1000.00"},     {"/proc/loadavg", "0.00 0.00 0.00"},
		{"/proc/meminfo", "8388608 kB"}, {"/proc/stat", "cpu  0 0 0 0 0 0 0 0 0 0"},
		{"/proc/cpuinfo", "belljar"},
	};

	/* of the room's own network namespace: a heading, and nothing below it */
	if (!strncmp(path, "/proc/net/", 10))
		return strchr(text, '\n') == strrchr(text, '\n');
	for (size_t i = 0; opt.room && i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (!strcmp(path, fixed[i].path))
			return strstr(text, fixed[i].part) != NULL;
	return false;
}

static void leak(const char *path)
{
	char text[4096];
	long n = readable(path, text, sizeof(text));

	if (n > 0)
		contained(is_fixed(path, text), path, "%.60s", text);
	else if (n == 0)
		contained(true, path, "it is empty");
	else
		refused(path, -1, ANY_OF(ENOENT, EACCES, EISDIR));
}

/* Every directory entry that is not a process of the room's. */
static void others(void)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	int found = 0;

	while (d && (e = readdir(d)))
		found += !atoi(e->d_name) && e->d_name[0] != '.' &&
			 strcmp(e->d_name, "self") != 0 && strcmp(e->d_name, "thread-self") != 0;
	if (d)
		closedir(d);
	contained(found == 0, "nothing but processes in /proc", "%d other entries", found);
}

static void shown_by_mountinfo(void)
{
	char line[1024];
	FILE *f = fopen("/proc/self/mountinfo", "re");
	int homes = 0;

	while (f && fgets(line, sizeof(line), f))
		homes += strstr(line, " /home/") || strstr(line, " /root/");
	if (f)
		fclose(f);
	contained(homes == 0, "no home folder in mountinfo", "%d lines", homes);
}

void attack_proc_leaks(void)
{
	static const char *const files[] = {
		"/proc/cmdline",
		"/proc/cpuinfo",
		"/proc/version",
		"/proc/meminfo",
		"/proc/uptime",
		"/proc/loadavg",
		"/proc/stat",
		"/proc/keys",
		"/proc/key-users",
		"/proc/kallsyms",
		"/proc/config.gz",
		"/proc/kcore",
		"/proc/modules",
		"/proc/interrupts",
		"/proc/softirqs",
		"/proc/vmstat",
		"/proc/zoneinfo",
		"/proc/buddyinfo",
		"/proc/slabinfo",
		"/proc/diskstats",
		"/proc/partitions",
		"/proc/mdstat",
		"/proc/devices",
		"/proc/iomem",
		"/proc/ioports",
		"/proc/locks",
		"/proc/swaps",
		"/proc/misc",
		"/proc/consoles",
		"/proc/timer_list",
		"/proc/fb",
		"/proc/cgroups",
		"/proc/filesystems",
		"/proc/crypto",
		"/proc/schedstat",
		"/proc/pagetypeinfo",
		"/proc/kmsg",
		"/proc/vmallocinfo",
		"/proc/sched_debug",
		"/proc/net/arp",
		"/proc/net/unix",
		"/proc/sysvipc/shm",
		"/proc/1/cmdline",
		"/proc/1/environ",
		"/proc/1/mountinfo",
		"/proc/bus/pci/devices",
		"/proc/acpi/wakeup",
		"/proc/scsi/scsi",
		"/proc/sys/kernel/random/boot_id",
		"/proc/sys/kernel/hostname",
		"/proc/sys/kernel/osrelease",
		"/proc/sys/kernel/version",
		"/proc/sys/kernel/ns_last_pid",
		"/sys/kernel/boot_params/data",
		"/sys/class/dmi/id/product_uuid",
		"/sys/class/net/lo/address",
		"/sys/kernel/notes",
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (standing.harmless || strcmp(files[i], "/proc/kmsg") != 0)
			leak(files[i]); /* with privilege, to read kmsg is to take from it */
	if (!opt.proc_full)
		others();
	shown_by_mountinfo();
}
