/* SPDX-License-Identifier: Apache-2.0 */
#include "workshop.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <fcntl.h>
#include <string.h>

void workshop_release(struct workshop *w)
{
	for (size_t i = 0; i < w->n_vectors; i++) {
		for (size_t k = 0; w->vectors[i][k]; k++)
			free(w->vectors[i][k]);
		free(w->vectors[i]);
	}
	free(w->vectors);
	free(w->commands);
	free(w->mounts);
	if (w->record_fd >= 0)
		close(w->record_fd);
	if (w->tmp.path)
		store_tmp_release(&w->tmp);
	strv_release(&w->texts);
	*w = WORKSHOP_INIT;
}

const char *workshop_keep(struct workshop *w, char *text_taken)
{
	strv_push_take(&w->texts, text_taken);
	return text_taken;
}

void workshop_mount(struct workshop *w, enum room_mount_kind kind, const char *src, const char *dst)
{
	ARRAY_GROW(w->mounts, w->n_mounts, w->cap_mounts);
	w->mounts[w->n_mounts++] = (struct room_mount){.kind = kind, .src = src, .dst = dst};
}

int workshop_mkdir(struct workshop *w, const char *name, const char **out_path, struct err *err)
{
	if (mkdirat(w->tmp.fd, name, 0755) < 0)
		return err_set(err, ERR_STORE, errno, "cannot make %s/%s", w->tmp.path, name);
	*out_path = workshop_keep(w, path_join(w->tmp.path, name));
	return 0;
}

static char **copy_vector(const char *const *v)
{
	size_t n = 0;
	char **copy;

	while (v[n])
		n++;
	copy = xcalloc(n + 1, sizeof(*copy));
	for (size_t i = 0; i < n; i++)
		copy[i] = xstrdup(v[i]);
	return copy;
}

static const char *const *keep_vector(struct workshop *w, const char *const *v)
{
	ARRAY_GROW(w->vectors, w->n_vectors, w->cap_vectors);
	w->vectors[w->n_vectors] = copy_vector(v);
	return (const char *const *)w->vectors[w->n_vectors++];
}

void workshop_command(struct workshop *w, const char *name, const char *const *argv,
		      const struct strv *env, const char *cwd)
{
	static const char *const nothing[] = {NULL};

	w->commands = xrealloc(w->commands, (w->n_commands + 1) * sizeof(*w->commands));
	w->commands[w->n_commands++] = (struct room_command){
		.name = workshop_keep(w, xstrdup(name)),
		.argv = keep_vector(w, argv),
		.env = keep_vector(w, env->n ? (const char *const *)env->v : nothing),
		.cwd = workshop_keep(w, xstrdup(cwd)),
	};
}

static int add_outputs(struct workshop *w, const struct plan_node *n, struct err *err)
{
	_cleanup_(strv_release) struct strv names = STRV_INIT;
	const char *path = NULL;

	if (workshop_mkdir(w, "out", &path, err) < 0)
		return -1;
	node_outputs(n, &names);
	for (size_t i = 0; i < names.n; i++) {
		const char *name = names.v[i];
		_cleanup_free_ char *below = path_join("out", name);

		if (workshop_mkdir(w, below, &path, err) < 0)
			return -1;
		workshop_mount(w, ROOM_BIND_RW, path, workshop_keep(w, path_join("/out", name)));
	}
	return 0;
}

/* @size of the tmpfs in bytes, 0: the room's default. */
static int add_build(struct workshop *w, bool on_disk, uint64_t size, struct err *err)
{
	const char *path = NULL;

	if (on_disk && workshop_mkdir(w, "build", &path, err) < 0)
		return -1;
	workshop_mount(w, on_disk ? ROOM_BIND_RW : ROOM_TMPFS, path, "/build");
	w->mounts[w->n_mounts - 1].size = on_disk ? 0 : size;
	return 0;
}

static void fill_spec(struct workshop *w, const struct runner *rn, char *root)
{
	w->spec = (struct room_spec){
		.root = ROOM_ROOT_TREE,
		.root_path = workshop_keep(w, root),
		.mounts = w->mounts,
		.n_mounts = w->n_mounts,
		.commands = w->commands,
		.n_commands = w->n_commands,
		.cpus = rn->cores,
		.limits = rn->limits,
		.ledger_exec = true,
		.trace = rn->tracer != NULL,
		.stdin_fd = -1,
		.stdout_fd = -1,
		.stderr_fd = -1,
		.record_fd = w->record_fd,
		.require = rn->require_walls,
	};
}

int workshop_open(struct workshop *w, struct runner *rn, const struct plan *p,
		  const struct plan_node *n, unsigned width, struct err *err)
{
	struct store *s = rn->store;

	if (store_tmp_new(s, &w->tmp, err) < 0 ||
	    add_build(w, rn->build_on_disk, rn->limits.build_bytes, err) < 0 ||
	    add_outputs(w, n, err) < 0 || workshop_add_sources(w, s, n, err) < 0 ||
	    workshop_add_inputs(w, s, p, n, err) < 0 || workshop_add_shims(w, n, err) < 0)
		return -1;
	workshop_add_phases(w, n, width);
	fill_spec(w, rn, store_tree_path(s, &p->roots[n->root].tree));
	return 0;
}
