/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Execs are never refused here, only written down "as requested": another thread may rewrite path
 * and arguments before the kernel reads them, and what starts then stands behind the same walls.
 */
#include "ledger.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void exec_path(struct room *r, struct scene *s)
{
	const __u64 *a = s->req->data.args;
	bool at = s->req->data.nr == SYS_execveat;
	char path[4096], base[4096], link[32];

	if (target_string((pid_t)s->req->pid, a[at ? 1 : 0], path, sizeof(path)) < 0)
		return;
	if (at && path[0] != '/' && (int)a[0] >= 0) {
		snprintf(link, sizeof(link), "fd/%d", (int)a[0]);
		target_link((pid_t)s->req->pid, link, base, sizeof(base));
		strbuf_adds(&s->object, base);
		if (*path)
			strbuf_addc(&s->object, '/');
	}
	strbuf_adds(&s->object, path);
}

/*
 * The first exec of a command is made by a child that still shares init's memory, into which nobody
 * may look; but what it executes is what we told it to.
 */
static void exec_from_spec(struct room *r, struct scene *s)
{
	const char *const *argv = r->spec->commands[r->phase].argv;

	strbuf_clear(&s->argv);
	if (s->object.len == 0) /* as root we may look, and see what PATH led to */
		strbuf_adds(&s->object, argv[0]);
	s->row.exe = "init";
	for (size_t i = 0; argv[i]; i++) {
		if (i)
			strbuf_addc(&s->argv, ' ');
		ledger_quote(&s->argv, argv[i]);
	}
}

/* Its program is belljar's, or (as a user) cannot be looked at for the same reason. */
static bool runs_our_program(const struct scene *s)
{
	char ours[sizeof(s->exe)];

	target_link(getpid(), "exe", ours, sizeof(ours));
	return !*s->exe || !strcmp(s->exe, ours);
}

void ledger_serve_exec(struct room *r, struct scene *s)
{
	bool at = s->req->data.nr == SYS_execveat, valid;

	s->row.kind = LEDGER_EXEC;
	s->row.answer = "allowed";
	scene_look(r, s);
	exec_path(r, s);
	target_argv((pid_t)s->req->pid, s->req->data.args[at ? 2 : 1], &s->argv);
	if (s->who.parent == r->pid && r->in_phase && runs_our_program(s))
		exec_from_spec(r, s);
	valid = scene_valid(r, s->req);
	scene_answer(r, s->req, 0, true);
	/* the caller runs on while its ancestors are looked up: they wait for it */
	if (valid)
		scene_tell(r, s);
}
