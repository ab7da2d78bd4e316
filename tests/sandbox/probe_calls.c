/* SPDX-License-Identifier: Apache-2.0 */
/* What builds need and a strict filter could break. What must be refused is in sandbox/attack. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

static void *idle(void *arg)
{
	return arg;
}

void probe_works(int argc, char **argv)
{
	pthread_t t;

	check(pthread_create(&t, NULL, idle, NULL) == 0 && pthread_join(t, NULL) == 0,
	      "threads work");
	check(syscall(SYS_unshare, CLONE_FILES) == 0, "unshare of files works");
	check(syscall(SYS_sync) == 0, "sync is answered");
	check(personality(0xffffffff) == ADDR_NO_RANDOMIZE, "address randomisation is off");
	/* the mode argument of an open that creates nothing is garbage by right */
	check(syscall(SYS_openat, AT_FDCWD, ".", O_RDONLY, 06755) >= 0, "open without O_CREAT");
	check(open("x", O_CREAT | O_WRONLY, 0755) >= 0 && chmod("x", 01711) == 0,
	      "ordinary modes work");
	check(mkfifo("fifo", 0600) == 0, "fifos can be made");
	check(open("/dev/ptmx", O_RDWR | O_NOCTTY) >= 0, "a terminal of the room can be made");
}

static void *ask(void *arg)
{
	struct utsname u;
	long *bad = arg;

	if (uname(&u) != 0)
		__atomic_add_fetch(bad, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

/* As many threads as asked for, all of them asking the supervisor at once. */
void probe_swarm(int argc, char **argv)
{
	int most = atoi(argv[0]), n = 0;
	pthread_t *t = calloc((size_t)most, sizeof(*t));
	pthread_attr_t small;
	long bad = 0;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 64 << 10);
	while (t && n < most && pthread_create(&t[n], &small, ask, &bad) == 0)
		n++;
	for (int i = 0; i < n; i++)
		pthread_join(t[i], NULL);
	check(n == most, "%d threads", n);
	check(bad == 0, "%ld were not answered", bad);
	free(t);
}
