/* SPDX-License-Identifier: Apache-2.0 */
/* A step of the set-up failed: which one, why, and what would let it through. */
#include "internal.h"

#include "hints.h"
#include "kernel.h"
#include <errno.h>
#include <string.h>

#define HINT_MAX 480

/* What refuses namespaces says so in one of these ways. */
static bool is_refusal(int errnum)
{
	return errnum == EPERM || errnum == ENOSPC || errnum == EACCES || errnum == EINVAL ||
	       errnum == EUSERS;
}

int room_fail_clone(int errnum, struct err *err)
{
	char hint[HINT_MAX] = "";
	struct hint_host h;

	hint_look("", &h);
	if (errnum == ENOSYS) /* the kernel has clone3 since 5.3: what answers is a filter */
		hint_profile(&h, hint, sizeof(hint));
	else if (is_refusal(errnum))
		hint_userns(&h, hint, sizeof(hint));
	return err_set(err, ERR_HOST, 0, "room: cannot create namespaces: %s%s%s", strerror(errnum),
		       *hint ? "; " : "", hint);
}

int room_fail_call(struct err *err, const char *what, const char *path, int errnum)
{
	char hint[HINT_MAX] = "";
	struct hint_host h;

	if (errnum == EPERM || errnum == ENOSYS) {
		hint_look("", &h);
		hint_profile(&h, hint, sizeof(hint));
	}
	(void)err_set(err, ERR_HOST, 0, "room: %s %s: %s%s%s", what, path, strerror(errnum),
		      *hint ? "; " : "", hint);
	err->sys_errno = errnum;
	return -1;
}

static void hint_step(const struct room_op *op, int errnum, char *hint, size_t size)
{
	struct hint_host h;

	hint_look("", &h);
	if (op->kind == ROOM_OP_PROC && errnum == EPERM)
		hint_proc(&h, hint, size);
	else if (op->kind == ROOM_OP_PROC && errnum == EINVAL)
		snprintf(hint, size, "subset=pid needs Linux 5.8");
	else if (op->kind == ROOM_OP_FILTER && errnum == EBUSY)
		snprintf(hint, size,
			 "another supervisor listens to system calls already: belljar "
			 "does not run in a room, nor under a notifying container");
	else if (op->kind == ROOM_OP_FILTER && errnum == EINVAL)
		snprintf(hint, size,
			 "the kernel needs CONFIG_SECCOMP_FILTER with notification "
			 "(Linux 5.5)");
	else if ((op->kind == ROOM_OP_UNSHARE || op->kind == ROOM_OP_WRITE) && is_refusal(errnum))
		hint_userns(&h, hint, size);
	else if (op->kind == ROOM_OP_JOIN_NET && errnum == ENOSPC)
		snprintf(hint, size, "allow it: sysctl -w user.max_net_namespaces=15000");
	else if (op->dst && errnum == ENOENT)
		snprintf(hint, size, "the mount point is missing in the root");
	else if (op->dst && (errnum == ELOOP || errnum == EXDEV))
		snprintf(hint, size, "the mount point leads through a symbolic link of the root");
	else if (errnum == ENOSYS || errnum == EPERM)
		hint_profile(&h, hint, size);
}

int room_fail_step(const struct room_op *op, int errnum, struct err *err)
{
	struct strbuf step = STRBUF_INIT;
	char hint[HINT_MAX] = "";

	room_plan_print_op(op, &step);
	hint_step(op, errnum, hint, sizeof(hint));
	err_set(err, ERR_HOST, 0, "room: set-up step '%s' failed: %s%s%s", strbuf_str(&step),
		strerror(errnum), *hint ? "; " : "", hint);
	err->sys_errno = errnum;
	strbuf_release(&step);
	return -1;
}
