/* SPDX-License-Identifier: Apache-2.0 */
#include <runner/canary.h>

#include <base/cleanup.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* A listening socket, or -1. */
static int listening(int family, const void *address, socklen_t len)
{
	_cleanup_close_ int s = socket(family, SOCK_STREAM, 0);

	if (s < 0 || bind(s, address, len) < 0 || listen(s, 4) < 0)
		return -1;
	return TAKE_FD(s);
}

static void set_out_sockets(struct canary *c)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	socklen_t len = sizeof(in);

	c->tcp = listening(AF_INET, &in, len);
	if (c->tcp >= 0 && getsockname(c->tcp, (void *)&in, &len) == 0)
		c->port = ntohs(in.sin_port);
	memcpy(un.sun_path + 1, c->name, strlen(c->name));
	c->abstract =
		listening(AF_UNIX, &un, (socklen_t)(sizeof(sa_family_t) + 1 + strlen(c->name)));
	memset(un.sun_path, 0, sizeof(un.sun_path));
	memcpy(un.sun_path, c->socket_path, strlen(c->socket_path));
	c->path = listening(AF_UNIX, &un, sizeof(un));
}

static void set_out_objects(struct canary *c)
{
	struct mq_attr attr = {.mq_maxmsg = 1, .mq_msgsize = 16};
	mqd_t queue;

	c->shm = shmget(c->key, 4096, IPC_CREAT | IPC_EXCL | 0666);
	c->msg = msgget(c->key, IPC_CREAT | IPC_EXCL | 0666);
	c->sem = semget(c->key, 1, IPC_CREAT | IPC_EXCL | 0666);
	queue = mq_open(c->queue_name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0666, &attr);
	c->queue = queue >= 0;
	if (c->queue)
		mq_close(queue);
}

/* Sleeps until it is killed, by the attack or by us. */
static pid_t make_victim(void)
{
	pid_t parent = getpid(), pid = fork();

	if (pid)
		return pid;
	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() == parent)
		pause();
	_exit(0);
}

void canary_set_out(struct canary *c)
{
	unsigned number = 0;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		number = (unsigned)getpid();
	c->key = (int)(number & 0x7fffffff) | 1;
	snprintf(c->name, sizeof(c->name), "belljar-canary-%08x", number);
	snprintf(c->socket_path, sizeof(c->socket_path), "/tmp/belljar-canary-%08x", number);
	snprintf(c->queue_name, sizeof(c->queue_name), "/belljar-canary-%08x", number);
	set_out_sockets(c);
	set_out_objects(c);
	c->loose[0] = open("/", O_PATH | O_DIRECTORY);
	c->loose[1] = memfd_create("belljar-canary", 0);
	c->loose[2] = fcntl(c->loose[0], F_DUPFD, 251);
	c->victim = make_victim();
}

void canary_release(struct canary *c)
{
	const int fds[] = {c->tcp, c->abstract, c->path, c->loose[0], c->loose[1], c->loose[2]};

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	if (c->path >= 0)
		unlink(c->socket_path);
	if (c->shm >= 0)
		shmctl(c->shm, IPC_RMID, NULL);
	if (c->msg >= 0)
		msgctl(c->msg, IPC_RMID, NULL);
	if (c->sem >= 0)
		semctl(c->sem, 0, IPC_RMID);
	if (c->queue)
		mq_unlink(c->queue_name);
	if (c->victim > 0) {
		kill(c->victim, SIGKILL);
		waitpid(c->victim, NULL, 0);
	}
	*c = CANARY_INIT;
}

void canary_arguments(const struct canary *c, struct strv *argv)
{
	if (c->port)
		strv_pushf(argv, "--tcp=%d", c->port);
	if (c->abstract >= 0)
		strv_pushf(argv, "--abstract=%s", c->name);
	if (c->path >= 0)
		strv_pushf(argv, "--socket=%s", c->socket_path);
	if (c->shm >= 0 && c->msg >= 0 && c->sem >= 0)
		strv_pushf(argv, "--ipc-key=%d", c->key);
	if (c->queue)
		strv_pushf(argv, "--mq=%s", c->queue_name + 1);
	if (c->victim > 0)
		strv_pushf(argv, "--victim=%d", (int)c->victim);
}

bool canary_victim_lives(const struct canary *c)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)c->victim, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == 0;
}

bool canary_was_called(const struct canary *c)
{
	struct pollfd p[] = {{c->tcp, POLLIN, 0}, {c->abstract, POLLIN, 0}, {c->path, POLLIN, 0}};

	return poll(p, ARRAY_SIZE(p), 0) > 0;
}
