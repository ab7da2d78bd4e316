/* SPDX-License-Identifier: Apache-2.0 */
/* Classes 2, 3 and 36: what a careless caller leaves behind, and the program file itself. */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MANY_FDS 4096

extern char **environ;

int try_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC | O_NOCTTY, 0600);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? -1 : 0;
}

void attack_descriptors(void)
{
	struct stat dot, named;
	char cwd[512] = "";
	int found = 0, last = -1;

	for (int fd = 3; fd < MANY_FDS; fd++)
		if (fcntl(fd, F_GETFD) >= 0) {
			found++;
			last = fd;
		}
	contained(found == 0, "no descriptor above 2 is open", "%d found, the last is %d", found,
		  last);
	contained(getcwd(cwd, sizeof(cwd)) && cwd[0] == '/' && stat(".", &dot) == 0 &&
			  stat(cwd, &named) == 0 && dot.st_ino == named.st_ino &&
			  dot.st_dev == named.st_dev,
		  "the working folder lies inside", "%s", cwd);
	for (int fd = 0; fd < 3; fd++) {
		struct stat st;

		contained(fstat(fd, &st) < 0 || !S_ISDIR(st.st_mode),
			  "a standard stream is no folder", "descriptor %d", fd);
	}
	refused("/proc/1/fd", try_open("/proc/1/fd", O_RDONLY), EITHER(ENOENT, EACCES));
	refused("/proc/1/cwd", try_open("/proc/1/cwd", O_RDONLY), EITHER(ENOENT, EACCES));
	refused("/proc/1/root", try_open("/proc/1/root", O_RDONLY), EITHER(ENOENT, EACCES));
}

void attack_program(void)
{
	unsigned no = ANY_OF(EACCES, EROFS, ETXTBSY);

	refused("own program, for writing", try_open("/proc/self/exe", O_WRONLY), no);
	refused("own program, truncated", truncate("/proc/self/exe", 0), no);
	refused("init's program, for writing", try_open("/proc/1/exe", O_WRONLY),
		EITHER(ENOENT, EACCES));
	refused("init's program, for reading", try_open("/proc/1/exe", O_RDONLY),
		EITHER(ENOENT, EACCES));
	refused("init's memory", try_open("/proc/1/mem", O_RDWR), EITHER(ENOENT, EACCES));
	refused("a program of the root, for writing", try_open("/bin/sh", O_WRONLY),
		ANY_OF(EACCES, EROFS, ENOENT));
	if (!standing.harmless) {
		not_tried("a program beside it", "with host privilege it could be the machine's");
		return;
	}
	refused("a program beside it", try_open("/usr/bin/belljar-was-here", O_CREAT | O_WRONLY),
		ANY_OF(EACCES, EROFS, ENOENT));
}

/* Names that a room gives itself, or that a recipe or the test gives. */
static bool is_ours(const char *variable)
{
	return strncmp(variable, "BELLJAR_CANARY", 14) != 0 && strncmp(variable, "SSH_", 4) != 0 &&
	       strncmp(variable, "DBUS_", 5) != 0 && strncmp(variable, "XDG_", 4) != 0 &&
	       strncmp(variable, "LD_", 3) != 0 && strncmp(variable, "GPG_", 4) != 0;
}

void attack_environment(void)
{
	size_t foreign = 0;
	mode_t mask = umask(022);
	gid_t groups[64];
	char host[65] = "";

	for (char **e = environ; *e; e++)
		foreign += !is_ours(*e);
	contained(foreign == 0, "no variable of the caller", "%zu found", foreign);
	contained(getgroups(64, groups) == 0, "no supplementary group", "%d",
		  getgroups(64, groups));
	if (!opt.room)
		return;
	contained(mask == 022, "umask", "%03o", (unsigned)mask);
	contained(getuid() == 1000 && geteuid() == 1000 && getgid() == 1000 && getegid() == 1000,
		  "user and group", "%u:%u", getuid(), getgid());
	gethostname(host, sizeof(host) - 1);
	contained(!strcmp(host, "belljar"), "host name", "%s", host);
}
