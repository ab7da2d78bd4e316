/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets and addresses. The refusal here is for the report and for a clear errno; the wall is the
 * network namespace, so that an address which another thread rewrites after we read it leads
 * nowhere.
 */
#include "ledger.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define MESSAGES_MAX 1024 /* of one sendmmsg, as the kernel's UIO_MAXIOV */

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
	if (!scene_valid(r, s->req))
		return; /* the process is gone, and what we read may be of another one */
	s->row.kind = LEDGER_NET;
	s->row.refused = error != 0;
	s->row.answer = error ? error_name(error) : "allowed";
	scene_tell(r, s);
}

void ledger_serve_address(struct room *r, struct scene *s)
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
	scene_answer(r, s->req, error, error == 0);
}

void ledger_serve_socket(struct room *r, struct scene *s)
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
	scene_answer(r, s->req, error, false);
}
