/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include "kernel.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* The number in a /proc/sys file, or @missing. */
static long sysctl(const char *path, long missing)
{
	char text[32] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return missing;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	return n > 0 ? strtol(text, NULL, 10) : missing;
}

/* Distributions forbid user namespaces in three ways; each has its own switch. */
static const char *userns_hint(void)
{
	if (sysctl("/proc/sys/kernel/unprivileged_userns_clone", 1) == 0)
		return "; allow it: sysctl -w kernel.unprivileged_userns_clone=1";
	if (sysctl("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 0) == 1)
		return "; allow it: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0";
	if (sysctl("/proc/sys/user/max_user_namespaces", 1) == 0)
		return "; allow it: sysctl -w user.max_user_namespaces=15000";
	if (access("/proc/self/ns/user", F_OK) < 0)
		return "; the kernel was built without CONFIG_USER_NS";
	return "; if this is a container, its seccomp profile may forbid it";
}

int room_fail_clone(int errnum, struct err *err)
{
	const char *hint =
		errnum == EPERM || errnum == ENOSPC || errnum == EACCES || errnum == EINVAL
			? userns_hint()
			: "";

	return err_set(err, ERR_HOST, 0, "room: cannot create namespaces: %s%s", strerror(errnum),
		       hint);
}

int room_fail_step(const struct room_op *op, int errnum, struct err *err)
{
	struct strbuf step = STRBUF_INIT;
	const char *hint = "";

	room_plan_print_op(op, &step);
	if (op->kind == ROOM_OP_PROC && (errnum == EPERM || errnum == EINVAL))
		hint = errnum == EPERM
			       ? "; proc cannot be mounted inside this container: its own /proc is "
				 "partly masked (podman: --security-opt unmask=ALL; docker: "
				 "--security-opt systempaths=unconfined)"
			       : "; subset=pid needs Linux 5.8";
	else if ((op->kind == ROOM_OP_UNSHARE || op->kind == ROOM_OP_WRITE) &&
		 (errnum == EPERM || errnum == ENOSPC || errnum == EACCES))
		hint = userns_hint();
	else if (op->kind == ROOM_OP_JOIN_NET && errnum == ENOSPC)
		hint = "; allow it: sysctl -w user.max_net_namespaces=15000";
	else if (op->dst && errnum == ENOENT)
		hint = "; the mount point is missing in the root";
	else if (op->dst && (errnum == ELOOP || errnum == EXDEV))
		hint = "; the mount point leads through a symbolic link of the root";
	err_set(err, ERR_HOST, 0, "room: set-up step '%s' failed: %s%s", strbuf_str(&step),
		strerror(errnum), hint);
	err->sys_errno = errnum;
	strbuf_release(&step);
	return -1;
}
