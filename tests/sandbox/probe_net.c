/* SPDX-License-Identifier: Apache-2.0 */
/* The network: everything but the room's own loopback is refused. */
#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

void probe_families(int argc, char **argv)
{
	static const int families[] = {3,  4,  5,  9,  15, 16, 17, 18, 20, 21, 24, 26, 29, 30,
				       31, 33, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 100};

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		char name[32];

		snprintf(name, sizeof(name), "family %d", families[i]);
		refused(name, socket(families[i], SOCK_RAW, 0), EAFNOSUPPORT);
		refused(name, socket(families[i], SOCK_DGRAM, 0), EAFNOSUPPORT);
		refused(name, syscall(SYS_socket, families[i] | 7UL << 32, SOCK_STREAM, 0),
			EAFNOSUPPORT);
	}
	refused("raw", socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), EPERM);
	refused("raw 6", socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6), EPERM);
	refused("ping", socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP), EPROTONOSUPPORT);
	refused("sctp", socket(AF_INET, SOCK_STREAM, 132), EPROTONOSUPPORT);
	refused("mptcp", socket(AF_INET, SOCK_STREAM, 262), EPROTONOSUPPORT);
	refused("smc", socket(AF_INET, SOCK_STREAM, 256), EPROTONOSUPPORT);
	refused("packet in disguise", socket(AF_INET, 10, 0), EPROTONOSUPPORT);
	refused("pair", socketpair(AF_TIPC, SOCK_STREAM, 0, (int[2]){0}), EAFNOSUPPORT);
}

static struct sockaddr_in v4(const char *ip, int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

	inet_pton(AF_INET, ip, &a.sin_addr);
	return a;
}

static struct sockaddr_in6 v6(const char *ip, int port)
{
	struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};

	inet_pton(AF_INET6, ip, &a.sin6_addr);
	return a;
}

static void try_connect(int type, const char *ip, int port)
{
	struct sockaddr_in6 a6 = v6(ip, port);
	struct sockaddr_in a4 = v4(ip, port);
	bool six = strchr(ip, ':') != NULL;
	int s = socket(six ? AF_INET6 : AF_INET, type, 0);

	check(s >= 0, "a socket can be made");
	refused(ip, connect(s, six ? (void *)&a6 : (void *)&a4, six ? sizeof(a6) : sizeof(a4)),
		ENETUNREACH);
	close(s);
}

static void try_messages(void)
{
	struct sockaddr_in near = v4("127.0.0.1", 9), far = v4("203.0.113.9", 53);
	struct iovec iov = {(void *)"x", 1};
	struct mmsghdr m[2] = {{.msg_hdr = {.msg_iov = &iov, .msg_iovlen = 1}},
			       {.msg_hdr = {.msg_iov = &iov, .msg_iovlen = 1}}};
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	m[0].msg_hdr.msg_name = &near;
	m[1].msg_hdr.msg_name = &far;
	m[0].msg_hdr.msg_namelen = m[1].msg_hdr.msg_namelen = sizeof(near);
	refused("sendto", sendto(s, "x", 1, 0, (void *)&far, sizeof(far)), ENETUNREACH);
	far.sin_family = AF_UNSPEC; /* UDP takes it for AF_INET */
	refused("sendto unspec", sendto(s, "x", 1, 0, (void *)&far, sizeof(far)), ENETUNREACH);
	far.sin_family = AF_INET;
	refused("sendmsg", sendmsg(s, &m[1].msg_hdr, 0), ENETUNREACH);
	refused("sendmmsg", sendmmsg(s, m, 2, 0), ENETUNREACH);
	refused("bind", bind(s, (void *)&far, sizeof(far)), ENETUNREACH);
	refused("sendto nowhere", sendto(s, "x", 1, 0, (void *)8, 16), EFAULT);
	refused("connect nowhere", connect(s, (void *)8, 16), EFAULT);
	close(s);
}

void probe_network(int argc, char **argv)
{
	try_connect(SOCK_STREAM, "192.0.2.1", 80);
	try_connect(SOCK_DGRAM, "198.51.100.7", 53);
	try_connect(SOCK_STREAM, "169.254.169.254", 80);
	try_connect(SOCK_STREAM, "2001:db8::1", 443);
	try_connect(SOCK_STREAM, "fe80::1", 443);
	try_connect(SOCK_STREAM, "::ffff:192.0.2.2", 443);
	try_messages();
}

void probe_loopback(int argc, char **argv)
{
	struct sockaddr_in a = v4("127.0.0.1", 0);
	socklen_t len = sizeof(a);
	int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
	int unix_socket = socket(AF_UNIX, SOCK_STREAM, 0), other;
	struct sockaddr_un u = {.sun_family = AF_UNIX, .sun_path = "/tmp/socket"};
	char byte = 0;

	check(bind(server, (void *)&a, len) == 0 && listen(server, 1) == 0 &&
		      getsockname(server, (void *)&a, &len) == 0,
	      "a server on loopback");
	check(connect(client, (void *)&a, sizeof(a)) == 0, "a client on loopback");
	other = accept(server, NULL, NULL);
	check(other >= 0 && send(client, "z", 1, 0) == 1 && read(other, &byte, 1) == 1 &&
		      byte == 'z',
	      "a byte over loopback");
	check(bind(unix_socket, (void *)&u, sizeof(u)) == 0 && listen(unix_socket, 1) == 0,
	      "a unix socket");
	client = socket(AF_UNIX, SOCK_STREAM, 0);
	check(connect(client, (void *)&u, sizeof(u)) == 0, "a unix connection");
	if (argc > 0) { /* a port that a service of the host's loopback listens on */
		a = v4("127.0.0.1", atoi(argv[0]));
		refused("the host's loopback",
			connect(socket(AF_INET, SOCK_STREAM, 0), (void *)&a, sizeof(a)),
			ECONNREFUSED);
	}
	if (argc > 1) { /* an abstract socket of the host */
		u = (struct sockaddr_un){.sun_family = AF_UNIX};
		snprintf(u.sun_path + 1, sizeof(u.sun_path) - 1, "%s", argv[1]);
		refused("the host's abstract socket",
			connect(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&u,
				(socklen_t)(sizeof(sa_family_t) + 1 + strlen(argv[1]))),
			ECONNREFUSED);
	}
}

void probe_no_loopback(int argc, char **argv)
{
	try_connect(SOCK_STREAM, "127.0.0.1", 80);
	try_connect(SOCK_STREAM, "::1", 80);
}
