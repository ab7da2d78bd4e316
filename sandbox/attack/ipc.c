/* SPDX-License-Identifier: Apache-2.0 */
/* Classes 24 and 25: the supervisor and init, other processes, objects that no file holds. */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/ptrace.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define CALLERS 200
#define CALLS   20

static long closed(long fd)
{
	if (fd >= 0)
		close((int)fd);
	return fd;
}

static void *call_uname(void *arg)
{
	struct utsname u;
	long *bad = arg;

	for (int i = 0; i < CALLS; i++)
		if (uname(&u) != 0 || (opt.room && strcmp(u.nodename, "belljar") != 0))
			__atomic_add_fetch(bad, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void on_alarm(int sig)
{
}

/* Many callers at once, interrupted by signals meanwhile. */
static void flood(void)
{
	struct sigaction sa = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
	struct itimerval every = {{0, 500}, {0, 500}}, none = {{0, 0}, {0, 0}};
	pthread_t t[CALLERS];
	long bad = 0;
	int n = 0;

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
	while (n < CALLERS && pthread_create(&t[n], NULL, call_uname, &bad) == 0)
		n++;
	for (int i = 0; i < n; i++)
		pthread_join(t[i], NULL);
	setitimer(ITIMER_REAL, &none, NULL);
	contained(n > 0 && bad == 0, "many callers under signals", "%ld wrong answers, %d threads",
		  bad, n);
}

void attack_supervisor(void)
{
	int pidfd = (int)syscall(SYS_pidfd_open, 1, 0);

	refused("the descriptors of init", closed(syscall(SYS_pidfd_getfd, pidfd, 3, 0)), EPERM);
	refused("tracing init", syscall(SYS_ptrace, PTRACE_SEIZE, 1, 0, 0), EPERM);
	door("the memory of init", try_open("/proc/1/mem", O_RDWR), EITHER(ENOENT, EACCES));
	closed(pidfd);
	contained(getppid() != 0 || getpid() == 1, "the supervisor is no process of the room",
		  "parent %d", getppid());
	if (getpid() != 1 && standing.harmless) {
		/* a signal to a namespace's init from inside it has no effect without a handler */
		kill(1, SIGKILL);
		contained(kill(1, 0) == 0 || errno == EPERM, "init takes no SIGKILL from inside",
			  "it lives");
	}
	flood();
}

static void canaries(void)
{
	if (!opt.ipc_key) {
		not_applicable("SysV objects of the host", "none was named");
	} else {
		refused("a memory segment of the host", shmget(opt.ipc_key, 0, 0), ENOENT);
		refused("a message queue of the host", msgget(opt.ipc_key, 0), ENOENT);
		refused("a semaphore of the host", semget(opt.ipc_key, 0, 0), ENOENT);
	}
	if (!opt.mq)
		not_applicable("a POSIX queue of the host", "none was named");
	else /* the call wants the name without its slash */
		refused("a POSIX queue of the host",
			closed(syscall(SYS_mq_open, opt.mq, O_RDWR, 0, NULL)), ENOENT);
	if (!opt.victim)
		not_applicable("a process of the host", "none was named");
	else
		refused("a process of the host", kill(opt.victim, SIGKILL), ESRCH);
}

/*
 * In a pid namespace that is proved to be our own. SIGUSR1, which our own processes ignore: whoever
 * gets it otherwise dies, here the sleeper, and outside, if the signal went there, the victim.
 */
static void kill_all(void)
{
	int status = 0;
	pid_t sleeper;

	if (!standing.harmless) {
		not_tried("kill(-1)", "with host privilege it is not tried");
		return;
	}
	signal(SIGUSR1, SIG_DFL);
	sleeper = fork();
	if (sleeper == 0)
		for (;;)
			pause();
	signal(SIGUSR1, SIG_IGN);
	kill(-1, SIGUSR1);
	waitpid(sleeper, &status, 0);
	contained(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1, "kill(-1) ends at the room",
		  "it reached our own processes");
}

void attack_ipc(void)
{
	canaries();
	kill_all();
}
