/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a start costs: runs commands in turn, N times each, and prints the least and the median wall
 * time of each and its ratio to the first.
 *
 *	startbench N [--uid UID] -- COMMAND... [-- COMMAND...]
 */
#include <base/str.h>
#include <grp.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double run(char **argv)
{
	double begin = now_ms();
	int status;
	pid_t pid;

	if (!argv[0] || posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ) != 0 ||
	    waitpid(pid, &status, 0) != pid || status != 0) {
		fprintf(stderr, "startbench: %s failed\n", argv[0]);
		exit(1);
	}
	return now_ms() - begin;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void report(char **const *commands, double *const *times, size_t n, size_t runs)
{
	double first = 0;

	for (size_t c = 0; c < n; c++) {
		qsort(times[c], runs, sizeof(double), by_value);
		if (c == 0)
			first = times[c][runs / 2];
		printf("%-60.60s min %.2f ms, median %.2f ms, ratio %.2f\n", commands[c][0],
		       times[c][0], times[c][runs / 2], times[c][runs / 2] / first);
	}
}

int main(int argc, char **argv)
{
	size_t runs = argc > 1 ? strtoul(argv[1], NULL, 10) : 0, n = 0;
	char **commands[8];
	double *times[8];
	int i = 2;

	if (argc > 4 && !strcmp(argv[2], "--uid")) {
		uid_t uid = (uid_t)strtoul(argv[3], NULL, 10);

		if (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
			return 1;
		i = 4;
	}
	for (; i < argc; i++) {
		if (strcmp(argv[i], "--") != 0)
			continue;
		argv[i] = NULL;
		if (n < 8)
			commands[n++] = &argv[i + 1];
	}
	if (!runs || !n)
		return 2;
	for (size_t c = 0; c < n; c++)
		times[c] = xcalloc(runs, sizeof(double));
	for (size_t k = 0; k < runs; k++)
		for (size_t c = 0; c < n; c++)
			times[c][k] = run(commands[c]);
	report(commands, times, n, runs);
	return 0;
}
