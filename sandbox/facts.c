/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include "kernel.h"
#include <base/file.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

/* Every room's clocks begin here, so that no uptime tells rooms or hosts apart. */
#define CLOCK_START 1000

static void probe_clocks(struct room_facts *f)
{
	struct timespec mono, boot;

	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	/* an offset is seconds (negative allowed) plus nanoseconds (not) */
	snprintf(f->clocks, sizeof(f->clocks), "monotonic %lld %ld\nboottime %lld %ld\n",
		 (long long)CLOCK_START - 1 - mono.tv_sec, 1000000000L - mono.tv_nsec - 1,
		 (long long)CLOCK_START - 1 - boot.tv_sec, 1000000000L - boot.tv_nsec - 1);
}

static void probe_source(struct room_source *s, const char *path)
{
	struct stat st;

	s->tree = -1;
	s->present = path && stat(path, &st) == 0;
	s->directory = s->present && S_ISDIR(st.st_mode);
}

/* The parts of the host's root that programs need; on a merged /usr most are links. */
static void probe_host_root(struct room_facts *f)
{
	static const char *const names[] = {"bin", "sbin", "lib", "lib32", "lib64", "libx32",
					    "usr", "etc",  "opt", "nix",   "gnu"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct room_host_entry *e = &f->host[f->n_host];
		char path[32];
		struct stat st;
		ssize_t n;

		snprintf(path, sizeof(path), "/%s", names[i]);
		if (lstat(path, &st) < 0)
			continue;
		*e = (struct room_host_entry){.tree = -1};
		snprintf(e->name, sizeof(e->name), "%s", names[i]);
		if (S_ISLNK(st.st_mode)) {
			n = readlink(path, e->link, sizeof(e->link) - 1);
			if (n <= 0)
				continue;
		} else if (!S_ISDIR(st.st_mode)) {
			continue;
		}
		f->n_host++;
	}
}

static unsigned count_cpus(void)
{
	unsigned long mask[128] = {0};
	unsigned n = 0;

	if (syscall(SYS_sched_getaffinity, 0, sizeof(mask), mask) < 0)
		return 1;
	for (size_t i = 0; i < ARRAY_SIZE(mask); i++)
		n += (unsigned)__builtin_popcountl(mask[i]);
	return n ? n : 1;
}

/* Is @uid valid in our user namespace, and what does our 0 mean outside? */
static bool uid_is_mapped(uid_t uid, long long *out_zero)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/self/uid_map", "re");
	long long inside, outside, count;
	bool found = false;

	*out_zero = 0;
	while (f && fscanf(f, "%lld %lld %lld", &inside, &outside, &count) == 3) {
		if (inside == 0)
			*out_zero = outside;
		if (uid >= inside && uid < inside + count)
			found = true;
	}
	return found;
}

int room_facts_identity(struct room_facts *f, struct err *err)
{
	long long zero;

	f->uid = geteuid();
	f->gid = getegid();
	if (f->uid != 0)
		return 0;
	if (uid_is_mapped(room_host_uid(0), &zero)) {
		f->root_mode = true;
		return 0;
	}
	/* root of a container or of an outer user namespace: an ordinary uid of the host */
	if (zero != 0)
		return 0;
	return err_set(err, ERR_HOST, 0,
		       "room: this is the host's root, but in a user namespace without the uids "
		       "from %u on: root must not be mapped into a room",
		       room_host_uid(0));
}

/*
 * The room's devices are the host's nodes. Where a careless root has replaced /dev/null by a file,
 * every build would fail in some odd way, or read what that file holds.
 */
static int check_devices(struct err *err)
{
	for (const struct room_device *d = room_devices; d->name; d++) {
		char path[32];
		struct stat st;

		snprintf(path, sizeof(path), "/dev/%s", d->name);
		if (stat(path, &st) < 0)
			return err_set(err, ERR_HOST, errno, "room: the host's %s", path);
		if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(d->major, d->minor))
			return err_set(err, ERR_HOST, 0,
				       "room: the host's %s is not character device %u:%u; "
				       "as root: rm %s && mknod -m 666 %s c %u %u",
				       path, d->major, d->minor, path, path, d->major, d->minor);
	}
	return 0;
}

int room_facts_probe(struct room_facts *f, const struct room_spec *spec, struct err *err)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	if (check_devices(err) < 0)
		return -1;
	f->landlock = abi > 0 ? (int)abi : 0;
	f->time_ns = access("/proc/self/ns/time_for_children", F_OK) == 0;
	probe_clocks(f);
	f->cpus = count_cpus();
	f->root.tree = -1;
	if (spec->root == ROOM_ROOT_HOST_RO)
		probe_host_root(f);
	else
		probe_source(&f->root, spec->root_path);
	if (spec->root == ROOM_ROOT_TREE && !f->root.directory)
		return err_set(err, ERR_USAGE, 0, "room: the root '%s' is not a directory",
			       spec->root_path ? spec->root_path : "");
	f->n_sources = spec->n_mounts;
	f->sources = xcalloc(spec->n_mounts + 1, sizeof(*f->sources));
	for (size_t i = 0; i < spec->n_mounts; i++)
		probe_source(&f->sources[i], spec->mounts[i].src);
	return room_facts_identity(f, err);
}

void room_facts_release(struct room_facts *f)
{
	cleanup_closep(&f->root.tree);
	for (size_t i = 0; i < f->n_sources; i++)
		cleanup_closep(&f->sources[i].tree);
	for (size_t i = 0; i < f->n_host; i++)
		cleanup_closep(&f->host[i].tree);
	free(f->sources);
	f->sources = NULL;
	f->n_sources = 0;
}
