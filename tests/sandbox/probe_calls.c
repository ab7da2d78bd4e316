/* SPDX-License-Identifier: Apache-2.0 */
/* System calls that must be refused, and how. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define GARBAGE (0xdeadbeefUL << 32) /* what an int argument's high word may hold */

struct refusal {
	const char *name;
	long number;
	int want;
};

#define CALL(name, want)                                                                           \
	{                                                                                          \
#name, SYS_##name, want                                                            \
	}

static const struct refusal refusals[] = {
	CALL(mount, EPERM),
	CALL(umount2, EPERM),
	CALL(pivot_root, EPERM),
	CALL(chroot, EPERM),
	CALL(fsopen, EPERM),
	CALL(fsconfig, EPERM),
	CALL(fsmount, EPERM),
	CALL(fspick, EPERM),
	CALL(open_tree, EPERM),
	CALL(move_mount, EPERM),
	CALL(mount_setattr, EPERM),
	CALL(setns, EPERM),
	CALL(ptrace, EPERM),
	CALL(process_vm_readv, EPERM),
	CALL(process_vm_writev, EPERM),
	CALL(pidfd_getfd, EPERM),
	CALL(kcmp, EPERM),
	CALL(bpf, EPERM),
	CALL(perf_event_open, EPERM),
	CALL(userfaultfd, EPERM),
	CALL(kexec_load, EPERM),
	CALL(init_module, EPERM),
	CALL(finit_module, EPERM),
	CALL(delete_module, EPERM),
	CALL(syslog, EPERM),
	CALL(reboot, EPERM),
	CALL(swapon, EPERM),
	CALL(swapoff, EPERM),
	CALL(acct, EPERM),
	CALL(quotactl, EPERM),
	CALL(vhangup, EPERM),
	CALL(sethostname, EPERM),
	CALL(setdomainname, EPERM),
	CALL(settimeofday, EPERM),
	CALL(clock_settime, EPERM),
	CALL(adjtimex, EPERM),
	CALL(clock_adjtime, EPERM),
	CALL(name_to_handle_at, EPERM),
	CALL(open_by_handle_at, EPERM),
	CALL(fanotify_init, EPERM),
	CALL(fanotify_mark, EPERM),
	CALL(move_pages, EPERM),
	CALL(migrate_pages, EPERM),
	CALL(io_uring_setup, ENOSYS),
	CALL(io_uring_enter, ENOSYS),
	CALL(io_uring_register, ENOSYS),
	CALL(openat2, ENOSYS),
	CALL(clone3, ENOSYS),
	CALL(add_key, ENOSYS),
	CALL(request_key, ENOSYS),
	CALL(keyctl, ENOSYS),
	CALL(mbind, ENOSYS),
	CALL(nfsservctl, ENOSYS),
#ifdef __x86_64__
	CALL(iopl, EPERM),
	CALL(ioperm, EPERM),
	CALL(modify_ldt, EPERM),
	CALL(kexec_file_load, EPERM),
#endif
	{"statmount", 457, ENOSYS},
	{"listmount", 458, ENOSYS},
	{"open_tree_attr", 467, EPERM},
	{"call 999", 999, ENOSYS},
	{"call 1000000", 1000000, ENOSYS},
	{"call -2", -2, ENOSYS},
};

void probe_calls(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		refused(refusals[i].name, syscall(refusals[i].number, 0, 0, 0, 0, 0, 0),
			refusals[i].want);
	refused("personality READ_IMPLIES_EXEC", personality(READ_IMPLIES_EXEC), EPERM);
	refused("renameat2 WHITEOUT", syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "b", 4),
		EPERM);
	check(syscall(SYS_sync) == 0, "sync is answered");
	check(personality(0xffffffff) == ADDR_NO_RANDOMIZE, "address randomisation is off");
}

static void no_bit(const char *what, const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0)
		check(!(st.st_mode & 06000), "%s left a set-id bit on %s", what, path);
	unlink(path);
	rmdir(path);
}

static void create_with(unsigned long mode)
{
	struct {
		unsigned long long flags, mode, resolve;
	} how = {O_CREAT | O_WRONLY, mode, 0};

	refused("openat", syscall(SYS_openat, AT_FDCWD, "f1", O_CREAT | O_WRONLY, mode), EPERM);
	no_bit("openat", "f1");
	refused("openat, garbage above",
		syscall(SYS_openat, AT_FDCWD, "f1", O_CREAT | O_WRONLY | GARBAGE, mode | GARBAGE),
		EPERM);
	no_bit("openat", "f1");
	refused("O_TMPFILE", syscall(SYS_openat, AT_FDCWD, ".", O_TMPFILE | O_RDWR, mode), EPERM);
	refused("mknodat", syscall(SYS_mknodat, AT_FDCWD, "f2", S_IFREG | mode, 0), EPERM);
	no_bit("mknodat", "f2");
	refused("mknodat fifo", syscall(SYS_mknodat, AT_FDCWD, "f2", S_IFIFO | mode, 0), EPERM);
	refused("mkdirat", syscall(SYS_mkdirat, AT_FDCWD, "d1", mode), EPERM);
	no_bit("mkdirat", "d1");
	refused("openat2", syscall(SYS_openat2, AT_FDCWD, "f3", &how, sizeof(how)), ENOSYS);
	no_bit("openat2", "f3");
#ifdef __x86_64__
	refused("open", syscall(SYS_open, "f4", O_CREAT | O_WRONLY, mode), EPERM);
	refused("creat", syscall(SYS_creat, "f5", mode), EPERM);
	refused("mknod", syscall(SYS_mknod, "f6", S_IFREG | mode, 0), EPERM);
	refused("mkdir", syscall(SYS_mkdir, "d2", mode), EPERM);
	no_bit("open", "f4");
	no_bit("creat", "f5");
	no_bit("mknod", "f6");
	no_bit("mkdir", "d2");
#endif
}

static void change_to(unsigned long mode)
{
	int fd = open("plain", O_CREAT | O_RDWR, 0644);

	check(fd >= 0, "a plain file can be made");
	refused("fchmod", syscall(SYS_fchmod, fd, mode), EPERM);
	refused("fchmodat", syscall(SYS_fchmodat, AT_FDCWD, "plain", mode), EPERM);
	refused("fchmodat2", syscall(452, AT_FDCWD, "plain", mode, 0), EPERM);
#ifdef __x86_64__
	refused("chmod", syscall(SYS_chmod, "plain", mode), EPERM);
	refused("chmod, garbage above", syscall(SYS_chmod, "plain", mode | GARBAGE), EPERM);
#endif
	close(fd);
	no_bit("chmod", "plain");
}

void probe_setid(int argc, char **argv)
{
	static const unsigned long modes[] = {04755, 02755, 06755, 04000, 02000};

	umask(0);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		create_with(modes[i]);
		change_to(modes[i]);
	}
	/* the mode argument of an open that creates nothing is garbage by right */
	check(syscall(SYS_openat, AT_FDCWD, ".", O_RDONLY, 06755) >= 0, "open without O_CREAT");
	check(open("x", O_CREAT | O_WRONLY, 0755) >= 0 && chmod("x", 01711) == 0,
	      "ordinary modes work");
	refused("device node", mknod("dev", S_IFCHR | 0600, 0x103), EPERM);
	refused("block node", mknod("dev", S_IFBLK | 0600, 0x801), EPERM);
	refused("whiteout", mknod("dev", S_IFCHR, 0), EPERM);
}

void probe_xattr(int argc, char **argv)
{
	char buf[64];
	int fd = open("x", O_CREAT | O_RDWR, 0644);

	refused("setxattr", setxattr("x", "user.a", "1", 1, 0), ENOTSUP);
	refused("lsetxattr", lsetxattr("x", "user.a", "1", 1, 0), ENOTSUP);
	refused("fsetxattr", fsetxattr(fd, "user.a", "1", 1, 0), ENOTSUP);
	refused("setxattrat", syscall(463, AT_FDCWD, "x", 0, "user.a", NULL, 0), ENOTSUP);
	refused("capability", setxattr("x", "security.capability", "1", 1, 0), ENOTSUP);
	refused("acl", setxattr("x", "system.posix_acl_access", "1", 1, 0), ENOTSUP);
	refused("removexattr", removexattr("x", "user.a"), ENOTSUP);
	refused("listxattr", listxattr("/", buf, sizeof(buf)), ENOTSUP);
	refused("getxattr", getxattr("/", "security.selinux", buf, sizeof(buf)), ENOTSUP);
}

static void *idle(void *arg)
{
	return arg;
}

void probe_namespaces(int argc, char **argv)
{
	static const struct {
		const char *name;
		unsigned long flag;
	} kinds[] = {{"user", CLONE_NEWUSER},    {"mount", CLONE_NEWNS}, {"pid", CLONE_NEWPID},
		     {"net", CLONE_NEWNET},      {"ipc", CLONE_NEWIPC},  {"uts", CLONE_NEWUTS},
		     {"cgroup", CLONE_NEWCGROUP}};
	pthread_t t;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		refused(kinds[i].name, syscall(SYS_unshare, kinds[i].flag), EPERM);
		refused(kinds[i].name, syscall(SYS_unshare, kinds[i].flag | GARBAGE), EPERM);
		refused(kinds[i].name, syscall(SYS_clone, kinds[i].flag | SIGCHLD, 0, 0, 0, 0),
			EPERM);
	}
	refused("time", syscall(SYS_unshare, 0x80), EPERM);
	check(pthread_create(&t, NULL, idle, NULL) == 0 && pthread_join(t, NULL) == 0,
	      "threads work");
	check(syscall(SYS_unshare, CLONE_FILES) == 0, "unshare of files works");
}

#ifdef __x86_64__
static long int80(long number)
{
	long r;

	__asm__ volatile("int $0x80" : "=a"(r) : "a"(number) : "memory", "r8", "r9", "r10", "r11");
	return r;
}

void probe_abi(int argc, char **argv)
{
	check(int80(20) == -ENOSYS, "i386 getpid is not there");
	check(int80(11) == -ENOSYS, "i386 execve is not there");
	check(int80(15) == -ENOSYS, "i386 chmod is not there");
	refused("x32 getpid", syscall(0x40000000 | SYS_getpid), ENOSYS);
	refused("x32 open", syscall(0x40000000 | SYS_open, "f", O_CREAT, 06755), ENOSYS);
	refused("x32 execve", syscall(0x40000000 | 520), ENOSYS);
}
#else
void probe_abi(int argc, char **argv)
{
	check(true, "nothing to try on this machine");
}
#endif

void probe_terminal(int argc, char **argv)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY), disc = 2;
	char c = '\n';

	check(master >= 0, "a terminal of the room can be made");
	refused("TIOCSTI", ioctl(0, TIOCSTI, &c), EPERM);
	refused("TIOCSTI on a terminal", ioctl(master, TIOCSTI, &c), EPERM);
	refused("TIOCSTI, garbage above", syscall(SYS_ioctl, 0, TIOCSTI | GARBAGE, &c), EPERM);
	refused("TIOCLINUX", ioctl(0, TIOCLINUX, &c), EPERM);
	refused("TIOCSETD", ioctl(master, TIOCSETD, &disc), EPERM);
	if (argc == 0) { /* not in an interactive room */
		check(getsid(0) == getpid(), "a session of our own");
		refused("/dev/tty", open("/dev/tty", O_RDWR), ENXIO);
	}
}
