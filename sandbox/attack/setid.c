/* SPDX-License-Identifier: Apache-2.0 */
/* Classes 9 and 10: a set-id bit in what the room leaves behind, by every call that can make one.
 */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

static const unsigned long modes[] = {04755, 02755, 06755, 04000, 02000};
#define N_MODES (sizeof(modes) / sizeof(modes[0]))

static const char *named(const char *call, unsigned long mode)
{
	static char text[64];

	snprintf(text, sizeof(text), "%s %04lo", call, mode & 07777);
	return text;
}

/* The call's answer, then the file itself: a refusal that left the bit is none. */
static void judge_file(const char *call, unsigned long mode, long result, unsigned want,
		       const char *path)
{
	int seen = errno;
	struct stat st;
	bool there = lstat(path, &st) == 0;

	errno = seen;
	refused(named(call, mode), result, want);
	if (there) {
		char what[96];

		snprintf(what, sizeof(what), "%s: the bit is clear", named(call, mode));
		contained(!(st.st_mode & 06000), what, "%04o", st.st_mode & 07777);
		if (S_ISDIR(st.st_mode))
			rmdir(path);
		else
			unlink(path);
	}
}

static void change(unsigned long mode)
{
	static const char path[] = "attack-plain";
	int fd;
#define CHANGE(call, ...)                                                                          \
	do {                                                                                       \
		fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0644);                               \
		judge_file(call, mode, syscall(__VA_ARGS__), EPERM, path);                         \
		close(fd);                                                                         \
	} while (0)

	CHANGE("fchmod", SYS_fchmod, fd, mode);
	CHANGE("fchmodat", SYS_fchmodat, AT_FDCWD, path, mode);
	CHANGE("fchmodat2", SYS_fchmodat2, AT_FDCWD, path, mode, 0);
	CHANGE("fchmod, high word set", SYS_fchmod, fd, mode | GARBAGE);
#ifdef __x86_64__
	CHANGE("chmod", SYS_chmod, path, mode);
	CHANGE("chmod, high word set", SYS_chmod, path, mode | GARBAGE);
#endif
#undef CHANGE
}

void attack_chmod(void)
{
	for (size_t i = 0; i < N_MODES; i++)
		change(modes[i]);
	mkdir("attack-folder", 0755);
	judge_file("chmod of a folder", 02755, chmod("attack-folder", 02755), EPERM,
		   "attack-folder");
}

/* A file without a name gets one afterwards. */
static void nameless(unsigned long mode)
{
	long fd = syscall(SYS_openat, AT_FDCWD, ".", O_TMPFILE | O_RDWR, mode);

	refused(named("O_TMPFILE", mode), fd, EPERM);
	if (fd >= 0)
		close((int)fd);
}

static void create(unsigned long mode)
{
	static const char p[] = "attack-new";
	struct {
		unsigned long long flags, mode, resolve;
	} how = {O_CREAT | O_WRONLY, mode, 0};
	long f = O_CREAT | O_WRONLY;

	judge_file("openat", mode, syscall(SYS_openat, AT_FDCWD, p, f, mode), EPERM, p);
	judge_file("openat, high words set", mode,
		   syscall(SYS_openat, AT_FDCWD, p, f | GARBAGE, mode | GARBAGE), EPERM, p);
	nameless(mode);
	judge_file("openat2", mode, syscall(SYS_openat2, AT_FDCWD, p, &how, sizeof(how)), ENOSYS,
		   p);
	judge_file("mknodat", mode, syscall(SYS_mknodat, AT_FDCWD, p, S_IFREG | mode, 0), EPERM, p);
	judge_file("mknodat of a fifo", mode, syscall(SYS_mknodat, AT_FDCWD, p, S_IFIFO | mode, 0),
		   EPERM, p);
#ifdef __x86_64__
	judge_file("open", mode, syscall(SYS_open, p, f, mode), EPERM, p);
	judge_file("creat", mode, syscall(SYS_creat, p, mode), EPERM, p);
	judge_file("mknod", mode, syscall(SYS_mknod, p, S_IFREG | mode, 0), EPERM, p);
#endif
	if (!(mode & 02000))
		return; /* mkdir ignores set-uid, and gives set-gid only with its parent's */
	judge_file("mkdirat", mode, syscall(SYS_mkdirat, AT_FDCWD, p, mode), EPERM, p);
#ifdef __x86_64__
	judge_file("mkdir", mode, syscall(SYS_mkdir, p, mode), EPERM, p);
#endif
}

void attack_creation(void)
{
	umask(0);
	for (size_t i = 0; i < N_MODES; i++)
		create(modes[i]);
}
