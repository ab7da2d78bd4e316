/* SPDX-License-Identifier: Apache-2.0 */
/* Deciding the walls: Landlock's rights, limits, which filter, how many CPUs. */
#include "plan.h"

#include "kernel.h"
#include <fcntl.h>
#include <sys/personality.h>
#include <sys/resource.h>

#define MIB (1024ULL * 1024)

#define RIGHTS_FILE  (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE)
#define RIGHTS_NODES (LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK)
#define RIGHTS_DIR                                                                                 \
	(LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |                          \
	 LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |                               \
	 LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |                             \
	 LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER)

/* The rights that an ABI knows; a ruleset with an unknown one is refused as a whole. */
static uint64_t known_rights(int abi)
{
	uint64_t rights = RIGHTS_FILE | RIGHTS_DIR | RIGHTS_NODES | LANDLOCK_ACCESS_FS_IOCTL_DEV;

	if (abi < 2)
		rights &= ~(uint64_t)LANDLOCK_ACCESS_FS_REFER;
	if (abi < 3)
		rights &= ~(uint64_t)LANDLOCK_ACCESS_FS_TRUNCATE;
	if (abi < 5)
		rights &= ~(uint64_t)LANDLOCK_ACCESS_FS_IOCTL_DEV;
	return rights;
}

static void grant(struct room_plan *plan, const char *path, uint64_t rights, bool optional)
{
	struct room_op *op = room_plan_add(plan, ROOM_OP_GRANT, NULL, path);

	op->a = rights;
	op->b = optional;
}

/*
 * Reading is left to the mounts; writing is allowed below these only, whatever a mount or a magic
 * link under /proc would allow. No right to make device nodes is ever granted.
 */
static void plan_landlock(struct room_plan *plan, const struct room_spec *spec, int abi)
{
	uint64_t known = known_rights(abi);
	struct room_op *op = room_plan_add(plan, ROOM_OP_LANDLOCK, NULL, NULL);

	op->a = known;
	op->b = abi >= 6 ? LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | LANDLOCK_SCOPE_SIGNAL : 0;
	grant(plan, "/build", known & (RIGHTS_FILE | RIGHTS_DIR), false);
	grant(plan, "/tmp", known & (RIGHTS_FILE | RIGHTS_DIR), false);
	grant(plan, "/dev", known & (RIGHTS_FILE | LANDLOCK_ACCESS_FS_IOCTL_DEV), false);
	grant(plan, "/dev/shm", known & (RIGHTS_FILE | RIGHTS_DIR), false);
	for (size_t i = 0; i < spec->n_mounts; i++) {
		const struct room_mount *m = &spec->mounts[i];

		if (m->kind == ROOM_BIND_RO)
			continue;
		grant(plan, m->dst, known & (RIGHTS_FILE | RIGHTS_DIR), false);
	}
	if (spec->record_fd >= 0)
		grant(plan, "/shims/record", known & RIGHTS_FILE, true);
	/* stdout and stderr can be opened again through /dev/stdout; stdin only for reading */
	for (int fd = 1; fd <= 2; fd++)
		if ((fd == 1 ? spec->stdout_fd : spec->stderr_fd) >= 0) {
			op = room_plan_add(plan, ROOM_OP_GRANT_FD, NULL, NULL);
			op->a = known & (RIGHTS_FILE | LANDLOCK_ACCESS_FS_IOCTL_DEV);
			op->fd = fd;
		}
	room_plan_add(plan, ROOM_OP_ENFORCE, NULL, NULL);
}

static void limit(struct room_plan *plan, int resource, uint64_t soft, uint64_t hard)
{
	struct room_op *op = room_plan_add(plan, ROOM_OP_LIMIT, NULL, NULL);

	op->a = (uint64_t)resource;
	op->b = soft;
	op->c = hard;
}

static uint64_t or_default(uint64_t value, uint64_t otherwise)
{
	return value ? value : otherwise;
}

/* Every limit is set, so that none is inherited: what a build sees does not depend on the login. */
static void plan_limits(struct room_plan *plan, const struct room_limits *l)
{
	uint64_t files = or_default(l->open_files, ROOM_OPEN_FILES);
	uint64_t file = or_default(l->file_bytes, ROOM_FILE_BYTES);
	uint64_t processes = or_default(l->processes, ROOM_PROCESSES);
	uint64_t cpu = or_default(l->cpu_seconds, RLIM_INFINITY);
	/* Twice: the room's memory is watched as a whole; this stops one process between two looks.
	 */
	uint64_t data = l->memory && l->memory < RLIM_INFINITY / 2 ? l->memory * 2 : RLIM_INFINITY;

	/*
	 * 1 and not 0: with 0 the kernel still starts a core handler of the host ("|/usr/...") and
	 * feeds it; with 1 it does neither. The filter keeps it at 1.
	 */
	limit(plan, RLIMIT_CORE, 1, 1);
	limit(plan, RLIMIT_NOFILE, files, files);
	limit(plan, RLIMIT_FSIZE, file, file);
	limit(plan, RLIMIT_NPROC, processes, processes);
	limit(plan, RLIMIT_AS, RLIM_INFINITY, RLIM_INFINITY);
	limit(plan, RLIMIT_STACK, 8 * MIB, RLIM_INFINITY); /* gcc raises its own */
	limit(plan, RLIMIT_DATA, data, data);
	/* a second between SIGXCPU, which says what happened, and SIGKILL, which does not */
	limit(plan, RLIMIT_CPU, cpu, cpu == RLIM_INFINITY ? cpu : cpu + 1);
	limit(plan, RLIMIT_RSS, RLIM_INFINITY, RLIM_INFINITY);
	limit(plan, RLIMIT_LOCKS, RLIM_INFINITY, RLIM_INFINITY);
	limit(plan, RLIMIT_MEMLOCK, 8 * MIB, 8 * MIB);
	limit(plan, RLIMIT_SIGPENDING, 4096, 4096);
	limit(plan, RLIMIT_MSGQUEUE, 819200, 819200);
	limit(plan, RLIMIT_NICE, 0, 0);
	limit(plan, RLIMIT_RTPRIO, 0, 0);
	limit(plan, RLIMIT_RTTIME, RLIM_INFINITY, RLIM_INFINITY);
}

enum filter_kind room_filter_kind(const struct room_spec *spec)
{
	if (spec->trace)
		return FILTER_TRACE;
	return spec->ledger_exec ? FILTER_LEDGER : FILTER_QUIET;
}

const char *room_filter_name(const struct room_spec *spec)
{
	static const char *const names[FILTER_KINDS] = {"quiet", "ledger", "trace"};

	return names[room_filter_kind(spec)];
}

unsigned room_plan_cpus(const struct room_spec *spec, const struct room_facts *facts)
{
	return spec->cpus && spec->cpus < facts->cpus ? spec->cpus : facts->cpus;
}

void room_plan_walls(struct room_plan *plan, const struct room_spec *spec,
		     const struct room_facts *facts)
{
	plan_limits(plan, &spec->limits);
	room_plan_add(plan, ROOM_OP_AFFINITY, NULL, NULL)->a = room_plan_cpus(spec, facts);
	if (!spec->keep_aslr)
		room_plan_add(plan, ROOM_OP_PERSONA, NULL, NULL)->a = ADDR_NO_RANDOMIZE;
	room_plan_add(plan, ROOM_OP_UMASK, NULL, NULL)->a = 022;
	room_plan_add(plan, ROOM_OP_PIN, NULL, NULL);
	room_plan_add(plan, ROOM_OP_CAPS, NULL, NULL);
	room_plan_add(plan, ROOM_OP_NNP, NULL, NULL);
	if (facts->landlock > 0)
		plan_landlock(plan, spec, facts->landlock);
	/* again: changing credentials can clear it */
	room_plan_add(plan, ROOM_OP_DEATHSIG, NULL, NULL);
	room_plan_add(plan, ROOM_OP_FILTER, room_filter_name(spec), NULL);
}
