/* SPDX-License-Identifier: Apache-2.0 */
/* Class 22: the same deeds by another door: i386 and x32 numbers, numbers that do not exist yet. */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __x86_64__
#define X32 0x40000000L

static const char path32[] = "attack-abi"; /* static and not PIE: below 4 GiB */

static long int80(long number, uintptr_t a, uintptr_t b, uintptr_t c)
{
	long r;

	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "a"(number), "b"(a), "c"(b), "d"(c)
			 : "memory", "r8", "r9", "r10", "r11");
	return r;
}

/* In a child: a kernel without i386 answers the instruction with SIGSEGV. */
static void old_call(const char *check, long number, uintptr_t a, uintptr_t b, uintptr_t c)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		long r = int80(number, a, b, c);

		_exit(r < 0 ? (int)-r : 0);
	}
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV) {
		not_applicable(check, "this kernel has no i386 calls");
		return;
	}
	errno = WIFSIGNALED(status) ? EINTR : WEXITSTATUS(status);
	refused(check, errno ? -1 : 0, ENOSYS);
}

static void other_machine(void)
{
	int fd = open(path32, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	struct stat st = {0};

	close(fd);
	old_call("i386 getpid", 20, 0, 0, 0);
	old_call("i386 chmod 04755", 15, (uintptr_t)path32, 04755, 0);
	old_call("i386 open", 5, (uintptr_t)path32, O_WRONLY, 0);
	old_call("i386 socket", 359, 16, 3, 0);
	old_call("i386 unshare user", 310, 0x10000000, 0, 0);
	if (stat(path32, &st) < 0)
		st.st_mode = 0;
	contained(!(st.st_mode & 06000), "the bit is clear after i386 chmod", "%04o",
		  st.st_mode & 07777);
	refused("x32 getpid", syscall(X32 | SYS_getpid), ENOSYS);
	refused("x32 open, set-id", syscall(X32 | SYS_open, "f", O_CREAT, 06755), ENOSYS);
	refused("x32 chmod 04755", syscall(X32 | SYS_chmod, path32, 04755), ENOSYS);
	refused("x32 execve", syscall(X32 | 520, NULL, NULL, NULL), ENOSYS);
	refused("x32 ptrace", syscall(X32 | 521, -1, 0, 0, 0), ENOSYS);
	unlink(path32);
	unlink("f");
}
#else
static void other_machine(void)
{
	not_applicable("arm32 calls", "a 64-bit program cannot make them on this machine");
}
#endif

/*
 * Number 335 of x86_64 is the kernel's own way back from a probed function. Since Linux 6.14 it
 * passes every filter, and whoever else calls it gets SIGILL: of all calls the only one that can
 * kill here.
 */
static void uretprobe(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(syscall(335, 0, 0, 0) < 0 ? errno : 0);
	waitpid(pid, &status, 0);
	contained(WIFSIGNALED(status) ? WTERMSIG(status) == SIGILL : WEXITSTATUS(status) == ENOSYS,
		  "number 335, which passes every filter", "status %#x", (unsigned)status);
}

void attack_abi(void)
{
	static const long numbers[] = {399, 500, 600, 999, 4095, 1000000, -2, 0x7fffffff};

	other_machine();
	uretprobe();
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		door("a number of no call", syscall(numbers[i], 0, 0, 0, 0, 0, 0), ENOSYS);
}
