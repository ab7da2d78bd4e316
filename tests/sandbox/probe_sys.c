/* SPDX-License-Identifier: Apache-2.0 */
/* What a room is: identity, facts, privileges, processes. */
#include "probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void probe_fds(int argc, char **argv)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;

	check(d != NULL, "/proc/self/fd can be read");
	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.' && atoi(e->d_name) != dirfd(d))
			check(atoi(e->d_name) <= 2, "descriptor %s is open", e->d_name);
	for (int fd = 0; fd < 3; fd++)
		check(fcntl(fd, F_GETFD) == 0, "descriptor %d is there", fd);
	for (int fd = 3; fd < 300; fd++)
		check(fcntl(fd, F_GETFD) < 0 || (d && fd == dirfd(d)), "descriptor %d", fd);
}

static bool line_is(const char *file, const char *want)
{
	char line[256] = "";
	FILE *f = fopen(file, "re");

	if (f && !fgets(line, sizeof(line), f))
		line[0] = '\0';
	if (f)
		fclose(f);
	return strstr(line, want) != NULL;
}

void probe_identity(int argc, char **argv)
{
	char cwd[64] = "", host[65] = "", domain[65] = "";
	gid_t groups[64];
	mode_t mask = umask(0);

	check(getuid() == 1000 && geteuid() == 1000, "uid %u", getuid());
	check(getgid() == 1000 && getegid() == 1000, "gid %u", getgid());
	check(getgroups(64, groups) == 0, "no supplementary group");
	check(gethostname(host, 64) == 0 && !strcmp(host, "belljar"), "host name %s", host);
	check(getdomainname(domain, 64) == 0 && !strcmp(domain, "(none)"), "domain %s", domain);
	check(mask == 022, "umask %o", mask);
	check(getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, "/build"), "cwd %s", cwd);
	check(getsid(0) == getpid() && getpgrp() == getpid(), "own session");
	check(getppid() == 1, "parent is init");
	check(line_is("/proc/self/uid_map", "      1000       1000          1"), "uid map");
	check(line_is("/proc/self/gid_map", "      1000       1000          1"), "gid map");
	check(line_is("/proc/self/cgroup", ":/\n") || access("/proc/self/cgroup", F_OK), "cgroup");
	refused("setuid 0", setuid(0), EINVAL);
	check(sysconf(_SC_NPROCESSORS_ONLN) == atoi(argv[0]), "CPUs %ld",
	      sysconf(_SC_NPROCESSORS_ONLN));
}

void probe_facts(int argc, char **argv)
{
	struct utsname u;
	struct sysinfo s;

	check(uname(&u) == 0, "uname works");
	check(!strcmp(u.sysname, "Linux") && !strcmp(u.nodename, "belljar"), "%s", u.nodename);
	check(!strcmp(u.release, "6.1.0-belljar"), "release %s", u.release);
	check(!strcmp(u.version, "#1 SMP belljar"), "version %s", u.version);
	check(!strcmp(u.machine, argv[0]), "machine %s", u.machine);
	check(!strcmp(u.domainname, "(none)"), "domain %s", u.domainname);
	check(sysinfo(&s) == 0, "sysinfo works");
	check(s.uptime == 1000 && s.totalram == 8UL << 30 && s.procs == 1 && s.loads[0] == 0,
	      "sysinfo is fixed: uptime %ld ram %lu procs %u", s.uptime, s.totalram, s.procs);
	/* a process that nobody may look into gets the same answer */
	check(prctl(PR_SET_DUMPABLE, 0) == 0 && uname(&u) == 0 && !strcmp(u.nodename, "belljar"),
	      "uname of a process that is not dumpable");
	refused("uname to nowhere", syscall(SYS_uname, 8), EFAULT);
	refused("sysinfo to nowhere", syscall(SYS_sysinfo, 8), EFAULT);
	refused("uname to code", syscall(SYS_uname, (uintptr_t) "constant" | 1UL << 63), EFAULT);
}

void probe_clocks(int argc, char **argv)
{
	static const clockid_t ids[] = {CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW,
					CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME};
	struct timespec t;

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		check(clock_gettime(ids[i], &t) == 0 && t.tv_sec >= 999 && t.tv_sec < 1030,
		      "clock %d says %ld", ids[i], t.tv_sec);
	}
}

static void no_capability(const char *set)
{
	char line[256], want[64];
	FILE *f = fopen("/proc/self/status", "re");
	bool found = false;

	snprintf(want, sizeof(want), "%s:\t0000000000000000\n", set);
	while (f && fgets(line, sizeof(line), f))
		found |= !strcmp(line, want);
	check(found, "%s is empty", set);
	if (f)
		fclose(f);
}

static void limit_is(const char *what, int resource, rlim_t at_most)
{
	struct rlimit l = {0, 0};
	int r = getrlimit((__rlimit_resource_t)resource, &l);

	check(r == 0 && l.rlim_max <= at_most, "%s limit is %lu", what, (unsigned long)l.rlim_max);
}

void probe_privileges(int argc, char **argv)
{
	static const char *const sets[] = {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"};
	struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct all[2] = {{~0U, ~0U, ~0U}, {~0U, ~0U, ~0U}};
	struct rlimit core = {0, 0};

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		no_capability(sets[i]);
	refused("capset", syscall(SYS_capset, &h, all), EPERM);
	check(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1, "no_new_privs");
	check(prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2, "filter mode");
	limit_is("core", RLIMIT_CORE, 1);
	limit_is("open files", RLIMIT_NOFILE, 4096);
	limit_is("processes", RLIMIT_NPROC, 4096);
	check(setrlimit(RLIMIT_CORE, &core) == 0 && getrlimit(RLIMIT_CORE, &core) == 0 &&
		      core.rlim_cur == 1,
	      "the core limit stays 1, which no handler of the host is started for");
}

/* A process that nothing asks to stop: own session, no signals, holding the output. */
void probe_daemon(int argc, char **argv)
{
	if (fork() == 0) {
		setsid();
		if (fork() == 0) {
			for (int s = 1; s < 64; s++)
				signal(s, SIG_IGN);
			for (;;)
				pause();
		}
		_exit(0);
	}
	wait(NULL);
	check(true, "the daemon is on its way");
}

void probe_sleep(int argc, char **argv)
{
	puts("sleeping");
	fflush(stdout);
	if (fork() == 0) {
		setsid();
		signal(SIGTERM, SIG_IGN);
	}
	for (;;)
		pause();
}

void probe_forks(int argc, char **argv)
{
	int n = 0, most = atoi(argv[0]);
	pid_t pid;

	while (n < 10000 && (pid = fork()) >= 0) {
		if (pid == 0)
			for (;;)
				pause();
		n++;
	}
	check(errno == EAGAIN && n < most, "%d processes were possible", n);
	kill(-1, SIGKILL); /* reaches the room's processes and nobody else */
}

void probe_memory(int argc, char **argv)
{
	void *p = mmap(NULL, 1UL << 32, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check(p == MAP_FAILED && errno == ENOMEM, "4 GiB of address space are too much");
}

void probe_crash(int argc, char **argv)
{
	abort();
}

static void *call_uname(void *arg)
{
	struct utsname u;
	long *bad = arg;

	for (int i = 0; i < 20; i++)
		if (uname(&u) != 0 || strcmp(u.nodename, "belljar") != 0)
			__atomic_add_fetch(bad, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void on_alarm(int sig)
{
}

/* Many callers at once, interrupted by signals meanwhile. */
void probe_threads(int argc, char **argv)
{
	struct sigaction sa = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
	struct itimerval every = {{0, 500}, {0, 500}};
	pthread_t t[500];
	long bad = 0;
	int n = 0;

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
	while (n < 500 && pthread_create(&t[n], NULL, call_uname, &bad) == 0)
		n++;
	for (int i = 0; i < n; i++)
		pthread_join(t[i], NULL);
	check(n == 500, "%d threads", n);
	check(bad == 0, "%ld wrong answers", bad);
}

void probe_order(int argc, char **argv)
{
	for (int i = 0; i < 100; i++) {
		char line[16];
		int n = snprintf(line, sizeof(line), "%d\n", i);

		if (write(i % 2 ? 1 : 2, line, (size_t)n) != n)
			check(false, "write");
	}
	check(true, "written");
}
