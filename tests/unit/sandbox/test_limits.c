/* SPDX-License-Identifier: Apache-2.0 */
/* The cgroup of a room, against a folder that looks like a delegated hierarchy. */
#include "internal.h"

#include <base/file.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static char top[64], self[96];
static struct room_spec spec;
static struct room_result result;
static struct room_handler handler;
static struct room room;
static char told[512];

static void put(const char *path, const char *text)
{
	_cleanup_free_ char *full = xasprintf("%s/%s", top, path);
	_cleanup_fclose_ FILE *f = fopen(full, "w");

	cr_assert(f && fputs(text, f) >= 0, "%s", full);
}

static void has(const char *file, const char *want)
{
	_cleanup_free_ char *full = xasprintf("%s/%s", room.cgroup_path, file);
	_cleanup_fclose_ FILE *f = fopen(full, "r");
	char text[64] = "";

	cr_expect(f && fgets(text, sizeof(text), f), "%s", full);
	cr_expect_str_eq(text, want);
}

static void make_dir(const char *path)
{
	_cleanup_free_ char *full = xasprintf("%s/%s", top, path);

	cr_assert_eq(mkdir(full, 0755), 0);
}

static void on_ledger(void *arg, const struct ledger_row *row)
{
	snprintf(told, sizeof(told), "%d %s %s", row->kind, row->object, row->answer);
}

static void begin(void)
{
	snprintf(top, sizeof(top), "/tmp/bj-cgroup-XXXXXX");
	cr_assert(mkdtemp(top));
	snprintf(self, sizeof(self), "%s/self", top);
	put("self", "7:memory:/legacy\n0::/slice/unit\n");
	make_dir("slice");
	make_dir("slice/unit");
	put("slice/cgroup.subtree_control", "cpu memory pids\n");
	put("slice/unit/cgroup.subtree_control", "\n");
	room_cgroup_place = (struct cgroup_place){top, self, true};
	handler = (struct room_handler){.on_ledger = on_ledger};
	room = (struct room){.spec = &spec, .out = &result, .handler = &handler, .cgroup = -1};
	room.pid = 4711;
	ledger_init(&room.ledger);
}

static void end(void)
{
	struct err err = ERR_INIT;

	room_cgroup_remove(&room);
	ledger_release(&room.ledger);
	cr_expect_eq(file_remove_tree(AT_FDCWD, top, &err), 0, "%s", err.msg);
}

TestSuite(limits, .init = begin, .fini = end);

Test(limits, beside_our_own)
{
	char beside[128];

	spec.limits = (struct room_limits){.memory = 1 << 20, .processes = 9};
	room_cgroup_make(&room);
	cr_assert_geq(room.cgroup, 0);
	snprintf(beside, sizeof(beside), "%s/slice/belljar-%d-", top, getpid());
	cr_expect(str_starts(room.cgroup_path, beside), "%s", room.cgroup_path);
	has("memory.max", "1048576");
	has("memory.swap.max", "0");
	has("memory.oom.group", "1");
	has("pids.max", "9");
	room_cgroup_enter(&room);
	has("cgroup.procs", "4711");
}

Test(limits, below_our_own)
{
	put("slice/unit/cgroup.subtree_control", "memory pids\n");
	room_cgroup_make(&room);
	cr_assert_geq(room.cgroup, 0);
	cr_expect(strstr(room.cgroup_path, "/slice/unit/belljar-"), "%s", room.cgroup_path);
	has("pids.max", "4096");
	/* no limit was asked for, and none is set */
	cr_expect_eq(faccessat(room.cgroup, "memory.max", F_OK, 0), -1);
}

Test(limits, not_delegated)
{
	char detail[96];

	put("slice/cgroup.subtree_control", "cpu pids\n");
	room_cgroup_make(&room);
	cr_expect_eq(room.cgroup, -1);
	cr_expect_eq(room_cgroup_available(detail, sizeof(detail)), EPERM);
	cr_expect_str_eq(detail, "no cgroup with memory and pids can be made");
	cr_expect_not(room_cgroup_explain(&room));
}

Test(limits, not_cgroup2)
{
	char detail[96];

	room_cgroup_place.any_fs = false;
	room_cgroup_make(&room);
	cr_expect_eq(room.cgroup, -1);
	cr_expect_eq(room_cgroup_available(detail, sizeof(detail)), ENOSYS);
	cr_expect(strstr(detail, " is not cgroup v2"), "%s", detail);
}

static void put_event(const char *file, const char *text)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", room.cgroup_path + strlen(top) + 1, file);

	put(path, text);
}

Test(limits, what_it_met)
{
	spec.limits = (struct room_limits){.memory = 2ULL << 30};
	room_cgroup_make(&room);
	cr_assert_geq(room.cgroup, 0);
	put_event("memory.events", "low 0\nhigh 0\nmax 5\noom 1\noom_kill 0\noom_group_kill 3\n");
	put_event("pids.events", "max 0\n");
	cr_expect_not(room_cgroup_explain(&room));
	cr_expect_str_eq(result.limit, "");
	put_event("pids.events", "max 17\n");
	cr_expect(room_cgroup_explain(&room));
	cr_expect_str_eq(result.limit,
			 "processes and threads, 4096 (--limit processes=N raises it)");
	cr_expect_str_eq(result.limit_name, "processes");
	put_event("memory.events", "max 5\noom 1\noom_kill 2\n");
	cr_expect(room_cgroup_explain(&room));
	cr_expect_str_eq(result.limit, "memory of the room, 2 GiB (--limit memory=N raises it)");
	cr_expect_str_eq(told, "4 memory of the room, 2 GiB (--limit memory=N raises it) failed");
	cr_expect_not(result.limit_struck);
}

Test(limits, what_it_used)
{
	struct room_cpu cpu = {1, 1};

	cr_expect_not(room_cgroup_cpu(&room, &cpu), "there is no cgroup");
	room_cgroup_make(&room);
	cr_assert_geq(room.cgroup, 0);
	cr_expect_not(room_cgroup_cpu(&room, &cpu), "the cgroup does not tell");
	put_event("cpu.stat", "usage_usec 1672756\nuser_usec 1057550\nsystem_usec 615206\n"
			      "nice_usec 4\ncore_sched.force_idle_usec 0\n");
	cr_expect(room_cgroup_cpu(&room, &cpu));
	cr_expect_eq(cpu.user_us, 1057550);
	cr_expect_eq(cpu.system_us, 615206);
}

/* The cgroup knows of all, wait4 only of what was waited for, /proc only of what lives. */
Test(limits, which_account_counts)
{
	struct rusage ru = {.ru_utime = {1, 500}, .ru_stime = {0, 7}, .ru_maxrss = 300};

	room.struck = (struct procs_spent){.cpu = {900000, 0}, .max_rss_kib = 200};
	usage_end(&room, &ru);
	cr_expect_eq(result.cpu.user_us, 1000500);
	cr_expect_eq(result.cpu.system_us, 7);
	cr_expect_str_eq(result.cpu_from, "wait");
	cr_expect_eq(result.max_rss_kib, 300);
	room.struck = (struct procs_spent){.cpu = {1500000, 20}, .max_rss_kib = 400};
	usage_end(&room, &ru);
	cr_expect_eq(result.cpu.user_us, 1500000);
	cr_expect_eq(result.cpu.system_us, 20);
	cr_expect_eq(result.max_rss_kib, 400);
	room_cgroup_make(&room);
	put_event("cpu.stat", "user_usec 8\nsystem_usec 9\n");
	usage_end(&room, &ru);
	cr_expect_eq(result.cpu.user_us, 8);
	cr_expect_eq(result.cpu.system_us, 9);
	cr_expect_str_eq(result.cpu_from, "cgroup");
}

Test(limits, of_each_command)
{
	struct room_phase one = {0}, two = {0}, three = {0};

	room.pid = -1;
	usage_phase(&room, &one);
	cr_expect_not(one.cpu_known, "nobody tells");
	room_cgroup_make(&room);
	put_event("cpu.stat", "user_usec 100\nsystem_usec 10\n");
	usage_phase(&room, &one);
	put_event("cpu.stat", "user_usec 170\nsystem_usec 11\n");
	usage_phase(&room, &two);
	put_event("cpu.stat", "user_usec 170\nsystem_usec 11\n");
	usage_phase(&room, &three);
	cr_expect(one.cpu_known && one.cpu.user_us == 100 && one.cpu.system_us == 10);
	cr_expect(two.cpu_known && two.cpu.user_us == 70 && two.cpu.system_us == 1);
	cr_expect(three.cpu_known && three.cpu.user_us == 0 && three.cpu.system_us == 0);
}

Test(limits, texts)
{
	room.pidfd = -1;
	room.pid = -1;
	room_explain(&room, "", 0, LIMIT_NONE, "the disk below %s is full", "/out");
	cr_expect_str_eq(result.limit, "the disk below /out is full");
	room_explain(&room, "file", 1000, LIMIT_BYTES, "a");
	cr_expect_str_eq(result.limit, "a, 1000 bytes (--limit file=N raises it)");
	room_explain(&room, "file", 1536 << 10, LIMIT_BYTES, "a");
	cr_expect_str_eq(result.limit, "a, 1536 KiB (--limit file=N raises it)");
	room_strike(&room, "time", 60, LIMIT_SECONDS, "wall time");
	cr_expect_str_eq(result.limit, "wall time, 60 s (--limit time=N raises it)");
	cr_expect(result.limit_struck && room.end == ROOM_LIMIT);
	/* the first one counts */
	room_strike(&room, "log", 60, LIMIT_BYTES, "log");
	cr_expect_str_eq(result.limit_name, "time");
	cr_expect_str_eq(told, "4 wall time, 60 s (--limit time=N raises it) killed");
}
