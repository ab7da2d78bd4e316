/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor's side of seccomp user notification (seccomp_unotify(2)): decide, answer, write it
 * down. No decision that a wall depends on is taken from memory of the caller, which another thread
 * may change after we looked: "continue" is only ever answered where the network namespace, the
 * mounts or the filter hold anyway.
 */
#include "internal.h"

#include "filter.h"
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Rows beyond this are counted, not told: a hostile build must not fill the record. */
#define ROWS_MAX     200000
#define FACTS_MAX    2000
#define MESSAGES_MAX 1024 /* of one sendmmsg, as the kernel's UIO_MAXIOV */

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
	const char **texts[] = {&row->phase, &row->parents, &row->exe,    &row->argv,
				&row->cwd,   &row->call,    &row->object, &row->answer};

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

/* Everything a row says about the caller; the texts live in the scene. */
struct scene {
	const struct seccomp_notif *req;
	struct target who;
	char exe[512], cwd[512];
	struct strbuf parents, argv, object;
	struct ledger_row row;
};

static void scene_release(struct scene *s)
{
	strbuf_release(&s->parents);
	strbuf_release(&s->argv);
	strbuf_release(&s->object);
}

/* Who calls, from /proc: worth something only if the notification is still valid afterwards. */
static void scene_look(struct room *r, struct scene *s)
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

static void scene_tell(struct room *r, struct scene *s)
{
	target_parents(&s->who, r->pid, &s->parents);
	s->row.parents = strbuf_str(&s->parents);
	s->row.argv = strbuf_str(&s->argv);
	s->row.object = strbuf_str(&s->object);
	ledger_tell(r, &s->row);
}

/* The command line that the caller was started with, for rows that are not an exec. */
static void scene_cmdline(struct scene *s)
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

static bool still_valid(struct room *r, const struct seccomp_notif *req)
{
	return ioctl(r->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &req->id) == 0;
}

void ledger_answer(struct room *r, const struct seccomp_notif *req, int error, bool go_on)
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

/* Facts ------------------------------------------------------------------------------------- */

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

static void serve_fact(struct room *r, struct scene *s)
{
	int nr = s->req->data.nr;
	int error = nr == SYS_uname ? answer_uname(r, s->req) : answer_sysinfo(r, s->req);

	s->row.kind = LEDGER_FACT;
	tell_fact(r, s);
	/* a caller whose memory we may not write gets an error, never the host's answer */
	ledger_answer(r, s->req, error, false);
}

/* Network ----------------------------------------------------------------------------------- */

static const char *protocol_name(const struct scene *s, int fd)
{
	int protocol = 0, copy = target_socket(&s->who, fd);
	socklen_t len = sizeof(protocol);

	if (copy >= 0 && getsockopt(copy, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) < 0)
		protocol = 0;
	cleanup_closep(&copy);
	return protocol == 6 ? "tcp " : protocol == 17 ? "udp " : "";
}

/* Read and classify one address of the caller's memory; adds its text to the object. */
static int look_at_address(struct scene *s, uint64_t addr, uint64_t len, enum address_class *out)
{
	struct strbuf text = STRBUF_INIT;
	char raw[128];
	ssize_t n;

	*out = ADDRESS_NONE;
	if (addr == 0 || len == 0)
		return 0;
	n = target_read((pid_t)s->req->pid, addr, raw, len < sizeof(raw) ? len : sizeof(raw));
	if (n < 0)
		return -EFAULT;
	*out = address_decode(raw, (size_t)n, &text);
	if (*out != ADDRESS_NONE && *out != ADDRESS_UNIX) {
		if (s->object.len)
			strbuf_adds(&s->object, ", ");
		if (*out != ADDRESS_OTHER)
			strbuf_adds(&s->object, protocol_name(s, (int)s->req->data.args[0]));
		strbuf_adds(&s->object, strbuf_str(&text));
	}
	strbuf_release(&text);
	return 0;
}

/* The farthest destination among the messages of sendmsg (one) or sendmmsg (many). */
static int look_at_messages(struct scene *s, uint64_t at, uint64_t count, enum address_class *out)
{
	for (uint64_t i = 0; i < count && i < MESSAGES_MAX; i++) {
		enum address_class one;
		struct msghdr m;

		if (target_read((pid_t)s->req->pid, at + i * sizeof(struct mmsghdr), &m,
				sizeof(m)) != (ssize_t)sizeof(m))
			return -EFAULT;
		if (look_at_address(s, (uintptr_t)m.msg_name, m.msg_namelen, &one) < 0)
			return -EFAULT;
		if (one > *out)
			*out = one;
		if (one > ADDRESS_LOCAL)
			break;
	}
	return 0;
}

static int look_at_destination(struct scene *s, enum address_class *out)
{
	const __u64 *a = s->req->data.args;

	*out = ADDRESS_NONE;
	switch (s->req->data.nr) {
	case SYS_sendto:
		return look_at_address(s, a[4], (uint32_t)a[5], out);
	case SYS_sendmsg:
		return look_at_messages(s, a[1], 1, out);
	case SYS_sendmmsg:
		return look_at_messages(s, a[1], (uint32_t)a[2], out);
	default:
		return look_at_address(s, a[1], (uint32_t)a[2], out);
	}
}

static const char *error_name(int error)
{
	switch (error) {
	case -ENETUNREACH:
		return "ENETUNREACH";
	case -EAFNOSUPPORT:
		return "EAFNOSUPPORT";
	case -EPROTONOSUPPORT:
		return "EPROTONOSUPPORT";
	case -EPERM:
		return "EPERM";
	default:
		return "EFAULT";
	}
}

static void tell_network(struct room *r, struct scene *s, int error)
{
	scene_look(r, s);
	scene_cmdline(s);
	if (!still_valid(r, s->req))
		return; /* the process is gone, and what we read may be of another one */
	s->row.kind = LEDGER_NET;
	s->row.refused = error != 0;
	s->row.answer = error ? error_name(error) : "allowed";
	scene_tell(r, s);
}

static void serve_address(struct room *r, struct scene *s)
{
	enum address_class class;
	int error;

	target_look((pid_t)s->req->pid, &s->who);
	error = look_at_destination(s, &class);
	if (error == 0 && class == ADDRESS_REMOTE)
		error = -ENETUNREACH;
	else if (error == 0 && class == ADDRESS_OTHER)
		error = -EAFNOSUPPORT;
	else if (error == 0 && class == ADDRESS_LOCAL && r->spec->net == ROOM_NET_NONE)
		error = -ENETUNREACH;
	if (error && error != -EFAULT)
		tell_network(r, s, error);
	else if (class == ADDRESS_LOCAL && s->req->data.nr == SYS_connect)
		tell_network(r, s, 0);
	ledger_answer(r, s->req, error, error == 0);
}

static void serve_socket(struct room *r, struct scene *s)
{
	int family = (int)s->req->data.args[0], type = (int)s->req->data.args[1] & 0xf;
	int protocol = (int)s->req->data.args[2];
	bool inet = family == AF_INET || family == AF_INET6;
	int error = !inet ? -EAFNOSUPPORT : type == SOCK_RAW ? -EPERM : -EPROTONOSUPPORT;
	char buf[16];

	strbuf_adds(&s->object, address_family(family, buf, sizeof(buf)));
	if (inet)
		strbuf_addf(&s->object, " type %d protocol %d", type, protocol);
	tell_network(r, s, error);
	ledger_answer(r, s->req, error, false);
}

/* Exec -------------------------------------------------------------------------------------- */

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

static void serve_exec(struct room *r, struct scene *s)
{
	bool at = s->req->data.nr == SYS_execveat, valid;

	s->row.kind = LEDGER_EXEC;
	s->row.answer = "allowed";
	scene_look(r, s);
	exec_path(r, s);
	target_argv((pid_t)s->req->pid, s->req->data.args[at ? 2 : 1], &s->argv);
	if (s->who.parent == r->pid && r->in_phase && runs_our_program(s))
		exec_from_spec(r, s);
	valid = still_valid(r, s->req);
	ledger_answer(r, s->req, 0, true);
	/* the caller runs on while its ancestors are looked up: they wait for it */
	if (valid)
		scene_tell(r, s);
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
		serve_fact(r, &s);
		break;
	case SYS_execve:
	case SYS_execveat:
		serve_exec(r, &s);
		break;
	case SYS_socket:
	case SYS_socketpair:
		serve_socket(r, &s);
		break;
	default:
		serve_address(r, &s);
		break;
	}
	scene_release(&s);
	return true;
}
