/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as text, for tests and people. */
#include "plan.h"

#include "kernel.h"
#include <base/cleanup.h>
#include <linux/mount.h>
#include <sys/resource.h>

static const char *const names[ROOM_OP_KINDS] = {
	[ROOM_OP_FDS] = "close-fds",
	[ROOM_OP_DEATHSIG] = "die-with-supervisor",
	[ROOM_OP_WRITE] = "write",
	[ROOM_OP_UNSHARE] = "unshare",
	[ROOM_OP_BINFMT] = "no-foreign-binaries",
	[ROOM_OP_CGROUP] = "enter-cgroup",
	[ROOM_OP_HOSTNAME] = "hostname",
	[ROOM_OP_NET] = "new-network",
	[ROOM_OP_JOIN_NET] = "enter-network",
	[ROOM_OP_TREE] = "bind",
	[ROOM_OP_TMPFS] = "tmpfs",
	[ROOM_OP_PROC] = "proc",
	[ROOM_OP_DEVPTS] = "devpts",
	[ROOM_OP_MKDIR] = "mkdir",
	[ROOM_OP_MKFILE] = "file",
	[ROOM_OP_SYMLINK] = "link",
	[ROOM_OP_MASK] = "mask",
	[ROOM_OP_SEAL] = "read-only",
	[ROOM_OP_PTY] = "terminal",
	[ROOM_OP_PIVOT] = "pivot-root",
	[ROOM_OP_CHDIR] = "chdir",
	[ROOM_OP_LIMIT] = "limit",
	[ROOM_OP_AFFINITY] = "cpus",
	[ROOM_OP_PERSONA] = "aslr-off",
	[ROOM_OP_UMASK] = "umask",
	[ROOM_OP_PIN] = "pin-inherited",
	[ROOM_OP_CAPS] = "drop-capabilities",
	[ROOM_OP_NNP] = "no-new-privileges",
	[ROOM_OP_LANDLOCK] = "landlock",
	[ROOM_OP_GRANT] = "may-write",
	[ROOM_OP_GRANT_FD] = "may-write-fd",
	[ROOM_OP_ENFORCE] = "landlock-enforce",
	[ROOM_OP_STDIN] = "stdin",
	[ROOM_OP_FILTER] = "seccomp",
};

static void print_attributes(struct strbuf *out, uint64_t attr)
{
	static const struct {
		uint64_t bit;
		const char *name;
	} bits[] = {{MOUNT_ATTR_RDONLY, "ro"},
		    {MOUNT_ATTR_NOSUID, "nosuid"},
		    {MOUNT_ATTR_NODEV, "nodev"},
		    {MOUNT_ATTR_NOEXEC, "noexec"}};
	char sep = ' ';

	for (size_t i = 0; i < ARRAY_SIZE(bits); i++)
		if (attr & bits[i].bit) {
			strbuf_addc(out, sep);
			strbuf_adds(out, bits[i].name);
			sep = ',';
		}
}

static void print_namespaces(struct strbuf *out, uint64_t flags)
{
	if (flags & CLONE_NEWUSER)
		strbuf_adds(out, " user");
	if (flags & CLONE_NEWNS)
		strbuf_adds(out, " mount");
	if (flags & CLONE_NEWCGROUP)
		strbuf_adds(out, " cgroup");
	if (flags & CLONE_NEWTIME)
		strbuf_adds(out, " time");
}

static void print_limit(struct strbuf *out, const struct room_op *op)
{
	static const char *const resources[] = {
		[RLIMIT_CPU] = "cpu",         [RLIMIT_FSIZE] = "file-size",
		[RLIMIT_DATA] = "data",       [RLIMIT_STACK] = "stack",
		[RLIMIT_CORE] = "core",       [RLIMIT_RSS] = "rss",
		[RLIMIT_NPROC] = "processes", [RLIMIT_NOFILE] = "open-files",
		[RLIMIT_MEMLOCK] = "memlock", [RLIMIT_AS] = "address-space",
		[RLIMIT_LOCKS] = "locks",     [RLIMIT_SIGPENDING] = "signals",
		[RLIMIT_MSGQUEUE] = "queues", [RLIMIT_NICE] = "nice",
		[RLIMIT_RTPRIO] = "rtprio",   [RLIMIT_RTTIME] = "rttime"};
	const uint64_t values[] = {op->b, op->c};

	strbuf_addf(out, " %s", op->a < ARRAY_SIZE(resources) ? resources[op->a] : "?");
	for (size_t i = 0; i < 2; i++)
		if (values[i] == RLIM_INFINITY)
			strbuf_adds(out, " unlimited");
		else
			strbuf_addf(out, " %llu", (unsigned long long)values[i]);
}

/* One line: newlines of a text are shown as \n. */
static void print_text(struct strbuf *out, const char *s)
{
	strbuf_addc(out, ' ');
	for (; *s; s++)
		if (*s == '\n')
			strbuf_adds(out, "\\n");
		else
			strbuf_addc(out, *s);
}

void room_plan_print_op(const struct room_op *op, struct strbuf *out)
{
	strbuf_adds(out, names[op->kind]);
	if (op->dst)
		strbuf_addf(out, " %s", *op->dst ? op->dst : "/");
	if (op->src)
		print_text(out, op->src);
	switch (op->kind) {
	case ROOM_OP_TREE:
		print_attributes(out, op->a);
		break;
	case ROOM_OP_TMPFS:
		strbuf_addf(out, " %04o", (unsigned)op->a);
		print_attributes(out, op->b);
		if (op->c)
			strbuf_addf(out, " files=%llu", (unsigned long long)op->c);
		break;
	case ROOM_OP_MKDIR:
	case ROOM_OP_UMASK:
		strbuf_addf(out, " %04o", (unsigned)op->a);
		break;
	case ROOM_OP_UNSHARE:
		print_namespaces(out, op->a);
		break;
	case ROOM_OP_LIMIT:
		print_limit(out, op);
		break;
	case ROOM_OP_AFFINITY:
		strbuf_addf(out, " %u", (unsigned)op->a);
		break;
	case ROOM_OP_LANDLOCK:
		strbuf_addf(out, " rights=%#llx scopes=%#llx", (unsigned long long)op->a,
			    (unsigned long long)op->b);
		break;
	case ROOM_OP_GRANT_FD:
		strbuf_addf(out, " %d", op->fd);
		break;
	default:
		break;
	}
}

void room_plan_print(const struct room_plan *plan, struct strbuf *out)
{
	for (size_t i = 0; i < plan->n; i++) {
		room_plan_print_op(&plan->ops[i], out);
		strbuf_addc(out, '\n');
	}
}
