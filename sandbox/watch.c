/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include "kernel.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A walk of the processes may take a twentieth of the time. */
#define SHARE 20
/* Seconds: but a room that makes it long is not left alone for longer. */
#define PAUSE_MAX 5.0
/* Entries of a folder on disk per look. */
#define ENTRIES_PER_LOOK 1000
/* Seconds: a command that is over by then costs no look. */
#define FIRST_LOOK 0.1
/* A disk with less than this, or a hundredth of it, left is full. */
#define DISK_RESERVE (256ULL << 20)

static bool stat_place(const struct place *p, struct statfs *fs)
{
	return p->fd >= 0 && fstatfs(p->fd, fs) == 0;
}

static uint64_t bytes_used(const struct statfs *fs)
{
	return (fs->f_blocks - fs->f_bfree) * (uint64_t)fs->f_bsize;
}

/* Set-up ------------------------------------------------------------------------------------ */

/* The top of the room as it is now: init waits, and can still be looked into. */
static int open_root(const struct room *r)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/root", r->pid);
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int open_tmpfs(int root, const char *dst)
{
	struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
			       .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS |
					  RESOLVE_NO_MAGICLINKS};

	return root < 0 ? -1 : (int)syscall(SYS_openat2, root, dst, &how, sizeof(how));
}

static const char *limit_of(const char *dst)
{
	if (!strcmp(dst, "/build"))
		return "build";
	if (!strcmp(dst, "/tmp"))
		return "tmp";
	return !strncmp(dst, "/out/", 5) ? "out" : "";
}

static void add_place(struct watch *w, enum place_kind kind, int fd, const char *dst)
{
	struct place *p = &w->places[w->n];
	struct statfs fs;

	*p = (struct place){.kind = kind, .fd = fd, .dst = dst, .limit = limit_of(dst)};
	p->walk.top = fd;
	if (!stat_place(p, &fs)) {
		cleanup_closep(&p->fd);
		return;
	}
	w->n++;
	p->size = fs.f_blocks * (uint64_t)fs.f_bsize;
	p->free = fs.f_bavail * (uint64_t)fs.f_bsize;
	p->free_nodes = fs.f_ffree;
}

static void add_given(struct watch *w, int root, const struct room_mount *m)
{
	if (m->kind == ROOM_TMPFS)
		add_place(w, PLACE_TMPFS, open_tmpfs(root, m->dst), m->dst);
	else if (m->kind == ROOM_BIND_RW)
		add_place(w, m->keep_owner ? PLACE_USER : PLACE_DISK,
			  open(m->src, O_PATH | O_CLOEXEC), m->dst);
}

static bool is_given(const struct room_spec *spec, const char *dst)
{
	for (size_t i = 0; i < spec->n_mounts; i++)
		if (!strcmp(spec->mounts[i].dst, dst))
			return true;
	return false;
}

static ssize_t read_again(int fd, char *buf, size_t size)
{
	ssize_t n = fd < 0 ? -1 : pread(fd, buf, size - 1, 0);

	buf[n > 0 ? n : 0] = '\0';
	return n;
}

static uint64_t kib_of(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtoull(at + strlen(key), NULL, 10) << 10 : 0;
}

/* Nine tenths of what the host has: less than what brings its own killer. */
static uint64_t default_memory(const struct watch *w)
{
	char text[4096];

	if (read_again(w->meminfo, text, sizeof(text)) <= 0)
		return UINT64_MAX;
	return (kib_of(text, "MemTotal:") + kib_of(text, "SwapTotal:")) / 10 * 9;
}

void watch_open(struct room *r)
{
	static const char *const always[] = {"/build", "/tmp", "/dev/shm"};
	const struct room_spec *spec = r->spec;
	struct watch *w = &r->watch;
	_cleanup_close_ int root = open_root(r);

	w->places = xcalloc(spec->n_mounts + ARRAY_SIZE(always), sizeof(*w->places));
	for (size_t i = 0; i < spec->n_mounts; i++)
		add_given(w, root, &spec->mounts[i]);
	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		if (!is_given(spec, always[i]))
			add_place(w, PLACE_TMPFS, open_tmpfs(root, always[i]), always[i]);
	w->processes = spec->limits.processes ? spec->limits.processes : ROOM_PROCESSES;
}

void watch_close(struct watch *w)
{
	for (size_t i = 0; i < w->n; i++) {
		walk_close(&w->places[i].walk);
		cleanup_closep(&w->places[i].fd);
	}
	free(w->places);
	cleanup_closep(&w->meminfo);
	cleanup_closep(&w->loadavg);
	*w = (struct watch){.meminfo = -1, .loadavg = -1};
}

/* Disks ------------------------------------------------------------------------------------- */

static uint64_t more(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* What all places under one limit hold, as far as has been counted. */
static void sum_places(const struct watch *w, const char *limit, uint64_t *bytes, uint64_t *entries)
{
	*bytes = *entries = 0;
	for (size_t i = 0; i < w->n; i++) {
		const struct place *p = &w->places[i];

		if (p->kind != PLACE_DISK || strcmp(p->limit, limit) != 0)
			continue;
		*bytes += more(p->walk.bytes, p->walk.last_bytes);
		*entries += more(p->walk.entries, p->walk.last_entries);
	}
}

static uint64_t size_limit(const struct room *r, const struct place *p)
{
	const struct room_limits *l = &r->spec->limits;
	uint64_t given = !strcmp(p->limit, "build") ? l->build_bytes : l->out_bytes;

	return given ? given : p->free / 2;
}

static void judge_disk(struct room *r, const struct place *p, const struct statfs *fs)
{
	uint64_t entries = r->spec->limits.entries ? r->spec->limits.entries : ROOM_ENTRIES;
	uint64_t left = fs->f_bavail * (uint64_t)fs->f_bsize, max = size_limit(r, p), bytes, n;
	uint64_t gone = p->free > left ? p->free - left : 0;
	const char *where = !strcmp(p->limit, "out") ? "/out" : p->dst;

	sum_places(&r->watch, p->limit, &bytes, &n);
	/* what cannot be counted is taken from what is missing on the disk */
	if (p->walk.blind && gone > bytes)
		bytes = gone;
	if (bytes > max)
		room_strike(r, p->limit, max, LIMIT_BYTES, "size of %s", where);
	else if (n > entries)
		room_strike(r, "entries", entries, LIMIT_NUMBER, "files and folders in %s", where);
}

static bool is_full(const struct place *p, const struct statfs *fs)
{
	uint64_t left = fs->f_bavail * (uint64_t)fs->f_bsize;
	uint64_t all = fs->f_blocks * (uint64_t)fs->f_bsize;

	if (p->kind == PLACE_TMPFS)
		return fs->f_blocks && left == 0;
	return left < DISK_RESERVE && left < all / 100;
}

/* Nothing is walked while the disk has lost less than half of what the room may take. */
static bool worth_a_walk(const struct room *r, const struct place *p, const struct statfs *fs)
{
	uint64_t entries = r->spec->limits.entries ? r->spec->limits.entries : ROOM_ENTRIES;
	uint64_t left = fs->f_bavail * (uint64_t)fs->f_bsize;

	if (p->walk.n || !fs->f_files)
		return true;
	return left + size_limit(r, p) / 2 < p->free || fs->f_ffree + entries / 2 < p->free_nodes;
}

/* What a command fills it may have removed by the time it ends. */
static bool note_place(struct place *p, struct statfs *fs)
{
	if (!stat_place(p, fs))
		return false;
	p->full = p->full || is_full(p, fs);
	p->no_nodes = p->no_nodes || (fs->f_files && !fs->f_ffree);
	return true;
}

static void look_at_place(struct room *r, struct place *p)
{
	struct statfs fs;

	if (!note_place(p, &fs) || p->kind != PLACE_DISK)
		return;
	if (is_full(p, &fs) && p->free > DISK_RESERVE)
		room_strike(r, "", 0, LIMIT_NONE, "the disk below %s is full", p->dst);
	else if (worth_a_walk(r, p, &fs)) {
		walk_step(&p->walk, ENTRIES_PER_LOOK);
		judge_disk(r, p, &fs);
	}
}

/* Memory and processes ---------------------------------------------------------------------- */

static uint64_t oom_kills(void)
{
	char text[16384];
	int fd = open("/proc/vmstat", O_RDONLY | O_CLOEXEC);
	const char *at;

	read_again(fd, text, sizeof(text));
	cleanup_closep(&fd);
	at = strstr(text, "\noom_kill ");
	return at ? strtoull(at + 10, NULL, 10) : 0;
}

static uint64_t tmpfs_used(const struct watch *w)
{
	uint64_t sum = 0;
	struct statfs fs;

	for (size_t i = 0; i < w->n; i++)
		if (w->places[i].kind == PLACE_TMPFS && stat_place(&w->places[i], &fs))
			sum += bytes_used(&fs);
	return sum;
}

/* What is in all memfds of the host, and in every tmpfs. */
static uint64_t shmem_of_host(const struct watch *w)
{
	char text[4096];

	return read_again(w->meminfo, text, sizeof(text)) > 0 ? kib_of(text, "Shmem:") : 0;
}

/* A file of a tmpfs that is mapped is both shared memory and a part of the tmpfs. */
static uint64_t memory_of(const struct watch *w, const struct procs_use *use)
{
	uint64_t files = tmpfs_used(w) + use->unmapped;

	/* the room hides its memfds among more files than can be looked at: it gets the blame */
	if (use->too_many_files)
		files = more(files, shmem_of_host(w));
	return use->anon + more(use->shared, files);
}

/* Upper bounds of what the room can use, because the whole host does not use more. */
static bool host_uses_less(const struct watch *w)
{
	char text[4096];
	const char *slash;
	uint64_t used;

	if (read_again(w->loadavg, text, sizeof(text)) <= 0 || !(slash = strchr(text, '/')) ||
	    strtoull(slash + 1, NULL, 10) >= w->processes)
		return false;
	if (read_again(w->meminfo, text, sizeof(text)) <= 0)
		return false;
	used = kib_of(text, "AnonPages:") + kib_of(text, "Shmem:") + kib_of(text, "PageTables:") +
	       kib_of(text, "SwapTotal:") - kib_of(text, "SwapFree:");
	return used < w->memory;
}

static void look_at_processes(struct room *r)
{
	struct watch *w = &r->watch;
	struct procs_use use;
	bool at_max, again;

	procs_measure(r->pid, w->processes, false, &use);
	w->peak_tasks = more(w->peak_tasks, use.tasks);
	/* at two looks: a bomb that goes on, and no build that got EAGAIN once and waits */
	at_max = use.tasks >= w->processes;
	again = at_max && w->at_max;
	w->at_max = at_max;
	if (again) {
		room_strike(r, "processes", w->processes, LIMIT_NUMBER, "processes and threads");
		return;
	}
	if (memory_of(w, &use) <= w->memory)
		return;
	/* forked processes share pages, which that sum counted for each */
	procs_measure(r->pid, w->processes, true, &use);
	if (memory_of(w, &use) > w->memory)
		room_strike(r, "memory", w->memory, LIMIT_BYTES, "memory of the room");
}

static void first_look(struct room *r)
{
	struct watch *w = &r->watch;

	w->looked = true;
	w->meminfo = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
	w->loadavg = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
	w->oom_kills = oom_kills();
	w->memory = r->spec->limits.memory ? r->spec->limits.memory : default_memory(w);
}

void watch_look(struct room *r, double now)
{
	struct watch *w = &r->watch;
	double took;

	if (now < r->start + FIRST_LOOK)
		return;
	if (!w->looked)
		first_look(r);
	for (size_t i = 0; i < w->n && r->end == ROOM_RUNS; i++)
		look_at_place(r, &w->places[i]);
	if (r->end != ROOM_RUNS || now < w->next || host_uses_less(w))
		return;
	look_at_processes(r);
	took = room_now() - now;
	w->next = now + took + (took * SHARE < PAUSE_MAX ? took * SHARE : PAUSE_MAX);
}

/* Afterwards -------------------------------------------------------------------------------- */

static bool explain_places(struct room *r)
{
	struct watch *w = &r->watch;

	for (size_t i = 0; i < w->n; i++) {
		struct place *p = &w->places[i];
		struct statfs fs;

		note_place(p, &fs);
		if (p->full && p->kind == PLACE_TMPFS)
			room_explain(r, p->limit, p->size, LIMIT_BYTES, "size of %s", p->dst);
		else if (p->full)
			room_explain(r, "", 0, LIMIT_NONE, "the disk below %s is full", p->dst);
		else if (p->no_nodes)
			room_explain(r, "entries", 0, LIMIT_NONE, "number of files in %s", p->dst);
		else
			continue;
		return true;
	}
	return false;
}

static bool explain_signal(struct room *r)
{
	const struct room_limits *l = &r->spec->limits;

	if (r->out->status == 128 + SIGXFSZ)
		room_explain(r, "file", l->file_bytes ? l->file_bytes : ROOM_FILE_BYTES,
			     LIMIT_BYTES, "size of one file");
	else if (r->out->status == 128 + SIGXCPU && l->cpu_seconds)
		room_explain(r, "cpu", l->cpu_seconds, LIMIT_SECONDS, "CPU time of one process");
	else
		return false;
	return true;
}

void watch_explain(struct room *r)
{
	struct watch *w = &r->watch;
	uint64_t rss = r->out->max_rss_kib << 10;

	if (room_cgroup_explain(r) || explain_signal(r) || explain_places(r))
		return;
	if (w->looked && w->peak_tasks >= w->processes)
		room_explain(r, "processes", w->processes, LIMIT_NUMBER, "processes and threads");
	else if (r->spec->limits.memory && rss > r->spec->limits.memory)
		room_explain(r, "memory", r->spec->limits.memory, LIMIT_BYTES,
			     "memory of the room");
	else if (w->looked && oom_kills() > w->oom_kills)
		room_explain(r, "memory", 0, LIMIT_NONE,
			     "memory of the host, whose kernel killed a process");
}
