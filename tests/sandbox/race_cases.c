/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Races against the supervisor, seen from outside: what the ledger says, what arrives on the host,
 * and what is left when the supervisor dies among ten thousand callers.
 */
#include "driver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXECS    400
#define CONNECTS 300
#define TRIES    5
#ifdef __SANITIZE_ADDRESS__ /* whose threads are large */
#define THREADS "1500"
#else
#define THREADS "10000"
#endif

static bool one_cpu(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) < 2;
}

/* The word after "race-child " in row @i of the ledger: what was requested, as it was read. */
static bool requested(const char *ledger, int i, char *word)
{
	char want[32];
	const char *at = ledger;

	snprintf(want, sizeof(want), " %d]", i);
	while ((at = strstr(at, "race-child "))) {
		at += strlen("race-child ");
		if (sscanf(at, "%15s", word) == 1 &&
		    !strncmp(at + strlen(word), want, strlen(want)))
			return true;
	}
	return false;
}

static bool seen(const char *out, int i, char *word)
{
	char line[64];

	for (int k = 0; k < 2; k++) {
		snprintf(word, 16, "%s", k ? "guilty99" : "innocent");
		snprintf(line, sizeof(line), "saw %s %d\n", word, i);
		if (strstr(out, line))
			return true;
	}
	return false;
}

/* One room of raced execs; how many rows say other than what was executed. */
static long race_execs(void)
{
	char count[16];
	const char *const args[] = {"--ledger",    "--result",
				    "--ro",        expand("@PROBE@:/inputs/probe"),
				    "--",          "/inputs/probe/probe",
				    places.pid_ns, "race-exec",
				    count,         places.pid_ns,
				    NULL};
	int missing = 0, differ = 0, strange = 0;
	struct run r;

	snprintf(count, sizeof(count), "%d", EXECS);
	run_tool(places.tool, args, -1, &r);
	if (r.status != 0 || has(&r.out, "not so"))
		fails("status %d: %s%s", r.status, strbuf_str(&r.out), strbuf_str(&r.err));
	for (int i = 0; i < EXECS; i++) {
		char asked[16] = "", got[16] = "";

		if (!requested(strbuf_str(&r.err), i, asked) || !seen(strbuf_str(&r.out), i, got))
			missing++;
		else if (strcmp(asked, "innocent") != 0 && strcmp(asked, "guilty99") != 0)
			strange++;
		else
			differ += strcmp(asked, got) != 0;
	}
	printf("# argv race: %d of %d rows say other than what was executed\n", differ, EXECS);
	if (missing || strange)
		fails("%d execs lack a row or an end, %d rows are neither", missing, strange);
	run_release(&r);
	return differ;
}

/* On a loaded machine the other thread may not get its turn: again, then. */
static void again_until_it_raced(long (*race)(void))
{
	for (int i = 0; i < TRIES; i++)
		if (race() > 0 || one_cpu())
			return;
	fails("the race never happened: this shows nothing");
}

static void raced_execs(void)
{
	begin_case("argv rewritten during an exec");
	again_until_it_raced(race_execs);
}

/* An address of the host that is not its loopback; false: it has none. */
static bool host_address(char *text, socklen_t size)
{
	struct ifaddrs *all = NULL;
	bool found = false;

	if (getifaddrs(&all) < 0)
		return false;
	for (struct ifaddrs *i = all; i && !found; i = i->ifa_next) {
		if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET ||
		    i->ifa_flags & IFF_LOOPBACK || !(i->ifa_flags & IFF_UP))
			continue;
		found = inet_ntop(AF_INET, &((struct sockaddr_in *)(void *)i->ifa_addr)->sin_addr,
				  text, size) != NULL;
	}
	freeifaddrs(all);
	return found;
}

/* A TCP and a UDP socket on one port of every address. */
static int listen_on_host(int *out_tcp, int *out_udp)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t len = sizeof(a);

	*out_tcp = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	*out_udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (bind(*out_tcp, (void *)&a, len) || listen(*out_tcp, 64) ||
	    getsockname(*out_tcp, (void *)&a, &len) || bind(*out_udp, (void *)&a, len))
		fails("listen: %s", strerror(errno));
	return ntohs(a.sin_port);
}

/* Has anything come? */
static bool arrived(int tcp, int udp)
{
	struct pollfd p[2] = {{tcp, POLLIN, 0}, {udp, POLLIN, 0}};

	return poll(p, 2, 100) > 0;
}

static void knock(const char *address, int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, address, &a.sin_addr);
	if (sendto(s, "y", 1, 0, (void *)&a, sizeof(a)) != 1)
		fails("the host cannot reach itself at %s", address);
	close(s);
}

static long number_after(const struct strbuf *text, const char *word)
{
	const char *at = strstr(strbuf_str(text), word);

	return at ? strtol(at + strlen(word), NULL, 10) : -1;
}

/* One room of raced connects; how many the kernel refused that the supervisor had let go on. */
static long race_connects(void)
{
	char address[64] = "192.0.2.1", port[16], count[16];
	const char *const args[] = {"--ledger",    "--result",
				    "--ro",        expand("@PROBE@:/inputs/probe"),
				    "--",          "/inputs/probe/probe",
				    places.pid_ns, "race-connect",
				    address,       port,
				    count,         NULL};
	bool reachable = host_address(address, sizeof(address));
	int tcp, udp;
	struct run r;
	long far, told;

	snprintf(port, sizeof(port), "%d", listen_on_host(&tcp, &udp));
	snprintf(count, sizeof(count), "%d", CONNECTS);
	run_tool(places.tool, args, -1, &r);
	if (r.status != 0 || has(&r.out, "not so"))
		fails("status %d: %s", r.status, strbuf_str(&r.out));
	if (reachable && arrived(tcp, udp))
		fails("something of the room came to %s", address);
	if (reachable) {
		knock(address, atoi(port));
		if (!arrived(tcp, udp))
			fails("nothing ever comes to %s: this shows nothing", address);
	}
	far = number_after(&r.out, "unreachable ");
	told = number_after(&r.err, "net_refused=");
	printf("# address race: %ld calls found no way, of which %ld were refused by the "
	       "supervisor\n",
	       far, told);
	run_release(&r);
	close(tcp);
	close(udp);
	return far - told;
}

static void raced_connects(void)
{
	begin_case("an address rewritten during a connect");
	again_until_it_raced(race_connects);
}

static bool enough_processes(void)
{
	struct rlimit l;

	return getrlimit(RLIMIT_NPROC, &l) == 0 && l.rlim_max >= 12000;
}

/* Everything until the pipe closes; false when it does not within @ms. */
static bool rest_of(int fd, int ms, bool *out_leak)
{
	struct pollfd p = {fd, POLLIN, 0};
	char buf[4096];
	ssize_t n = 1;

	while (n > 0 && poll(&p, 1, ms) > 0) {
		n = read(fd, buf, sizeof(buf) - 1);
		buf[n > 0 ? n : 0] = '\0';
		*out_leak |= strstr(buf, "LEAK") != NULL;
	}
	return n == 0;
}

/* The supervisor is stopped (or not) and killed while all of them wait for its answer. */
static void killed_in_a_flood(bool stop_first)
{
	const char *const argv[] = {places.tool,
				    "--procs",
				    "12000",
				    "--ro",
				    expand("@PROBE@:/inputs/probe"),
				    "--",
				    "/inputs/probe/probe",
				    places.pid_ns,
				    "flood",
				    THREADS,
				    NULL};
	int out[2], null = open("/dev/null", O_RDWR | O_CLOEXEC);
	char line[16] = "";
	bool leak = false;
	pid_t pid;

	begin_case(stop_first ? "a stopped, then killed supervisor in a flood"
			      : "a killed supervisor in a flood");
	if (!enough_processes())
		return skip("the limit of processes is below 12000");
	if (pipe2(out, O_CLOEXEC))
		return fails("pipe");
	pid = spawn(argv, null, out[1], null);
	close(out[1]);
	if (read(out[0], line, sizeof(line) - 1) <= 0 || strncmp(line, "flooding", 8) != 0)
		fails("the probe did not start: %s", line);
	usleep(100000); /* until thousands of them wait for an answer */
	if (stop_first) {
		kill(pid, SIGSTOP);
		usleep(200000);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (!rest_of(out[0], 10000, &leak))
		fails("a process of the room lives on");
	if (leak)
		fails("a caller got an answer that is not the room's");
	close(out[0]);
	close(null);
}

static void answered_flood(void)
{
	const char *const args[] = {"--procs",
				    "12000",
				    "--result",
				    "--ro",
				    expand("@PROBE@:/inputs/probe"),
				    "--",
				    "/inputs/probe/probe",
				    places.pid_ns,
				    "flood",
				    THREADS,
				    "finish",
				    NULL};
	struct run r;

	begin_case("ten thousand threads are answered");
	if (!enough_processes())
		return skip("the limit of processes is below 12000");
	run_tool(places.tool, args, -1, &r);
	if (r.status != 0 || has(&r.out, "LEAK") || !has(&r.out, " 0 failed"))
		fails("status %d: %s%s", r.status, strbuf_str(&r.out), strbuf_str(&r.err));
	if (number_after(&r.err, "facts=") < atol(THREADS))
		fails("not every call was seen: %s", strbuf_str(&r.err));
	run_release(&r);
}

void race_cases(void)
{
	raced_execs();
	raced_connects();
	answered_flood();
	killed_in_a_flood(false);
	killed_in_a_flood(true);
}
