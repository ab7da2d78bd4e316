/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include "filter.h"
#include "hints.h"
#include "kernel.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <sandbox/host.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

/* A probe returns 0 or the errno that stood in the way; it may write what it saw to @detail. */
typedef int (*host_probe_fn)(char *detail, size_t size);

/*
 * Run @fn in a child, so that what it changes goes with it. A child that a wall kills outright
 * counts as refused.
 */
static int in_child(int (*fn)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		int r = fn();

		_exit(r > 255 ? 255 : r);
	}
	if (pid < 0)
		return errno;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EPERM;
}

/* As root, rooms belong to an ordinary uid: what it may do is what counts. */
static int step_down(void)
{
	struct room_facts f = {0};
	struct err err = ERR_INIT;

	if (room_facts_identity(&f, &err) < 0)
		return EPERM;
	if (!f.root_mode)
		return 0;
	if (setresgid(room_host_uid(0), room_host_uid(0), room_host_uid(0)) < 0 ||
	    setresuid(room_host_uid(0), room_host_uid(0), room_host_uid(0)) < 0)
		return errno;
	return prctl(PR_SET_DUMPABLE, 1) < 0 ? errno : 0;
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), r;

	if (fd < 0)
		return errno;
	r = write(fd, text, strlen(text)) < 0 ? errno : 0;
	close(fd);
	return r;
}

static int try_userns(void)
{
	char map[32];
	int r = step_down();

	if (r)
		return r;
	snprintf(map, sizeof(map), "1000 %u 1", geteuid());
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
		    CLONE_NEWUTS | CLONE_NEWCGROUP) < 0)
		return errno;
	return write_text("/proc/self/uid_map", map);
}

static int mount_proc(void)
{
	int fs = (int)syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC);

	if (fs < 0)
		return errno;
	if (syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "subset", "pid", 0) < 0 ||
	    syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return errno;
	return syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0) < 0 ? errno : 0;
}

static int try_proc(void)
{
	int r = try_userns();

	return r ? r : in_child(mount_proc);
}

static int try_killable(void)
{
	struct sock_filter allow = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
	struct sock_fprog prog = {1, &allow};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		       SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
		       &prog) < 0
		       ? errno
		       : 0;
}

static int probe_kernel(char *detail, size_t size)
{
	struct utsname u;
	unsigned major = 0, minor = 0;

	uname(&u);
	snprintf(detail, size, "%.64s", u.release);
	if (sscanf(u.release, "%u.%u", &major, &minor) != 2)
		return EINVAL;
	return major > 5 || (major == 5 && minor >= 15) ? 0 : ENOSYS;
}

static int probe_machine(char *detail, size_t size)
{
	snprintf(detail, size, "%s", *filter_machine() ? filter_machine() : "no filter program");
	return *filter_machine() ? 0 : ENOSYS;
}

static int probe_userns(char *detail, size_t size)
{
	return in_child(try_userns);
}

static int probe_proc(char *detail, size_t size)
{
	return in_child(try_proc);
}

static int probe_notify(char *detail, size_t size)
{
	uint32_t action = SECCOMP_RET_USER_NOTIF;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) < 0 ? errno : 0;
}

static int probe_yama(char *detail, size_t size)
{
	char text[8] = "0";
	int fd = open("/proc/sys/kernel/yama/ptrace_scope", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	if (read(fd, text, 1) != 1)
		text[0] = '0';
	close(fd);
	snprintf(detail, size, "ptrace_scope is %c", text[0]);
	return text[0] == '3' ? EPERM : 0;
}

static int probe_killable(char *detail, size_t size)
{
	return in_child(try_killable);
}

static int probe_landlock(char *detail, size_t size)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	if (abi < 0)
		return errno;
	snprintf(detail, size, "ABI %ld", abi);
	return 0;
}

static int probe_scopes(char *detail, size_t size)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return abi >= 6 ? 0 : ENOSYS;
}

static int probe_timens(char *detail, size_t size)
{
	return access("/proc/self/ns/time_for_children", F_OK) < 0 ? ENOSYS : 0;
}

/* Only the kernel's version tells; trying would need root and a mount. */
static int probe_idmap(char *detail, size_t size)
{
	struct utsname u;
	unsigned major = 0, minor = 0;

	uname(&u);
	if (sscanf(u.release, "%u.%u", &major, &minor) != 2)
		return EINVAL;
	return major > 6 || (major == 6 && minor >= 3) ? 0 : ENOSYS;
}

static int try_binfmt(void)
{
	int r = try_userns(), fs;

	if (r)
		return r;
	fs = (int)syscall(SYS_fsopen, "binfmt_misc", FSOPEN_CLOEXEC);
	if (fs < 0) /* not in this kernel: then there is nothing to hide */
		return errno == ENODEV ? 0 : errno;
	return syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0 ? errno : 0;
}

static int probe_binfmt(char *detail, size_t size)
{
	return in_child(try_binfmt);
}

static int probe_cgroup(char *detail, size_t size)
{
	return room_cgroup_available(detail, size);
}

static const struct {
	const char *name;
	bool required;
	const char *since;
	const char *lost;
	const char *enable;
	host_probe_fn probe;
} rows[] = {
	{"kernel", true, "5.15", "rooms are not tested on older ones", "", probe_kernel},
	{"machine", true, "", "there are filter programs for x86_64 and aarch64 only", "",
	 probe_machine},
	{"user namespaces", true, "3.8", "no room can be made", "", probe_userns},
	{"proc can be mounted", true, "5.8", "no room can be made", "", probe_proc},
	{"seccomp notification", true, "5.5", "no ledger, uname and sysinfo not fixed",
	 "CONFIG_SECCOMP_FILTER", probe_notify},
	{"pidfd_getfd allowed", true, "5.6", "the supervisor cannot take the ledger's listener",
	 "sysctl -w kernel.yama.ptrace_scope=1 (3 cannot be lowered without a reboot)", probe_yama},
	{"notification, killable wait", false, "5.19",
	 "a signal can make a program ask twice: rows appear twice", "", probe_killable},
	{"Landlock", false, "5.13",
	 "the second wall around files is missing, and the only one around the files of those "
	 "helpers that "
	 "fetch and open archives",
	 "", probe_landlock},
	{"Landlock scopes", false, "6.12",
	 "the second wall around signals and abstract sockets is missing", "", probe_scopes},
	{"time namespaces", false, "5.6", "uptime and monotonic clocks show the host's",
	 "CONFIG_TIME_NS", probe_timens},
	{"owner mapping on tmpfs", false, "6.3",
	 "as root, files of a store on tmpfs show as nobody's instead of builder's", "",
	 probe_idmap},
	{"binfmt_misc of its own", false, "6.7",
	 "foreign binaries run inside where the host has an interpreter registered", "",
	 probe_binfmt},
	{"cgroup v2, delegated", false, "4.5",
	 "memory and processes are limited per process and per user, not for the room as a whole",
	 "run under: systemd-run --user --scope", probe_cgroup},
};

/* What turns a thing on depends on the distribution and on the container. */
static void find_switch(struct host_feature *f, host_probe_fn probe, const struct hint_host *h)
{
	static const struct {
		host_probe_fn probe;
		void (*fn)(const struct hint_host *h, char *buf, size_t size);
	} hints[] = {{probe_userns, hint_userns},
		     {probe_proc, hint_proc},
		     {probe_landlock, hint_landlock}};

	for (size_t i = 0; i < ARRAY_SIZE(hints); i++)
		if (hints[i].probe == probe) {
			hints[i].fn(h, f->hint, sizeof(f->hint));
			f->enable = f->hint;
		}
}

void host_features(struct host_features *out)
{
	struct hint_host h;
	struct utsname u;

	hint_look("", &h);
	*out = (struct host_features){.rooms = true};
	uname(&u);
	snprintf(out->kernel, sizeof(out->kernel), "%.64s", u.release);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct host_feature *f = &out->f[out->n++];
		int error;

		*f = (struct host_feature){.name = rows[i].name,
					   .required = rows[i].required,
					   .since = rows[i].since,
					   .lost = rows[i].lost,
					   .enable = rows[i].enable};
		error = rows[i].probe(f->detail, sizeof(f->detail));
		f->present = error == 0;
		if (error && !*f->detail)
			snprintf(f->detail, sizeof(f->detail), "%s", strerror(error));
		if (error)
			find_switch(f, rows[i].probe, &h);
		if (f->required && !f->present)
			out->rooms = false;
	}
}
