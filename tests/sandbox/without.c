/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host that lacks something: a seccomp filter around a command, as an old kernel or a container's
 * profile would answer.
 *
 *	without NAME[=ERRNO],... COMMAND [ARGUMENT...]
 *
 * NAME is a row of the table below; ERRNO is ENOSYS, EPERM, EINVAL or EBUSY, EPERM when it is not
 * said.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ANY 0xffffffffU
#define NAMESPACES                                                                                 \
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | \
	 CLONE_NEWCGROUP)
#define MAX_RULES 24

/* A call, refused when @arg has one of the @bits, or is @bits itself. */
static const struct call {
	const char *name;
	int nr, arg;
	unsigned bits;
	int equal;
} calls[] = {
	{"clone3", SYS_clone3, 0, ANY, 0},
	{"clone-namespaces", SYS_clone, 0, NAMESPACES, 0},
	{"unshare", SYS_unshare, 0, ANY, 0},
	{"unshare-user", SYS_unshare, 0, CLONE_NEWUSER, 0},
	{"unshare-time", SYS_unshare, 0, 0x80, 0},
	{"landlock", SYS_landlock_create_ruleset, 0, ANY, 0},
	{"landlock-rule", SYS_landlock_add_rule, 0, ANY, 0},
	{"landlock-enforce", SYS_landlock_restrict_self, 0, ANY, 0},
	{"seccomp", SYS_seccomp, 0, ANY, 0},
	{"listener", SYS_seccomp, 1, SECCOMP_FILTER_FLAG_NEW_LISTENER, 0},
	{"pidfd_getfd", SYS_pidfd_getfd, 0, ANY, 0},
	{"fsopen", SYS_fsopen, 0, ANY, 0},
	{"fsconfig", SYS_fsconfig, 0, ANY, 0},
	{"fsmount", SYS_fsmount, 0, ANY, 0},
	{"open_tree", SYS_open_tree, 0, ANY, 0},
	{"move_mount", SYS_move_mount, 0, ANY, 0},
	{"mount_setattr", SYS_mount_setattr, 0, ANY, 0},
	{"pivot_root", SYS_pivot_root, 0, ANY, 0},
	{"umount2", SYS_umount2, 0, ANY, 0},
	{"sethostname", SYS_sethostname, 0, ANY, 0},
	{"capset", SYS_capset, 0, ANY, 0},
	{"bounding-set", SYS_prctl, 0, PR_CAPBSET_DROP, 1},
	{"no-new-privs", SYS_prctl, 0, PR_SET_NO_NEW_PRIVS, 1},
	{"death-signal", SYS_prctl, 0, PR_SET_PDEATHSIG, 1},
	{"affinity", SYS_sched_setaffinity, 0, ANY, 0},
	{"personality", SYS_personality, 0, ANY, 0},
	{"limits", SYS_prlimit64, 0, ANY, 0},
	{"close_range", SYS_close_range, 0, ANY, 0},
};

static struct sock_filter program[1 + 4 * MAX_RULES + 1];
static size_t n;

static void emit(struct sock_filter f)
{
	program[n++] = f;
}

static void refuse(const struct call *c, int error)
{
	unsigned arg = (unsigned)(offsetof(struct seccomp_data, args) + 8 * (size_t)c->arg);
	unsigned short test = c->equal ? BPF_JEQ : BPF_JSET;

	/* the call's number is in A at the beginning of each rule */
	emit((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					  offsetof(struct seccomp_data, nr)));
	emit((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)c->nr, 0,
					  c->bits == ANY ? 1 : 3));
	if (c->bits != ANY) {
		emit((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, arg));
		emit((struct sock_filter)BPF_JUMP(BPF_JMP | test | BPF_K, c->bits, 0, 1));
	}
	emit((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error));
}

static int error_number(const char *name)
{
	static const int known[] = {ENOSYS, EPERM, EINVAL, EBUSY, ENOSPC};

	for (size_t i = 0; name && i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(strerrorname_np(known[i]), name))
			return known[i];
	return name ? -1 : EPERM;
}

static int add(char *rule)
{
	char *eq = strchr(rule, '=');
	int error = error_number(eq ? eq + 1 : NULL);

	if (eq)
		*eq = '\0';
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (!strcmp(calls[i].name, rule) && error > 0 && n < 4 * MAX_RULES) {
			refuse(&calls[i], error);
			return 0;
		}
	fprintf(stderr, "without: no such rule: %s\n", rule);
	return -1;
}

int main(int argc, char **argv)
{
	struct sock_fprog prog = {.filter = program};
	char *save = NULL;

	if (argc < 3)
		return 121;
	for (char *r = strtok_r(argv[1], ",", &save); r; r = strtok_r(NULL, ",", &save))
		if (add(r) < 0)
			return 121;
	emit((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
	prog.len = (unsigned short)n;
	/* as root without no_new_privs: a container's runtime does it like this too */
	if (getuid() != 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return 121;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog)) {
		perror("without: seccomp");
		return 121;
	}
	execv(argv[2], argv + 2);
	perror("without: exec");
	return 121;
}
