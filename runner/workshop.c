/* SPDX-License-Identifier: Apache-2.0 */
#include "workshop.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#define SLOT_DIR "/run/belljar"

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
	if (w->slot_fd >= 0)
		close(w->slot_fd);
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

int workshop_mkdir(struct workshop *w, const char *name, bool of_room, const char **out_path,
		   struct err *err)
{
	if (mkdirat(w->tmp.fd, name, 0755) < 0)
		return err_set(err, ERR_STORE, errno, "cannot make %s/%s", w->tmp.path, name);
	if (of_room && w->uid != (uid_t)-1 &&
	    fchownat(w->tmp.fd, name, w->uid, w->uid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(err, ERR_STORE, errno, "cannot give %s/%s to uid %u", w->tmp.path,
			       name, (unsigned)w->uid);
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

/*
 * As root each running room has an unprivileged uid of its own, whatever store it works for: the
 * lock files are the host's, the same ones that a room takes which chooses its uid itself.
 */
int workshop_take_uid(struct workshop *w, struct err *err)
{
	if (geteuid() != 0)
		return 0;
	if (file_mkdir_p(AT_FDCWD, SLOT_DIR, 0700, err) < 0)
		return -1;
	for (unsigned slot = 0; slot < ROOM_UIDS; slot++) {
		_cleanup_free_ char *path = xasprintf(SLOT_DIR "/uid-%u", slot);
		_cleanup_close_ int fd =
			file_open(AT_FDCWD, path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600, err);

		if (fd < 0)
			return -1;
		if (flock(fd, LOCK_EX | LOCK_NB) < 0)
			continue;
		w->slot_fd = TAKE_FD(fd);
		w->uid = room_host_uid(slot);
		return 0;
	}
	return err_set(err, ERR_HOST, 0, "all %d uids for rooms are in use", ROOM_UIDS);
}

int workshop_add_outputs(struct workshop *w, const struct plan_node *n, struct err *err)
{
	const char *path = NULL;

	if (workshop_mkdir(w, "out", false, &path, err) < 0)
		return -1;
	for (size_t i = 0; i < n->recipe->outputs.n; i++) {
		const char *name = n->recipe->outputs.v[i];
		_cleanup_free_ char *below = path_join("out", name);

		if (workshop_mkdir(w, below, true, &path, err) < 0)
			return -1;
		workshop_mount(w, ROOM_BIND_RW, path, workshop_keep(w, path_join("/out", name)));
	}
	return 0;
}

int workshop_add_build(struct workshop *w, bool on_disk, uint64_t size, struct err *err)
{
	const char *path = NULL;

	if (on_disk && workshop_mkdir(w, "build", true, &path, err) < 0)
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
		.stdin_fd = -1,
		.stdout_fd = -1,
		.stderr_fd = -1,
		.record_fd = w->record_fd,
		.host_uid = w->uid == (uid_t)-1 ? 0 : w->uid,
	};
}

int workshop_open(struct workshop *w, struct runner *rn, const struct plan *p,
		  const struct plan_node *n, unsigned width, struct err *err)
{
	struct store *s = rn->store;

	if (workshop_take_uid(w, err) < 0 || store_tmp_new(s, &w->tmp, err) < 0 ||
	    workshop_add_build(w, rn->build_on_disk, rn->limits.build_bytes, err) < 0 ||
	    workshop_add_outputs(w, n, err) < 0 || workshop_add_sources(w, s, n, err) < 0 ||
	    workshop_add_inputs(w, s, p, n, err) < 0 || workshop_add_shims(w, n, err) < 0)
		return -1;
	workshop_add_phases(w, n, width);
	fill_spec(w, rn, store_tree_path(s, &p->roots[n->root].tree));
	return 0;
}
