/* SPDX-License-Identifier: Apache-2.0 */
/* How much a tree of processes and a folder hold: measured on some of our own. */
#include "watch.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <base/str.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MIB (1ULL << 20)

static void touch(uint64_t bytes, int flags)
{
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		_exit(1);
	memset(p, 1, bytes);
}

/* 32 MiB of its own in the child, which its own child shares; 16 shared, 8 in a memfd. */
static void __attribute__((noreturn)) be_measured(int ready)
{
	static char block[65536];
	int fd = memfd_create("x", 0);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	touch(32 * MIB, MAP_PRIVATE);
	touch(16 * MIB, MAP_SHARED);
	for (unsigned i = 0; i < 8 * MIB / sizeof(block); i++)
		if (write(fd, block, sizeof(block)) < 0)
			_exit(1);
	if (fork() == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (write(ready, "r", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

Test(watch, processes)
{
	struct procs_use use;
	int fds[2], got = 0;
	char c;
	pid_t pid;

	if (!procs_available())
		cr_skip_test("this kernel tells no children (CONFIG_PROC_CHILDREN)");
	cr_assert_eq(pipe(fds), 0);
	pid = fork();
	if (pid == 0)
		be_measured(fds[1]);
	while (got < 2 && read(fds[0], &c, 1) == 1)
		got++;
	procs_measure(pid, 100, false, &use);
	cr_expect_eq(use.tasks, 2, "%lu tasks", (unsigned long)use.tasks);
	cr_expect(use.anon >= 64 * MIB, "once for each: %lu", (unsigned long)use.anon);
	cr_expect(use.shared >= 16 * MIB && use.shared < 64 * MIB);
	cr_expect(use.unmapped >= 8 * MIB && use.unmapped < 9 * MIB, "a memfd counts once: %lu",
		  (unsigned long)use.unmapped);
	procs_measure(pid, 100, true, &use);
	cr_expect(use.anon >= 32 * MIB && use.anon < 60 * MIB, "once for both: %lu",
		  (unsigned long)use.anon);
	procs_measure(pid, 1, false, &use);
	cr_expect_eq(use.tasks, 1, "it stops at the limit");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	procs_measure(pid, 100, false, &use);
	cr_expect_eq(use.tasks, 0, "nobody is there any more");
}

/* One page per table of pages, only read: no memory but what the tables themselves take. */
static void __attribute__((noreturn)) be_all_tables(int ready)
{
	const size_t size = 8ULL << 30, step = 2 * MIB;
	volatile char *p =
		mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (p == MAP_FAILED)
		_exit(1);
	madvise((void *)(uintptr_t)p, size, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < size; i += step)
		(void)p[i];
	if (write(ready, "r", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

/* More open files than are looked at, in processes of 1000 each. */
static void __attribute__((noreturn)) be_many_files(int ready)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 0; i < 950; i++)
		if (dup(ready) < 0)
			_exit(1);
	for (int i = 0; i < 40; i++)
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
	if (write(ready, "r", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static void measure(void (*be)(int), bool exact, struct procs_use *out)
{
	int fds[2];
	char c = 0;
	pid_t pid;

	cr_assert_eq(pipe(fds), 0);
	pid = fork();
	if (pid == 0)
		be(fds[1]);
	close(fds[1]);
	cr_assert_eq(read(fds[0], &c, 1), 1);
	procs_measure(pid, 100, exact, out);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(fds[0]);
}

Test(watch, page_tables)
{
	struct procs_use use;

	if (!procs_available())
		cr_skip_test("this kernel tells no children (CONFIG_PROC_CHILDREN)");
	measure(be_all_tables, false, &use);
	cr_expect(use.anon >= 16 * MIB, "%lu", (unsigned long)use.anon);
	measure(be_all_tables, true, &use);
	cr_expect(use.anon >= 16 * MIB, "exact: %lu", (unsigned long)use.anon);
}

Test(watch, many_files)
{
	struct procs_use use;

	if (!procs_available())
		cr_skip_test("this kernel tells no children (CONFIG_PROC_CHILDREN)");
	measure(be_many_files, false, &use);
	cr_expect_eq(use.tasks, 41, "%lu tasks", (unsigned long)use.tasks);
	cr_expect(use.too_many_files, "all 38,000 files were looked at");
	measure(be_all_tables, false, &use);
	cr_expect(!use.too_many_files, "there were few");
}

static void burn(uint64_t us)
{
	struct timespec t;

	do
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	while ((uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000 < us);
}

static pid_t child_that_burns(uint64_t us)
{
	pid_t pid = fork();

	if (pid == 0) {
		burn(us);
		_exit(0);
	}
	return pid;
}

/* 0.15 s itself, 0.3 s of a child that it waited for, 0.1 s of one that lives; and no good name. */
static void __attribute__((noreturn)) be_busy(int ready)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "x) R 1 1 (\n");
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		burn(100000);
		if (write(ready, "c", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	waitpid(child_that_burns(300000), NULL, 0);
	burn(150000);
	if (write(ready, "r", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static uint64_t sum(const struct room_cpu *cpu)
{
	return cpu->user_us + cpu->system_us;
}

Test(watch, time_that_was_spent)
{
	struct procs_spent all, one;
	struct room_cpu waited = {0};
	uint64_t self, living;
	int fds[2], got = 0;
	pid_t pid;
	char c;

	if (!procs_available())
		cr_skip_test("this kernel tells no children (CONFIG_PROC_CHILDREN)");
	cr_assert_eq(pipe(fds), 0);
	pid = fork();
	if (pid == 0)
		be_busy(fds[1]);
	while (got < 2 && read(fds[0], &c, 1) == 1)
		got++;
	procs_spent(pid, 100, &all);
	procs_spent(pid, 1, &one);
	cr_expect(procs_waited(pid, &waited));
	/* ticks of 10 ms are cut off, and forks and exits cost something too */
	cr_expect(sum(&waited) >= 280000 && sum(&waited) < 580000, "waited for: %lu",
		  (unsigned long)sum(&waited));
	self = sum(&one.cpu) - sum(&waited);
	cr_expect(self >= 130000 && self < 330000, "itself: %lu", (unsigned long)self);
	living = sum(&all.cpu) - sum(&one.cpu);
	cr_expect(living >= 80000 && living < 280000, "its child: %lu", (unsigned long)living);
	cr_expect(all.max_rss_kib > 0 && all.max_rss_kib < 1 << 20);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	procs_spent(pid, 100, &all);
	cr_expect_eq(sum(&all.cpu), 0, "nobody is there any more");
	cr_expect_not(procs_waited(pid, &waited));
}

static char dir[64];

static void put(const char *name, size_t bytes)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name), *data = xcalloc(1, bytes + 1);
	_cleanup_fclose_ FILE *f = fopen(path, "w");

	memset(data, 'x', bytes);
	cr_assert(f && fwrite(data, 1, bytes, f) == bytes);
}

static void begin(void)
{
	snprintf(dir, sizeof(dir), "/tmp/bj-walk-XXXXXX");
	cr_assert(mkdtemp(dir));
}

static void end(void)
{
	struct err err = ERR_INIT;

	cr_expect_eq(file_remove_tree(AT_FDCWD, dir, &err), 0, "%s", err.msg);
}

static unsigned rounds(struct walk *w, unsigned budget)
{
	unsigned n = 1;

	while (!walk_step(w, budget))
		n++;
	return n;
}

Test(watch, folder, .init = begin, .fini = end)
{
	_cleanup_free_ char *one = xasprintf("%s/a/one", dir), *two = xasprintf("%s/two", dir);
	_cleanup_free_ char *sub = xasprintf("%s/a", dir), *out = xasprintf("%s/out", dir);
	struct walk w = {.top = open(dir, O_PATH)};

	cr_assert_eq(mkdir(sub, 0755), 0);
	put("a/one", 300000);
	cr_assert_eq(link(one, two), 0);
	cr_assert_eq(symlink("/usr", out), 0);
	cr_expect_gt(rounds(&w, 2), 2);
	cr_expect_eq(w.last_entries, 4, "%lu entries", (unsigned long)w.last_entries);
	cr_expect(w.last_bytes >= 300000 && w.last_bytes < 400000, "two names, one file: %lu",
		  (unsigned long)w.last_bytes);
	cr_expect_not(w.blind);
	put("more", 500000);
	cr_expect_eq(rounds(&w, 1000), 1);
	cr_expect_gt(w.last_bytes, 800000);
	close(w.top);
}

Test(watch, deeper_than_it_looks, .init = begin, .fini = end)
{
	struct walk w = {.top = open(dir, O_PATH)};
	int fd = open(dir, O_PATH), next;

	for (int i = 0; i < 100; i++) {
		cr_assert_eq(mkdirat(fd, "d", 0755), 0);
		next = openat(fd, "d", O_PATH);
		close(fd);
		fd = next;
	}
	close(fd);
	rounds(&w, 1000);
	cr_expect(w.blind);
	cr_expect_eq(w.last_entries, WALK_LEVELS);
	/* a round that is given up leaves nothing open */
	walk_step(&w, 3);
	walk_close(&w);
	cr_expect_eq(w.n, 0);
	close(w.top);
}
