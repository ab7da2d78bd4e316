/* SPDX-License-Identifier: Apache-2.0 */
/* Socket addresses as a room gave them: their text, and whether they leave the loopback. */
#include "internal.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

const char *address_family(int family, char *buf, size_t size)
{
	static const char *const names[] = {
		[AF_UNSPEC] = "AF_UNSPEC", [AF_UNIX] = "AF_UNIX", [AF_INET] = "AF_INET",
		[AF_AX25] = "AF_AX25",     [AF_IPX] = "AF_IPX",   [AF_APPLETALK] = "AF_APPLETALK",
		[AF_INET6] = "AF_INET6",   [AF_KEY] = "AF_KEY",   [AF_NETLINK] = "AF_NETLINK",
		[AF_PACKET] = "AF_PACKET", [AF_RDS] = "AF_RDS",   [AF_PPPOX] = "AF_PPPOX",
		[AF_CAN] = "AF_CAN",       [AF_TIPC] = "AF_TIPC", [AF_BLUETOOTH] = "AF_BLUETOOTH",
		[AF_RXRPC] = "AF_RXRPC",   [AF_ALG] = "AF_ALG",   [AF_NFC] = "AF_NFC",
		[AF_VSOCK] = "AF_VSOCK",   [AF_KCM] = "AF_KCM",   [AF_QIPCRTR] = "AF_QIPCRTR",
		[AF_SMC] = "AF_SMC",       [AF_XDP] = "AF_XDP"};

	if (family >= 0 && (size_t)family < ARRAY_SIZE(names) && names[family])
		return names[family];
	snprintf(buf, size, "AF_%d", family);
	return buf;
}

static enum address_class inet4(const struct in_addr *a)
{
	uint32_t host = ntohl(a->s_addr);

	/* 0.0.0.0 is "this host" for connect and "any" for bind */
	return host >> 24 == 127 || host == 0 ? ADDRESS_LOCAL : ADDRESS_REMOTE;
}

static enum address_class inet6(const struct in6_addr *a)
{
	struct in_addr v4;

	if (IN6_IS_ADDR_V4MAPPED(a)) {
		memcpy(&v4, a->s6_addr + 12, sizeof(v4));
		return inet4(&v4);
	}
	return IN6_IS_ADDR_LOOPBACK(a) || IN6_IS_ADDR_UNSPECIFIED(a) ? ADDRESS_LOCAL
								     : ADDRESS_REMOTE;
}

static enum address_class decode_inet(const void *addr, size_t len, struct strbuf *text)
{
	char name[INET6_ADDRSTRLEN] = "";
	struct sockaddr_in v4 = {0};

	memcpy(&v4, addr, len < sizeof(v4) ? len : sizeof(v4));
	inet_ntop(AF_INET, &v4.sin_addr, name, sizeof(name));
	strbuf_addf(text, "%s:%u", name, ntohs(v4.sin_port));
	return inet4(&v4.sin_addr);
}

static enum address_class decode_inet6(const void *addr, size_t len, struct strbuf *text)
{
	char name[INET6_ADDRSTRLEN] = "";
	struct sockaddr_in6 v6 = {0};

	memcpy(&v6, addr, len < sizeof(v6) ? len : sizeof(v6));
	inet_ntop(AF_INET6, &v6.sin6_addr, name, sizeof(name));
	strbuf_addf(text, "[%s]:%u", name, ntohs(v6.sin6_port));
	return inet6(&v6.sin6_addr);
}

static void decode_unix(const void *addr, size_t len, struct strbuf *text)
{
	struct sockaddr_un un = {0};

	memcpy(&un, addr, len < sizeof(un) ? len : sizeof(un) - 1);
	strbuf_adds(text, "unix ");
	if (un.sun_path[0] == '\0') {
		strbuf_addc(text, '@');
		un.sun_path[0] = ' ';
		ledger_quote(text, un.sun_path + 1);
	} else {
		ledger_quote(text, un.sun_path);
	}
}

enum address_class address_decode(const void *addr, size_t len, struct strbuf *text)
{
	sa_family_t family;
	char buf[16];

	if (len < sizeof(family))
		return ADDRESS_NONE;
	memcpy(&family, addr, sizeof(family));
	switch (family) {
	case AF_UNSPEC: /* connect: dissolve (the address is 0); sendto: UDP takes it as AF_INET */
	case AF_INET:
		return decode_inet(addr, len, text);
	case AF_UNIX:
		decode_unix(addr, len, text);
		return ADDRESS_UNIX;
	case AF_INET6:
		return decode_inet6(addr, len, text);
	default:
		strbuf_adds(text, address_family(family, buf, sizeof(buf)));
		return ADDRESS_OTHER;
	}
}
