/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <base/file.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

void __sanitizer_set_report_fd(void *fd) __attribute__((weak));
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max) __attribute__((weak));

/*
 * libfyaml 0.7.12 leaks a small buffer for some quoted texts with many escapes; belljar parses a
 * handful of files in its life. What we forget to give back to it is found by the unit tests.
 */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml.so\n";
}

static char dir[256];
static int dirfd_ = -1, report_fd = STDERR_FILENO;

void fuzz_broken(const char *file, int line, const char *what)
{
	dprintf(report_fd, "%s:%d: not true: %s\n", file, line, what);
	abort();
}

int fuzz_result(int rc, const struct err *err)
{
	fuzz_check(rc >= 0 || err->code != ERR_NONE);
	fuzz_check(rc >= 0 || err->msg[0] != '\0');
	fuzz_check(memchr(err->msg, '\0', sizeof(err->msg)));
	return rc;
}

char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = xmalloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

static void remove_dir(void)
{
	struct err err = ERR_INIT;

	if (file_remove_tree(AT_FDCWD, dir, &err) < 0)
		dprintf(report_fd, "%s\n", err.msg);
}

const char *fuzz_dir(void)
{
	const char *base = getenv("TMPDIR");

	if (dirfd_ >= 0)
		return dir;
	snprintf(dir, sizeof(dir), "%s/belljar-fuzz-XXXXXX", str_empty(base) ? "/tmp" : base);
	fuzz_check(mkdtemp(dir));
	dirfd_ = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fuzz_check(dirfd_ >= 0);
	fuzz_check(atexit(remove_dir) == 0);
	return dir;
}

int fuzz_dirfd(void)
{
	fuzz_dir();
	return dirfd_;
}

void fuzz_put(const char *name, const void *data, size_t size)
{
	_cleanup_close_ int fd = openat(fuzz_dirfd(), name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	struct err err = ERR_INIT;

	fuzz_check(fd >= 0);
	fuzz_check(file_write_all(fd, data, size, &err) == 0);
}

int fuzz_fd(const void *data, size_t size)
{
	int fd = memfd_create("input", MFD_CLOEXEC);
	struct err err = ERR_INIT;

	fuzz_check(fd >= 0);
	fuzz_check(file_write_all(fd, data, size, &err) == 0);
	fuzz_check(lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

int fuzz_words(char *text, char by, char *first, char **argv, int max)
{
	int n = 0;

	argv[n++] = first;
	while (n < max) {
		argv[n++] = text;
		text = strchr(text, by);
		if (!text)
			break;
		*text++ = '\0';
	}
	argv[n] = NULL;
	return n;
}

void fuzz_hush(void)
{
	int null;

	/* libFuzzer has -close_fd_mask for that, and writes its own log to stderr */
	if (report_fd != STDERR_FILENO || LLVMFuzzerMutate)
		return;
	null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	report_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	fuzz_check(null >= 0 && report_fd >= 0);
	fuzz_check(dup2(null, STDOUT_FILENO) >= 0 && dup2(null, STDERR_FILENO) >= 0);
	close(null);
	if (__sanitizer_set_report_fd)
		__sanitizer_set_report_fd((void *)(intptr_t)report_fd);
}

#define WRITING                                                                                    \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |                           \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |                            \
	 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SYM |                               \
	 LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SOCK |                             \
	 LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK)

static void allow_below(int ruleset, const char *path, uint64_t access)
{
	_cleanup_close_ int fd = open(path, O_PATH | O_CLOEXEC);
	struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = fd};

	fuzz_check(fd >= 0);
	fuzz_check(syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) ==
		   0);
}

void fuzz_fence(void)
{
	struct landlock_ruleset_attr attr = {.handled_access_fs = WRITING};
	_cleanup_close_ int ruleset = -1;
	static bool stands;
	long abi;

	if (stands)
		return;
	stands = true;
	abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < 1)
		return;
	if (abi >= 2) /* without it no rename leads out of its folder */
		attr.handled_access_fs |= LANDLOCK_ACCESS_FS_REFER;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	fuzz_check(ruleset >= 0);
	allow_below(ruleset, fuzz_dir(), attr.handled_access_fs);
	allow_below(ruleset, ".", attr.handled_access_fs);
	fuzz_check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	fuzz_check(syscall(SYS_landlock_restrict_self, ruleset, 0) == 0);
}
