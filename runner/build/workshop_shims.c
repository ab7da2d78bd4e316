/* SPDX-License-Identifier: Apache-2.0 */
/* The folder /shims: program, links, policy, FIFO. Its form: shims/include/shims/format.h. */
#include "generated.h"
#include "workshop.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <base/process.h>
#include <fcntl.h>
#include <inttypes.h>
#include <shims/format.h>
#include <string.h>

static int copy_program(int dirfd, struct err *err)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int in = -1, out = -1;

	if (process_helper_path(SHIM_PROGRAM, &path, err) < 0)
		return -1;
	in = file_open(AT_FDCWD, path, O_RDONLY, 0, err);
	if (in < 0)
		return -1;
	out = file_open(dirfd, SHIM_PROGRAM, O_WRONLY | O_CREAT | O_EXCL, 0755, err);
	if (out < 0 || file_copy_fd(in, out, err) < 0)
		return -1;
	/* The umask of the caller may have taken what the room's user needs. */
	if (fchmod(out, 0755) < 0)
		return err_set(err, ERR_STORE, errno, "cannot set the mode of %s", SHIM_PROGRAM);
	return 0;
}

/* A glob that matches every URL whose last part is @file. */
static void add_serve_line(struct strbuf *sb, const char *file)
{
	strbuf_adds(sb, SHIM_LINE_GLOB "\t*/");
	for (const char *p = file; *p; p++) {
		if (strchr("*?[]\\", *p))
			strbuf_addc(sb, '\\');
		strbuf_addc(sb, *p);
	}
	strbuf_addf(sb, "\t" SHIM_FILES_DIR "/%s\n", file);
}

static void policy_text(const struct plan_node *n, struct strbuf *sb)
{
	const struct recipe *r = n->recipe;
	bool serve = false;

	strbuf_adds(sb, SHIM_POLICY_MAGIC "\n");
	for (size_t i = 0; i < r->n_shims; i++) {
		const struct shim_rule *rule = &r->shims[i];

		strbuf_addf(sb, "%s\t%s\t", rule->name, rule->policy);
		if (rule->text)
			strbuf_adds(sb, rule->text);
		else if (!strcmp(rule->policy,
				 "epoch")) /* also for a script that clears its environment */
			strbuf_addf(sb, "%" PRId64, n->branch->epoch);
		strbuf_addc(sb, '\n');
		serve = serve || !strcmp(rule->policy, "serve");
	}
	for (size_t i = 0; serve && i < n->branch->n_sources; i++) {
		if (node_shows_file(n, &n->branch->sources[i]))
			add_serve_line(sb, n->branch->sources[i].file);
	}
}

static int write_policy(int dirfd, const struct plan_node *n, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	_cleanup_close_ int fd = file_open(dirfd, path_base(SHIM_POLICY_PATH),
					   O_WRONLY | O_CREAT | O_EXCL, 0644, err);

	if (fd < 0)
		return -1;
	policy_text(n, &sb);
	if (file_write_all(fd, sb.s, sb.len, err) < 0)
		return -1;
	if (fchmod(fd, 0644) < 0)
		return err_set(err, ERR_STORE, errno, "cannot set the mode of the shims' policy");
	return 0;
}

/*
 * Opened for reading and writing, so that the reader never sees an end of file between two shims.
 * The mount shows the caller's files as the room's user's, where the kernel can do that; where it
 * cannot, the mode lets that user write all the same. The folder above is closed to all others.
 */
static int make_fifo(struct workshop *w, int dirfd, struct err *err)
{
	const char *name = path_base(SHIM_RECORD_PATH);

	if (mkfifoat(dirfd, name, 0600) < 0)
		return err_set(err, ERR_STORE, errno, "cannot make the shims' FIFO");
	w->record_fd = file_open(dirfd, name, O_RDWR | O_NONBLOCK, 0, err);
	if (w->record_fd < 0)
		return -1;
	if (fchmod(w->record_fd, 0222) < 0) /* a build may add to the record, not take from it */
		return err_set(err, ERR_STORE, errno, "cannot set the mode of the shims' FIFO");
	return 0;
}

int workshop_add_shims(struct workshop *w, const struct plan_node *n, struct err *err)
{
	_cleanup_close_ int dirfd = -1;
	const char *path = NULL;

	if (workshop_mkdir(w, "shims", &path, err) < 0)
		return -1;
	dirfd = file_open(w->tmp.fd, "shims", O_DIRECTORY | O_RDONLY, 0, err);
	if (dirfd < 0 || copy_program(dirfd, err) < 0 || write_policy(dirfd, n, err) < 0 ||
	    make_fifo(w, dirfd, err) < 0)
		return -1;
	for (size_t i = 0; i < n->recipe->n_shims; i++) {
		if (symlinkat(SHIM_PROGRAM, dirfd, n->recipe->shims[i].name) < 0)
			return err_set(err, ERR_STORE, errno, "cannot make the shim %s",
				       n->recipe->shims[i].name);
	}
	if (fchmod(dirfd, 0755) < 0)
		return err_set(err, ERR_STORE, errno, "cannot set the mode of %s", path);
	workshop_mount(w, ROOM_BIND_RO, path, SHIM_DIR);
	return 0;
}
