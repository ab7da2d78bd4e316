/* SPDX-License-Identifier: Apache-2.0 */
#include "plan.h"

#include "kernel.h"
#include <base/file.h>
#include <string.h>

#define NAMESPACES_OF_INIT (CLONE_NEWUSER | CLONE_NEWNS)

struct room_op *room_plan_add(struct room_plan *plan, enum room_op_kind kind, const char *src,
			      const char *dst)
{
	struct room_op *op;

	ARRAY_GROW(plan->ops, plan->n, plan->cap);
	op = &plan->ops[plan->n++];
	*op = (struct room_op){.kind = kind, .fd = -1};
	if (src) {
		strv_push(&plan->texts, src);
		op->src = plan->texts.v[plan->texts.n - 1];
	}
	if (dst) {
		strv_push(&plan->texts, dst);
		op->dst = plan->texts.v[plan->texts.n - 1];
	}
	return op;
}

void room_plan_release(struct room_plan *plan)
{
	free(plan->ops);
	strv_release(&plan->texts);
	*plan = (struct room_plan){0};
}

/* One id is mapped: @outside is how the surrounding namespace calls it. */
static void plan_ids(struct room_plan *plan, uid_t uid, gid_t gid)
{
	_cleanup_free_ char *u = xasprintf("1000 %u 1", uid);
	_cleanup_free_ char *g = xasprintf("1000 %u 1", gid);

	room_plan_add(plan, ROOM_OP_WRITE, "deny", "/proc/self/setgroups");
	room_plan_add(plan, ROOM_OP_WRITE, u, "/proc/self/uid_map");
	room_plan_add(plan, ROOM_OP_WRITE, g, "/proc/self/gid_map");
}

static void plan_namespaces(struct room_plan *plan, const struct room_spec *spec,
			    const struct room_facts *facts)
{
	room_plan_add(plan, ROOM_OP_FDS, NULL, NULL);
	room_plan_add(plan, ROOM_OP_DEATHSIG, NULL, NULL);
	/* when the host runs out of memory, the room goes first; raising it needs no privilege */
	room_plan_add(plan, ROOM_OP_WRITE, "1000", "/proc/self/oom_score_adj");
	/* first, because it takes longest; what is in between runs beside it */
	room_plan_add(plan, ROOM_OP_NET, spec->net == ROOM_NET_LOOPBACK ? "loopback" : NULL, NULL);
	plan_ids(plan, facts->uid, facts->gid);
	if (facts->time_ns) {
		room_plan_add(plan, ROOM_OP_UNSHARE, NULL, NULL)->a = CLONE_NEWTIME;
		room_plan_add(plan, ROOM_OP_WRITE, facts->clocks, "/proc/self/timens_offsets");
	}
	room_plan_add(plan, ROOM_OP_BINFMT, NULL, NULL);
	room_plan_add(plan, ROOM_OP_HOSTNAME, spec->hostname ? spec->hostname : "belljar", NULL);
}

/*
 * The second user and mount namespace: mounts that were passed in cannot be changed or removed from
 * within it, and /proc/self/uid_map says 1000 1000 wherever we run.
 */
static void plan_lock(struct room_plan *plan, const struct room_spec *spec,
		      const struct room_facts *facts)
{
	uint64_t namespaces = NAMESPACES_OF_INIT;

	if (spec->terminal)
		room_plan_add(plan, ROOM_OP_PTY, NULL, NULL);
	room_plan_add(plan, ROOM_OP_PIVOT, NULL, NULL);
	if (facts->cgroup) {
		room_plan_add(plan, ROOM_OP_CGROUP, NULL, NULL);
		namespaces |= CLONE_NEWCGROUP;
	}
	room_plan_add(plan, ROOM_OP_JOIN_NET, NULL, NULL);
	room_plan_add(plan, ROOM_OP_UNSHARE, NULL, NULL)->a = namespaces;
	plan_ids(plan, 1000, 1000);
	room_plan_add(plan, ROOM_OP_CHDIR, NULL, "/");
	if (spec->stdin_fd < 0 && !spec->terminal)
		room_plan_add(plan, ROOM_OP_STDIN, "/dev/null", NULL);
}

static int check_commands(const struct room_spec *spec, struct err *err)
{
	if (spec->n_commands == 0)
		return err_set(err, ERR_USAGE, 0, "room: no command");
	for (size_t i = 0; i < spec->n_commands; i++) {
		const struct room_command *c = &spec->commands[i];

		if (!c->argv || !c->argv[0] || !*c->argv[0])
			return err_set(err, ERR_USAGE, 0, "room: command %zu is empty", i);
		if (c->cwd && c->cwd[0] != '/')
			return err_set(err, ERR_USAGE, 0, "room: cwd '%s' is not absolute", c->cwd);
	}
	if (spec->hostname && strlen(spec->hostname) > 64)
		return err_set(err, ERR_USAGE, 0, "room: host name '%s' is longer than 64",
			       spec->hostname);
	if (spec->root == ROOM_ROOT_TREE && str_empty(spec->root_path))
		return err_set(err, ERR_USAGE, 0, "room: no root given");
	return 0;
}

int room_plan_make(struct room_plan *plan, const struct room_spec *spec,
		   const struct room_facts *facts, struct err *err)
{
	if (check_commands(spec, err) < 0)
		return -1;
	if (facts->root_mode && facts->uid == 0)
		return err_set(err, ERR_BUG, 0, "room: uid 0 of the host must not be mapped");
	plan_namespaces(plan, spec, facts);
	if (room_plan_mounts(plan, spec, facts, err) < 0)
		return -1;
	plan_lock(plan, spec, facts);
	room_plan_walls(plan, spec, facts);
	room_plan_describe_walls(plan, spec, facts);
	return 0;
}
