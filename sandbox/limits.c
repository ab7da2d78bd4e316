/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits of the room as a whole, by a cgroup v2 (cgroups(7)) that belljar may write: a sibling of
 * its own cgroup where that was delegated, or, as root, a child of the top. Best effort: rlimits,
 * the sizes of the tmpfs and the supervisor's watch (watch.c) hold without it.
 */
#include "internal.h"

#include <base/file.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define CGROUP2_MAGIC 0x63677270

struct cgroup_place room_cgroup_place = {"/sys/fs/cgroup", "/proc/self/cgroup", false};

/* "0::/path" of /proc/self/cgroup. */
static bool own_path(char *out, size_t size)
{
	_cleanup_fclose_ FILE *f = fopen(room_cgroup_place.self, "re");
	char line[4096];

	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "0::/", 4) != 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		return snprintf(out, size, "%s%s", room_cgroup_place.top, line + 3) < (int)size;
	}
	return false;
}

static bool has_controllers(const char *dir)
{
	char path[300], text[256] = "";
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return strstr(text, "memory") && strstr(text, "pids");
}

static bool usable(const char *dir)
{
	return has_controllers(dir) && access(dir, W_OK) == 0;
}

static bool is_cgroup2(void)
{
	struct statfs fs;

	return room_cgroup_place.any_fs ||
	       (statfs(room_cgroup_place.top, &fs) == 0 && fs.f_type == CGROUP2_MAGIC);
}

/* A folder of the hierarchy that hands memory and pids to children that we can make. */
static bool find_parent(char *out, size_t size)
{
	if (!is_cgroup2())
		return false;
	/* our own cgroup holds processes, so that it is its parent that can have children */
	if (own_path(out, size)) {
		if (usable(out))
			return true;
		*strrchr(out, '/') = '\0';
		if (strlen(out) > strlen(room_cgroup_place.top) && usable(out))
			return true;
	}
	snprintf(out, size, "%s", room_cgroup_place.top);
	return geteuid() == 0 && usable(out);
}

int room_cgroup_available(char *detail, size_t size)
{
	char parent[200];

	if (!is_cgroup2()) {
		snprintf(detail, size, "%s is not cgroup v2", room_cgroup_place.top);
		return ENOSYS;
	}
	if (!find_parent(parent, sizeof(parent))) {
		snprintf(detail, size, "no cgroup with memory and pids can be made");
		return EPERM;
	}
	snprintf(detail, size, "below %.80s", parent);
	return 0;
}

static bool set(int dir, const char *file, uint64_t value)
{
	/* a cgroup has its files; the folder of a test gets them */
	int create = room_cgroup_place.any_fs ? O_CREAT : 0;
	int fd = openat(dir, file, O_WRONLY | O_CLOEXEC | create, 0644), n;
	char text[32];
	bool ok;

	if (fd < 0)
		return false;
	n = snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	ok = write(fd, text, (size_t)n) == n;
	close(fd);
	return ok;
}

void room_cgroup_remove(struct room *r)
{
	if (r->cgroup >= 0) {
		close(r->cgroup);
		rmdir(r->cgroup_path); /* empty: init was reaped, and with it all others */
	}
	r->cgroup = -1;
}

/* Opens r->cgroup; leaves it at -1 where there is no way. */
void room_cgroup_make(struct room *r)
{
	static atomic_uint serial;
	const struct room_limits *l = &r->spec->limits;
	char parent[200];

	if (!find_parent(parent, sizeof(parent)))
		return;
	snprintf(r->cgroup_path, sizeof(r->cgroup_path), "%s/belljar-%d-%u", parent, getpid(),
		 atomic_fetch_add(&serial, 1));
	if (mkdir(r->cgroup_path, 0755) < 0)
		return;
	r->cgroup = open(r->cgroup_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->cgroup < 0) {
		rmdir(r->cgroup_path);
		return;
	}
	if (!set(r->cgroup, "pids.max", l->processes ? l->processes : ROOM_PROCESSES) ||
	    (l->memory &&
	     (!set(r->cgroup, "memory.max", l->memory) || !set(r->cgroup, "memory.oom.group", 1))))
		room_cgroup_remove(r);
	else if (l->memory) /* there is none on a kernel without swap accounting */
		(void)set(r->cgroup, "memory.swap.max", 0);
}

/* "key N" of a flat keyed file. */
static uint64_t value_of(int dir, const char *file, const char *key)
{
	char text[512] = "", *at = text;
	int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
	size_t len = strlen(key);

	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) < 0)
		*text = '\0';
	close(fd);
	for (; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (!strncmp(at, key, len) && at[len] == ' ')
			return strtoull(at + len + 1, NULL, 10);
	}
	return 0;
}

bool room_cgroup_explain(struct room *r)
{
	const struct room_limits *l = &r->spec->limits;

	if (r->cgroup < 0)
		return false;
	if (value_of(r->cgroup, "memory.events", "oom_kill"))
		room_explain(r, "memory", l->memory, l->memory ? LIMIT_BYTES : LIMIT_NONE,
			     "memory of the room");
	else if (value_of(r->cgroup, "pids.events", "max"))
		room_explain(r, "processes", l->processes ? l->processes : ROOM_PROCESSES,
			     LIMIT_NUMBER, "processes and threads");
	else
		return false;
	return true;
}

bool room_cgroup_cpu(const struct room *r, struct room_cpu *out)
{
	if (r->cgroup < 0)
		return false;
	out->user_us = value_of(r->cgroup, "cpu.stat", "user_usec");
	out->system_us = value_of(r->cgroup, "cpu.stat", "system_usec");
	return out->user_us + out->system_us > 0;
}

/* A move that is refused costs the cgroup, not the room. */
void room_cgroup_enter(struct room *r)
{
	if (r->cgroup >= 0 && !set(r->cgroup, "cgroup.procs", (uint64_t)r->pid))
		room_cgroup_remove(r);
}
