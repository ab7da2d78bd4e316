/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each class that can be tried from inside, with the answer and the reason that it must have:
 * escape root|user|nested. belljar-attack knows both (a line that is not as expected counts as
 * "unexpected"); what it does not see of itself, the ledger's rows, is here, and in outside.c what
 * needs somebody outside.
 */
#include "escape.h"

#include "driver.h"

#include <base/cleanup.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INSIDE "--ro", "@PROBE@:/inputs/probe", "--ledger", "--"
#define ATTACK(...)                                                                                \
	{                                                                                          \
		INSIDE, "/inputs/probe/attack", "--outside", "@OUTSIDE@", "--room", "--classes",   \
			##__VA_ARGS__                                                              \
	}
/* Something was tried, nothing succeeded, and each refusal was the expected one. */
#define HELD                                                                                       \
	{                                                                                          \
		"\"succeeded\":0,", "\"unexpected\":0}", "!\"checks\":0,", "!\"deeds\":0,",        \
			"!\"not-tried\""                                                           \
	}

static const struct room_case table[] = {
	{.name = "class 1: terminal injection", .args = ATTACK("1"), .out = HELD},
	{.name = "class 2: inherited descriptors", .args = ATTACK("2"), .out = HELD},
	{.name = "class 3: overwriting /proc/self/exe", .args = ATTACK("3"), .out = HELD},
	{.name = "class 6: descriptor smuggling", .args = ATTACK("6"), .out = HELD},
	{.name = "class 9: set-id by chmod", .args = ATTACK("9"), .out = HELD},
	{.name = "class 10: set-id by creation", .args = ATTACK("10"), .out = HELD},
	{.name = "class 11: extended attributes", .args = ATTACK("11"), .out = HELD},
	{.name = "class 12: io_uring", .args = ATTACK("12"), .out = HELD},
	{.name = "class 13: nested namespaces", .args = ATTACK("13"), .out = HELD},
	{.name = "class 14: mount API", .args = ATTACK("14"), .out = HELD},
	{.name = "class 15: locked mounts", .args = ATTACK("15"), .out = HELD},
	{.name = "class 15: locked mounts, without the filter",
	 .hooked = true,
	 .args = {"--without", "filter", INSIDE, "/inputs/probe/attack", "--outside", "@OUTSIDE@",
		  "--room", "--classes", "15"},
	 .out = HELD},
	{.name = "class 16: /proc/sys", .args = ATTACK("16"), .out = HELD},
	{.name = "class 16: /proc/sys, in a whole /proc",
	 .args = {"--proc-full", INSIDE, "/inputs/probe/attack", "--outside", "@OUTSIDE@", "--room",
		  "--proc-full", "--classes", "16"},
	 .out = HELD},
	{.name = "class 17: /proc leaks", .args = ATTACK("17"), .out = HELD},
	{.name = "class 17: /proc leaks, in a whole /proc",
	 .args = {"--proc-full", INSIDE, "/inputs/probe/attack", "--outside", "@OUTSIDE@", "--room",
		  "--proc-full", "--classes", "17"},
	 .out = HELD},
	{.name = "class 18: keyrings", .args = ATTACK("18"), .out = HELD},
	{.name = "class 19: the kernel's insides", .args = ATTACK("19"), .out = HELD},
	{.name = "class 20: socket families, and their ledger rows",
	 .args = ATTACK("20"),
	 .out = HELD,
	 .err = {"ledger net refused=1 call=socket object=[AF_NETLINK] answer=[EAFNOSUPPORT]",
		 "object=[AF_VSOCK]", "object=[AF_ALG]", "object=[AF_PACKET]",
		 "object=[AF_INET type 3 protocol 1] answer=[EPERM]", "call=socketpair"}},
	{.name = "class 21: network, and its ledger rows",
	 .args = ATTACK("21"),
	 .out = HELD,
	 .err = {"call=connect object=[tcp 192.0.2.1:80] answer=[ENETUNREACH]",
		 "call=connect object=[udp 198.51.100.7:53]", "object=[tcp [2001:db8::1]:443]",
		 "call=sendmmsg object=[udp 127.0.0.1:9, udp 203.0.113.9:53]",
		 "call=sendto object=[udp 203.0.113.9:53]", "call=bind object=[udp 203.0.113.9:53]",
		 "argv=[/inputs/probe/attack --outside "}},
	{.name = "class 22: ABI confusion", .args = ATTACK("22"), .out = HELD},
	{.name = "class 23: an address rewritten while it is judged",
	 .args = ATTACK("23"),
	 .out = HELD,
	 .err = {"call=connect", "argv=[/inputs/probe/attack"}},
	{.name = "class 24: the supervisor, from inside", .args = ATTACK("24"), .out = HELD},
	{.name = "class 24: ten thousand threads ask at once",
	 .max_ms = 60000,
	 .args = {"--procs", "12000", INSIDE, "/inputs/probe/probe", "@NS@", "swarm", "10000"},
	 .out = {" 0 failed"}},
	{.name = "class 25: IPC, signals, pids", .args = ATTACK("25"), .out = HELD},
	{.name = "class 26: devices", .args = ATTACK("26"), .out = HELD},
	{.name = "class 27: bounds are there", .args = ATTACK("27"), .out = HELD},
	{.name = "class 28: exec tricks", .args = ATTACK("28"), .out = HELD},
	{.name = "class 28: execs are declared in the ledger",
	 .args = ATTACK("28"),
	 .out = HELD,
	 .err = {"call=execveat"}},
	{.name = "class 32: shim bypass", .args = ATTACK("32"), .out = HELD},
	{.name = "class 33: clocks", .args = ATTACK("33"), .out = HELD},
	{.name = "class 34: addresses and pids", .args = ATTACK("34"), .out = HELD},
	{.name = "class 35: CPUs",
	 .args = {"--cpus", "1", INSIDE, "/inputs/probe/attack", "--outside", "@OUTSIDE@", "--room",
		  "--cpus", "1", "--classes", "35"},
	 .out = HELD},
	{.name = "class 36: environment and identity", .args = ATTACK("36"), .out = HELD},

	/* The attack can see a hole: with the filter open it finds each of these. */
	{.name = "without the filter the attack succeeds",
	 .hooked = true,
	 .status = 1,
	 .args = {"--without", "filter", INSIDE, "/inputs/probe/attack", "--outside", "@OUTSIDE@",
		  "--room", "--classes", "9-13,18-20,22,32"},
	 .out = {"\"check\":\"chmod 4755: the bit is clear\",\"verdict\":\"leaked\"",
		 "\"check\":\"openat2 4755\",\"verdict\":\"succeeded\"",
		 "\"check\":\"setxattr user.*\",\"verdict\":\"succeeded\"",
		 "\"check\":\"unshare, user\",\"verdict\":\"succeeded\"",
		 "\"check\":\"add_key\",\"verdict\":\"succeeded\"",
		 "\"check\":\"ptrace\",\"verdict\":\"succeeded\"",
		 "\"check\":\"AF_NETLINK, raw\",\"verdict\":\"succeeded\"",
		 "\"check\":\"uname(2): release\",\"verdict\":\"leaked\""}},
	{.name = "without read-only mounts and Landlock the attack succeeds",
	 .hooked = true,
	 .status = 1,
	 .args = {"--without", "read-only", "--without", "landlock", INSIDE, "/inputs/probe/attack",
		  "--outside", "@OUTSIDE@", "--room", "--classes", "26"},
	 .out = {"\"check\":\"a file in /dev\",\"verdict\":\"succeeded\""}},
};

int main(int argc, char **argv)
{
	int r = begin_mode(argc, argv);

	if (r >= 0)
		return r;
	/* what a careless caller has in its environment */
	setenv("BELLJAR_CANARY", "x", 1);
	setenv("XDG_RUNTIME_DIR", "/run/user/0", 1);
	outside_cases();
	exhaustion_cases();
	r = drive(table, ARRAY_SIZE(table), 45);
	places_clean();
	return r;
}
