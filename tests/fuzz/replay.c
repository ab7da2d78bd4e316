/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay FOLDER [NAME]: the target it is linked with, over every file of a corpus, each in a
 * process of its own. Prints what failed and "fuzz.NAME: N passed, N failed"; an empty folder is a
 * failure.
 */
#include "fuzz.h"

#include <base/file.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define SEED_MAX (1u << 20)
/* Far above what any input takes, sanitizers included: an input that hangs must not hang the suite.
 */
#define HANG_SECONDS 120

static void run_one(const char *folder, const char *name)
{
	_cleanup_free_ char *path = path_join(folder, name), *data = NULL, *exact = NULL;
	struct err err = ERR_INIT;
	size_t len = 0;

	alarm(HANG_SECONDS);
	if (file_read(AT_FDCWD, path, SEED_MAX, &data, &len, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		exit(2);
	}
	/* without the terminator, so that a read past the end is seen */
	exact = xmalloc(len);
	memcpy(exact, data, len);
	LLVMFuzzerTestOneInput((const uint8_t *)exact, len);
}

static bool passes(const char *folder, const char *name)
{
	int status = 0;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		run_one(folder, name);
		exit(0); /* not _exit: leaks are looked for now */
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	fprintf(stderr, "%s/%s: %s %d\n", folder, name, WIFSIGNALED(status) ? "signal" : "exit",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	return false;
}

static void list(const char *folder, struct strv *out)
{
	_cleanup_closedir_ DIR *d = opendir(folder);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.')
			strv_push(out, e->d_name);
	strv_sort(out);
}

/* Each child makes its folder below ours: what a crash leaves goes with it. */
static size_t run_all(const char *folder, const struct strv *names)
{
	char work[] = "/tmp/belljar-replay-XXXXXX";
	struct err err = ERR_INIT;
	size_t passed = 0;

	if (!mkdtemp(work) || setenv("TMPDIR", work, 1) < 0)
		return 0;
	for (size_t i = 0; i < names->n; i++)
		passed += passes(folder, names->v[i]);
	if (file_remove_tree(AT_FDCWD, work, &err) < 0)
		fprintf(stderr, "%s\n", err.msg);
	return passed;
}

int main(int argc, char **argv)
{
	_cleanup_(strv_release) struct strv names = STRV_INIT;
	size_t passed;

	if (argc < 2)
		return 2;
	list(argv[1], &names);
	passed = run_all(argv[1], &names);
	printf("fuzz.%s: %zu passed, %zu failed\n", argc > 2 ? argv[2] : path_base(argv[1]), passed,
	       names.n - passed);
	return names.n == 0 || passed != names.n;
}
