/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ratio N NAME-A NAME-B LIMIT A... // B...: run two commands alternately N times each and print the
 * median wall times and A's share of B's. The machines are noisy, so the two sides take turns in
 * one run, the median is what counts, and a time is never compared with one of another day. Exits 1
 * when the ratio is above LIMIT (0: no limit), 2 when a command fails.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
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

/* One run with stdout and stderr thrown away; its wall time, or a negative number when it failed.
 */
static double run_once(char **argv)
{
	posix_spawn_file_actions_t fa;
	double start = now_ms();
	pid_t pid;
	int status;

	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&fa, 2, "/dev/null", O_WRONLY, 0);
	int rc = posix_spawnp(&pid, argv[0], &fa, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	if (rc != 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status))
		return -1;
	return now_ms() - start;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_value);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static int measure(char **a, char **b, size_t n, double *ta, double *tb)
{
	for (size_t i = 0; i < n + 2; i++) { /* two rounds warm the caches and do not count */
		double x = run_once(a), y = run_once(b);

		if (x < 0 || y < 0) {
			fprintf(stderr, "ratio: %s failed\n", x < 0 ? a[0] : b[0]);
			return -1;
		}
		if (i >= 2) {
			ta[i - 2] = x;
			tb[i - 2] = y;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	int split = 5;

	while (split < argc && strcmp(argv[split], "//") != 0)
		split++;
	size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	if (split >= argc - 1 || split == 5 || n == 0 || n > 100000) {
		fprintf(stderr, "usage: ratio N NAME-A NAME-B LIMIT A... // B...\n");
		return 2;
	}
	argv[split] = NULL;
	double *ta = calloc(n, sizeof(*ta)), *tb = calloc(n, sizeof(*tb));
	if (!ta || !tb || measure(argv + 5, argv + split + 1, n, ta, tb) < 0) {
		free(ta);
		free(tb);
		return 2;
	}
	double ma = median(ta, n), mb = median(tb, n), limit = strtod(argv[4], NULL);
	printf("%-28s %9.2f ms   %-28s %9.2f ms   ratio %.2f", argv[2], ma, argv[3], mb, ma / mb);
	if (limit > 0)
		printf("  (at most %.2f: %s)", limit, ma / mb <= limit ? "met" : "MISSED");
	printf("\n");
	free(ta);
	free(tb);
	return limit > 0 && ma / mb > limit;
}
