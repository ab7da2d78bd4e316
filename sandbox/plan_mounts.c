/* SPDX-License-Identifier: Apache-2.0 */
#include "plan.h"

#include <base/file.h>
#include <linux/mount.h>
#include <string.h>

#define SAFE      (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)
#define READ_ONLY (SAFE | MOUNT_ATTR_RDONLY)

/* A mount point made so far; below one that is our own tmpfs, mount points can be created. */
struct point {
	const char *path; /* "" is the root */
	bool ours;
};

struct mounter {
	struct room_plan *plan;
	const struct room_spec *spec;
	const struct room_facts *facts;
	struct point *points;
	size_t n_points, cap_points;
	struct strv made; /* directories created below our own mounts */
};

static bool below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return !strncmp(path, dir, n) && path[n] == '/';
}

static void add_point(struct mounter *m, const char *path, bool ours)
{
	ARRAY_GROW(m->points, m->n_points, m->cap_points);
	m->points[m->n_points++] = (struct point){path, ours};
}

/* The innermost mount that holds @path. */
static const struct point *holder(const struct mounter *m, const char *path)
{
	const struct point *best = NULL;

	for (size_t i = 0; i < m->n_points; i++)
		if (below(path, m->points[i].path) &&
		    (!best || strlen(m->points[i].path) >= strlen(best->path)))
			best = &m->points[i];
	return best;
}

static void make_dir(struct mounter *m, const char *path)
{
	if (strv_contains(&m->made, path))
		return;
	strv_push(&m->made, path);
	room_plan_add(m->plan, ROOM_OP_MKDIR, NULL, path)->a = 0755;
}

/* Create @path, and what leads to it, when it lies on a tmpfs of ours; else it must exist. */
static void make_point(struct mounter *m, const char *path, bool directory)
{
	const struct point *h = holder(m, path);

	if (!h || !h->ours)
		return;
	for (const char *s = strchr(path + strlen(h->path) + 1, '/'); s; s = strchr(s + 1, '/')) {
		_cleanup_free_ char *parent = xstrndup(path, (size_t)(s - path));

		make_dir(m, parent);
	}
	if (directory)
		make_dir(m, path);
	else
		room_plan_add(m->plan, ROOM_OP_MKFILE, NULL, path);
}

static void add_tmpfs(struct mounter *m, const char *path, uint64_t bytes, const char *share,
		      unsigned mode, uint64_t attr)
{
	_cleanup_free_ char *size =
		bytes ? xasprintf("%llu", (unsigned long long)bytes) : xstrdup(share);
	struct room_op *op;

	if (*path)
		make_point(m, path, true);
	op = room_plan_add(m->plan, ROOM_OP_TMPFS, size, path);
	op->a = mode;
	op->b = attr;
	/* those that the room may fill; our own hold what we put there */
	op->c = !strcmp(path, "/build") || !strcmp(path, "/tmp") ? m->spec->limits.entries : 0;
	add_point(m, op->dst, true);
}

static void add_tree(struct mounter *m, const char *src, const char *dst, int tree, uint64_t attr)
{
	struct room_op *op = room_plan_add(m->plan, ROOM_OP_TREE, src, dst);

	op->a = attr;
	op->fd = tree;
	add_point(m, op->dst, false);
}

static void plan_skeleton(struct mounter *m)
{
	static const char *const dirs[] = {"/proc", "/dev",    "/tmp",  "/build",
					   "/out",  "/inputs", "/shims"};

	add_tmpfs(m, "", 0, "1m", 0755, SAFE);
	for (size_t i = 0; i < m->facts->n_host; i++) {
		const struct room_host_entry *e = &m->facts->host[i];
		_cleanup_free_ char *path = xasprintf("/%s", e->name);

		if (*e->link) {
			room_plan_add(m->plan, ROOM_OP_SYMLINK, e->link, path);
			continue;
		}
		make_dir(m, path);
		add_tree(m, path, path, e->tree, READ_ONLY);
	}
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		make_dir(m, dirs[i]);
}

static void plan_dev(struct mounter *m)
{
	static const char *const nodes[] = {"null", "zero", "full", "random", "urandom", "tty"};
	static const char *const links[][2] = {{"/proc/self/fd", "/dev/fd"},
					       {"/proc/self/fd/0", "/dev/stdin"},
					       {"/proc/self/fd/1", "/dev/stdout"},
					       {"/proc/self/fd/2", "/dev/stderr"},
					       {"pts/ptmx", "/dev/ptmx"}};

	add_tmpfs(m, "/dev", 0, "64k", 0755, SAFE | MOUNT_ATTR_NOEXEC);
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		_cleanup_free_ char *path = xasprintf("/dev/%s", nodes[i]);

		room_plan_add(m->plan, ROOM_OP_MKFILE, NULL, path);
		add_tree(m, path, path, -1,
			 MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	}
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		room_plan_add(m->plan, ROOM_OP_SYMLINK, links[i][0], links[i][1]);
	make_dir(m, "/dev/pts");
	room_plan_add(m->plan, ROOM_OP_DEVPTS, NULL, "/dev/pts");
	make_dir(m, "/dev/shm");
}

static void add_fact(struct mounter *m, const char *name, const char *text)
{
	_cleanup_free_ char *src = xasprintf("/dev/shm/%s", name);
	_cleanup_free_ char *dst = xasprintf("/proc/%s", name);

	room_plan_add(m->plan, ROOM_OP_MKFILE, text, src);
	room_plan_add(m->plan, ROOM_OP_MASK, src, dst);
}

/* What uname(2), sysinfo(2) and the affinity say, in the words of /proc. */
static void plan_proc_facts(struct mounter *m)
{
	unsigned cpus = room_plan_cpus(m->spec, m->facts);
	struct strbuf cpuinfo = STRBUF_INIT, stat = STRBUF_INIT;

	strbuf_adds(&stat, "cpu  0 0 0 0 0 0 0 0 0 0\n");
	for (unsigned i = 0; i < cpus; i++) {
		strbuf_addf(&cpuinfo, "processor\t: %u\nmodel name\t: belljar\n\n", i);
		strbuf_addf(&stat, "cpu%u 0 0 0 0 0 0 0 0 0 0\n", i);
	}
	strbuf_adds(&stat, "ctxt 0\nbtime 1\nprocesses 1\nprocs_running 1\nprocs_blocked 0\n");
	add_fact(m, "cpuinfo", strbuf_str(&cpuinfo));
	add_fact(m, "stat", strbuf_str(&stat));
	add_fact(m, "version", "Linux version " ROOM_RELEASE " (builder@belljar) #1 SMP belljar\n");
	add_fact(m, "uptime", "1000.00 1000.00\n");
	add_fact(m, "loadavg", "0.00 0.00 0.00 1/1 1\n");
	add_fact(m, "cmdline", "belljar\n");
	add_fact(m, "meminfo",
		 "MemTotal:        8388608 kB\nMemFree:         6291456 kB\n"
		 "MemAvailable:    6291456 kB\nBuffers:               0 kB\n"
		 "Cached:                0 kB\nSwapTotal:             0 kB\n"
		 "SwapFree:              0 kB\n");
	strbuf_release(&cpuinfo);
	strbuf_release(&stat);
}

/*
 * The whole proc, for builds that cannot live without it: facts are fixed, what else tells of the
 * host is covered by /dev/null, and folders by an empty one.
 */
static void plan_proc_masks(struct mounter *m)
{
	static const char *const hidden[] = {
		"allocinfo",    "bootconfig",  "buddyinfo",     "cgroups",    "config.gz",
		"consoles",     "crypto",      "devices",       "diskstats",  "dma",
		"execdomains",  "fb",          "filesystems",   "interrupts", "iomem",
		"ioports",      "kallsyms",    "kcore",         "key-users",  "keys",
		"kmsg",         "kpagecgroup", "kpagecount",    "kpageflags", "latency_stats",
		"locks",        "mdstat",      "misc",          "modules",    "mtrr",
		"pagetypeinfo", "partitions",  "sched_debug",   "schedstat",  "slabinfo",
		"softirqs",     "swaps",       "sysrq-trigger", "timer_list", "vmallocinfo",
		"vmstat",       "zoneinfo"};
	static const char *const dirs[] = {"acpi",          "asound", "bus",     "driver",
					   "dynamic_debug", "fs",     "irq",     "pressure",
					   "scsi",          "sys",    "sysvipc", "tty"};

	plan_proc_facts(m);
	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++) {
		_cleanup_free_ char *path = xasprintf("/proc/%s", hidden[i]);

		room_plan_add(m->plan, ROOM_OP_MASK, "/dev/null", path);
	}
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		_cleanup_free_ char *path = xasprintf("/proc/%s", dirs[i]);

		room_plan_add(m->plan, ROOM_OP_MASK, NULL, path);
	}
}

static void plan_proc(struct mounter *m)
{
	bool full = m->spec->proc == ROOM_PROC_FULL;

	room_plan_add(m->plan, ROOM_OP_PROC, full ? NULL : "pid", "/proc");
	if (full) {
		/* the fact files lie on a tmpfs that the room's /dev/shm covers in a moment */
		add_tmpfs(m, "/dev/shm", 0, "64k", 0755, SAFE);
		plan_proc_masks(m);
	}
	add_tmpfs(m, "/dev/shm", 0, "25%", 01777, SAFE);
	room_plan_add(m->plan, ROOM_OP_SEAL, NULL, "/dev");
}

static bool has_mount(const struct room_spec *spec, const char *dst)
{
	for (size_t i = 0; i < spec->n_mounts; i++)
		if (!strcmp(spec->mounts[i].dst, dst))
			return true;
	return false;
}

static bool has_mount_below(const struct room_spec *spec, const char *dir)
{
	for (size_t i = 0; i < spec->n_mounts; i++)
		if (below(spec->mounts[i].dst, dir))
			return true;
	return false;
}

static int check_mount(const struct room_spec *spec, size_t i, struct err *err)
{
	const struct room_mount *m = &spec->mounts[i];
	const char *dst = m->dst;

	if (!dst || dst[0] != '/' || !path_is_clean(dst + 1))
		return err_set(err, ERR_USAGE, 0, "room: mount point '%s' is not a clean path",
			       dst ? dst : "");
	if (!strcmp(dst, "/proc") || !strcmp(dst, "/dev") || below(dst, "/proc") ||
	    below(dst, "/dev"))
		return err_set(err, ERR_USAGE, 0, "room: nothing can be mounted on '%s'", dst);
	for (size_t k = 0; k < i; k++)
		if (!strcmp(spec->mounts[k].dst, dst))
			return err_set(err, ERR_USAGE, 0, "room: two mounts on '%s'", dst);
	return 0;
}

static int plan_mount(struct mounter *m, size_t i, struct err *err)
{
	const struct room_mount *mount = &m->spec->mounts[i];
	const struct room_source *source = &m->facts->sources[i];
	uint64_t noexec = mount->noexec ? MOUNT_ATTR_NOEXEC : 0;

	if (mount->kind == ROOM_TMPFS) {
		add_tmpfs(m, mount->dst, mount->size, "50%", 0755, SAFE | noexec);
		return 0;
	}
	if (!source->present)
		return err_set(err, ERR_USAGE, 0, "room: '%s', to be mounted on '%s', is missing",
			       mount->src ? mount->src : "", mount->dst);
	make_point(m, mount->dst, source->directory);
	add_tree(m, mount->src, mount->dst, source->tree,
		 (mount->kind == ROOM_BIND_RO ? READ_ONLY : SAFE) | noexec);
	return 0;
}

static size_t depth(const char *path)
{
	size_t n = 0;

	for (; *path; path++)
		n += *path == '/';
	return n;
}

/* Outer mount points first; otherwise in the caller's order. */
static int plan_given(struct mounter *m, struct err *err)
{
	for (size_t level = 1, done = 0; done < m->spec->n_mounts; level++)
		for (size_t i = 0; i < m->spec->n_mounts; i++) {
			if (depth(m->spec->mounts[i].dst) != level)
				continue;
			if (plan_mount(m, i, err) < 0)
				return -1;
			done++;
		}
	return 0;
}

static int plan_all(struct mounter *m, struct err *err)
{
	static const char *const tops[] = {"/inputs", "/out", "/shims"};
	const struct room_spec *spec = m->spec;
	bool sealed[ARRAY_SIZE(tops)] = {false};

	for (size_t i = 0; i < spec->n_mounts; i++)
		if (check_mount(spec, i, err) < 0)
			return -1;
	if (spec->root == ROOM_ROOT_HOST_RO)
		plan_skeleton(m);
	else
		add_tree(m, spec->root_path, "", m->facts->root.tree, READ_ONLY);
	plan_dev(m);
	plan_proc(m);
	if (!has_mount(spec, "/tmp"))
		add_tmpfs(m, "/tmp", spec->limits.tmp_bytes, "50%", 01777, SAFE);
	if (!has_mount(spec, "/build"))
		add_tmpfs(m, "/build", spec->limits.build_bytes, "50%", 0755, SAFE);
	for (size_t i = 0; i < ARRAY_SIZE(tops); i++) {
		sealed[i] = has_mount_below(spec, tops[i]) && !has_mount(spec, tops[i]);
		if (sealed[i])
			add_tmpfs(m, tops[i], 0, "1m", 0755, SAFE);
	}
	if (plan_given(m, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(tops); i++)
		if (sealed[i])
			room_plan_add(m->plan, ROOM_OP_SEAL, NULL, tops[i]);
	if (spec->root == ROOM_ROOT_HOST_RO)
		room_plan_add(m->plan, ROOM_OP_SEAL, NULL, "");
	return 0;
}

int room_plan_mounts(struct room_plan *plan, const struct room_spec *spec,
		     const struct room_facts *facts, struct err *err)
{
	struct mounter m = {.plan = plan, .spec = spec, .facts = facts};
	int r = plan_all(&m, err);

	free(m.points);
	strv_release(&m.made);
	return r;
}
