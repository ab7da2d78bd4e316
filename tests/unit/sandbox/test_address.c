/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static void judge4(const char *ip, int family, enum address_class want)
{
	struct sockaddr_in a = {.sin_family = (sa_family_t)family, .sin_port = htons(80)};
	struct strbuf text = STRBUF_INIT;
	char expected[64];

	inet_pton(AF_INET, ip, &a.sin_addr);
	snprintf(expected, sizeof(expected), "%s:80", ip);
	cr_expect_eq(address_decode(&a, sizeof(a), &text), want, "%s", ip);
	cr_expect_str_eq(strbuf_str(&text), expected);
	strbuf_release(&text);
}

static void judge6(const char *ip, enum address_class want)
{
	struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons(443)};
	struct strbuf text = STRBUF_INIT;

	inet_pton(AF_INET6, ip, &a.sin6_addr);
	cr_expect_eq(address_decode(&a, sizeof(a), &text), want, "%s", ip);
	cr_expect(strstr(strbuf_str(&text), "]:443"));
	strbuf_release(&text);
}

Test(address, internet)
{
	judge4("127.0.0.1", AF_INET, ADDRESS_LOCAL);
	judge4("127.255.255.254", AF_INET, ADDRESS_LOCAL);
	judge4("0.0.0.0", AF_INET, ADDRESS_LOCAL);
	judge4("128.0.0.1", AF_INET, ADDRESS_REMOTE);
	judge4("192.0.2.1", AF_INET, ADDRESS_REMOTE);
	judge4("255.255.255.255", AF_INET, ADDRESS_REMOTE);
	judge4("224.0.0.1", AF_INET, ADDRESS_REMOTE);
	judge4("192.0.2.1", AF_UNSPEC, ADDRESS_REMOTE);
	judge4("0.0.0.0", AF_UNSPEC, ADDRESS_LOCAL);
	judge6("::1", ADDRESS_LOCAL);
	judge6("::", ADDRESS_LOCAL);
	judge6("::ffff:127.0.0.1", ADDRESS_LOCAL);
	judge6("::ffff:192.0.2.1", ADDRESS_REMOTE);
	judge6("2001:db8::1", ADDRESS_REMOTE);
	judge6("fe80::1", ADDRESS_REMOTE);
}

Test(address, local_sockets)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "/tmp/x y"};
	struct strbuf text = STRBUF_INIT;

	cr_expect_eq(address_decode(&a, sizeof(a), &text), ADDRESS_UNIX);
	cr_expect_str_eq(strbuf_str(&text), "unix '/tmp/x y'");
	strbuf_clear(&text);
	memcpy(a.sun_path, "\0abstract", 10);
	cr_expect_eq(address_decode(&a, sizeof(a), &text), ADDRESS_UNIX);
	cr_expect_str_eq(strbuf_str(&text), "unix @abstract");
	strbuf_release(&text);
}

Test(address, others_and_short_ones)
{
	struct sockaddr_storage a = {.ss_family = AF_NETLINK};
	struct strbuf text = STRBUF_INIT;

	cr_expect_eq(address_decode(&a, sizeof(a), &text), ADDRESS_OTHER);
	cr_expect_str_eq(strbuf_str(&text), "AF_NETLINK");
	strbuf_clear(&text);
	a.ss_family = 999;
	cr_expect_eq(address_decode(&a, sizeof(a), &text), ADDRESS_OTHER);
	cr_expect_str_eq(strbuf_str(&text), "AF_999");
	cr_expect_eq(address_decode(&a, 1, &text), ADDRESS_NONE);
	cr_expect_eq(address_decode(&a, 0, &text), ADDRESS_NONE);
	strbuf_clear(&text);
	/* cut in the middle of the address: the rest counts as 0 */
	a = (struct sockaddr_storage){.ss_family = AF_INET6};
	cr_expect_eq(address_decode(&a, 3, &text), ADDRESS_LOCAL);
	strbuf_release(&text);
}
