/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor's side of seccomp user notification (seccomp_unotify(2)): decide, answer, write it
 * down. No decision that a wall depends on is taken from memory of the caller, which another thread
 * may change after we looked: "continue" is only ever answered where the network namespace, the
 * mounts or the filter hold anyway.
 */
#include "ledger.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Rows beyond this are counted, not told: a hostile build must not fill the record. */
#define ROWS_MAX 200000

void ledger_init(struct ledger *l)
{
	struct seccomp_notif_sizes sizes = {0};
	size_t n = 512;

	*l = (struct ledger){0};
	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) == 0) {
		n = sizes.seccomp_notif > n ? sizes.seccomp_notif : n;
		n = sizes.seccomp_notif_resp > n ? sizes.seccomp_notif_resp : n;
	}
	l->request = xcalloc(1, n);
	l->response = xcalloc(1, n);
}

void ledger_release(struct ledger *l)
{
	strv_release(&l->said);
	free(l->request);
	free(l->response);
	*l = (struct ledger){0};
}

static void default_texts(struct ledger_row *row)
{
	const char **texts[] = {&row->phase, &row->parents, &row->exe,    &row->argv, &row->cwd,
				&row->call,  &row->object,  &row->answer, &row->url};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (!*texts[i])
			*texts[i] = "";
}

void ledger_tell(struct room *r, struct ledger_row *row)
{
	row->time = room_now() - r->start;
	row->phase = r->in_phase ? r->spec->commands[r->phase].name : NULL;
	default_texts(row);
	if (row->kind == LEDGER_NET && row->refused)
		r->out->net_refused++;
	else if (row->kind == LEDGER_EXEC)
		r->out->execs++;
	else if (row->kind == LEDGER_FACT)
		r->out->facts++;
	if (!r->handler->on_ledger || r->ledger.capped)
		return;
	if (++r->ledger.rows > ROWS_MAX && row->kind != LEDGER_LIMIT) {
		row->kind = LEDGER_LIMIT;
		row->object = "rows of the ledger: further ones are only counted";
		row->answer = "capped";
		r->ledger.capped = true;
	}
	r->handler->on_ledger(r->handler->arg, row);
}

static void scene_release(struct scene *s)
{
	strbuf_release(&s->parents);
	strbuf_release(&s->argv);
	strbuf_release(&s->object);
}

/* Who calls, from /proc: worth something only if the notification is still valid afterwards. */
void scene_look(struct room *r, struct scene *s)
{
	pid_t tid = (pid_t)s->req->pid;

	if (target_look(tid, &s->who) < 0)
		s->who = (struct target){.tid = tid, .tgid = tid};
	target_link(tid, "exe", s->exe, sizeof(s->exe));
	target_link(tid, "cwd", s->cwd, sizeof(s->cwd));
	s->row.pid = s->who.inside;
	s->row.exe = s->exe;
	s->row.cwd = s->cwd;
}

void scene_tell(struct room *r, struct scene *s)
{
	target_parents(&s->who, r->pid, &s->parents);
	s->row.parents = strbuf_str(&s->parents);
	s->row.argv = strbuf_str(&s->argv);
	s->row.object = strbuf_str(&s->object);
	ledger_tell(r, &s->row);
}

/* The command line that the caller was started with, for rows that are not an exec. */
void scene_cmdline(struct scene *s)
{
	char path[64], text[4096];
	_cleanup_fclose_ FILE *f = NULL;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", s->who.tgid);
	f = fopen(path, "re");
	n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
	text[n] = '\0';
	for (size_t i = 0; i < n; i += strlen(text + i) + 1) {
		if (i)
			strbuf_addc(&s->argv, ' ');
		ledger_quote(&s->argv, text + i);
	}
}

bool scene_valid(struct room *r, const struct seccomp_notif *req)
{
	return ioctl(r->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &req->id) == 0;
}

void scene_answer(struct room *r, const struct seccomp_notif *req, int error, bool go_on)
{
	struct seccomp_notif_resp *resp = r->ledger.response;

	*resp = (struct seccomp_notif_resp){.id = req->id,
					    .error = error,
					    .flags = go_on ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0};
	/* ENOENT: the caller was killed meanwhile */
	(void)ioctl(r->listener, SECCOMP_IOCTL_NOTIF_SEND, resp);
}

static const char *const call_names[] = {"connect",  "bind",   "sendto",     "sendmsg",
					 "sendmmsg", "socket", "socketpair", "uname",
					 "sysinfo",  "execve", "execveat"};

static const int call_numbers[] = {SYS_connect,  SYS_bind,   SYS_sendto,     SYS_sendmsg,
				   SYS_sendmmsg, SYS_socket, SYS_socketpair, SYS_uname,
				   SYS_sysinfo,  SYS_execve, SYS_execveat};

static const char *call_name(int nr)
{
	for (size_t i = 0; i < ARRAY_SIZE(call_numbers); i++)
		if (call_numbers[i] == nr)
			return call_names[i];
	return "?";
}

bool ledger_serve(struct room *r)
{
	struct seccomp_notif *req = r->ledger.request;
	struct scene s = {.req = req};

	memset(req, 0, sizeof(*req));
	if (ioctl(r->listener, SECCOMP_IOCTL_NOTIF_RECV, req) < 0)
		return errno == EINTR || errno == ENOENT;
	if (trace_serve(r, req))
		return true;
	s.row.call = call_name(req->data.nr);
	switch (req->data.nr) {
	case SYS_uname:
	case SYS_sysinfo:
		ledger_serve_fact(r, &s);
		break;
	case SYS_execve:
	case SYS_execveat:
		ledger_serve_exec(r, &s);
		break;
	case SYS_socket:
	case SYS_socketpair:
		ledger_serve_socket(r, &s);
		break;
	default:
		ledger_serve_address(r, &s);
		break;
	}
	scene_release(&s);
	return true;
}
