/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every fact that a program in a room can see without much ado, as lines "key=value". Nothing is
 * judged here: test_views.py compares what rooms on two differently furnished hosts say.
 */
#include "probe_view.h"
#include "probe.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static int said;

void view_say(const char *key, const char *fmt, ...)
{
	char text[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	said++;
	for (const char *p = key; *p; p++)
		putchar(isgraph((unsigned char)*p) && *p != '=' ? *p : '_');
	putchar('=');
	for (const char *p = text; *p; p++)
		if (*p == '\n')
			fputs("\\n", stdout);
		else if (isprint((unsigned char)*p))
			putchar(*p);
		else
			printf("\\x%02x", (unsigned char)*p);
	putchar('\n');
}

void view_result(const char *key, long result)
{
	if (result < 0)
		view_say(key, "%s", strerrorname_np(errno));
	else
		view_say(key, "%ld", result);
}

static void say_names(void)
{
	struct utsname u;
	char text[65] = "";

	view_result("uname", uname(&u));
	view_say("uname.sysname", "%s", u.sysname);
	view_say("uname.nodename", "%s", u.nodename);
	view_say("uname.release", "%s", u.release);
	view_say("uname.version", "%s", u.version);
	view_say("uname.machine", "%s", u.machine);
	view_say("uname.domainname", "%s", u.domainname);
	gethostname(text, 64);
	view_say("hostname", "%s", text);
	getdomainname(text, 64);
	view_say("domainname", "%s", text);
	view_say("hostid", "%ld", gethostid());
}

static void say_memory(void)
{
	struct sysinfo s;

	view_result("sysinfo", sysinfo(&s));
	view_say("sysinfo.uptime", "%ld", s.uptime);
	view_say("sysinfo.loads", "%lu %lu %lu", s.loads[0], s.loads[1], s.loads[2]);
	view_say("sysinfo.ram", "%lu %lu %lu %lu", s.totalram, s.freeram, s.sharedram, s.bufferram);
	view_say("sysinfo.swap", "%lu %lu", s.totalswap, s.freeswap);
	view_say("sysinfo.procs", "%u", s.procs);
	view_say("sysinfo.high", "%lu %lu %u", s.totalhigh, s.freehigh, s.mem_unit);
}

static void say_sysconf(void)
{
	static const struct {
		const char *name;
		int id;
	} t[] = {{"cpus-online", _SC_NPROCESSORS_ONLN},
		 {"cpus-configured", _SC_NPROCESSORS_CONF},
		 {"page-size", _SC_PAGESIZE},
		 {"clock-ticks", _SC_CLK_TCK},
		 {"phys-pages", _SC_PHYS_PAGES},
		 {"free-pages", _SC_AVPHYS_PAGES},
		 {"open-max", _SC_OPEN_MAX},
		 {"arg-max", _SC_ARG_MAX},
		 {"child-max", _SC_CHILD_MAX},
		 {"groups-max", _SC_NGROUPS_MAX},
		 {"host-name-max", _SC_HOST_NAME_MAX},
		 {"l1-line", _SC_LEVEL1_DCACHE_LINESIZE},
		 {"l3-size", _SC_LEVEL3_CACHE_SIZE}};
	char key[64];

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		snprintf(key, sizeof(key), "sysconf.%s", t[i].name);
		view_say(key, "%ld", sysconf(t[i].id));
	}
}

static void say_ids(void)
{
	uid_t r, e, s;
	gid_t groups[64];

	getresuid(&r, &e, &s);
	view_say("ids.uid", "%u %u %u", r, e, s);
	getresgid(&r, &e, &s);
	view_say("ids.gid", "%u %u %u", r, e, s);
	view_result("ids.groups", getgroups(64, groups));
	view_say("ids.pid", "%d %d %d %d %ld", getpid(), getppid(), getpgrp(), getsid(0),
		 syscall(SYS_gettid));
}

static void say_scheduling(void)
{
	cpu_set_t set;
	struct sched_param p = {0};
	unsigned cpu = 0, node = 0;

	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof(set), &set);
	view_say("affinity.count", "%d", CPU_COUNT(&set));
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &set)) {
			view_say("affinity.first", "%d", i);
			break;
		}
	syscall(SYS_getcpu, &cpu, &node, NULL);
	view_say("getcpu", "%u %u", cpu, node);
	errno = 0;
	view_say("priority.nice", "%d", getpriority(PRIO_PROCESS, 0));
	view_result("priority.policy", sched_getscheduler(0));
	view_result("priority.param", sched_getparam(0, &p));
	view_say("priority.static", "%d", p.sched_priority);
	view_result("priority.io", syscall(SYS_ioprio_get, 1, 0));
	view_result("priority.memory-policy", syscall(SYS_get_mempolicy, NULL, NULL, 0, NULL, 0));
}

static void say_prctls(void)
{
	static const struct {
		const char *name;
		int id;
	} t[] = {{"dumpable", PR_GET_DUMPABLE},
		 {"keepcaps", PR_GET_KEEPCAPS},
		 {"timing", PR_GET_TIMING},
		 {"seccomp", PR_GET_SECCOMP},
		 {"securebits", PR_GET_SECUREBITS},
		 {"timerslack", PR_GET_TIMERSLACK},
		 {"mce-kill", PR_MCE_KILL_GET},
		 {"no-new-privs", PR_GET_NO_NEW_PRIVS},
		 {"thp-disable", PR_GET_THP_DISABLE},
		 {"io-flusher", 58},
		 {"mdwe", 66},
		 {"memory-merge", 68},
		 {"tagged-addr", PR_GET_TAGGED_ADDR_CTRL}};
	char key[64];
	int value = -1;

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		snprintf(key, sizeof(key), "prctl.%s", t[i].name);
		view_result(key, prctl(t[i].id, 0, 0, 0, 0));
	}
	view_result("prctl.deathsig", prctl(PR_GET_PDEATHSIG, &value));
	view_say("prctl.deathsig.value", "%d", value);
	view_result("prctl.subreaper", prctl(PR_GET_CHILD_SUBREAPER, &value));
	view_say("prctl.subreaper.value", "%d", value);
	view_result("prctl.tsc", prctl(PR_GET_TSC, &value));
	view_say("prctl.tsc.value", "%d", value);
	for (unsigned long i = 0; i < 5; i++) {
		snprintf(key, sizeof(key), "speculation.%lu", i);
		view_result(key, prctl(PR_GET_SPECULATION_CTRL, i, 0, 0, 0));
	}
}

static void say_limits(void)
{
	char key[32];

	for (int i = 0; i < RLIM_NLIMITS; i++) {
		struct rlimit l = {0};

		snprintf(key, sizeof(key), "limit.%d", i);
		getrlimit((__rlimit_resource_t)i, &l);
		view_say(key, "%lld %lld", (long long)l.rlim_cur, (long long)l.rlim_max);
	}
}

/* Of a clock that begins at a constant: that it has done so not long ago. */
static void say_clocks(void)
{
	char key[32];

	for (int i = 0; i < 12; i++) {
		struct timespec t = {0}, res = {0};
		long r = clock_gettime(i, &t);
		bool young = t.tv_sec >= 999 && t.tv_sec < 1300;

		snprintf(key, sizeof(key), "clock.%d", i);
		if (r < 0)
			view_result(key, r);
		else if (i == CLOCK_PROCESS_CPUTIME_ID || i == CLOCK_THREAD_CPUTIME_ID)
			view_say(key, "%s", t.tv_sec < 10 ? "little" : "much");
		else
			view_say(key, "%lld", young ? 1000LL : (long long)t.tv_sec);
		r = clock_getres(i, &res);
		snprintf(key, sizeof(key), "clock-resolution.%d", i);
		view_say(key, "%ld %ld", r, res.tv_nsec);
	}
}

static void say_signals(void)
{
	struct itimerval timer;
	sigset_t blocked;
	char key[32];

	sigprocmask(SIG_BLOCK, NULL, &blocked);
	for (int i = 1; i < 65; i++) {
		struct sigaction a;

		if (sigaction(i, NULL, &a) < 0)
			continue;
		snprintf(key, sizeof(key), "signal.%d", i);
		view_say(key, "%s%s", a.sa_handler == SIG_IGN ? "ignored" : "default",
			 sigismember(&blocked, i) > 0 ? " blocked" : "");
	}
	for (int i = 0; i < 3; i++) {
		snprintf(key, sizeof(key), "timer.%d", i);
		getitimer((__itimer_which_t)i, &timer);
		view_say(key, "%ld %ld", timer.it_value.tv_sec, timer.it_interval.tv_sec);
	}
}

static void say_surroundings(void)
{
	char cwd[256] = "?", key[64];
	mode_t mask = umask(022);
	struct winsize w = {0};

	view_say("umask", "%o", mask);
	view_say("cwd", "%s", getcwd(cwd, sizeof(cwd)) ? cwd : "?");
	view_say("locale", "%s", setlocale(LC_ALL, "") ? setlocale(LC_ALL, NULL) : "none");
	tzset();
	view_say("timezone", "%s %ld", tzname[0], timezone);
	view_result("personality", personality(0xffffffff));
	for (int fd = 0; fd < 3; fd++) {
		struct stat st = {0};

		fstat(fd, &st);
		snprintf(key, sizeof(key), "stdio.%d", fd);
		view_say(key, "%o tty %d", st.st_mode & S_IFMT, isatty(fd));
		snprintf(key, sizeof(key), "window.%d", fd);
		view_result(key, ioctl(fd, TIOCGWINSZ, &w));
	}
	view_result("keyring.session", syscall(SYS_keyctl, 0, -3, 0));
	view_result("keyring.user", syscall(SYS_keyctl, 0, -4, 0));
	for (char **e = environ; *e; e++) {
		snprintf(key, sizeof(key), "env.%.*s", (int)strcspn(*e, "="), *e);
		view_say(key, "%s", *e + strcspn(*e, "="));
	}
}

static void say_auxv(void)
{
	char key[32];

	for (unsigned long i = 1; i < 64; i++) {
		unsigned long value;

		errno = 0;
		value = getauxval(i);
		if (errno)
			continue;
		snprintf(key, sizeof(key), "auxv.%lu", i);
		if (i == AT_PLATFORM || i == AT_EXECFN || i == AT_BASE_PLATFORM)
			view_say(key, "%s", (const char *)value);
		else
			view_say(key, "%lx", value);
	}
}

static void say_space(void)
{
	static const char *const places[] = {"/", "/build", "/tmp", "/dev", "/dev/shm", "/proc"};
	char key[32];

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct statfs s = {0};

		snprintf(key, sizeof(key), "statfs.%s", places[i]);
		view_result(key, statfs(places[i], &s));
		snprintf(key, sizeof(key), "statfs.%s.kind", places[i]);
		view_say(key, "%lx %ld %lx", (long)s.f_type, (long)s.f_namelen, (long)s.f_flags);
		snprintf(key, sizeof(key), "statfs.%s.space", places[i]);
		view_say(key, "%ld %ld %ld %ld", (long)s.f_blocks, (long)s.f_bfree, (long)s.f_files,
			 (long)s.f_ffree);
	}
}

void probe_view(int argc, char **argv)
{
	say_names();
	say_memory();
	say_sysconf();
	say_ids();
	say_scheduling();
	say_prctls();
	say_limits();
	say_clocks();
	say_signals();
	say_surroundings();
	say_auxv();
	say_space();
	view_files();
	check(said > 400, "only %d facts were collected", said);
}
