/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tracing room: every path that a process opens, executes or looks at, as requested. What is
 * read here is only told, never decided on: the call goes on as it is.
 */
#include "internal.h"
#include "ledger.h"

#include <sys/syscall.h>

#define PATH_SIZE 4096

/* Which arguments of a call are its folder (-1: the working directory) and its path. */
struct path_call {
	int nr, dir, path;
	enum room_look look;
};

/* openat2 is not among them: no room has it (filter/policy.c), so nothing is opened by it. */
static const struct path_call path_calls[] = {
	{SYS_openat, 0, 1, ROOM_OPEN},    {SYS_newfstatat, 0, 1, ROOM_LOOK},
	{SYS_statx, 0, 1, ROOM_LOOK},     {SYS_readlinkat, 0, 1, ROOM_LOOK},
	{SYS_faccessat, 0, 1, ROOM_LOOK}, {SYS_faccessat2, 0, 1, ROOM_LOOK},
	{SYS_execve, -1, 0, ROOM_EXEC},   {SYS_execveat, 0, 1, ROOM_EXEC},
#ifdef SYS_open /* newer machines have only the calls with a folder */
	{SYS_open, -1, 0, ROOM_OPEN},     {SYS_stat, -1, 0, ROOM_LOOK},
	{SYS_lstat, -1, 0, ROOM_LOOK},    {SYS_access, -1, 0, ROOM_LOOK},
	{SYS_readlink, -1, 0, ROOM_LOOK},
#endif
};

static const struct path_call *find(int nr)
{
	for (size_t i = 0; i < ARRAY_SIZE(path_calls); i++)
		if (path_calls[i].nr == nr)
			return &path_calls[i];
	return NULL;
}

/* The folder that a relative path begins at, as the process's own /proc says. */
static void base_of(const struct seccomp_notif *req, const struct path_call *p, char *buf,
		    size_t size)
{
	char link[32] = "cwd";
	int fd = p->dir < 0 ? -1 : (int)req->data.args[p->dir];

	if (fd >= 0)
		snprintf(link, sizeof(link), "fd/%d", fd);
	target_link((pid_t)req->pid, link, buf, size);
}

bool trace_serve(struct room *r, const struct seccomp_notif *req)
{
	const struct path_call *p = r->spec->trace ? find(req->data.nr) : NULL;
	char path[PATH_SIZE], base[PATH_SIZE] = "";
	ssize_t n;

	if (!p)
		return false;
	n = target_string((pid_t)req->pid, req->data.args[p->path], path, sizeof(path));
	if (n > 0 && path[0] != '/')
		base_of(req, p, base, sizeof(base));
	if (n > 0 && r->handler->on_path) {
		strbuf_clear(&r->scratch);
		strbuf_addf(&r->scratch, "%s%s%s", base, *base ? "/" : "", path);
		r->handler->on_path(r->handler->arg, strbuf_str(&r->scratch), p->look);
	}
	if (p->look == ROOM_EXEC)
		return false;
	scene_answer(r, req, 0, true);
	return true;
}
