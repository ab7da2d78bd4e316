/* SPDX-License-Identifier: Apache-2.0 */
/*
 * belljar-attack --outside USER:PID:MNT [options]: see attack.h and README.md. Exit status: 0 when
 * every check was as expected, 1 when an attack succeeded, 2 when all were refused but one for
 * another reason than expected, 98 for bad usage, 99 when it refuses to run.
 */
#include "attack.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAMILY_SECONDS 60

struct options opt;

/*
 * Descriptors first, because later families open some; what would change the room for the others,
 * where it is not refused, last: mounts, then kill(-1).
 */
static const struct {
	int class;
	const char *title;
	void (*run)(void);
} families[] = {
	{2, "inherited descriptors", attack_descriptors},
	{1, "terminal injection", attack_terminal},
	{3, "overwriting /proc/self/exe", attack_program},
	{6, "descriptor smuggling over sockets", attack_smuggling},
	{9, "set-id by the chmod family", attack_chmod},
	{10, "set-id by creation", attack_creation},
	{11, "extended attributes", attack_xattr},
	{12, "io_uring", attack_uring},
	{13, "nested namespaces", attack_namespaces},
	{16, "host root, /proc/sys", attack_sysctl},
	{17, "/proc leaks", attack_proc_leaks},
	{18, "keyrings", attack_keyrings},
	{19, "the kernel's insides", attack_kernel},
	{20, "socket families", attack_families},
	{21, "network", attack_network},
	{22, "ABI confusion", attack_abi},
	{23, "notification races", attack_races},
	{24, "attacks on the supervisor", attack_supervisor},
	{26, "devices", attack_devices},
	{27, "exhaustion", attack_exhaustion},
	{28, "exec tricks", attack_exec},
	{32, "shim bypass", attack_shims},
	{33, "time", attack_time},
	{34, "randomness", attack_randomness},
	{35, "CPU leaks", attack_cpu},
	{36, "environment", attack_environment},
	{14, "mount API", attack_mount_api},
	{15, "locked mounts", attack_locked_mounts},
	{25, "IPC, signals, pids", attack_ipc},
};
#define N_FAMILIES (sizeof(families) / sizeof(families[0]))

static bool wanted_class[64];

static const struct option options[] = {
	{"outside", 1, NULL, 'o'},  {"classes", 1, NULL, 'c'}, {"proc-full", 0, NULL, 'p'},
	{"terminal", 0, NULL, 't'}, {"room", 0, NULL, 'r'},    {"tcp", 1, NULL, 'n'},
	{"abstract", 1, NULL, 'a'}, {"socket", 1, NULL, 's'},  {"ipc-key", 1, NULL, 'k'},
	{"mq", 1, NULL, 'q'},       {"victim", 1, NULL, 'v'},  {"cpus", 1, NULL, 'u'},
	{"list", 0, NULL, 'l'},     {NULL, 0, NULL, 0},
};

/* "1,9-12" */
static bool take_classes(const char *text)
{
	while (*text) {
		char *end;
		long from = strtol(text, &end, 10), to = from;

		if (end == text || (*end == '-' && (to = strtol(end + 1, &end, 10)) < from))
			return false;
		if (from < 1 || to > 40 || (*end && *end != ','))
			return false;
		for (; from <= to; from++)
			wanted_class[from] = true;
		text = *end ? end + 1 : end;
	}
	return true;
}

static bool take_outside(const char *text)
{
	unsigned long long user, pid, mnt;

	if (sscanf(text, "%llu:%llu:%llu", &user, &pid, &mnt) != 3)
		return false;
	opt.outside_user = user;
	opt.outside_pid = pid;
	opt.outside_mnt = mnt;
	return true;
}

static int list(void)
{
	for (size_t i = 0; i < N_FAMILIES; i++)
		printf("%d\t%s\n", families[i].class, families[i].title);
	return 0;
}

static bool take(int c)
{
	switch (c) {
	case 'o':
		return take_outside(optarg);
	case 'c':
		return take_classes(optarg);
	case 'p':
		return opt.proc_full = true;
	case 't':
		return opt.terminal = true;
	case 'r':
		return opt.room = true;
	case 'n':
		return (opt.tcp_port = atoi(optarg)) > 0;
	case 'a':
		return (opt.abstract = optarg) != NULL;
	case 's':
		return (opt.path_socket = optarg) != NULL;
	case 'k':
		return (opt.ipc_key = atoi(optarg)) != 0;
	case 'q':
		return (opt.mq = optarg) != NULL;
	case 'v':
		return (opt.victim = atoi(optarg)) > 1;
	case 'u':
		return (opt.cpus = atoi(optarg)) > 0;
	default:
		return false;
	}
}

static void run_family(size_t i)
{
	int status = 0;
	pid_t pid;

	report_family(families[i].class, families[i].title);
	pid = fork();
	if (pid == 0) {
		alarm(FAMILY_SECONDS);
		families[i].run();
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	report_death(pid < 0 ? 0x100 : status);
}

int main(int argc, char **argv)
{
	const char *why;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'l')
			return list();
		if (!take(c)) {
			printf("belljar-attack: bad usage\n");
			return 98;
		}
	}
	why = safety_prove();
	if (why) {
		printf("belljar-attack: refusing to run: %s\n", why);
		return 99;
	}
	totals = mmap(NULL, sizeof(*totals), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (totals == MAP_FAILED)
		return 97;
	signal(SIGUSR1, SIG_IGN); /* see kill(-1) in ipc.c */
	for (size_t i = 0, any = memchr(wanted_class, 1, sizeof(wanted_class)) != NULL;
	     i < N_FAMILIES; i++)
		if (!any || wanted_class[families[i].class])
			run_family(i);
	report_summary();
	return totals->succeeded ? 1 : totals->unexpected ? 2 : 0;
}
