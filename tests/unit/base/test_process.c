/* SPDX-License-Identifier: Apache-2.0 */
#include <base/process.h>

#include <base/cleanup.h>
#include <base/file.h>
#include <base/str.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <support/testutil.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

TEST_DIR_FIXTURE(tmp)
TestSuite(process, .init = tmp_setup, .fini = tmp_teardown, .timeout = 60);

#define SPEC(...)                                                                                  \
	(&(struct process_spec){.argv = (const char *const[]){__VA_ARGS__, NULL},                  \
				.in_fd = -2,                                                       \
				.out_fd = -2,                                                      \
				.err_fd = -2})
#define SHELL(script) SPEC("/bin/sh", "-c", script)

static int run(const struct process_spec *spec, const char *input, char **out)
{
	_cleanup_free_ char *text = NULL;
	struct err err = ERR_INIT;
	int status;

	assert_ok(process_capture(spec, input, 1 << 20, &status, &text, NULL, &err), err);
	if (out)
		*out = TAKE_PTR(text);
	return status;
}

Test(process, status)
{
	cr_assert_eq(run(SPEC("true"), NULL, NULL), 0);
	cr_assert_eq(run(SHELL("exit 42"), NULL, NULL), 42);
	cr_assert_eq(run(SHELL("kill -TERM $$"), NULL, NULL), 128 + SIGTERM);
}

Test(process, missing_program_is_named)
{
	struct process p = PROCESS_INIT;
	struct err err = ERR_INIT;

	/* A folder on PATH that this user may not search would turn the reason into EACCES. */
	setenv("PATH", "/usr/bin:/bin", 1);
	assert_refused(process_start(&p, SPEC("belljar-no-such-program"), &err), err, ERR_HOST,
		       "start belljar-no-such-program: No such file or directory");
	cr_assert(p.pid == -1 && p.pidfd == -1);
	assert_refused(process_start(&p, SPEC("/etc/passwd"), &err), err, ERR_HOST,
		       "start /etc/passwd: Permission denied");
	cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1, "a child was left");
}

Test(process, capture_both_outputs)
{
	_cleanup_free_ char *out = NULL, *errtext = NULL;
	struct err err = ERR_INIT;
	int status;

	assert_ok(process_capture(SHELL("cat; echo bad >&2"), "in put", 100, &status, &out,
				  &errtext, &err),
		  err);
	cr_assert_str_eq(out, "in put");
	cr_assert_str_eq(errtext, "bad\n");
}

Test(process, capture_cuts_but_does_not_block)
{
	_cleanup_free_ char *out = NULL;
	struct err err = ERR_INIT;
	int status;

	assert_ok(process_capture(SHELL("head -c 1000000 /dev/zero; exit 3"), NULL, 10, &status,
				  &out, NULL, &err),
		  err);
	cr_assert_eq(status, 3);
	assert_ok(process_capture(SPEC("cat"), NULL, 10, &status, NULL, NULL, &err), err);
}

Test(process, large_input_that_nobody_reads)
{
	_cleanup_free_ char *big = xmalloc(1 << 20);

	memset(big, 'x', (1 << 20) - 1);
	big[(1 << 20) - 1] = '\0';
	cr_assert_eq(run(SPEC("true"), big, NULL), 0);
}

Test(process, grandchild_that_keeps_the_pipe_is_not_awaited)
{
	_cleanup_free_ char *out = NULL;
	time_t start = time(NULL);

	cr_assert_eq(run(SHELL("sleep 6 & echo x"), NULL, &out), 0);
	cr_assert_str_eq(out, "x\n");
	cr_assert_lt(time(NULL) - start, 4);
}

Test(process, pipes)
{
	_cleanup_(process_release) struct process p = PROCESS_INIT;
	struct process_spec spec = *SPEC("cat");
	struct err err = ERR_INIT;
	char buf[10] = "";
	int status;

	spec.in_fd = spec.out_fd = -1;
	assert_ok(process_start(&p, &spec, &err), err);
	cr_assert(p.in >= 0 && p.out >= 0 && p.errfd == -1);
	cr_assert_eq(write(p.in, "ping", 4), 4);
	cr_assert_eq(read(p.out, buf, sizeof(buf)), 4);
	close(p.in);
	p.in = -1;
	assert_ok(process_wait(&p, &status, &err), err);
	cr_assert(status == 0 && p.pid == -1 && p.pidfd == -1);
	assert_refused(process_wait(&p, &status, &err), err, ERR_BUG, "does not run");
}

Test(process, release_kills)
{
	struct process p = PROCESS_INIT;
	struct err err = ERR_INIT;
	pid_t pid;

	assert_ok(process_start(&p, SPEC("sleep", "1000"), &err), err);
	pid = p.pid;
	process_release(&p);
	cr_assert(kill(pid, 0) < 0 && errno == ESRCH);
	process_release(&p);
}

Test(process, environment_is_as_given)
{
	static const char *const env[] = {"A=1", NULL};
	struct process_spec spec = *SPEC("/usr/bin/env");
	_cleanup_free_ char *out = NULL;

	spec.env = env;
	cr_assert_eq(run(&spec, NULL, &out), 0);
	cr_assert_str_eq(out, "A=1\n");
}

/* The child has 0, 1, 2 and what was asked for, even if something was opened without O_CLOEXEC. */
Test(process, fds_are_as_given)
{
	int leak = dup(0), kept = fcntl(tmp.fd, F_DUPFD_CLOEXEC, 50);
	struct process_spec spec = *SHELL("cd /proc/self/fd && echo *");
	_cleanup_free_ char *out = NULL;

	cr_assert(leak >= 0 && kept >= 50);
	spec.keep_fds = &kept;
	spec.n_keep_fds = 1;
	cr_assert_eq(run(&spec, NULL, &out), 0);
	_cleanup_free_ char *want = xasprintf("0 1 2 %d\n", kept);

	/* The shell's own listing adds the fd of the folder it reads. */
	cr_assert(str_starts(out, "0 1 2 "), "%s", out);
	_cleanup_free_ char *with_listing = xasprintf("0 1 2 3 %d\n", kept);

	cr_assert(strcmp(out, want) == 0 || strcmp(out, with_listing) == 0, "%s", out);
	cr_assert(fcntl(kept, F_GETFD) & FD_CLOEXEC, "the caller's own fd was changed");
}

/* Standard fds that are given crosswise do not cover each other. */
static int swapped(void *arg, char *report, size_t size)
{
	const struct test_dir *d = arg;
	_cleanup_(process_release) struct process p = PROCESS_INIT;
	struct process_spec spec = *SHELL("echo to-out; echo to-err >&2");
	_cleanup_free_ char *one = NULL, *two = NULL;
	struct err err = ERR_INIT;
	int status;

	close(1);
	child_check(openat(d->fd, "one", O_CREAT | O_RDWR, 0600) == 1, "open");
	close(2);
	child_check(openat(d->fd, "two", O_CREAT | O_RDWR, 0600) == 2, "open");
	close(0); /* the pipe inside will be given low numbers */
	spec.out_fd = 2;
	spec.err_fd = 1;
	child_check(process_start(&p, &spec, &err) == 0, "%s", err.msg);
	child_check(process_wait(&p, &status, &err) == 0 && status == 0, "status %d", status);
	child_check(file_read(d->fd, "one", 100, &one, NULL, &err) == 0, "%s", err.msg);
	child_check(file_read(d->fd, "two", 100, &two, NULL, &err) == 0, "%s", err.msg);
	child_check(strcmp(one, "to-err\n") == 0 && strcmp(two, "to-out\n") == 0, "one: %s two: %s",
		    one, two);
	return 0;
}

Test(process, crosswise_fds)
{
	test_in_child(swapped, &tmp);
}

Test(process, signals_are_back_to_default)
{
	_cleanup_free_ char *out = NULL;
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	cr_assert_eq(run(SPEC("grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"), NULL, &out), 0);
	cr_assert_str_eq(out, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

/* A middle process starts a sleeper and dies: the sleeper must not outlive it. */
static int orphan(void *arg, char *report, size_t size)
{
	int ends[2];
	pid_t middle, sleeper = 0;

	child_check(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0, "subreaper");
	child_check(pipe2(ends, O_CLOEXEC) == 0, "pipe");
	middle = fork();
	if (middle == 0) {
		struct process p = PROCESS_INIT;
		struct err err = ERR_INIT;
		int r = process_start(&p, SPEC("sleep", "20"), &err);
		ssize_t n = write(ends[1], &p.pid, sizeof(p.pid));

		_exit(r < 0 || n < 0);
	}
	child_check(read(ends[0], &sleeper, sizeof(sleeper)) == sizeof(sleeper), "read");
	child_check(waitpid(middle, NULL, 0) == middle, "wait for the middle one");
	int status;

	child_check(sleeper > 0 && waitpid(sleeper, &status, 0) == sleeper, "wait");
	child_check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "status %x",
		    (unsigned)status);
	return 0;
}

Test(process, dies_with_its_parent)
{
	test_in_child(orphan, NULL);
}

static void copy_program(const char *from, const char *to)
{
	struct err err = ERR_INIT;
	_cleanup_close_ int in = file_open(AT_FDCWD, from, O_RDONLY, 0, &err);
	_cleanup_close_ int out = file_open(tmp.fd, to, O_WRONLY | O_CREAT, 0755, &err);

	cr_assert(in >= 0 && out >= 0, "%s", err.msg);
	assert_ok(file_copy_fd(in, out, &err), err);
}

static void make_helper(const char *dir, const char *name)
{
	_cleanup_free_ char *path = path_join(dir, name);
	struct err err = ERR_INIT;

	assert_ok(file_mkdir_p(tmp.fd, dir, 0755, &err), err);
	test_write_text(tmp.fd, path, "");
	cr_assert_eq(fchmodat(tmp.fd, path, 0755, 0), 0);
}

/* Run the copied program at @at; its answer is compared with a path below the temporary folder. */
static void assert_finds(const char *at, const char *want)
{
	_cleanup_free_ char *exe = path_join(tmp.path, at), *out = NULL;
	_cleanup_free_ char *path = path_join(tmp.path, want);

	cr_assert_eq(run(SPEC(exe, "unpack"), NULL, &out), 0, "%s", at);
	cr_assert_str_eq(out, path);
}

Test(process, helper_beside_the_program)
{
	struct err err = ERR_INIT;

	unsetenv("BELLJAR_LIBEXEC");
	assert_ok(file_mkdir_p(tmp.fd, "bin", 0755, &err), err);
	assert_ok(file_mkdir_p(tmp.fd, "tests/unit/x", 0755, &err), err);
	assert_ok(file_mkdir_p(tmp.fd, "1/2/3/4/5", 0755, &err), err);
	make_helper("libexec/belljar", "unpack");
	copy_program(HELPER_PROBE, "probe");
	copy_program(HELPER_PROBE, "bin/probe");
	copy_program(HELPER_PROBE, "tests/unit/x/probe");
	copy_program(HELPER_PROBE, "1/2/3/4/5/probe");
	assert_finds("probe", "libexec/belljar/unpack");
	assert_finds("bin/probe", "libexec/belljar/unpack");
	assert_finds("tests/unit/x/probe", "libexec/belljar/unpack");
	assert_finds("1/2/3/4/5/probe", "libexec/belljar/unpack");
	/* The nearest one counts. */
	make_helper("1/2/libexec/belljar", "unpack");
	assert_finds("1/2/3/4/5/probe", "1/2/libexec/belljar/unpack");
}

Test(process, helper_is_not_sought_far_away)
{
	_cleanup_free_ char *exe = path_join(tmp.path, "1/2/3/4/5/6/probe"), *errtext = NULL;
	struct err err = ERR_INIT;
	int status;

	unsetenv("BELLJAR_LIBEXEC");
	assert_ok(file_mkdir_p(tmp.fd, "1/2/3/4/5/6", 0755, &err), err);
	make_helper("libexec/belljar", "unpack");
	copy_program(HELPER_PROBE, "1/2/3/4/5/6/probe");
	assert_ok(process_capture(SPEC(exe, "unpack"), NULL, 1000, &status, NULL, &errtext, &err),
		  err);
	cr_assert_eq(status, ERR_HOST);
	cr_assert_not_null(strstr(errtext, "helper unpack: not below libexec/belljar"));
}

Test(process, helper_from_the_environment)
{
	_cleanup_free_ char *dir = path_join(tmp.path, "elsewhere"), *path = NULL;
	struct err err = ERR_INIT;

	make_helper("elsewhere", "unpack");
	setenv("BELLJAR_LIBEXEC", dir, 1);
	assert_ok(process_helper_path("unpack", &path, &err), err);
	cr_assert(str_starts(path, dir) && str_ends(path, "/unpack"));
	/* When it is set, it alone counts. */
	assert_refused(process_helper_path("none", &path, &err), err, ERR_HOST,
		       "(from BELLJAR_LIBEXEC): No such file");
}

/* A message is one line, whatever the path is. */
Test(process, a_path_of_several_lines)
{
	_cleanup_(process_release) struct process p = PROCESS_INIT;
	_cleanup_free_ char *dir = path_join(tmp.path, "two\nlines"), *path = NULL;
	_cleanup_free_ char *exe = path_join(dir, "none");
	struct err err = ERR_INIT;

	setenv("BELLJAR_LIBEXEC", dir, 1);
	assert_refused(process_helper_path("none", &path, &err), err, ERR_HOST,
		       "two\\x0alines/none (from BELLJAR_LIBEXEC): No such file");
	assert_refused(process_start(&p, SPEC(exe), &err), err, ERR_HOST,
		       "two\\x0alines/none: No such file");
}
