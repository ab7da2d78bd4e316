/* SPDX-License-Identifier: Apache-2.0 */
/* Files, mounts, devices. */
#include "probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static bool can_create(const char *dir)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "%s/probe-was-here", dir);
	fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0644);
	if (fd < 0)
		return false;
	close(fd);
	return unlink(path) == 0;
}

void probe_files(int argc, char **argv)
{
	static const char *const closed[] = {"/",     "/usr", "/usr/bin", "/etc",   "/dev",
					     "/proc", "/out", "/inputs",  "/shims", "/proc/self"};
	static const char *const open_dirs[] = {"/build", "/tmp", "/dev/shm"};
	struct statvfs v;

	for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++)
		check(!can_create(closed[i]), "%s is writable", closed[i]);
	for (size_t i = 0; i < sizeof(open_dirs) / sizeof(open_dirs[0]); i++) {
		check(can_create(open_dirs[i]), "%s is not writable", open_dirs[i]);
		check(statvfs(open_dirs[i], &v) == 0 && v.f_flag & ST_NOSUID && v.f_flag & ST_NODEV,
		      "%s is not nosuid,nodev", open_dirs[i]);
	}
	check(open("/usr/bin/env", O_WRONLY) < 0, "a program can be opened for writing");
	check(unlink("/usr/bin/env") < 0 && rename("/usr/bin/env", "/usr/bin/x") < 0, "unlink");
	check(chmod("/usr/bin/env", 0755) < 0, "chmod");
	for (int i = 0; i < argc; i++) { /* further writable folders */
		check(can_create(argv[i]), "%s is not writable", argv[i]);
		check(statvfs(argv[i], &v) == 0 && v.f_flag & ST_NOSUID && v.f_flag & ST_NODEV,
		      "%s is not nosuid,nodev", argv[i]);
	}
}

void probe_devices(int argc, char **argv)
{
	static const char *const known[] = {".",     "..",     "fd",     "full",    "null",
					    "ptmx",  "pts",    "random", "shm",     "stderr",
					    "stdin", "stdout", "tty",    "urandom", "zero"};
	DIR *d = opendir("/dev");
	struct dirent *e;
	size_t seen = 0;
	char byte = 1;
	int fd;

	while (d && (e = readdir(d))) {
		bool found = false;

		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			found |= !strcmp(known[i], e->d_name);
		check(found, "/dev/%s is there", e->d_name);
		seen++;
	}
	check(seen == sizeof(known) / sizeof(known[0]), "%zu entries in /dev", seen);
	fd = open("/dev/null", O_RDWR);
	check(fd >= 0 && write(fd, "x", 1) == 1 && read(fd, &byte, 1) == 0, "/dev/null works");
	fd = open("/dev/zero", O_RDONLY);
	check(fd >= 0 && read(fd, &byte, 1) == 1 && byte == 0, "/dev/zero works");
	fd = open("/dev/full", O_WRONLY);
	refused("/dev/full", write(fd, "x", 1), ENOSPC);
	fd = open("/dev/urandom", O_RDONLY);
	check(fd >= 0 && read(fd, &byte, 1) == 1, "/dev/urandom works");
	check(chmod("/dev/null", 0600) < 0, "the mode of /dev/null can be changed");
}

/* stdin is a file of the host, opened for reading: it must not become writable through /proc. */
void probe_stdin(int argc, char **argv)
{
	char byte;

	check(read(0, &byte, 1) == 1, "stdin can be read");
	check(open("/proc/self/fd/0", O_RDONLY) >= 0, "stdin can be opened again for reading");
	refused("stdin for writing", open("/proc/self/fd/0", O_WRONLY), EACCES);
	refused("/dev/stdin for writing", open("/dev/stdin", O_RDWR), EACCES);
	refused("truncation", truncate("/proc/self/fd/0", 0), EACCES);
}
