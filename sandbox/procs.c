/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a room, and the memory and CPU time that they have together. */
#include "internal.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 4096
/* Looking at one open file takes 10 us and more: a room with more of them is judged by less. */
#define LOOKS_MAX 32768
/* Seconds: a page table takes long to read, and a room can have thousands that are full. */
#define EXACT_MAX 5.0

struct hunt {
	pid_t *stack;
	size_t n, cap;
	size_t first;          /* of the stack: children of the process that is looked at */
	ino_t seen[FILES_MAX]; /* memfds: one may be open in many processes */
	size_t n_seen, n_looks;
	double exact_until; /* 0: not at all */
	struct procs_use *use;
	struct procs_spent *spent; /* NULL: memory is measured */
};

static ssize_t read_at(int dir, const char *name, char *buf, size_t size)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return -1;
	while (len < size - 1 && (n = read(fd, buf + len, size - 1 - len)) > 0)
		len += (size_t)n;
	buf[len] = '\0';
	close(fd);
	return (ssize_t)len;
}

/* "Key:   123 kB" in bytes; 0 when it is not there. */
static uint64_t kib_of(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtoull(at + strlen(key), NULL, 10) << 10 : 0;
}

/* A thread that ends leaves its children to another one of its process. */
static bool was_pushed(const struct hunt *h, size_t end, pid_t pid)
{
	for (size_t i = h->first; i < end; i++)
		if (h->stack[i] == pid)
			return true;
	return false;
}

static void push_children(struct hunt *h, int task, const char *tid)
{
	char name[64], text[65536], *at = text, *end;
	const size_t before = h->n;
	ssize_t n;

	snprintf(name, sizeof(name), "%s/children", tid);
	n = read_at(task, name, text, sizeof(text));
	if (n <= 0)
		return;
	end = strrchr(text, ' ');
	if (end) /* the kernel ends each with a space: what follows the last one was cut */
		*end = '\0';
	for (long pid; (pid = strtol(at, &end, 10)) > 0 && end != at; at = end) {
		if (was_pushed(h, before, (pid_t)pid))
			continue;
		ARRAY_GROW(h->stack, h->n, h->cap);
		h->stack[h->n++] = (pid_t)pid;
	}
}

/* Children belong to the thread that made them. */
static void look_at_threads(struct hunt *h, int proc)
{
	int task = openat(proc, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = task < 0 ? NULL : fdopendir(task);
	const struct dirent *ent;

	if (!dir) {
		cleanup_closep(&task);
		return;
	}
	h->first = h->n;
	while ((ent = readdir(dir))) {
		if (ent->d_name[0] == '.')
			continue;
		h->use->tasks++;
		push_children(h, task, ent->d_name);
	}
	closedir(dir);
}

static bool is_new(struct hunt *h, ino_t ino)
{
	for (size_t i = 0; i < h->n_seen; i++)
		if (h->seen[i] == ino)
			return false;
	if (h->n_seen < FILES_MAX)
		h->seen[h->n_seen++] = ino;
	return true;
}

static void look_at_files(struct hunt *h, int proc)
{
	int fds = h->use->too_many_files ? -1
					 : openat(proc, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fds < 0 ? NULL : fdopendir(fds);
	const struct dirent *ent;
	struct stat st;
	char link[16];

	if (!dir) {
		cleanup_closep(&fds);
		return;
	}
	while ((ent = readdir(dir)) && !h->use->too_many_files) {
		ssize_t n = readlinkat(fds, ent->d_name, link, sizeof(link));

		if (n >= 7 && !memcmp(link, "/memfd:", 7) &&
		    fstatat(fds, ent->d_name, &st, 0) == 0 && is_new(h, st.st_ino))
			h->use->unmapped += (uint64_t)st.st_blocks * 512;
		h->use->too_many_files = ++h->n_looks > LOOKS_MAX;
	}
	closedir(dir);
}

/* Pages that others have too count as a part; false where that cannot be read, or not in time. */
static bool look_at_shares(struct hunt *h, int proc)
{
	char text[4096];

	if (room_now() >= h->exact_until || read_at(proc, "smaps_rollup", text, sizeof(text)) <= 0)
		return false;
	h->use->anon += kib_of(text, "\nPss_Anon:") + kib_of(text, "\nSwapPss:");
	h->use->shared += kib_of(text, "\nPss_Shmem:");
	return true;
}

static void look_at_memory(struct hunt *h, int proc)
{
	char text[4096];
	bool have_exact, have_status;

	have_exact = look_at_shares(h, proc);
	have_status = read_at(proc, "status", text, sizeof(text)) > 0;
	if (have_status && !have_exact) {
		h->use->anon += kib_of(text, "\nRssAnon:") + kib_of(text, "\nVmSwap:");
		h->use->shared += kib_of(text, "\nRssShmem:");
	}
	/* a read of nothing costs a page of the table, and none that RSS knows */
	if (have_status)
		h->use->anon += kib_of(text, "\nVmPTE:");
	look_at_files(h, proc);
}

static int open_process(pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", pid);
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* utime, stime, cutime, cstime of proc(5)'s stat, as two sums of microseconds. */
static bool read_times(int proc, struct room_cpu *own, struct room_cpu *waited)
{
	const uint64_t tick = 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
	unsigned long t[4];
	char text[4096], *at;

	/* the name in front is the process's own choice, and may hold spaces and brackets */
	if (proc < 0 || read_at(proc, "stat", text, sizeof(text)) <= 0 ||
	    !(at = strrchr(text, ')')) ||
	    sscanf(at, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %lu %lu", &t[0],
		   &t[1], &t[2], &t[3]) != 4)
		return false;
	*own = (struct room_cpu){t[0] * tick, t[1] * tick};
	*waited = (struct room_cpu){t[2] * tick, t[3] * tick};
	return true;
}

static void look_at_usage(struct hunt *h, int proc)
{
	struct procs_spent *out = h->spent;
	struct room_cpu own, waited;
	char text[4096];
	uint64_t kib;

	if (read_times(proc, &own, &waited)) {
		out->cpu.user_us += own.user_us + waited.user_us;
		out->cpu.system_us += own.system_us + waited.system_us;
	}
	if (read_at(proc, "status", text, sizeof(text)) <= 0)
		return;
	kib = kib_of(text, "\nVmHWM:") >> 10;
	if (kib > out->max_rss_kib)
		out->max_rss_kib = kib;
}

static void look_at_process(struct hunt *h, pid_t pid)
{
	_cleanup_close_ int proc = open_process(pid);

	if (proc < 0)
		return;
	if (h->spent)
		look_at_usage(h, proc);
	look_at_threads(h, proc);
	if (!h->spent)
		look_at_memory(h, proc);
}

static void look_at_all(struct hunt *h, pid_t init, uint64_t max_tasks)
{
	ARRAY_GROW(h->stack, h->n, h->cap);
	h->stack[h->n++] = init;
	while (h->n && h->use->tasks < max_tasks)
		look_at_process(h, h->stack[--h->n]);
	free(h->stack);
	free(h);
}

void procs_measure(pid_t init, uint64_t max_tasks, bool exact, struct procs_use *out)
{
	struct hunt *h = xcalloc(1, sizeof(*h));

	*out = (struct procs_use){0};
	h->use = out;
	h->exact_until = exact ? room_now() + EXACT_MAX : 0;
	look_at_all(h, init, max_tasks);
}

void procs_spent(pid_t init, uint64_t max_tasks, struct procs_spent *out)
{
	struct hunt *h = xcalloc(1, sizeof(*h));
	struct procs_use use = {0};

	*out = (struct procs_spent){0};
	h->use = &use;
	h->spent = out;
	look_at_all(h, init, max_tasks);
}

bool procs_waited(pid_t pid, struct room_cpu *out)
{
	_cleanup_close_ int proc = open_process(pid);
	struct room_cpu own;

	return read_times(proc, &own, out);
}

bool procs_available(void)
{
	return access("/proc/thread-self/children", R_OK) == 0;
}
