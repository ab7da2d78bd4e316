/* SPDX-License-Identifier: Apache-2.0 */
/* Where a driver's programs lie, so that every user can run them, and what it tells its probes. */
#include "driver.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

static unsigned long long inode(const char *kind)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", kind);
	return stat(path, &st) == 0 ? st.st_ino : 0;
}

static bool copy(const char *from, const char *to)
{
	char buf[65536];
	int in = open(from, O_RDONLY), out = open(to, O_CREAT | O_WRONLY | O_EXCL, 0755);
	ssize_t n = 0;

	while (in >= 0 && out >= 0 && (n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, (size_t)n) != n)
			return false;
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return in >= 0 && out >= 0 && n == 0;
}

bool places_prepare(const char *bin)
{
	char from[512];
	struct utsname u;
	cpu_set_t set;

	snprintf(places.work, sizeof(places.work), "/tmp/belljar-rooms-XXXXXX");
	if (!mkdtemp(places.work) || chmod(places.work, 0755))
		return false;
	snprintf(places.probe_dir, sizeof(places.probe_dir), "%s/bin", places.work);
	snprintf(places.tool, sizeof(places.tool), "%s/roomtool", places.work);
	snprintf(places.hooked, sizeof(places.hooked), "%s/roomtool_hooked", places.work);
	mkdir(places.probe_dir, 0755);
	snprintf(from, sizeof(from), "%s/rw", places.work);
	mkdir(from, 0700);
	if (mode != MODE_ROOT && getuid() == 0 && chown(from, TEST_UID, TEST_UID))
		return false;
	if (readlink("/proc/self/ns/pid", places.pid_ns, sizeof(places.pid_ns) - 1) <= 0)
		return false;
	snprintf(places.outside, sizeof(places.outside), "%llu:%llu:%llu", inode("user"),
		 inode("pid"), inode("mnt"));
	sched_getaffinity(0, sizeof(set), &set);
	snprintf(places.cpus, sizeof(places.cpus), "%d", CPU_COUNT(&set));
	snprintf(places.pid, sizeof(places.pid), "%d", getpid());
	uname(&u);
	snprintf(places.machine, sizeof(places.machine), "%s", u.machine);
	snprintf(from, sizeof(from), "%s/roomtool", bin);
	if (!copy(from, places.tool))
		return false;
	snprintf(from, sizeof(from), "%s/roomtool_hooked", bin);
	if (!copy(from, places.hooked))
		return false;
	snprintf(from, sizeof(from), "%s/probe", bin);
	if (!copy(from, expand("@PROBE@/probe")))
		return false;
	snprintf(from, sizeof(from), "%s/attack", bin);
	return copy(from, expand("@PROBE@/attack"));
}

void places_clean(void)
{
	static const char *const files[] = {"@PROBE@/probe", "@PROBE@/attack", "@WORK@/roomtool",
					    "@WORK@/roomtool_hooked"};

	for (size_t i = 0; i < 4; i++)
		unlink(expand(files[i]));
	rmdir(places.probe_dir);
	rmdir(expand("@WORK@/rw"));
	if (rmdir(places.work))
		printf("# %s was not left empty\n", places.work);
}
