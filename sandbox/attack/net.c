/* SPDX-License-Identifier: Apache-2.0 */
/* Classes 6, 20, 21 and 23: sockets. */
#include "attack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static long closed(long fd)
{
	if (fd >= 0)
		close((int)fd);
	return fd;
}

void attack_families(void)
{
	static const struct {
		int family;
		const char *name;
	} f[] = {
		{3, "AX25"},    {4, "IPX"},        {5, "APPLETALK"},    {9, "X25"},
		{15, "KEY"},    {16, "NETLINK"},   {17, "PACKET"},      {18, "ASH"},
		{20, "ATMSVC"}, {21, "RDS"},       {24, "PPPOX"},       {26, "LLC"},
		{29, "CAN"},    {30, "TIPC"},      {31, "BLUETOOTH"},   {33, "RXRPC"},
		{37, "CAIF"},   {38, "ALG"},       {39, "NFC"},         {40, "VSOCK"},
		{41, "KCM"},    {42, "QIPCRTR"},   {43, "SMC"},         {44, "XDP"},
		{45, "MCTP"},   {46, "number 46"}, {100, "number 100"},
	};
	char name[64];

	for (size_t i = 0; i < sizeof(f) / sizeof(f[0]); i++) {
		snprintf(name, sizeof(name), "AF_%s, raw", f[i].name);
		refused(name, closed(socket(f[i].family, SOCK_RAW, 0)), EAFNOSUPPORT);
		snprintf(name, sizeof(name), "AF_%s, datagram", f[i].name);
		refused(name, closed(socket(f[i].family, SOCK_DGRAM, 0)), EAFNOSUPPORT);
		snprintf(name, sizeof(name), "AF_%s, stream, high word set", f[i].name);
		refused(name,
			closed(syscall(SYS_socket, (unsigned long)f[i].family | 7UL << 32,
				       SOCK_STREAM, 0)),
			EAFNOSUPPORT);
	}
	refused("AF_ALG, packets", closed(socket(AF_ALG, SOCK_SEQPACKET, 0)), EAFNOSUPPORT);
	refused("AF_INET, raw ICMP", closed(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)), EPERM);
	refused("AF_INET6, raw ICMP", closed(socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6)), EPERM);
	refused("ping", closed(socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP)), EPROTONOSUPPORT);
	refused("SCTP", closed(socket(AF_INET, SOCK_STREAM, 132)), EPROTONOSUPPORT);
	refused("MPTCP", closed(socket(AF_INET, SOCK_STREAM, 262)), EPROTONOSUPPORT);
	refused("SMC over AF_INET", closed(socket(AF_INET, SOCK_STREAM, 256)), EPROTONOSUPPORT);
	refused("SOCK_PACKET", closed(socket(AF_INET, 10, 0)), EPROTONOSUPPORT);
	refused("a pair of TIPC", socketpair(30, SOCK_STREAM, 0, (int[2]){0}), EAFNOSUPPORT);
}

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} u;
	socklen_t len;
};

static struct address address_of(const char *ip, int port)
{
	struct address a = {.len = sizeof(struct sockaddr_in)};

	if (inet_pton(AF_INET, ip, &a.u.v4.sin_addr) == 1) {
		a.u.v4.sin_family = AF_INET;
		a.u.v4.sin_port = htons((uint16_t)port);
		return a;
	}
	a.len = sizeof(struct sockaddr_in6);
	inet_pton(AF_INET6, ip, &a.u.v6.sin6_addr);
	a.u.v6.sin6_family = AF_INET6;
	a.u.v6.sin6_port = htons((uint16_t)port);
	return a;
}

/* Where there is a way out, waiting for an answer ends after a second: EINPROGRESS, the call was
 * reached. */
static int patient_socket(int family, int type)
{
	const struct timeval second = {.tv_sec = 1};
	int s = socket(family, type | SOCK_CLOEXEC, 0);

	setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof(second));
	return s;
}

static void try_connect(const char *what, int type, const char *ip, int port, unsigned want)
{
	struct address a = address_of(ip, port);
	int s = patient_socket(a.u.any.sa_family, type);

	refused(what, s < 0 ? -1 : connect(s, &a.u.any, a.len), want);
	closed(s);
}

static void try_messages(void)
{
	struct address near = address_of("127.0.0.1", 9), far = address_of("203.0.113.9", 53);
	struct iovec iov = {(void *)"x", 1};
	struct mmsghdr m[2] = {{.msg_hdr = {.msg_iov = &iov, .msg_iovlen = 1}},
			       {.msg_hdr = {.msg_iov = &iov, .msg_iovlen = 1}}};
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	refused("sendto", sendto(s, "x", 1, 0, &far.u.any, far.len), ENETUNREACH);
	far.u.v4.sin_family = AF_UNSPEC; /* UDP takes it for AF_INET */
	refused("sendto without a family", sendto(s, "x", 1, 0, &far.u.any, far.len), ENETUNREACH);
	far.u.v4.sin_family = AF_INET;
	m[0].msg_hdr.msg_name = &far.u.any;
	m[0].msg_hdr.msg_namelen = far.len;
	refused("sendmsg", sendmsg(s, &m[0].msg_hdr, 0), ENETUNREACH);
	m[1].msg_hdr = m[0].msg_hdr;
	m[0].msg_hdr.msg_name = &near.u.any;
	m[0].msg_hdr.msg_namelen = near.len;
	/* the second message alone: the call that sends the first one counts it */
	refused("sendmmsg, behind an honest one", sendmmsg(s, m, 2, 0) > 1 ? 0 : -1, ENETUNREACH);
	refused("bind to an address of nobody", bind(s, &far.u.any, far.len),
		EITHER(ENETUNREACH, EADDRNOTAVAIL));
	door("connect without an address", connect(s, NULL, 0), EITHER(EINVAL, EFAULT));
	door("connect to nowhere", connect(s, (void *)8, 16), EFAULT);
	closed(s);
}

void attack_network(void)
{
	try_connect("TCP", SOCK_STREAM, "192.0.2.1", 80, ENETUNREACH);
	try_connect("DNS over UDP", SOCK_DGRAM, "198.51.100.7", 53, ENETUNREACH);
	try_connect("link-local, a cloud's metadata", SOCK_STREAM, "169.254.169.254", 80,
		    ENETUNREACH);
	try_connect("TCP over IPv6", SOCK_STREAM, "2001:db8::1", 443, ENETUNREACH);
	try_connect("IPv6 link-local", SOCK_STREAM, "fe80::1", 443, ENETUNREACH);
	try_connect("IPv4 in IPv6", SOCK_STREAM, "::ffff:192.0.2.2", 443, ENETUNREACH);
	try_connect("multicast", SOCK_DGRAM, "224.0.0.251", 5353, ENETUNREACH);
	try_messages();
	if (opt.tcp_port)
		try_connect("a service on the host's loopback", SOCK_STREAM, "127.0.0.1",
			    opt.tcp_port, EITHER(ECONNREFUSED, ENETUNREACH));
	else
		not_applicable("a service on the host's loopback", "none was named");
}

/* A socket of the host by its abstract name or its path: through it, descriptors pass. */
static void try_unix(const char *what, const char *name, bool abstract, unsigned want)
{
	struct sockaddr_un u = {.sun_family = AF_UNIX};
	size_t len = name ? strlen(name) : 0;
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (!name || len + 2 > sizeof(u.sun_path)) {
		not_applicable(what, "none was named");
		closed(s);
		return;
	}
	memcpy(u.sun_path + abstract, name, len);
	refused(what,
		connect(s, (void *)&u,
			(socklen_t)(sizeof(sa_family_t) + abstract + len + !abstract)),
		want);
	closed(s);
}

void attack_smuggling(void)
{
	try_unix("an abstract socket of the host", opt.abstract, true, EITHER(ECONNREFUSED, EPERM));
	try_unix("a socket of the host in /tmp", opt.path_socket, false, ENOENT);
	try_unix("the system bus", "/run/dbus/system_bus_socket", false, ENOENT);
	try_unix("the container daemon", "/run/docker.sock", false, ENOENT);
	try_unix("the init system", "/run/systemd/private", false, ENOENT);
	try_unix("the name service cache", "/run/nscd/socket", false, ENOENT);
}

struct race {
	struct address now;
	bool over;
};

/* Between the supervisor's look at the address and the kernel's: another one. */
static void *rewrite(void *arg)
{
	struct race *r = arg;
	const struct address a = address_of("127.0.0.1", 9), b = address_of("192.0.2.1", 9);

	while (!__atomic_load_n(&r->over, __ATOMIC_RELAXED)) {
		__atomic_store_n(&r->now.u.v4.sin_addr.s_addr, b.u.v4.sin_addr.s_addr,
				 __ATOMIC_RELAXED);
		__atomic_store_n(&r->now.u.v4.sin_addr.s_addr, a.u.v4.sin_addr.s_addr,
				 __ATOMIC_RELAXED);
	}
	return NULL;
}

void attack_races(void)
{
	struct race r = {.now = address_of("127.0.0.1", 9)};
	int sent = 0, other = 0, last = 0;
	pthread_t t;

	if (pthread_create(&t, NULL, rewrite, &r) != 0) {
		not_applicable("an address rewritten while it is judged", "no thread can be made");
		return;
	}
	for (int i = 0; i < 500 && other < 5; i++) {
		int s = patient_socket(AF_INET, SOCK_STREAM);

		if (connect(s, &r.now.u.any, r.now.len) == 0)
			sent++;
		else if (errno != ENETUNREACH && errno != ECONNREFUSED)
			other++, last = errno;
		closed(s);
	}
	__atomic_store_n(&r.over, true, __ATOMIC_RELAXED);
	pthread_join(t, NULL);
	contained(sent == 0 && other == 0, "an address rewritten while it is judged",
		  "%d left, %d answered otherwise (%s), of 500", sent, other,
		  strerrorname_np(last));
}
