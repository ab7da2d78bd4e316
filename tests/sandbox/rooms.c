/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real rooms, looked at from inside: rooms root|user|nested. The probes are in probe_*.c, what a
 * table cannot say in special.c; attacks are in tests/escape.
 */
#include "driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROBE(name, ...)                                                                           \
	{                                                                                          \
		"--ro", "@PROBE@:/inputs/probe", "--ledger", "--result", "--",                     \
			"/inputs/probe/probe", "@NS@", name, ##__VA_ARGS__                         \
	}
#define SHELL(...)                                                                                 \
	{                                                                                          \
		"--result", "--ledger", ##__VA_ARGS__                                              \
	}
#define OK                                                                                         \
	{                                                                                          \
		"0 failed"                                                                         \
	}

static const struct room_case table[] = {
	{.name = "a command runs",
	 .args = SHELL("--", "/bin/true"),
	 .err = {"status=0 failed=1", "userns userns2 mountns pidns netns ipcns utsns cgroupns"}},
	{.name = "its status is passed on",
	 .status = 42,
	 .args = SHELL("--", "/bin/sh", "-c", "exit 42"),
	 .err = {"status=42 failed=0"}},
	{.name = "a signal is 128 and its number",
	 .status = 143,
	 .args = SHELL("--", "/bin/sh", "-c", "kill -TERM $$"),
	 .err = {"status=143"}},
	{.name = "a missing command",
	 .status = 127,
	 .args = SHELL("--", "/nowhere"),
	 .err = {"cannot run /nowhere: No such file", "not started: exec errno=2 "}},
	{.name = "what is no program",
	 .status = 126,
	 .args = SHELL("--", "/etc/passwd"),
	 .err = {"cannot run /etc/passwd: Permission denied", "not started: exec errno=13 "}},
	{.name = "a name is looked up in PATH",
	 .args = SHELL("--", "true"),
	 .err = {"!not started"}},
	{.name = "a missing cwd",
	 .status = 125,
	 .args = SHELL("--cwd", "/nowhere", "--", "true"),
	 .err = {"cannot enter /nowhere", "not started: cwd errno=2 there=[] folders=[]"}},
	{.name = "a missing cwd in a folder that can be looked into",
	 .status = 125,
	 .args = SHELL("--cwd", "/out/out/none/deeper", "--rw", "@WORK@/rw:/out/out", "--", "true"),
	 .err = {"not started: cwd errno=2 there=[/out/out] folders=["}},
	{.name = "a cwd that is a file",
	 .status = 125,
	 .args = SHELL("--cwd", "/etc/passwd", "--", "true"),
	 .err = {"not started: cwd errno=20 there=[]"}},
	{.name = "the environment is ours alone",
	 .args = SHELL("--env", "A=b c", "--", "/usr/bin/env"),
	 .out = {"A=b c\n", "HOME=/build\n", "!SHELL=", "!LOGNAME"}},

	{.name = "stdout and stderr can be opened again",
	 .args = {"--pipe", "--", "sh", "-c", "echo a > /dev/stdout; echo b > /dev/stderr"},
	 .out = {"a\nb\n"}},
	{.name = "only descriptors 0 1 2", .args = PROBE("fds"), .out = OK},
	{.name = "identity", .args = PROBE("identity", "@CPUS@"), .out = OK},
	{.name = "one CPU",
	 .args = {"--cpus", "1", "--ro", "@PROBE@:/inputs/probe", "--", "/inputs/probe/probe",
		  "@NS@", "identity", "1"},
	 .out = OK},
	{.name = "uname and sysinfo are fixed",
	 .args = PROBE("facts", "@MACHINE@"),
	 .out = OK,
	 .err = {"ledger fact refused=0 call=uname", "ledger fact refused=0 call=sysinfo",
		 "exe=[/inputs/probe/probe]", "facts=7"}},
	{.name = "another machine's name",
	 .args = {"--machine", "riscv64", "--hostname", "x", "--", "uname", "-nm"},
	 .out = {"x riscv64\n"}},
	{.name = "clocks begin at a constant", .args = PROBE("clocks"), .out = OK},
	{.name = "what builds need works", .args = PROBE("works"), .out = OK},
	{.name = "no privilege", .args = PROBE("privileges"), .out = OK},
	{.name = "files", .args = PROBE("files"), .out = OK},
	{.name = "a writable mount",
	 .args = {"--rw", "@WORK@/rw:/out/out", "--tmp", "/out/more", "--ro",
		  "@PROBE@:/inputs/probe", "--", "/inputs/probe/probe", "@NS@", "files", "/out/out",
		  "/out/more"},
	 .out = OK},
	{.name = "files, without Landlock",
	 .hooked = true,
	 .args = {"--without", "landlock", "--ro", "@PROBE@:/inputs/probe", "--",
		  "/inputs/probe/probe", "@NS@", "files"},
	 .out = OK},
	{.name = "files, with Landlock alone",
	 .hooked = true,
	 .args = {"--without", "read-only", "--ro", "@PROBE@:/inputs/probe", "--",
		  "/inputs/probe/probe", "@NS@", "files"},
	 .out = OK},
	{.name = "output comes before the end of its phase",
	 .args = {"--pipe", "--ledger", "--quiet", "--", "echo", "one", "--then", "echo", "two"},
	 .err = {"phase 0 begin status=0\none\nphase 0 end status=0\nphase 1 begin status=0\n"
		 "two\nphase 1 end"}},
	{.name = "also when somebody is slow to take it",
	 .args = {"--pipe", "--ledger", "--quiet", "--slow", "--", "sh", "-c",
		  "echo one; sleep 0.01; echo more", "--then", "echo", "two", "--then", "echo",
		  "three"},
	 .err = {"phase 0 begin status=0\none\nmore\nphase 0 end status=0\n"
		 "phase 1 begin status=0\ntwo\nphase 1 end status=0\n"
		 "phase 2 begin status=0\nthree\nphase 2 end"}},
	{.name = "what a phase leaves behind does not hold up the next one",
	 .max_ms = 5000,
	 .args = {"--pipe", "--ledger", "--quiet", "--slow", "--log", "20000000", "--", "sh", "-c",
		  "yes & sleep 0.2", "--then", "true"},
	 .err = {"phase 1 begin status=0\n", "phase 1 end status=0\n"}},
	{.name = "devices", .args = PROBE("devices"), .out = OK},
	{.name = "loopback and unix sockets work",
	 .args = PROBE("loopback"),
	 .out = OK,
	 .err = {"call=connect object=[tcp 127.0.0.1:", "answer=[allowed]", "net_refused=0"}},
	{.name = "no loopback on request",
	 .args = {"--net-none", "--ledger", "--ro", "@PROBE@:/inputs/probe", "--",
		  "/inputs/probe/probe", "@NS@", "no-loopback"},
	 .out = OK,
	 .err = {"object=[tcp 127.0.0.1:80] answer=[ENETUNREACH]"}},
	{.name = "what made the network is gone and left no number behind",
	 .args = SHELL("--", "sh", "-c", "echo $$; cd /proc; echo [0-9]*"),
	 .out = {"2\n2\n"},
	 .err = {"processes=1 "}},
	{.name = "500 threads are answered under signals", .args = PROBE("threads"), .out = OK},
	{.name = "no process survives", .max_ms = 5000, .args = PROBE("daemon"), .out = OK},
	{.name = "a crash leaves no core",
	 .status = 1,
	 .args = {"--ro", "@PROBE@:/inputs/probe", "--", "/bin/sh", "-c",
		  "/inputs/probe/probe @NS@ crash; echo status $?; ls -A; exit 1"},
	 .out = {"status 134\n", "!core"}},

	{.name = "execs are in the ledger",
	 .args = SHELL("--", "/bin/sh", "-c", "env true 'a b' \"it's\"; env true"),
	 .err = {"call=execve object=[/bin/sh]", "parents=[sh < init] exe=[/usr/bin/",
		 "argv=[env true 'a b' 'it'\\''s']", "execs=5", "phase=[/bin/sh]"}},
	{.name = "execs are not in a quiet one",
	 .args = SHELL("--quiet", "--", "/bin/sh", "-c", "env true"),
	 .err = {"execs=0", "!call=execve", "seccomp-quiet"}},
	{.name = "commands one after the other",
	 .args = SHELL("--", "echo", "one", "--then", "echo", "two"),
	 .out = {"one\ntwo\n"},
	 .err = {"phase 0 begin status=0\n", "phase 1 end status=0\n", "failed=2"}},
	{.name = "the first failure ends the room",
	 .status = 3,
	 .args = SHELL("--", "true", "--then", "sh", "-c", "exit 3", "--then", "echo", "never"),
	 .out = {"!never"},
	 .err = {"phase 1 end status=3", "failed=1", "!phase 2"}},
	{.name = "output in its order",
	 .args = {"--pipe", "--ro", "@PROBE@:/inputs/probe", "--", "/inputs/probe/probe", "@NS@",
		  "order"},
	 .out = {"0\n1\n2\n3\n4\n", "95\n96\n97\n98\n99\n"}},

	{.name = "limit: wall time",
	 .status = 137,
	 .max_ms = 4000,
	 .args = SHELL("--wall", "1", "--", "sleep", "60"),
	 .err = {"limit=[wall time, 1 s (--limit time=N raises it)]", "ledger limit", "failed=0"}},
	{.name = "limit: log",
	 .status = 137,
	 .max_ms = 10000,
	 .args = SHELL("--pipe", "--log", "100000", "--", "yes"),
	 .err = {"limit=[size of the log, 100000 bytes (--limit log=N raises it)]"}},
	{.name = "limit: file size",
	 .status = 153,
	 .args = SHELL("--fsize", "100000", "--", "/bin/sh", "-c",
		       "exec head -c 200000 /dev/zero > f")},
	{.name = "limit: processes",
	 .max_ms = 20000,
	 .args = {"--procs", "50", "--ro", "@PROBE@:/inputs/probe", "--", "/inputs/probe/probe",
		  "@NS@", "forks", "50"}},
#ifndef __SANITIZE_ADDRESS__ /* which needs terabytes of address space */
	{.name = "limit: memory",
	 .args = {"--memory", "2000000000", "--ro", "@PROBE@:/inputs/probe", "--",
		  "/inputs/probe/probe", "@NS@", "memory"},
	 .out = OK},
#endif
	{.name = "limit: /build",
	 .status = 1,
	 .args = SHELL("--build", "1000000", "--", "sh", "-c", "head -c 2000000 /dev/zero > f"),
	 .err = {"No space left on device"}},
	{.name = "limit: open files",
	 .args = SHELL("--files", "50", "--", "sh", "-c", "ulimit -n"),
	 .out = {"50\n"}},
	{.name = "stopped from outside",
	 .status = 125,
	 .max_ms = 3000,
	 .args = SHELL("--stop-after", "300", "--", "sleep", "60"),
	 .err = {"error 130: interrupted"}},

	{.name = "a source that is missing",
	 .status = 125,
	 .args = SHELL("--ro", "/nowhere:/inputs/a", "--", "true"),
	 .err = {"error 2: room: '/nowhere', to be mounted on '/inputs/a', is missing"}},
	{.name = "a mount point that is not clean",
	 .status = 125,
	 .args = SHELL("--ro", "/usr:/inputs/../etc", "--", "true"),
	 .err = {"error 2: room: mount point '/inputs/../etc' is not a clean path"}},
	{.name = "nothing over /proc",
	 .status = 125,
	 .args = SHELL("--ro", "/usr:/proc", "--", "true"),
	 .err = {"nothing can be mounted on '/proc'"}},
	{.name = "a root that is missing",
	 .status = 125,
	 .args = SHELL("--root", "/nowhere", "--", "true"),
	 .err = {"error 2: room: the root '/nowhere' is not a directory"}},
	{.name = "root's rooms have a uid of their own",
	 .modes = 1 << MODE_ROOT,
	 .args = SHELL("--", "true"),
	 .err = {"uid21139292"}},
};

int main(int argc, char **argv)
{
	int r = begin_mode(argc, argv);

	if (r >= 0)
		return r;
	special_cases();
	r = drive(table, sizeof(table) / sizeof(table[0]), 55);
	places_clean();
	return r;
}
