/* SPDX-License-Identifier: Apache-2.0 */
/* Class 28: programs that are no file, and programs of the host that would give another uid. */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* ELF is not needed: a script in memory, run through its descriptor, shows the uid it has. */
static void from_memory(void)
{
	static const char script[] = "#!/bin/sh\nexit 42\n";
	int fd = (int)syscall(SYS_memfd_create, "attack", 0), status = 0;
	char *const argv[] = {(char[]){"attack"}, NULL}, *const env[] = {NULL};
	pid_t pid;

	if (fd < 0 || write(fd, script, sizeof(script) - 1) < 0) {
		refused("memfd_create", -1, ENOSYS);
		return;
	}
	pid = fork();
	if (pid == 0) {
		syscall(SYS_execveat, fd, "", argv, env, AT_EMPTY_PATH);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	contained(getuid() == geteuid() && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1,
		  "a program in memory gains nothing", "it %s, uid %u",
		  WEXITSTATUS(status) == 42 ? "ran" : "did not run", geteuid());
	fchmod(fd, 0755);
	refused("a set-id bit on a program in memory", fchmod(fd, 04755), EPERM);
	close(fd);
}

/* Either the bit is not there, or its mount ignores it, and no_new_privs does in any case. */
static void set_id_programs(void)
{
	static const char *const programs[] = {
		"/bin/su",        "/bin/mount",      "/usr/bin/sudo",       "/usr/bin/passwd",
		"/usr/bin/chage", "/usr/bin/newgrp", "/usr/bin/fusermount3"};
	struct statvfs v;
	struct stat st;
	int found = 0;

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		if (stat(programs[i], &st) < 0 || !(st.st_mode & 06000))
			continue;
		found++;
		contained(statvfs(programs[i], &v) == 0 && v.f_flag & ST_NOSUID, programs[i],
			  "mode %04o, uid %u", st.st_mode & 07777, st.st_uid);
	}
	if (!found)
		not_applicable("set-id programs of the host", "none is here");
}

static void capabilities(void)
{
	struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct now[2] = {{0}}, all[2] = {{~0U, ~0U, ~0U}, {~0U, ~0U, ~0U}};
	int bounding = 0;

	syscall(SYS_capget, &h, now);
	for (int c = 0; c < 64; c++)
		bounding += prctl(PR_CAPBSET_READ, c, 0, 0, 0) == 1;
	contained(!now[0].effective && !now[1].effective && !now[0].permitted &&
			  !now[1].permitted && !now[0].inheritable && !now[1].inheritable,
		  "no capability", "effective %08x%08x", now[1].effective, now[0].effective);
	contained(bounding == 0, "the bounding set is empty", "%d left", bounding);
	refused("capset", syscall(SYS_capset, &h, all), EPERM);
	refused("setuid 0", setuid(0), EITHER(EPERM, EINVAL));
	refused("setgid 0", setgid(0), EITHER(EPERM, EINVAL));
}

void attack_exec(void)
{
	contained(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1, "no_new_privs is set", "%d",
		  prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	contained(prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2, "a filter is set", "mode %d",
		  prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
	capabilities();
	from_memory();
	set_id_programs();
}
