/* SPDX-License-Identifier: Apache-2.0 */
/* The part of the view that is in files: /proc, mounts, folders, interfaces. */
#include "probe_view.h"

#include "probe.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static ssize_t read_text(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t got = 0, n = -1;

	while (fd >= 0 && (size_t)got + 1 < size &&
	       (n = read(fd, buf + got, size - 1 - (size_t)got)) > 0)
		got += n;
	if (fd >= 0)
		close(fd);
	buf[got] = '\0';
	return fd < 0 || n < 0 ? -errno : got;
}

/* "status:VmRSS", "stat:13": the parts of a file that vary for good reasons must not hide others.
 */
static void say_lines(const char *file, char *text)
{
	char key[1024], *save = NULL;
	int n = 0;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		size_t name = strcspn(line, ":\t ");

		if (strstr(file, "status"))
			snprintf(key, sizeof(key), "%s:%.*s", file, (int)name, line);
		else
			snprintf(key, sizeof(key), "%s:%d", file, n++);
		view_say(key, "%s", line);
	}
}

static void say_words(const char *file, char *text)
{
	char key[1024], *save = NULL;
	int n = 1;

	for (char *w = strtok_r(text, " \n", &save); w; w = strtok_r(NULL, " \n", &save)) {
		snprintf(key, sizeof(key), "%s:%d", file, n++);
		view_say(key, "%s", w);
	}
}

static void say_file(const char *dir, const char *name)
{
	char path[512], text[65536];
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	n = read_text(path, text, sizeof(text));
	if (n < 0)
		return view_say(path, "%s", strerrorname_np((int)-n));
	if (!strcmp(name, "stat") || !strcmp(name, "statm"))
		return say_words(path, text);
	if (!strcmp(name, "status") || !strcmp(name, "limits"))
		return say_lines(path, text);
	for (ssize_t i = 0; i < n; i++)
		if (!text[i])
			text[i] = ' ';
	view_say(path, "%.4000s", text);
}

static void say_link(const char *dir, const char *name)
{
	char path[512], to[512];
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	n = readlink(path, to, sizeof(to) - 1);
	view_say(path, "-> %.*s", n > 0 ? (int)n : 0, to);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in @dir, sorted; at most @max. Each is the caller's. */
static size_t list(const char *dir, char **out, size_t max)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	size_t n = 0;

	while (d && n < max && (e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			out[n++] = strdup(e->d_name);
	if (d)
		closedir(d);
	qsort(out, n, sizeof(*out), by_name);
	return n;
}

/* Huge, or of the process's own memory, whose layout other lines tell. */
static bool worth_reading(const char *name)
{
	static const char *const boring[] = {"mem", "pagemap", "clear_refs", "smaps", "numa_maps"};

	for (size_t i = 0; i < sizeof(boring) / sizeof(boring[0]); i++)
		if (!strcmp(name, boring[i]))
			return false;
	return true;
}

static void say_proc(const char *dir, int depth)
{
	char *names[256], path[512];
	size_t n = list(dir, names, 256);

	for (size_t i = 0; i < n; i++) {
		struct stat st;

		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		if (lstat(path, &st) < 0)
			view_say(path, "%s", strerrorname_np(errno));
		else if (S_ISLNK(st.st_mode))
			say_link(dir, names[i]);
		else if (S_ISREG(st.st_mode) && worth_reading(names[i]))
			say_file(dir, names[i]);
		else if (S_ISDIR(st.st_mode) && depth > 0 && strcmp(names[i], "task") != 0)
			say_proc(path, depth - 1);
		free(names[i]);
	}
}

static void say_folder(const char *dir, bool contents)
{
	char *names[512], path[512];
	size_t n = list(dir, names, 512);

	for (size_t i = 0; i < n; i++) {
		struct stat st = {0};

		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		lstat(path, &st);
		view_say(path, "%o %u:%u %u:%u links %lu", st.st_mode, st.st_uid, st.st_gid,
			 major(st.st_rdev), minor(st.st_rdev), (unsigned long)st.st_nlink);
		if (contents && S_ISREG(st.st_mode))
			say_file(dir, names[i]);
		free(names[i]);
	}
}

/* Mount point, options, kind; ids, device, source and sizes are the host's: "mount-source". */
static void say_mounts(void)
{
	static char text[65536];
	char *save = NULL;
	int n = 0;

	read_text("/proc/self/mountinfo", text, sizeof(text));
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char root[256], point[256], options[256], kind[64], source[256], super[512],
			key[300];
		const char *dash = strstr(line, " - ");

		if (sscanf(line, "%*s %*s %*s %255s %255s %255s", root, point, options) != 3 ||
		    !dash || sscanf(dash, " - %63s %255s %511s", kind, source, super) != 3)
			continue;
		/* how owners are mapped is told by the owners that files show */
		for (char *mapped; (mapped = strstr(options, ",idmapped"));)
			memmove(mapped, mapped + 9, strlen(mapped + 9) + 1);
		snprintf(key, sizeof(key), "mount:%02d", n++);
		view_say(key, "%s %s %s", point, options, kind);
		snprintf(key, sizeof(key), "mount-source:%s", point);
		view_say(key, "%s %s %s", root, source, super);
	}
}

static void say_interfaces(void)
{
	struct ifreq all[16];
	struct ifconf c = {.ifc_len = sizeof(all), .ifc_req = all};
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	view_result("interfaces", ioctl(s, SIOCGIFCONF, &c));
	for (size_t i = 0; i < (size_t)c.ifc_len / sizeof(all[0]); i++) {
		char key[32];

		snprintf(key, sizeof(key), "interface.%.15s", all[i].ifr_name);
		ioctl(s, SIOCGIFFLAGS, &all[i]);
		view_say(key, "%x", (unsigned short)all[i].ifr_flags);
	}
	close(s);
}

void view_files(void)
{
	static const char *const folders[] = {"/",       "/dev", "/dev/pts", "/dev/shm", "/build",
					      "/inputs", "/out", "/shims",   "/tmp",     "/run"};
	char *names[256];
	size_t n = list("/proc", names, 256);

	for (size_t i = 0; i < n; i++) {
		if (strspn(names[i], "0123456789") != strlen(names[i]))
			say_link("/proc", names[i]);
		free(names[i]);
	}
	say_proc("/proc/self", 1);
	say_mounts();
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		say_folder(folders[i], false);
	say_folder("/etc", true);
	say_interfaces();
}
