/* SPDX-License-Identifier: Apache-2.0 */
/* Classes 1, 2, 6, 16, 24, 25 and 40, as far as they need a host, another room, or a terminal. */
#include "escape.h"

#include "driver.h"

#include <base/cleanup.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <runner/canary.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void expect(const struct run *r, int status, const char *out, const char *err)
{
	if (r->status != status || !has(&r->out, out) || !has(&r->err, err))
		fails("status %d (expected %d), out:\n%serr:\n%s", r->status, status,
		      strbuf_str(&r->out), strbuf_str(&r->err));
}

/* Class 40: started where no room is, with the honest word on what is outside and with a lie. */
static void refuses_outside(void)
{
	static const char *const lies[] = {"", "1:1:1", "@OUTSIDE@"};
	const char *attack = expand("@PROBE@/attack");
	struct run r;

	begin_case("class 40: the attack refuses to run outside any namespace");
	run_tool(attack, (const char *const[]){NULL}, -1, &r);
	expect(&r, 99, "refusing to run: nobody said with --outside", "");
	run_release(&r);
	for (size_t i = 1; i < ARRAY_SIZE(lies); i++) {
		run_tool(attack, (const char *const[]){"--outside", expand(lies[i]), NULL}, -1, &r);
		expect(&r, 99, "refusing to run: this is no pid namespace of its own", "");
		run_release(&r);
	}
	begin_case("class 40: a namespace of users is not enough");
	run_tool("/usr/bin/unshare",
		 (const char *const[]){"-U", attack, "--outside", places.outside, NULL}, -1, &r);
	expect(&r, 99, "refusing to run: this is no pid namespace of its own", "");
	run_release(&r);
	begin_case("class 40: the probes of rooms refuse as well");
	run_tool(expand("@PROBE@/probe"), (const char *const[]){places.pid_ns, "files", NULL}, -1,
		 &r);
	expect(&r, 99, "refusing to run", "");
	run_release(&r);
}

/* Classes 6, 18, 21, 25: what is on the host is not found, and the victim lives. */
static void host_objects(void)
{
	_cleanup_(canary_release) struct canary c = CANARY_INIT;
	_cleanup_(strv_release) struct strv argv = STRV_INIT;
	const char *const front[] = {"--ro",        expand("@PROBE@:/inputs/probe"),
				     "--",          "/inputs/probe/attack",
				     "--outside",   places.outside,
				     "--room",      "--classes",
				     "2,6,18,21,25"};
	struct run r;

	begin_case("classes 6 21 25: objects, sockets and a victim on the host");
	canary_set_out(&c);
	for (size_t i = 0; i < ARRAY_SIZE(front); i++)
		strv_push(&argv, front[i]);
	canary_arguments(&c, &argv);
	if (c.port == 0 || c.abstract < 0 || c.path < 0 || c.shm < 0 || c.victim <= 0)
		fails("a canary could not be set out");
	run_tool(places.tool, (const char *const *)argv.v, -1, &r);
	expect(&r, 0, "\"check\":\"a memory segment of the host\",\"verdict\":\"refused\"", "");
	expect(&r, 0, "\"check\":\"a process of the host\",\"verdict\":\"refused\"", "");
	expect(&r, 0, "\"check\":\"an abstract socket of the host\",\"verdict\":\"refused\"", "");
	expect(&r, 0, "\"check\":\"a service on the host's loopback\",\"verdict\":\"refused\"", "");
	expect(&r, 0, "\"unexpected\":0}", "");
	if (!canary_victim_lives(&c))
		fails("the victim was killed from inside the room");
	if (canary_was_called(&c))
		fails("a socket of the host was called from inside the room");
	run_release(&r);
}

/* Class 6: one room listens, another one and the host look for it. */
static void two_rooms(void)
{
	const char *const listen[] = {"listen", "belljar-two-rooms", "/tmp/belljar-two-rooms",
				      NULL};
	int in[2], out = -1, status = 0;
	struct run r;
	pid_t pid;

	begin_case("class 6: descriptors do not pass between two rooms");
	if (pipe2(in, O_CLOEXEC))
		return fails("pipe: %s", strerror(errno));
	pid = spawn_probe(listen, "listening", in[0], &out);
	close(in[0]);
	if (pid < 0)
		return (void)close(in[1]);
	run_tool(places.tool,
		 (const char *const[]){
			 "--ro", expand("@PROBE@:/inputs/probe"), "--", "/inputs/probe/attack",
			 "--outside", places.outside, "--room", "--classes", "6", "--abstract",
			 "belljar-two-rooms", "--socket", "/tmp/belljar-two-rooms", NULL},
		 -1, &r);
	expect(&r, 0, "\"unexpected\":0}", "");
	expect(&r, 0, "an abstract socket of the host\",\"verdict\":\"refused\"", "");
	expect(&r, 0, "a socket of the host in /tmp\",\"verdict\":\"refused\"", "");
	run_release(&r);
	if (access("/tmp/belljar-two-rooms", F_OK) == 0)
		fails("the first room's socket is on the host");
	close(in[1]); /* its stdin ends, and it says whether somebody came */
	waitpid(pid, &status, 0);
	if (status != 0)
		fails("the first room: status %#x", (unsigned)status);
	close(out);
}

/* Class 16: the lines of the map say which host uid a room's processes have. */
static void no_host_root(void)
{
	char path[64], line[128] = "";
	int out = -1, status, found = 0;
	pid_t pid, child;
	FILE *f;

	begin_case("class 16: host root is not mapped into a room of root");
	pid = spawn_probe((const char *const[]){"sleep", NULL}, "sleeping", -1, &out);
	if (pid < 0)
		return;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	f = fopen(path, "re");
	while (f && fscanf(f, "%d", &child) == 1) {
		unsigned inside = 0, outside = 0, n = 0;
		FILE *map;

		snprintf(path, sizeof(path), "/proc/%d/uid_map", child);
		map = fopen(path, "re");
		while (map && fgets(line, sizeof(line), map)) {
			found += sscanf(line, "%u %u %u", &inside, &outside, &n) == 3;
			if (outside == 0 || n != 1)
				fails("init's map: %s", line);
		}
		if (map)
			fclose(map);
	}
	if (f)
		fclose(f);
	if (!found)
		fails("no child of the supervisor with a map was found");
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	close(out);
}

/* Class 24: SIGKILL for the supervisor at many moments; its room is gone soon each time. */
static void killed_at_any_time(void)
{
	const char *const argv[] = {places.tool,
				    "--ro",
				    expand("@PROBE@:/inputs/probe"),
				    "--",
				    "/inputs/probe/probe",
				    places.pid_ns,
				    "threads",
				    NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	begin_case("class 24: a supervisor killed at any time takes its room along");
	for (int i = 0; i < 25; i++) {
		const struct timespec wait = {0, i * 2000000L};
		int p[2];
		pid_t pid;

		if (pipe2(p, O_CLOEXEC))
			return fails("pipe: %s", strerror(errno));
		pid = spawn(argv, null, p[1], p[1]);
		close(p[1]);
		nanosleep(&wait, NULL);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		/* a second is the promise; other builds load this machine */
		if (!closes_within(p[0], 10000))
			fails("after %d ms: a process of the room lives on", i * 2);
		close(p[0]);
	}
	close(null);
}

/*
 * Class 1: under a terminal of our own. What the room pushed into it would be read by the shell
 * that the user goes back to; here, by us, from the side of that shell.
 */
static void outer_terminal(void)
{
	const char *const argv[] = {places.tool,
				    "--ro",
				    expand("@PROBE@:/inputs/probe"),
				    "--",
				    "/inputs/probe/attack",
				    "--outside",
				    places.outside,
				    "--room",
				    "--classes",
				    "1",
				    NULL};
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave, status = 0, waiting = -1;
	pid_t session;

	begin_case("class 1: nothing is pushed into the outer terminal");
	if (master < 0 || grantpt(master) || unlockpt(master))
		return fails("no pseudo-terminal: %s", strerror(errno));
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	session = fork();
	if (session == 0) { /* the user's shell: the terminal is its controlling one */
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);
		pid_t pid;

		setsid();
		ioctl(slave, TIOCSCTTY, 0);
		pid = spawn(argv, slave, null, null);
		waitpid(pid, &status, 0);
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 99);
	}
	waitpid(session, &status, 0);
	if (status != 0)
		fails("the attack in a room on a terminal: status %#x", (unsigned)status);
	if (ioctl(slave, FIONREAD, &waiting) || waiting != 0)
		fails("%d bytes wait in the outer terminal", waiting);
	close(slave);
	close(master);
}

/* Class 2: what the careless caller of driver.c leaves open, and a memfd and a listening socket
 * too. */
void outside_cases(void)
{
	refuses_outside();
	host_objects();
	two_rooms();
	outer_terminal();
	killed_at_any_time();
	if (mode == MODE_ROOT)
		no_host_root();
}
