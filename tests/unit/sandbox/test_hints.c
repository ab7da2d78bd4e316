/* SPDX-License-Identifier: Apache-2.0 */
#include "hints.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <base/str.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <sandbox/room.h>
#include <string.h>
#include <sys/stat.h>

/* A host as files below a folder: up to six of "PATH=TEXT". */
struct fake {
	const char *files[6];
	const char *userns, *proc; /* parts of the hints */
};

static const struct fake fakes[] = {
	{{"etc/os-release=ID=debian\n", "proc/sys/kernel/unprivileged_userns_clone=0"},
	 "debian forbids user namespaces: sysctl -w kernel.unprivileged_userns_clone=1",
	 "docker: --security-opt systempaths=unconfined; podman: --security-opt unmask=ALL"},
	{{"etc/os-release=NAME=\"Ubuntu\"\nID=ubuntu\nID_LIKE=debian\n",
	  "proc/sys/kernel/unprivileged_userns_clone=1",
	  "proc/sys/kernel/apparmor_restrict_unprivileged_userns=1"},
	 "/etc/apparmor.d/belljar and run apparmor_parser",
	 "masked"},
	{{"etc/os-release=ID=\"rhel\"\nID_LIKE=\"fedora\"\n",
	  "proc/sys/user/max_user_namespaces=0"},
	 "rhel allows no user namespace: sysctl -w user.max_user_namespaces=15000",
	 "masked"},
	{{"usr/lib/os-release=ID=arch\n", "proc/sys/kernel/unprivileged_userns_clone=0"},
	 "arch forbids user namespaces: sysctl -w kernel.unprivileged_userns_clone=1",
	 "masked"},
	{{"etc/os-release=ID=fedora\n", "sys/fs/selinux/enforce=1",
	  "proc/sys/user/max_user_namespaces=100"},
	 "SELinux is enforcing and may deny user_namespace create",
	 "masked"},
	{{"etc/os-release=ID=debian\n", ".dockerenv="},
	 "docker container: start it with --security-opt seccomp=unconfined --security-opt "
	 "systempaths=unconfined",
	 "masked: this is a docker container: start it with --security-opt"},
	{{"run/.containerenv=engine"}, "podman container", "--security-opt unmask=ALL"},
	{{"run/systemd/container=lxc\n"}, "security.nesting true", "an LXC container"},
	{{"run/systemd/container=rkt\n"}, "this is a container", "this is a container"},
	{{"proc/sys/kernel/osrelease=4.4.0-19041-Microsoft\n"},
	 "wsl --set-version NAME 2",
	 "masked"},
	{{"proc/sys/kernel/osrelease=5.15.90.1-microsoft-standard-WSL2\n",
	  "run/systemd/container=wsl\n"},
	 "if this is a container, its seccomp profile forbids it",
	 "masked"},
	/* a switch that is set wrongly inside a container is the nearer reason */
	{{".dockerenv=", "proc/sys/user/max_user_namespaces=0"},
	 "max_user_namespaces=15000",
	 "docker"},
	/* hostile text stays out of messages */
	{{"etc/os-release=ID=\x1b[31m$(rm)\n", "proc/sys/kernel/unprivileged_userns_clone=0"},
	 "31mrm forbids",
	 "masked"},
};

static void put(int root, const char *file)
{
	const char *text = strchr(file, '=') + 1;
	char path[128], *slash;
	int fd;

	snprintf(path, sizeof(path), "%.*s", (int)(text - 1 - file), file);
	for (slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdirat(root, path, 0700);
		*slash = '/';
	}
	fd = openat(root, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	cr_assert(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), "%s", path);
	close(fd);
}

static void look_at(const struct fake *f, struct hint_host *h)
{
	char dir[] = "/tmp/belljar-hints-XXXXXX";
	struct err err = ERR_INIT;
	int root;

	cr_assert_not_null(mkdtemp(dir));
	root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	put(root, "proc/self/ns/user=");
	for (size_t i = 0; i < ARRAY_SIZE(f->files) && f->files[i]; i++)
		put(root, f->files[i]);
	hint_look(dir, h);
	close(root);
	cr_assert_eq(file_remove_tree(AT_FDCWD, dir, &err), 0);
}

Test(hints, each_distribution_and_container_has_its_switch)
{
	for (size_t i = 0; i < ARRAY_SIZE(fakes); i++) {
		struct hint_host h;
		char text[480];

		look_at(&fakes[i], &h);
		hint_userns(&h, text, sizeof(text));
		cr_expect(strstr(text, fakes[i].userns), "%zu: '%s' lacks '%s'", i, text,
			  fakes[i].userns);
		hint_proc(&h, text, sizeof(text));
		cr_expect(strstr(text, fakes[i].proc), "%zu: '%s' lacks '%s'", i, text,
			  fakes[i].proc);
		cr_expect_lt(strlen(text), sizeof(text) - 1, "cut: %s", text);
	}
}

Test(hints, no_user_namespaces_in_the_kernel)
{
	struct hint_host h;
	char text[480];

	hint_look("/nowhere", &h);
	hint_userns(&h, text, sizeof(text));
	cr_expect_str_eq(text, "the kernel was built without CONFIG_USER_NS");
}

Test(hints, landlock_by_distribution)
{
	static const struct fake fedora = {{"etc/os-release=ID=centos\nID_LIKE=\"rhel fedora\"\n"},
					   NULL,
					   NULL},
				 debian = {{"etc/os-release=ID=debian\n"}, NULL, NULL};
	struct hint_host h;
	char text[480];

	look_at(&fedora, &h);
	hint_landlock(&h, text, sizeof(text));
	cr_expect(strstr(text, "grubby"), "%s", text);
	look_at(&debian, &h);
	hint_landlock(&h, text, sizeof(text));
	cr_expect(strstr(text, "update-grub"), "%s", text);
}

Test(walls, what_is_required)
{
	static const char all[] =
		"userns caps timens landlock7 landlock-scopes seccomp-ledger cgroup";
	static const struct {
		const char *list, *walls;
		int code;
	} table[] = {
		{NULL, "", 0},
		{"all", all, 0},
		{"landlock,timens", all, 0},
		{"seccomp", all, 0},
		{"userns", all, 0},
		{"all", "userns caps timens landlock7 landlock-scopes seccomp-ledger", ERR_HOST},
		{"landlock", "userns timens", ERR_HOST},
		{"landlock-scopes", "landlock5 timens", ERR_HOST},
		{"landlock", "landlock-scopes", ERR_HOST},
		{"userns2", "userns", ERR_HOST},
		{"timens", "xtimens timensx", ERR_HOST},
		{"moat", all, ERR_USAGE},
		{"", all, ERR_USAGE},
		{",", all, ERR_USAGE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct err err = ERR_INIT;
		int r = room_require_walls(table[i].list, table[i].walls, &err);

		cr_expect_eq(r < 0 ? err.code : 0, table[i].code, "%zu: %s", i, err.msg);
	}
}
