/* SPDX-License-Identifier: Apache-2.0 */
#include <support/testutil.h>

#include <base/cleanup.h>
#include <base/file.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

void test_dir_make(struct test_dir *d)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(d->path, sizeof(d->path), "%s/belljar-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	cr_assert(mkdtemp(d->path), "mkdtemp %s", d->path);
	d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert(d->fd >= 0, "open %s", d->path);
}

void test_dir_release(struct test_dir *d)
{
	struct err err = ERR_INIT;

	if (d->fd < 0)
		return;
	close(d->fd);
	d->fd = -1;
	if (file_remove_tree(AT_FDCWD, d->path, &err) < 0)
		cr_assert_fail("%s", err.msg);
}

void test_write(int dirfd, const char *path, const void *data, size_t len)
{
	struct err err = ERR_INIT;
	_cleanup_close_ int fd = file_open(dirfd, path, O_WRONLY | O_CREAT | O_TRUNC, 0644, &err);

	if (fd < 0 || file_write_all(fd, data, len, &err) < 0)
		cr_assert_fail("%s: %s", path, err.msg);
}

void test_write_text(int dirfd, const char *path, const char *text)
{
	test_write(dirfd, path, text, strlen(text));
}

void test_assert_err(const struct err *err, int code, const char *reason, const char *call,
		     const char *file, int line)
{
	if (err->code != code)
		cr_assert_fail("%s:%d: %s: code %d instead of %d: %s", file, line, call, err->code,
			       code, err->msg);
	if (!strstr(err->msg, reason))
		cr_assert_fail("%s:%d: %s: '%s' is not the reason '%s'", file, line, call, err->msg,
			       reason);
}

bool test_must_run(void)
{
	const char *s = getenv("BELLJAR_TEST_MUST_RUN");

	return s && strcmp(s, "1") == 0;
}

static void run_in_child(test_child_fn fn, void *arg, int out) __attribute__((noreturn));

static void run_in_child(test_child_fn fn, void *arg, int out)
{
	char report[1024] = "";
	int r = fn(arg, report, sizeof(report));
	ssize_t n;

	if (r == 0)
		snprintf(report, sizeof(report), "ok");
	else if (!report[0])
		snprintf(report, sizeof(report), "returned %d", r);
	n = write(out, report, strlen(report));
	(void)n;
	_exit(r != 0);
}

void test_in_child(test_child_fn fn, void *arg)
{
	char report[1025] = "";
	size_t len = 0;
	int ends[2], status;
	pid_t pid;

	cr_assert(pipe2(ends, O_CLOEXEC) == 0);
	pid = fork();
	cr_assert(pid >= 0);
	if (pid == 0)
		run_in_child(fn, arg, ends[1]);
	close(ends[1]);
	for (ssize_t n; (n = read(ends[0], report + len, sizeof(report) - 1 - len)) > 0;)
		len += (size_t)n;
	close(ends[0]);
	cr_assert(waitpid(pid, &status, 0) == pid);
	cr_assert(WIFEXITED(status), "the child died of signal %d", WTERMSIG(status));
	/* "ok" rather than the status alone: a child that ended early must not pass. */
	cr_assert(WEXITSTATUS(status) == 0 && strcmp(report, "ok") == 0, "in the child: %s",
		  report);
}

int test_drop_root(char *report, size_t size)
{
	if (getuid() != 0)
		return 0;
	child_check(setgroups(0, NULL) == 0, "setgroups: %s", strerror(errno));
	child_check(setresgid(65534, 65534, 65534) == 0, "setresgid: %s", strerror(errno));
	child_check(setresuid(65534, 65534, 65534) == 0, "setresuid: %s", strerror(errno));
	return 0;
}
