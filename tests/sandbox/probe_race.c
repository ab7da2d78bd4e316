/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Against the supervisor: threads that rewrite what a notified call points to while it is looked
 * at, and very many callers at once.
 */
#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

/* One aligned store each, so that no reader sees a mixture. */
static _Alignas(8) volatile uint64_t word[2];
static uint64_t values[2];

static void *flip(void *unused)
{
	for (;;) {
		word[0] = values[0];
		word[0] = values[1];
	}
	return NULL;
}

static void start_flipping(const void *a, const void *b)
{
	pthread_t t;

	memcpy(&values[0], a, 8);
	memcpy(&values[1], b, 8);
	word[0] = values[0];
	check(pthread_create(&t, NULL, flip, NULL) == 0, "a second thread");
}

/* The program that a raced exec becomes: what it was given, and whether its walls stand. */
void probe_race_child(int argc, char **argv)
{
	static const char *const lines[] = {"\nNoNewPrivs:\t1\n", "\nSeccomp:\t2\n",
					    "\nCapEff:\t0000000000000000\n",
					    "\nCapBnd:\t0000000000000000\n"};
	char status[8192] = "";
	FILE *f = fopen("/proc/self/status", "re");
	size_t n = f ? fread(status, 1, sizeof(status) - 1, f) : 0;

	status[n] = '\0';
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		check(strstr(status, lines[i]) != NULL, "'%s' of /proc/self/status", lines[i] + 1);
	check(getuid() == 1000, "uid %u", getuid());
	printf("saw %s %s\n", argv[0], argv[1]);
}

/* Only the caller stands still during a vfork: the other thread goes on in the same memory. */
static int exec_and_wait(char *const *args)
{
	int status = -1;
	pid_t pid = vfork();

	if (pid == 0) {
		execv(args[0], args);
		_exit(9);
	}
	waitpid(pid, &status, 0);
	return status;
}

/* race-exec COUNT NAMESPACE: execs whose argument another thread rewrites all the while. */
void probe_race_exec(int argc, char **argv)
{
	static char self[] = "/inputs/probe/probe", child[] = "race-child";
	int bad = 0, count = atoi(argv[0]);

	start_flipping("innocent", "guilty99");
	for (int i = 0; i < count; i++) {
		char number[16];
		char *args[] = {self, argv[1], child, (char *)(uintptr_t)word, number, NULL};

		snprintf(number, sizeof(number), "%d", i);
		bad += exec_and_wait(args) != 0;
	}
	check(bad == 0, "%d of %d execs went wrong", bad, count);
}

struct tally {
	long far; /* refused as not reachable */
	long near;
	long wrong;
};

static void judge(struct tally *t, long result)
{
	if (result >= 0 || errno == ECONNREFUSED)
		t->near++;
	else if (errno == ENETUNREACH)
		t->far++;
	else
		t->wrong++;
}

static void raced_connect(struct tally *t, int type)
{
	int s = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	struct sockaddr_in peer = {0};
	socklen_t len = sizeof(peer);
	int r = connect(s, (void *)(uintptr_t)word, sizeof(word));

	judge(t, r);
	if (r == 0 && getpeername(s, (void *)&peer, &len) == 0 &&
	    ntohl(peer.sin_addr.s_addr) >> 24 != 127)
		t->wrong++;
	close(s);
}

/* race-connect ADDRESS PORT COUNT: an address that another thread rewrites all the while. */
void probe_race_connect(int argc, char **argv)
{
	struct sockaddr_in near = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
	struct sockaddr_in far = near;
	struct tally t = {0};
	int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	near.sin_port = far.sin_port = htons((uint16_t)atoi(argv[1]));
	check(inet_pton(AF_INET, argv[0], &far.sin_addr) == 1, "an address");
	start_flipping(&near, &far);
	for (int i = 0; i < atoi(argv[2]); i++) {
		raced_connect(&t, SOCK_STREAM);
		raced_connect(&t, SOCK_DGRAM);
		judge(&t, sendto(udp, "x", 1, 0, (void *)(uintptr_t)word, sizeof(word)));
	}
	check(t.wrong == 0, "%ld calls ended otherwise than refused or at the loopback", t.wrong);
	printf("unreachable %ld\n", t.far);
}

static bool stop_after_one;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

/* The room's answer, or none at all: never the host's. */
static void *ask(void *unused)
{
	struct utsname u;

	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	for (int i = 0; i < 1 || !stop_after_one; i++) {
		memset(&u, 0, sizeof(u));
		if (uname(&u) == 0 ? strcmp(u.release, "6.1.0-belljar") != 0 : errno != ENOSYS)
			if (write(1, "LEAK\n", 5) < 0)
				break;
	}
	return NULL;
}

/* flood COUNT [finish]: threads that ask without end, or once. */
void probe_flood(int argc, char **argv)
{
	int n = 0, want = atoi(argv[0]);
	pthread_t *t = calloc((size_t)want, sizeof(*t));
	pthread_attr_t attr;

	stop_after_one = argc > 1;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	if (!stop_after_one) /* all at once */
		pthread_mutex_lock(&gate);
	while (n < want && pthread_create(&t[n], &attr, ask, NULL) == 0)
		n++;
	check(n == want, "%d threads", n);
	if (write(1, "flooding\n", 9) < 0)
		abort();
	if (!stop_after_one)
		pthread_mutex_unlock(&gate);
	for (int i = 0; i < n; i++)
		pthread_join(t[i], NULL);
	free(t);
}
