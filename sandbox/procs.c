/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a room, and the memory that they have together. */
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
	ino_t seen[FILES_MAX]; /* memfds: one may be open in many processes */
	size_t n_seen, n_looks;
	double exact_until; /* 0: not at all */
	struct procs_use *use;
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

static void push_children(struct hunt *h, int task, const char *tid)
{
	char name[64], text[65536], *at = text, *end;
	ssize_t n;

	snprintf(name, sizeof(name), "%s/children", tid);
	n = read_at(task, name, text, sizeof(text));
	if (n <= 0)
		return;
	end = strrchr(text, ' ');
	if (end) /* the kernel ends each with a space: what follows the last one was cut */
		*end = '\0';
	for (long pid; (pid = strtol(at, &end, 10)) > 0 && end != at; at = end) {
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

static void look_at_process(struct hunt *h, pid_t pid)
{
	char path[32], text[4096];
	_cleanup_close_ int proc = -1;
	bool have_exact, have_status;

	snprintf(path, sizeof(path), "/proc/%d", pid);
	proc = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0)
		return;
	look_at_threads(h, proc);
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

void procs_measure(pid_t init, uint64_t max_tasks, bool exact, struct procs_use *out)
{
	struct hunt *h = xcalloc(1, sizeof(*h));

	*out = (struct procs_use){0};
	h->use = out;
	h->exact_until = exact ? room_now() + EXACT_MAX : 0;
	ARRAY_GROW(h->stack, h->n, h->cap);
	h->stack[h->n++] = init;
	while (h->n && out->tasks < max_tasks)
		look_at_process(h, h->stack[--h->n]);
	free(h->stack);
	free(h);
}

bool procs_available(void)
{
	return access("/proc/thread-self/children", R_OK) == 0;
}
