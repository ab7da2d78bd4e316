/* SPDX-License-Identifier: Apache-2.0 */
/* Cases that need more than a command line. */
#include "driver.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define UID_BASE 0x7e000000U

static const char *place(const char *name)
{
	static char pool[16][256];
	static size_t used;
	char *to = pool[used++ % 16];

	snprintf(to, 256, "%s/%s", places.work, name);
	return to;
}

/* Belongs to whoever starts the rooms of this mode. */
static void hand_over(const char *path)
{
	if (mode != MODE_ROOT && getuid() == 0 && lchown(path, TEST_UID, TEST_UID))
		fails("lchown %s: %s", path, strerror(errno));
}

static void make_dir(const char *name)
{
	if (mkdir(place(name), 0755) && errno != EEXIST)
		fails("mkdir %s: %s", name, strerror(errno));
	hand_over(place(name));
}

static void make_file(const char *name, const char *text, mode_t perm)
{
	int fd = open(place(name), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, perm);

	if (fd < 0 || write(fd, text, strlen(text)) < 0 || fchmod(fd, perm))
		fails("make %s: %s", name, strerror(errno));
	close(fd);
	hand_over(place(name));
}

#define RUN(r, in, ...) run_tool(places.tool, (const char *const[]){__VA_ARGS__, NULL}, (in), (r))

static void expect(const struct run *r, int status, const char *in_out, const char *in_err)
{
	if (r->status != status || !has(&r->out, in_out) || !has(&r->err, in_err))
		fails("status %d (expected %d), out:\n%serr:\n%s", r->status, status,
		      strbuf_str(&r->out), strbuf_str(&r->err));
}

static void killed_supervisor(void)
{
	pid_t pid;
	int out;

	begin_case("a killed supervisor takes its room along");
	pid = spawn_probe((const char *const[]){"sleep", NULL}, "sleeping", -1, &out);
	if (pid < 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (!closes_within(out, 1000))
		fails("a process of the room lives on after a second");
	close(out);
}

static const char *const points[] = {"proc", "dev",    "tmp",   "build",
				     "out",  "inputs", "shims", "usr"};
#define N_POINTS (sizeof(points) / sizeof(points[0]))

static void make_root(void)
{
	static const char *const links[] = {"bin", "sbin", "lib", "lib64"};
	char name[64], target[64];

	make_dir("closed");
	make_dir("closed/root");
	for (size_t i = 0; i < N_POINTS; i++) {
		snprintf(name, sizeof(name), "closed/root/%s", points[i]);
		make_dir(name);
	}
	for (size_t i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "closed/root/%s", links[i]);
		snprintf(target, sizeof(target), "usr/%s", links[i]);
		if (symlink(target, place(name)))
			fails("symlink: %s", strerror(errno));
	}
	if (mode == MODE_ROOT && chmod(place("closed"), 0700))
		fails("chmod");
}

static void remove_root(void)
{
	static const char *const links[] = {"bin", "sbin", "lib", "lib64"};
	char name[64];

	for (size_t i = 0; i < N_POINTS; i++) {
		snprintf(name, sizeof(name), "closed/root/%s", points[i]);
		rmdir(place(name));
	}
	for (size_t i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "closed/root/%s", links[i]);
		unlink(place(name));
	}
	rmdir(place("closed/root"));
	rmdir(place("closed"));
}

/* As root below a folder of mode 0700, which the room's uid could not enter. */
static void whole_root(void)
{
	struct run r;

	begin_case("a whole root, with its owner shown as builder");
	RUN(&r, -1, "--root", place("closed/root"), "--ro", "/usr:/usr", "--", "/bin/sh", "-c",
	    "stat -c %u:%g / && ! touch /x && touch /build/y /tmp/z && echo good");
	expect(&r, 0, "1000:1000\ngood\n", "Read-only file system");
	run_release(&r);
}

/* Each mount point in turn is a link to a folder of the host. */
static void linked_points(void)
{
	char name[64];
	struct run r;

	begin_case("mount points that are links");
	make_dir("victim");
	for (size_t i = 0; i < N_POINTS; i++) {
		snprintf(name, sizeof(name), "closed/root/%s", points[i]);
		if (rmdir(place(name)) || symlink(place("victim"), place(name)))
			fails("symlink: %s", strerror(errno));
		RUN(&r, -1, "--root", place("closed/root"), "--ro", "/usr:/usr", "--ro",
		    "/usr:/inputs/a", "--ro", "/usr:/out/a", "--ro", "/usr:/shims/a", "--",
		    "/bin/true");
		expect(&r, 125, "", "leads through a symbolic link of the root");
		expect(&r, 125, "", "error 4: room: set-up step '");
		run_release(&r);
		unlink(place(name));
		make_dir(name);
	}
	if (rmdir(place("victim"))) /* it is still empty */
		fails("the folder behind the links was touched");
}

static void standard_input(void)
{
	int dir = open("/", O_RDONLY | O_CLOEXEC), file;
	struct run r;

	begin_case("a folder as stdin");
	RUN(&r, dir, "--", "true");
	expect(&r, 125, "", "error 2: room: stdin is a directory");
	run_release(&r);
	close(dir);

	begin_case("a file as stdin stays read-only");
	make_file("stdin", "hello", 0666);
	file = open(place("stdin"), O_RDONLY | O_CLOEXEC);
	RUN(&r, file, "--ro", expand("@PROBE@:/inputs/probe"), "--", "/inputs/probe/probe",
	    places.pid_ns, "stdin");
	expect(&r, 0, " 0 failed", "");
	run_release(&r);
	close(file);
	unlink(place("stdin"));
}

static void shim_records(void)
{
	struct run r;

	begin_case("what the shims record");
	make_dir("shims");
	if (mkfifo(place("shims/record"), 0600))
		fails("mkfifo: %s", strerror(errno));
	hand_over(place("shims/record"));
	RUN(&r, -1, "--ledger", "--record", place("shims/record"), "--ro",
	    expand("@WORK@/shims:/shims"), "--", "/bin/sh", "-c",
	    "echo '{\"name\":\"git\",\"argv\":[\"git\",\"clone\",\"a b\"],\"cwd\":\"/build\","
	    "\"ppid\":2,\"policy\":\"deny\",\"answer\":\"denied\",\"text\":\"\"}' > /shims/record;"
	    "echo nonsense > /shims/record; head -c 5000 /dev/zero | tr '\\0' x > /shims/record;"
	    "echo > /shims/record; echo done");
	expect(&r, 0, "done", "ledger shim refused=1 call=deny object=[git] answer=[deny: denied]");
	expect(&r, 0, "done", "argv=[git clone 'a b']");
	expect(&r, 0, "done", "object=[malformed shim record]");
	run_release(&r);
	unlink(place("shims/record"));
	rmdir(place("shims"));
}

/* A service on the host's loopback and one on an abstract socket, both out of reach. */
static void host_services(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	socklen_t len = sizeof(in);
	int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int local = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char port[16], name[32];
	struct run r;

	begin_case("services of the host");
	snprintf(name, sizeof(name), "belljar-test-%d", getpid());
	memcpy(un.sun_path + 1, name, strlen(name));
	if (bind(tcp, (void *)&in, len) || listen(tcp, 1) || getsockname(tcp, (void *)&in, &len) ||
	    bind(local, (void *)&un, (socklen_t)(sizeof(sa_family_t) + 1 + strlen(name))) ||
	    listen(local, 1))
		fails("listen: %s", strerror(errno));
	snprintf(port, sizeof(port), "%d", ntohs(in.sin_port));
	RUN(&r, -1, "--ro", expand("@PROBE@:/inputs/probe"), "--", "/inputs/probe/probe",
	    places.pid_ns, "loopback", port, name);
	expect(&r, 0, " 0 failed", "");
	run_release(&r);
	close(tcp);
	close(local);
}

/* Every operation of the plan fails once: a clean error each time, and nothing stays. */
static void faults(void)
{
	struct run r;
	int at = 0;

	begin_case("a failing step");
	for (;; at++) {
		char number[16];
		const char *const args[] = {"--fail-at", number,      "--tmp", "/inputs/t",
					    "--",        "/bin/true", NULL};

		snprintf(number, sizeof(number), "%d", at);
		run_tool(places.hooked, args, -1, &r);
		if (r.status == 0)
			break;
		expect(&r, 125, "", "error 4: room: set-up step '");
		expect(&r, 125, "", "' failed: Input/output error");
		run_release(&r);
		if (at > 300)
			break;
	}
	run_release(&r);
	if (at < 70 || at > 300)
		fails("%d steps", at);
}

static void own_uids(void)
{
	const char *const argv[] = {places.tool, "--rw", expand("@WORK@/rw:/out/a"),        "--",
				    "/bin/sh",   "-c",   "touch /out/a/f; echo up; read x", NULL};
	int out[2], in[2], null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct stat st = {0};
	char up[4], want[32];
	struct run r;
	pid_t pid;

	begin_case("each running room has its own uid");
	if (pipe2(out, O_CLOEXEC) || pipe2(in, O_CLOEXEC))
		return fails("pipe");
	pid = spawn(argv, in[0], out[1], null);
	close(out[1]);
	if (read(out[0], up, sizeof(up)) <= 0 || stat(place("rw/f"), &st))
		fails("the first room did not start");
	if (st.st_uid < UID_BASE || st.st_uid >= UID_BASE + 64 || st.st_gid != st.st_uid)
		fails("a file of the room belongs to %u:%u", st.st_uid, st.st_gid);
	RUN(&r, -1, "--result", "--", "true");
	snprintf(want, sizeof(want), "uid%u]", st.st_uid);
	if (!has(&r.err, " uid21139292") || has(&r.err, want))
		fails("the second room has the uid of the first");
	run_release(&r);
	close(in[0]);
	close(in[1]);
	waitpid(pid, NULL, 0);
	close(out[0]);
	close(null);
	unlink(place("rw/f"));
}

/* 8 rooms at once do not meet. */
static void many_at_once(void)
{
	const char *const argv[] = {places.tool,
				    "--",
				    "/bin/sh",
				    "-c",
				    "echo $$ > /tmp/a; sleep 0.3; test $(ls /tmp) = a",
				    NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), status;
	pid_t pid[8];

	begin_case("eight rooms at once");
	for (int i = 0; i < 8; i++)
		pid[i] = spawn(argv, null, null, null);
	for (int i = 0; i < 8; i++)
		if (waitpid(pid[i], &status, 0) != pid[i] || status != 0)
			fails("room %d: status %#x", i, status);
	close(null);
}

/*
 * In an outer user namespace an interpreter is registered for a made-up format; outside the room it
 * is started, inside it is not there.
 */
static void foreign_binaries(void)
{
	char script[1024];
	const char *argv[] = {"/bin/sh", "-c", script, NULL};
	int out[2], null = open("/dev/null", O_RDWR | O_CLOEXEC), status;
	char said[512] = "";
	ssize_t n;
	pid_t pid;

	begin_case("registered interpreters of the host");
	make_file("foreign", "BJTEST\n", 0755);
	snprintf(script, sizeof(script),
		 "mount -t binfmt_misc none %s || exit 77\n"
		 "echo ':bj:M::BJTEST::/bin/echo:' > %s/register || exit 77\n"
		 "env %s outside || exit 77\n"
		 "exec %s --ro %s:/inputs/x -- /inputs/x inside 2>&1\n",
		 place("rw"), place("rw"), place("foreign"), places.tool, place("foreign"));
	if (pipe2(out, O_CLOEXEC))
		return fails("pipe");
	pid = spawn(argv, null, out[1], null);
	close(out[1]);
	for (size_t got = 0; (n = read(out[0], said + got, sizeof(said) - 1 - got)) > 0;)
		got += (size_t)n;
	waitpid(pid, &status, 0);
	if (WEXITSTATUS(status) == 77)
		skip("binfmt_misc cannot be mounted in a user namespace (before Linux 6.7)");
	else if (WEXITSTATUS(status) != 126 || !strstr(said, "outside\n") ||
		 !strstr(said, "Exec format error"))
		fails("status %d: %s", WEXITSTATUS(status), said);
	close(out[0]);
	close(null);
	unlink(place("foreign"));
}

void special_cases(void)
{
	killed_supervisor();
	make_root();
	whole_root();
	linked_points();
	remove_root();
	standard_input();
	shim_records();
	host_services();
	faults();
	many_at_once();
	if (mode == MODE_ROOT)
		own_uids();
	if (mode == MODE_NESTED)
		foreign_binaries();
	terminal_cases();
	race_cases();
	usage_cases();
}
