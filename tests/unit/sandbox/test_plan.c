/* SPDX-License-Identifier: Apache-2.0 */
#include "plan.h"

#include <base/cleanup.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const char *const argv_true[] = {"/bin/true", NULL};
static const char *const env_none[] = {NULL};
static const struct room_command command = {"run", argv_true, env_none, NULL, false};

static struct room_spec tree_spec(void)
{
	return (struct room_spec){.root = ROOM_ROOT_TREE,
				  .root_path = "/store/root",
				  .commands = &command,
				  .n_commands = 1,
				  .stdin_fd = -1,
				  .stdout_fd = -1,
				  .stderr_fd = -1,
				  .record_fd = -1,
				  .ledger_exec = true};
}

static struct room_facts user_facts(struct room_source *sources, size_t n)
{
	struct room_facts f = {.uid = 1234,
			       .gid = 1234,
			       .landlock = 7,
			       .time_ns = true,
			       .clocks = "monotonic 1 2\nboottime 3 4\n",
			       .cpus = 4,
			       .root = {true, true, -1},
			       .sources = sources,
			       .n_sources = n};

	for (size_t i = 0; i < n; i++)
		sources[i] = (struct room_source){true, true, -1};
	return f;
}

static char *print(const struct room_spec *spec, const struct room_facts *facts)
{
	struct room_plan plan = {0};
	struct strbuf out = STRBUF_INIT;
	struct err err = ERR_INIT;

	cr_assert_eq(room_plan_make(&plan, spec, facts, &err), 0, "%s", err.msg);
	room_plan_print(&plan, &out);
	room_plan_release(&plan);
	return strbuf_steal(&out);
}

/* The lines stand in the text in this order (others may stand between). */
static void in_order(const char *text, const char *const *lines)
{
	const char *at = text;

	for (; *lines; lines++) {
		const char *found = strstr(at, *lines);

		cr_expect(found, "'%s' is missing or out of order in:\n%s", *lines, text);
		if (found)
			at = found + strlen(*lines);
	}
}

#define IN_ORDER(text, ...) in_order(text, (const char *const[]){__VA_ARGS__, NULL})

Test(plan, order_of_a_user)
{
	struct room_spec spec = tree_spec();
	struct room_facts facts = user_facts(NULL, 0);
	char *text = print(&spec, &facts);

	IN_ORDER(text, "close-fds\ndie-with-supervisor\n", "new-network loopback\n",
		 "write /proc/self/setgroups deny\n", "write /proc/self/uid_map 1000 1234 1\n",
		 "unshare time\n",
		 "write /proc/self/timens_offsets monotonic 1 2\\nboottime 3 4\\n\n",
		 "hostname belljar\n", "bind / /store/root ro,nosuid,nodev\n",
		 "tmpfs /dev 64k 0755 nosuid,nodev,noexec\n",
		 "bind /dev/null /dev/null ro,nosuid,noexec\n", "proc /proc pid\n",
		 "read-only /dev\n", "tmpfs /tmp 50% 1777 nosuid,nodev\n",
		 "tmpfs /build 50% 0755 nosuid,nodev\n", "pivot-root\n",
		 "enter-network\nunshare user mount\n", "write /proc/self/uid_map 1000 1000 1\n",
		 "stdin /dev/null\n", "limit core 1 1\n",
		 "cpus 4\naslr-off\numask "
		 "0022\npin-inherited\ndrop-capabilities\nno-new-privileges\n",
		 "landlock rights=", "may-write /build\n", "landlock-enforce\n",
		 "die-with-supervisor\nseccomp ledger\n");
	cr_expect_null(strstr(text, "may-write /usr"));
	free(text);
}

Test(plan, pure)
{
	struct room_spec spec = tree_spec();
	struct room_facts facts = user_facts(NULL, 0);
	char *one = print(&spec, &facts), *two = print(&spec, &facts);

	cr_expect_str_eq(one, two);
	free(one);
	free(two);
}

Test(plan, what_an_old_kernel_lacks_is_left_out)
{
	struct room_spec spec = tree_spec();
	struct room_facts facts = user_facts(NULL, 0);
	struct room_plan plan = {0};
	struct err err = ERR_INIT;
	char *text;

	facts.landlock = 0;
	facts.time_ns = false;
	text = print(&spec, &facts);
	cr_expect_null(strstr(text, "landlock"));
	cr_expect_null(strstr(text, "may-write"));
	cr_expect_null(strstr(text, "timens"));
	free(text);
	cr_assert_eq(room_plan_make(&plan, &spec, &facts, &err), 0);
	cr_expect_null(strstr(plan.walls, "landlock"));
	cr_expect_null(strstr(plan.walls, "timens"));
	room_plan_release(&plan);
}

/* An unknown right makes the kernel refuse the whole ruleset. */
Test(plan, landlock_rights_follow_the_abi)
{
	static const struct {
		int abi;
		const char *want;
	} table[] = {{1, "rights=0x1ff2 scopes=0"},
		     {2, "rights=0x3ff2 scopes=0"},
		     {3, "rights=0x7ff2 scopes=0"},
		     {5, "rights=0xfff2 scopes=0"},
		     {6, "rights=0xfff2 scopes=0x3"}};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct room_spec spec = tree_spec();
		struct room_facts facts = user_facts(NULL, 0);
		char *text;

		facts.landlock = table[i].abi;
		text = print(&spec, &facts);
		cr_expect(strstr(text, table[i].want), "ABI %d in:\n%s", table[i].abi, text);
		free(text);
	}
}

Test(plan, mounts_below_the_tops)
{
	struct room_mount mounts[] = {{ROOM_BIND_RO, "/b", "/inputs/x/out", 0, false, false},
				      {ROOM_BIND_RO, "/a", "/inputs/files/f", 0, true, false},
				      {ROOM_BIND_RW, "/o", "/out/out", 0, false, false},
				      {ROOM_BIND_RO, "/s", "/shims", 0, false, false},
				      {ROOM_TMPFS, NULL, "/build/deep", 4096, false, false}};
	struct room_source sources[5];
	struct room_spec spec = tree_spec();
	struct room_facts facts = user_facts(sources, 5);
	char *text;

	spec.mounts = mounts;
	spec.n_mounts = 5;
	sources[1].directory = false;
	text = print(&spec, &facts);
	IN_ORDER(text, "tmpfs /inputs 1m", "tmpfs /out 1m", "bind /shims /s ro,nosuid,nodev\n",
		 "mkdir /out/out 0755\nbind /out/out /o nosuid,nodev\n",
		 "mkdir /build/deep 0755\ntmpfs /build/deep 4096 0755 nosuid,nodev\n",
		 "mkdir /inputs/x 0755\nmkdir /inputs/x/out 0755\nbind /inputs/x/out /b ro,",
		 "mkdir /inputs/files 0755\nfile /inputs/files/f\nbind /inputs/files/f /a "
		 "ro,nosuid,nodev,noexec\n",
		 "read-only /inputs\nread-only /out\npivot-root\n", "may-write /out/out\n",
		 "may-write /build/deep\n");
	cr_expect_null(strstr(text, "tmpfs /shims"));
	cr_expect_null(strstr(text, "may-write /inputs"));
	free(text);
}

Test(plan, given_build_and_tmp_replace_ours)
{
	struct room_mount mounts[] = {{ROOM_BIND_RW, "/disk", "/build", 0, false, false},
				      {ROOM_TMPFS, NULL, "/tmp", 99, false, false}};
	struct room_source sources[2];
	struct room_spec spec = tree_spec();
	struct room_facts facts = user_facts(sources, 2);
	char *text;

	spec.mounts = mounts;
	spec.n_mounts = 2;
	text = print(&spec, &facts);
	cr_expect(strstr(text, "bind /build /disk nosuid,nodev\n"));
	cr_expect(strstr(text, "tmpfs /tmp 99 0755 nosuid,nodev\n"));
	cr_expect_null(strstr(text, "tmpfs /build"));
	free(text);
}

/* The cgroup is entered before the namespace that makes it the top. */
Test(plan, own_cgroup)
{
	struct room_spec spec = tree_spec();
	struct room_facts facts = user_facts(NULL, 0);
	char *text;

	facts.cgroup = true;
	text = print(&spec, &facts);
	IN_ORDER(text, "pivot-root\nenter-cgroup\nenter-network\nunshare user mount cgroup\n");
	free(text);
}

Test(plan, host_root)
{
	struct room_spec spec = tree_spec();
	struct room_facts facts = user_facts(NULL, 0);
	char *text;

	spec.root = ROOM_ROOT_HOST_RO;
	spec.root_path = NULL;
	facts.host[0] = (struct room_host_entry){"usr", "", -1};
	facts.host[1] = (struct room_host_entry){"bin", "usr/bin", -1};
	facts.n_host = 2;
	text = print(&spec, &facts);
	IN_ORDER(text, "tmpfs / 1m 0755 nosuid,nodev\n",
		 "mkdir /usr 0755\nbind /usr /usr ro,nosuid,nodev\n", "link /bin usr/bin\n",
		 "mkdir /build 0755\n", "read-only /\npivot-root\n");
	free(text);
}

Test(plan, options)
{
	struct room_spec spec = tree_spec();
	struct room_facts facts = user_facts(NULL, 0);
	char *text;

	spec.net = ROOM_NET_NONE;
	spec.keep_aslr = true;
	spec.cpus = 2;
	spec.hostname = "other";
	spec.ledger_exec = false;
	spec.terminal = true;
	spec.proc = ROOM_PROC_FULL;
	spec.limits = (struct room_limits){.build_bytes = 5,
					   .processes = 6,
					   .open_files = 7,
					   .file_bytes = 8,
					   .memory = 9,
					   .tmp_bytes = 10,
					   .entries = 11,
					   .cpu_seconds = 12};
	text = print(&spec, &facts);
	cr_expect_null(strstr(text, "loopback"));
	cr_expect_null(strstr(text, "aslr"));
	cr_expect_null(strstr(text, "\nstdin "));
	cr_expect(strstr(text, "cpus 2\n"));
	cr_expect(strstr(text, "hostname other\n"));
	cr_expect(strstr(text, "seccomp quiet\n"));
	cr_expect(strstr(text, "terminal\npivot-root\n"));
	cr_expect(strstr(text, "proc /proc\n"));
	cr_expect(strstr(text, "mask /proc/kallsyms /dev/null\n"));
	cr_expect(strstr(text, "mask /proc/sys\n"));
	cr_expect(strstr(text, "mask /proc/version /dev/shm/version\n"));
	cr_expect(strstr(text, "tmpfs /build 5 0755 nosuid,nodev files=11\n"));
	cr_expect(strstr(text, "tmpfs /tmp 10 1777 nosuid,nodev files=11\n"));
	cr_expect(strstr(text, "limit processes 6 6\n"));
	cr_expect(strstr(text, "limit open-files 7 7\n"));
	cr_expect(strstr(text, "limit file-size 8 8\n"));
	/* address space is not memory; data may be twice the room's memory */
	cr_expect(strstr(text, "limit address-space unlimited unlimited\n"));
	cr_expect(strstr(text, "limit data 18 18\n"));
	cr_expect(strstr(text, "limit cpu 12 13\n"), "%s", text);
	free(text);
}

/* More CPUs than there are cannot be given. */
Test(plan, cpus_are_bounded)
{
	struct room_spec spec = tree_spec();
	struct room_facts facts = user_facts(NULL, 0);

	spec.cpus = 64;
	cr_expect_eq(room_plan_cpus(&spec, &facts), 4);
	spec.cpus = 0;
	cr_expect_eq(room_plan_cpus(&spec, &facts), 4);
}

static void refuse(const struct room_spec *spec, const struct room_facts *facts, int code,
		   const char *message)
{
	struct room_plan plan = {0};
	struct err err = ERR_INIT;

	cr_expect_lt(room_plan_make(&plan, spec, facts, &err), 0, "%s", message);
	cr_expect_eq(err.code, code, "%s: code %d", message, err.code);
	cr_expect(strstr(err.msg, message), "'%s' in '%s'", message, err.msg);
	room_plan_release(&plan);
}

Test(plan, refused_mounts)
{
	static const struct {
		const char *dst, *message;
	} table[] = {{"relative", "mount point 'relative' is not a clean path"},
		     {"/", "mount point '/' is not a clean path"},
		     {"/a/../b", "is not a clean path"},
		     {"/a//b", "is not a clean path"},
		     {"/a/", "is not a clean path"},
		     {NULL, "is not a clean path"},
		     {"/proc", "nothing can be mounted on '/proc'"},
		     {"/proc/self", "nothing can be mounted on '/proc/self'"},
		     {"/dev/null", "nothing can be mounted on '/dev/null'"}};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct room_mount mount = {ROOM_BIND_RO, "/usr", table[i].dst, 0, false, false};
		struct room_source source;
		struct room_spec spec = tree_spec();
		struct room_facts facts = user_facts(&source, 1);

		spec.mounts = &mount;
		spec.n_mounts = 1;
		refuse(&spec, &facts, ERR_USAGE, table[i].message);
	}
}

Test(plan, refused_specs)
{
	struct room_mount twice[] = {{ROOM_BIND_RO, "/a", "/inputs/a", 0, false, false},
				     {ROOM_BIND_RO, "/b", "/inputs/a", 0, false, false}};
	struct room_command relative = {"run", argv_true, env_none, "build", false};
	struct room_command empty = {"run", (const char *const[]){NULL}, env_none, NULL, false};
	struct room_source sources[2];
	struct room_facts facts = user_facts(sources, 2);
	struct room_spec spec = tree_spec();

	spec.mounts = twice;
	spec.n_mounts = 2;
	refuse(&spec, &facts, ERR_USAGE, "two mounts on '/inputs/a'");
	spec.n_mounts = 1;
	sources[0].present = false;
	refuse(&spec, &facts, ERR_USAGE, "'/a', to be mounted on '/inputs/a', is missing");
	spec = tree_spec();
	spec.n_commands = 0;
	refuse(&spec, &facts, ERR_USAGE, "no command");
	spec = tree_spec();
	spec.commands = &relative;
	refuse(&spec, &facts, ERR_USAGE, "cwd 'build' is not absolute");
	spec.commands = &empty;
	refuse(&spec, &facts, ERR_USAGE, "command 0 is empty");
	spec = tree_spec();
	spec.root_path = NULL;
	refuse(&spec, &facts, ERR_USAGE, "no root given");
	spec = tree_spec();
	spec.hostname = "0123456789012345678901234567890123456789012345678901234567890123456789";
	refuse(&spec, &facts, ERR_USAGE, "is longer than 64");
	spec = tree_spec();
	facts.root_mode = true;
	facts.uid = 0;
	refuse(&spec, &facts, ERR_BUG, "uid 0 of the host must not be mapped");
}
