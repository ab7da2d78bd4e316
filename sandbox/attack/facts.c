/* SPDX-License-Identifier: Apache-2.0 */
/* Classes 32 to 35: what tells one host, or one run, from another. */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define FIXED_RELEASE "6.1.0-belljar"

/* What no shim stands in for, because it is a system call. */
void attack_shims(void)
{
	struct utsname u = {0};
	struct sysinfo s = {0};
	char host[65] = "", domain[65] = "";

	uname(&u);
	contained(!strcmp(u.release, FIXED_RELEASE), "uname(2): release", "%s", u.release);
	contained(!strcmp(u.version, "#1 SMP belljar"), "uname(2): version", "%s", u.version);
	gethostname(host, sizeof(host) - 1);
	contained(!strcmp(host, "belljar"), "gethostname(2)", "%s", host);
	(void)!getdomainname(domain, sizeof(domain) - 1);
	contained(!strcmp(domain, "(none)"), "getdomainname(2)", "%s", domain);
	sysinfo(&s);
	contained(s.uptime == 1000 && s.totalram == 8UL << 30 && s.procs == 1 && s.loads[0] == 0,
		  "sysinfo(2)", "uptime %ld, memory %lu, processes %u", s.uptime, s.totalram,
		  s.procs);
	refused("the shims' folder", try_open("/shims/attack", O_CREAT | O_WRONLY),
		ANY_OF4(EACCES, EROFS, ENOENT, EPERM));
}

/* A room counts from 1000 s; the bound is for machines that are slow. */
void attack_time(void)
{
	static const struct {
		clockid_t id;
		const char *name;
	} clocks[] = {{CLOCK_MONOTONIC, "CLOCK_MONOTONIC"},
		      {CLOCK_MONOTONIC_RAW, "CLOCK_MONOTONIC_RAW"},
		      {CLOCK_MONOTONIC_COARSE, "CLOCK_MONOTONIC_COARSE"},
		      {CLOCK_BOOTTIME, "CLOCK_BOOTTIME"}};
	struct timespec t = {0};

	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		clock_gettime(clocks[i].id, &t);
		contained(t.tv_sec >= 999 && t.tv_sec < 1600, clocks[i].name, "%ld s", t.tv_sec);
	}
	not_applicable("CLOCK_REALTIME", "real time is not pinned (docs/REPRODUCIBILITY.md)");
}

void attack_randomness(void)
{
	contained(personality(0xffffffff) & ADDR_NO_RANDOMIZE, "addresses are not random",
		  "personality %#x", (unsigned)personality(0xffffffff));
	contained(getpid() < 1000, "process ids begin at 1", "%d", getpid());
	not_applicable("getrandom, AT_RANDOM", "random numbers are real ones; see tests/xen");
}

void attack_cpu(void)
{
	cpu_set_t set;

	refused("/sys/devices/system/cpu", try_open("/sys/devices/system/cpu/online", O_RDONLY),
		ENOENT);
	refused("/sys/devices/system/node", try_open("/sys/devices/system/node/online", O_RDONLY),
		ENOENT);
	sched_getaffinity(0, sizeof(set), &set);
	if (opt.cpus)
		contained(CPU_COUNT(&set) == opt.cpus, "the number of CPUs is the one asked for",
			  "%d", CPU_COUNT(&set));
	else
		not_applicable("the number of CPUs", "none was asked for");
	not_applicable("cpuid, HWCAP", "they are not pinned (docs/REPRODUCIBILITY.md)");
}
