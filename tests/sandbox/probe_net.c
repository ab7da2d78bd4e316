/* SPDX-License-Identifier: Apache-2.0 */
/* The network: everything but the room's own loopback is refused. */
#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

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

/* A socket by abstract name and one by path, for another room to look for, until stdin ends. */
void probe_listen(int argc, char **argv)
{
	struct sockaddr_un u = {.sun_family = AF_UNIX};
	int a = socket(AF_UNIX, SOCK_STREAM, 0), p = socket(AF_UNIX, SOCK_STREAM, 0);
	char byte;

	snprintf(u.sun_path + 1, sizeof(u.sun_path) - 1, "%s", argv[0]);
	check(bind(a, (void *)&u, (socklen_t)(sizeof(sa_family_t) + 1 + strlen(argv[0]))) == 0 &&
		      listen(a, 1) == 0,
	      "an abstract socket");
	snprintf(u.sun_path, sizeof(u.sun_path), "%s", argv[1]);
	check(bind(p, (void *)&u, sizeof(u)) == 0 && listen(p, 1) == 0, "a socket with a path");
	puts("listening");
	fflush(stdout);
	check(read(0, &byte, 1) == 0, "stdin ends");
	fcntl(a, F_SETFL, O_NONBLOCK);
	check(accept(a, NULL, NULL) < 0, "nobody called the abstract one");
}
