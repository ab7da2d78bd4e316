/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network namespace takes the kernel as long as everything else of a room together. A process
 * of its own makes it on another CPU while init goes on with the mounts; init enters it before the
 * second user namespace and fails, with the whole room, when it is not there. (ip(7), ioctl_ns(2),
 * clone(2) on set_tid.)
 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SIOCGSKNS
#define SIOCGSKNS 0x894C
#endif

/*
 * A number by request does not move the counter, so that the first command of a room is process 2
 * still. Below the least value that pid_max can have.
 */
#define NETMAKER_PID 300

/* The new namespace behind descriptor @out, which init shares. */
static int make(bool loopback, int out)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int s, ns;

	if (unshare(CLONE_NEWNET) < 0)
		return -errno;
	s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s < 0 || (loopback && ioctl(s, SIOCSIFFLAGS, &lo) < 0))
		return -errno;
	ns = ioctl(s, SIOCGSKNS);
	close(s);
	if (ns < 0 || dup3(ns, out, O_CLOEXEC) < 0)
		return -errno;
	close(ns);
	return 0;
}

static int apply_net(struct room_child *c, const struct room_op *op)
{
	pid_t number = NETMAKER_PID;
	struct clone_args args = {
		.flags = CLONE_FILES, .set_tid = (uintptr_t)&number, .set_tid_size = 1};
	long pid;

	/* holds the place: which descriptors come and go meanwhile does not matter */
	c->net = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (c->net < 0)
		return -errno;
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		_exit(-make(op->src, c->net) & 0xff);
	c->netmaker = (pid_t)pid;
	return room_errno(pid);
}

static int apply_join(struct room_child *c, const struct room_op *op)
{
	int status, r;

	while (waitpid(c->netmaker, &status, __WALL) < 0)
		if (errno != EINTR)
			return -errno;
	if (!WIFEXITED(status))
		return -EINTR;
	if (WEXITSTATUS(status) != 0)
		return -WEXITSTATUS(status);
	r = room_errno(setns(c->net, CLONE_NEWNET));
	close(c->net);
	c->net = -1;
	return r;
}

const room_apply_fn room_apply_net[ROOM_OP_KINDS] = {
	[ROOM_OP_NET] = apply_net,
	[ROOM_OP_JOIN_NET] = apply_join,
};
