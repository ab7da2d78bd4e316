/* SPDX-License-Identifier: Apache-2.0 */
/* Facts about the host that have a system call of their own: answered with the room's, told once.
 */
#include "ledger.h"

#include "filter.h"
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#define FACTS_MAX 2000

static int answer_uname(struct room *r, const struct seccomp_notif *req)
{
	const char *machine = r->spec->machine ? r->spec->machine : filter_machine();
	const char *host = r->spec->hostname ? r->spec->hostname : "belljar";
	struct utsname u = {.sysname = "Linux",
			    .release = ROOM_RELEASE,
			    .version = "#1 SMP belljar",
			    .domainname = "(none)"};

	snprintf(u.nodename, sizeof(u.nodename), "%s", host);
	snprintf(u.machine, sizeof(u.machine), "%s", machine);
	return target_write((pid_t)req->pid, r->listener, req->id, req->data.args[0], &u,
			    sizeof(u));
}

static int answer_sysinfo(struct room *r, const struct seccomp_notif *req)
{
	const unsigned long gib = 1UL << 30;
	struct sysinfo s = {
		.uptime = 1000, .totalram = 8 * gib, .freeram = 6 * gib, .procs = 1, .mem_unit = 1};

	return target_write((pid_t)req->pid, r->listener, req->id, req->data.args[0], &s,
			    sizeof(s));
}

/* A shell asks uname at each start: each pair of call and program is told once. */
static void tell_fact(struct room *r, struct scene *s)
{
	_cleanup_free_ char *key = NULL;

	target_link((pid_t)s->req->pid, "exe", s->exe, sizeof(s->exe));
	key = xasprintf("%s %s", s->row.call, s->exe);
	if (!r->handler->on_ledger || r->ledger.said.n >= FACTS_MAX ||
	    strv_contains(&r->ledger.said, key)) {
		r->out->facts++;
		return;
	}
	strv_push(&r->ledger.said, key);
	scene_look(r, s);
	scene_cmdline(s);
	s->row.answer = "fixed";
	scene_tell(r, s);
}

void ledger_serve_fact(struct room *r, struct scene *s)
{
	int nr = s->req->data.nr;
	int error = nr == SYS_uname ? answer_uname(r, s->req) : answer_sysinfo(r, s->req);

	s->row.kind = LEDGER_FACT;
	tell_fact(r, s);
	/* a caller whose memory we may not write gets an error, never the host's answer */
	scene_answer(r, s->req, error, false);
}
