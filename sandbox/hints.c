/* SPDX-License-Identifier: Apache-2.0 */
#include "hints.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Read at most @size - 1 bytes of a file below @root; false when it is not there. */
static bool read_below(const char *root, const char *path, char *buf, size_t size)
{
	char whole[512];
	ssize_t n;
	int fd;

	buf[0] = '\0';
	snprintf(whole, sizeof(whole), "%s%s", root, path);
	fd = open(whole, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	n = read(fd, buf, size - 1);
	close(fd);
	buf[n > 0 ? n : 0] = '\0';
	return true;
}

static bool exists(const char *root, const char *path)
{
	char whole[512];

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	return access(whole, F_OK) == 0;
}

static long number(const char *root, const char *path)
{
	char text[32];

	return read_below(root, path, text, sizeof(text)) && *text ? strtol(text, NULL, 10) : -1;
}

/* KEY=value or KEY="value" at the beginning of a line. Only plain characters get through. */
static void os_field(const char *text, const char *key, char *out, size_t size)
{
	size_t n = strlen(key), k = 0;

	out[0] = '\0';
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, n) != 0 || line[n] != '=')
			continue;
		for (line += n + 1; *line && *line != '\n' && k + 1 < size; line++)
			if ((*line >= 'a' && *line <= 'z') || (*line >= '0' && *line <= '9') ||
			    strchr("-._ ", *line))
				out[k++] = *line;
		out[k] = '\0';
		return;
	}
}

static enum hint_container look_for_container(const char *root)
{
	char kind[64] = "";

	if (exists(root, "/.dockerenv"))
		return HINT_DOCKER;
	if (exists(root, "/run/.containerenv"))
		return HINT_PODMAN;
	read_below(root, "/run/systemd/container", kind, sizeof(kind));
	if (!strncmp(kind, "lxc", 3) || exists(root, "/dev/lxd") || exists(root, "/dev/incus"))
		return HINT_LXC;
	if (!strncmp(kind, "docker", 6))
		return HINT_DOCKER;
	if (!strncmp(kind, "podman", 6))
		return HINT_PODMAN;
	return *kind && strncmp(kind, "wsl", 3) != 0 ? HINT_OTHER_CONTAINER : HINT_NO_CONTAINER;
}

void hint_look(const char *root, struct hint_host *out)
{
	char text[4096] = "", version[256] = "";
	ssize_t n;

	*out = (struct hint_host){0};
	if (!read_below(root, "/etc/os-release", text, sizeof(text)))
		read_below(root, "/usr/lib/os-release", text, sizeof(text));
	os_field(text, "ID", out->id, sizeof(out->id));
	os_field(text, "ID_LIKE", out->like, sizeof(out->like));
	out->container = look_for_container(root);
	/* "4.4.0-19041-Microsoft" is WSL 1, "5.15.90.1-microsoft-standard-WSL2" a kernel of its own
	 */
	read_below(root, "/proc/sys/kernel/osrelease", version, sizeof(version));
	out->wsl1 = strstr(version, "-Microsoft") && !strstr(version, "WSL2");
	out->selinux = number(root, "/sys/fs/selinux/enforce") == 1;
	out->userns = exists(root, "/proc/self/ns/user");
	out->clone_switch = number(root, "/proc/sys/kernel/unprivileged_userns_clone");
	out->apparmor_switch =
		number(root, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
	out->max_namespaces = number(root, "/proc/sys/user/max_user_namespaces");
	n = readlink("/proc/self/exe", out->exe, sizeof(out->exe) - 1);
	out->exe[n > 0 ? n : 0] = '\0';
}

static bool is_like(const struct hint_host *h, const char *id)
{
	return !strcmp(h->id, id) || strstr(h->like, id) != NULL;
}

static const char *distribution(const struct hint_host *h)
{
	return *h->id ? h->id : "this system";
}

/* What to tell whoever started the container; NULL outside of one. */
static const char *container_switches(enum hint_container c)
{
	switch (c) {
	case HINT_DOCKER:
		return "this is a docker container: start it with --security-opt "
		       "seccomp=unconfined "
		       "--security-opt systempaths=unconfined (and --security-opt "
		       "apparmor=unconfined where AppArmor confines it)";
	case HINT_PODMAN:
		return "this is a podman container: start it with --security-opt "
		       "seccomp=unconfined --security-opt unmask=ALL";
	case HINT_LXC:
		return "this is an LXC container: allow nesting (incus or lxc config set NAME "
		       "security.nesting true; Proxmox: pct set ID --features nesting=1; plain "
		       "LXC: "
		       "lxc.include = /usr/share/lxc/config/nesting.conf)";
	case HINT_OTHER_CONTAINER:
		return "this is a container: its seccomp profile must allow clone3, unshare and "
		       "the "
		       "mount calls, and its /proc must not be masked";
	case HINT_NO_CONTAINER:
		break;
	}
	return NULL;
}

/* Only one of these can be meant, and each is found by its own value. */
static bool hint_switch(const struct hint_host *h, char *buf, size_t size)
{
	if (h->wsl1)
		snprintf(buf, size, "WSL 1 has no namespaces: wsl --set-version NAME 2");
	else if (!h->userns)
		snprintf(buf, size, "the kernel was built without CONFIG_USER_NS");
	else if (h->clone_switch == 0)
		snprintf(buf, size,
			 "%s forbids user namespaces: sysctl -w kernel.unprivileged_userns_clone=1 "
			 "(to keep it: a line in /etc/sysctl.d/belljar.conf)",
			 distribution(h));
	else if (h->max_namespaces == 0)
		snprintf(
			buf, size,
			"%s allows no user namespace: sysctl -w user.max_user_namespaces=15000 (to "
			"keep it: a line in /etc/sysctl.d/belljar.conf)",
			distribution(h));
	else if (h->apparmor_switch > 0)
		snprintf(buf, size,
			 "AppArmor forbids user namespaces to programs without a profile: write "
			 "'abi <abi/4.0>, profile belljar %s flags=(unconfined) { userns, }' to "
			 "/etc/apparmor.d/belljar and run apparmor_parser -r on it, or: sysctl -w "
			 "kernel.apparmor_restrict_unprivileged_userns=0",
			 h->exe);
	else
		return false;
	return true;
}

void hint_userns(const struct hint_host *h, char *buf, size_t size)
{
	const char *container = container_switches(h->container);

	if (hint_switch(h, buf, size))
		return;
	if (container)
		snprintf(buf, size, "%s", container);
	else if (h->selinux)
		snprintf(buf, size,
			 "SELinux is enforcing and may deny user_namespace create: see ausearch -m "
			 "avc -c belljar; audit2allow makes a module of what it shows");
	else
		snprintf(buf, size,
			 "if this is a container, its seccomp profile forbids it "
			 "(docker, podman: --security-opt seccomp=unconfined)");
}

void hint_proc(const struct hint_host *h, char *buf, size_t size)
{
	const char *container = container_switches(h->container);

	snprintf(buf, size,
		 "proc cannot be mounted inside this container, because parts of its own /proc are "
		 "masked: %s",
		 container ? container
			   : "docker: --security-opt systempaths=unconfined; podman: "
			     "--security-opt unmask=ALL");
}

void hint_profile(const struct hint_host *h, char *buf, size_t size)
{
	const char *container = container_switches(h->container);

	snprintf(buf, size, "a seccomp profile around belljar refuses the call: %s",
		 container ? container
			   : "docker, podman: --security-opt seccomp=unconfined; systemd: "
			     "SystemCallFilter= and RestrictNamespaces= of the unit");
}

void hint_landlock(const struct hint_host *h, char *buf, size_t size)
{
	const char *how = "add landlock to the lsm= list of the kernel's command line";

	if (is_like(h, "debian") || is_like(h, "ubuntu"))
		how = "put lsm=landlock,lockdown,yama,integrity,apparmor into "
		      "GRUB_CMDLINE_LINUX of /etc/default/grub, run update-grub, reboot";
	else if (is_like(h, "fedora") || is_like(h, "rhel"))
		how = "grubby --update-kernel=ALL --args=lsm=landlock,lockdown,yama,integrity,"
		      "selinux,bpf, reboot";
	snprintf(buf, size, "CONFIG_SECURITY_LANDLOCK, and: %s", how);
}
