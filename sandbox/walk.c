/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The size of a folder that a hostile room is writing to: no link is followed, no mount is crossed
 * (there is none), and neither memory nor descriptors grow with what is in there.
 */
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void walk_close(struct walk *w)
{
	while (w->n)
		closedir(w->level[--w->n]);
}

static void enter(struct walk *w, int dir, const char *name)
{
	int fd;

	if (w->n == WALK_LEVELS) {
		w->blind = true;
		return;
	}
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	w->level[w->n] = fd < 0 ? NULL : fdopendir(fd);
	if (w->level[w->n])
		w->n++;
	else if (fd >= 0)
		close(fd);
	else if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
		w->blind = true;
}

static void count(struct walk *w, const char *name)
{
	int dir = dirfd(w->level[w->n - 1]);
	struct stat st;

	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	w->entries++;
	/* a file of many names counts once */
	w->bytes += (uint64_t)st.st_blocks * 512 /
		    (S_ISDIR(st.st_mode) || !st.st_nlink ? 1 : (uint64_t)st.st_nlink);
	if (S_ISDIR(st.st_mode))
		enter(w, dir, name);
}

bool walk_step(struct walk *w, unsigned budget)
{
	const struct dirent *ent;

	if (!w->n) {
		w->bytes = w->entries = 0;
		w->blind = false;
		enter(w, w->top, ".");
	}
	while (w->n && budget--) {
		ent = readdir(w->level[w->n - 1]);
		if (ent)
			count(w, ent->d_name);
		else
			closedir(w->level[--w->n]);
	}
	if (w->n)
		return false;
	w->last_bytes = w->bytes;
	w->last_entries = w->entries;
	return true;
}
