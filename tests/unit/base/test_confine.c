/* SPDX-License-Identifier: Apache-2.0 */
#include <base/confine.h>

#include <base/cleanup.h>
#include <base/file.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <support/testutil.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

TEST_DIR_FIXTURE(tmp)
TestSuite(confine, .init = tmp_setup, .fini = tmp_teardown, .timeout = 60);

/* in/: may be written; ro/: may be read; out/: neither. The fds are opened before. */
struct room {
	int in, ro, ro_file;
	char out_file[300], out_new[300];
	bool landlock;
};

static void make_room(void)
{
	struct err err = ERR_INIT;

	assert_ok(file_mkdir_p(tmp.fd, "in/sub", 0755, &err), err);
	assert_ok(file_mkdir_p(tmp.fd, "ro", 0755, &err), err);
	assert_ok(file_mkdir_p(tmp.fd, "out", 0755, &err), err);
	test_write_text(tmp.fd, "ro/f", "x");
	test_write_text(tmp.fd, "out/f", "secret");
	test_write_text(tmp.fd, "single", "x");
}

static int enter(struct room *r, bool network, char *report, size_t size)
{
	const char *missing = "untouched";
	struct err err = ERR_INIT;

	r->in = openat(tmp.fd, "in", O_PATH | O_DIRECTORY | O_CLOEXEC);
	r->ro = openat(tmp.fd, "ro", O_PATH | O_DIRECTORY | O_CLOEXEC);
	r->ro_file = openat(tmp.fd, "single", O_PATH | O_CLOEXEC);
	snprintf(r->out_file, sizeof(r->out_file), "%s/out/f", tmp.path);
	snprintf(r->out_new, sizeof(r->out_new), "%s/out/new", tmp.path);
	int reads[] = {r->ro, r->ro_file};
	struct confine c = {.write_fds = &r->in,
			    .n_write_fds = 1,
			    .read_fds = reads,
			    .n_read_fds = 2,
			    .network = network};

	/* Before, all of it is possible: the refusals below are the walls' doing. */
	child_check(close(open(r->out_file, O_RDWR)) == 0, "open before");
	child_check(close(socket(AF_INET, SOCK_STREAM, 0)) == 0, "socket before");
	child_check(confine_self(&c, &missing, &err) == 0, "%s", err.msg);
	child_check(missing == NULL || strcmp(missing, "landlock") == 0, "missing: %s", missing);
	r->landlock = missing == NULL;
	return 0;
}

#define refused(call, why)                                                                         \
	do {                                                                                       \
		errno = 0;                                                                         \
		long refused_ret_ = (long)(call);                                                  \
		child_check(refused_ret_ < 0 && errno == (why), "%s: %ld, %s", #call,              \
			    refused_ret_, strerror(errno));                                        \
	} while (0)

static int files(void *arg, char *report, size_t size)
{
	struct room r;
	int fd;

	if (enter(&r, false, report, size))
		return 1;
	child_check(r.landlock, "this kernel has no Landlock");
	/* Inside everything works. */
	fd = openat(r.in, "sub/new", O_CREAT | O_RDWR | O_CLOEXEC, 0644);
	child_check(fd >= 0 && write(fd, "x", 1) == 1, "write inside: %s", strerror(errno));
	child_check(ftruncate(fd, 0) == 0, "truncate inside");
	child_check(renameat(r.in, "sub/new", r.in, "moved") == 0, "rename: %s", strerror(errno));
	child_check(symlinkat("x", r.in, "link") == 0, "symlink");
	child_check(linkat(r.in, "moved", r.in, "sub/hard", 0) == 0, "link: %s", strerror(errno));
	child_check(unlinkat(r.in, "moved", 0) == 0, "unlink");
	child_check(mkdirat(r.in, "d", 0755) == 0, "mkdir");
	child_check(openat(r.in, ".", O_RDONLY | O_DIRECTORY) >= 0, "list inside");
	/* Reading where that is allowed. */
	child_check(openat(r.ro, "f", O_RDONLY) >= 0, "read: %s", strerror(errno));
	child_check(openat(AT_FDCWD, "/proc/self/fd", O_PATH) >= 0, "O_PATH needs no right");
	refused(openat(r.ro, "f", O_WRONLY), EACCES);
	refused(openat(r.ro, "new", O_CREAT | O_WRONLY, 0644), EACCES);
	refused(unlinkat(r.ro, "f", 0), EACCES);
	refused(open(r.out_file, O_RDONLY), EACCES);
	refused(open(r.out_file, O_WRONLY), EACCES);
	refused(open(r.out_new, O_CREAT | O_WRONLY, 0644), EACCES);
	refused(truncate(r.out_file, 0), EACCES);
	refused(unlink(r.out_file), EACCES);
	refused(mkdir(r.out_new, 0755), EACCES);
	refused(renameat(r.in, "d", AT_FDCWD, r.out_new), EACCES);
	refused(open("/etc/passwd", O_RDONLY), EACCES);
	refused(open("/proc/self/environ", O_RDONLY), EACCES);
	refused(mknodat(r.in, "whiteout", S_IFCHR | 0600, 0), EACCES);
	return 0;
}

/* What the kernel lacks is told by confine_self; without Landlock this test has no object. */
static bool have_landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, 1) > 0;
}

Test(confine, files)
{
	if (!have_landlock())
		test_skip("this kernel has no Landlock");
	make_room();
	test_in_child(files, NULL);
}

static void *nothing(void *arg)
{
	return arg;
}

static int calls(void *arg, char *report, size_t size)
{
	static char *const argv[] = {(char *)(uintptr_t) "/bin/true", NULL};
	struct sockaddr addr = {.sa_family = AF_INET};
	struct room r;
	pthread_t thread;
	int pair[2], status;
	pid_t pid;

	if (enter(&r, false, report, size))
		return 1;
	refused(socket(AF_INET, SOCK_STREAM, 0), EPERM);
	refused(socket(AF_UNIX, SOCK_STREAM, 0), EPERM);
	refused(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), EPERM);
	refused(connect(0, &addr, sizeof(addr)), EPERM);
	refused(execve(argv[0], argv, argv + 1), EPERM);
	refused(syscall(SYS_execveat, -1, argv[0], argv, argv + 1, 0), EPERM);
	refused(ptrace(PTRACE_TRACEME, 0, 0, 0), EPERM);
	refused(mount("none", "/", "tmpfs", 0, NULL), EPERM);
	refused(chroot("/"), EPERM);
	refused(unshare(CLONE_NEWUSER), EPERM);
	refused(unshare(CLONE_NEWNS), EPERM);
	refused(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL), EPERM);
	refused(syscall(SYS_clone3, NULL, 0), ENOSYS);
	refused(syscall(SYS_io_uring_setup, 1, NULL), EPERM);
	refused(syscall(SYS_bpf, 0, NULL, 0), EPERM);
	refused(syscall(SYS_keyctl, 0, 0), EPERM);
	refused(syscall(SYS_open_tree, -100, "/", 1), EPERM);
	refused(syscall(SYS_pidfd_getfd, 0, 0, 0), EPERM);
#ifdef __x86_64__
	refused(syscall(0x40000000 + SYS_getpid), EPERM); /* the x32 table */
#endif
	/* What a program needs goes on: threads, children, memory, time. */
	child_check(pthread_create(&thread, NULL, nothing, NULL) == 0, "thread");
	child_check(pthread_join(thread, NULL) == 0, "join");
	pid = fork();
	if (pid == 0)
		_exit(7);
	child_check(pid > 0 && waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 7, "fork");
	return 0;
}

Test(confine, calls)
{
	make_room();
	test_in_child(calls, NULL);
}

static int privileges(void *arg, char *report, size_t size)
{
	struct room r;
	_cleanup_free_ char *status = NULL;
	struct err err = ERR_INIT;
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

	if (enter(&r, false, report, size))
		return 1;
	child_check(file_read_fd(fd, "status", 1 << 16, &status, NULL, &err) == 0, "%s", err.msg);
	child_check(strstr(status, "CapInh:\t0000000000000000"), "CapInh is not empty");
	child_check(strstr(status, "CapPrm:\t0000000000000000"), "CapPrm is not empty");
	child_check(strstr(status, "CapEff:\t0000000000000000"), "CapEff is not empty");
	child_check(strstr(status, "CapAmb:\t0000000000000000"), "CapAmb is not empty");
	child_check(strstr(status, "NoNewPrivs:\t1"), "no_new_privs is off");
	child_check(strstr(status, "Seccomp:\t2"), "no filter");
	child_check(geteuid() != 0 || strstr(status, "CapBnd:\t0000000000000000"),
		    "CapBnd is not empty");
	return 0;
}

Test(confine, privileges_are_gone)
{
	make_room();
	test_in_child(privileges, NULL);
}

static int network(void *arg, char *report, size_t size)
{
	struct sockaddr_storage addr = {.ss_family = AF_INET};
	struct room r;
	int fd;

	if (enter(&r, true, report, size))
		return 1;
	fd = socket(AF_INET, SOCK_STREAM, 0);
	child_check(fd >= 0, "socket: %s", strerror(errno));
	child_check(bind(fd, (struct sockaddr *)&addr, 16) == 0, "bind: %s", strerror(errno));
	child_check(listen(fd, 1) == 0, "listen: %s", strerror(errno));
	refused(syscall(SYS_execve, "/bin/true", NULL, NULL), EPERM);
	return 0;
}

Test(confine, network_when_asked_for)
{
	make_room();
	test_in_child(network, NULL);
}

static int unsupported(void *arg, char *report, size_t size)
{
	struct confine c = {.chown = true};
	struct err err = ERR_INIT;
	const char *missing;
	int closed = 999;

	child_check(confine_self(&c, &missing, &err) < 0, "not refused");
	child_check(err.code == ERR_BUG && strstr(err.msg, "not implemented"), "%s", err.msg);
	c = (struct confine){.write_fds = &closed, .n_write_fds = 1};
	child_check(!have_landlock() || confine_self(&c, &missing, &err) < 0, "fd 999 was taken");
	child_check(!have_landlock() || strstr(err.msg, "fd 999: Bad file desc"), "%s", err.msg);
	return 0;
}

Test(confine, refuses_what_it_cannot_do)
{
	test_in_child(unsupported, NULL);
}

static void *wait_long(void *arg)
{
	pause();
	return arg;
}

static int threads(void *arg, char *report, size_t size)
{
	struct confine c = {0};
	struct err err = ERR_INIT;
	const char *missing;
	pthread_t thread;

	child_check(pthread_create(&thread, NULL, wait_long, NULL) == 0, "thread");
	child_check(confine_self(&c, &missing, &err) < 0, "not refused");
	child_check(strstr(err.msg, "called with 2 threads running"), "%s", err.msg);
	return 0;
}

Test(confine, refuses_a_second_thread)
{
	test_in_child(threads, NULL);
}
