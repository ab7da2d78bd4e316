/* SPDX-License-Identifier: Apache-2.0 */
/* The folder that a command was to run in is not there: what is there instead. */
#include "internal.h"

#include "kernel.h"
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A build may make as many as it likes. */
#define ENTRIES_MAX 10000

/* What is behind @top in @path, without a slash in front; NULL when @path is not below it. */
static const char *behind(const char *top, const char *path)
{
	size_t len = strlen(top);

	if (strncmp(path, top, len) != 0 || (path[len] && path[len] != '/'))
		return NULL;
	return path + len + strspn(path + len, "/");
}

/* The innermost place that the path leads into. */
static const struct place *place_of(const struct watch *w, const char *path)
{
	const struct place *found = NULL;

	for (size_t i = 0; i < w->n; i++) {
		const struct place *p = &w->places[i];

		if (behind(p->dst, path) && (!found || strlen(p->dst) > strlen(found->dst)))
			found = p;
	}
	return found;
}

/* Folders only: what else lies there may block, or do something when it is opened. */
static int open_below(int fd, const char *path)
{
	struct open_how how = {.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
			       .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};

	return (int)syscall(SYS_openat2, fd, path, &how, sizeof(how));
}

/* The deepest folder on the way from @top to @rest; *out_len: how much of @rest leads to it. */
static int open_deepest(int top, const char *rest, size_t *out_len)
{
	char path[256];
	int fd = open_below(top, ".");

	*out_len = 0;
	for (size_t n = 0; fd >= 0 && rest[n]; n += strspn(rest + n, "/")) {
		int next;

		n += strcspn(rest + n, "/");
		if (n >= sizeof(path))
			break;
		memcpy(path, rest, n);
		path[n] = '\0';
		next = open_below(top, path);
		if (next < 0)
			break;
		close(fd);
		fd = next;
		*out_len = n;
	}
	return fd;
}

static bool is_folder(int fd, const struct dirent *e)
{
	struct stat st;

	if (e->d_type != DT_UNKNOWN)
		return e->d_type == DT_DIR;
	return fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static void list_folders(int fd_taken, char *out, size_t size)
{
	_cleanup_(strv_release) struct strv names = STRV_INIT;
	DIR *d = fdopendir(fd_taken);
	struct dirent *e;
	size_t used = 0;

	if (!d) {
		close(fd_taken);
		return;
	}
	for (int i = 0; i < ENTRIES_MAX && (e = readdir(d)); i++)
		if (e->d_name[0] != '.' && is_folder(dirfd(d), e))
			strv_push(&names, e->d_name);
	closedir(d);
	strv_sort(&names);
	for (size_t i = 0; i < names.n && used + strlen(names.v[i]) + 2 <= size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s/", names.v[i]);
}

void room_look_for_cwd(struct room *r)
{
	const char *cwd = r->spec->commands[r->phase].cwd;
	const struct place *p = cwd ? place_of(&r->watch, cwd) : NULL;
	struct room_result *out = r->out;
	const char *rest;
	size_t len;
	int fd;

	if (!p)
		return;
	rest = behind(p->dst, cwd);
	fd = open_deepest(p->fd, rest, &len);
	if (fd < 0)
		return;
	snprintf(out->there, sizeof(out->there), "%s%s%.*s", p->dst, len ? "/" : "", (int)len,
		 rest);
	list_folders(fd, out->folders, sizeof(out->folders));
}
