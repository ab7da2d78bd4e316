/* SPDX-License-Identifier: Apache-2.0 */
/* Class 1: pushing input into the terminal that a person types into after us (CVE-2017-5226). */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The terminal that holds our input, when it is one; else a pair made here that we take as our own.
 */
static int terminal_of_our_own(void)
{
	int master, slave;

	if (isatty(0))
		return 0;
	master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	if (master < 0 || grantpt(master) || unlockpt(master))
		return -1;
	setsid();
	slave = open(ptsname(master), O_RDWR);
	ioctl(slave, TIOCSCTTY, 0);
	return slave;
}

void attack_terminal(void)
{
	char byte = '\n', console[2] = {3, 0};
	int disc = 2, tty;

	if (!opt.terminal) {
		refused("the caller's terminal by /dev/tty", try_open("/dev/tty", O_RDWR),
			EITHER(ENXIO, ENOENT));
		contained(!isatty(0) || getsid(0) == getpid() || tcgetpgrp(0) < 0,
			  "the caller's terminal is not ours to control", "%s",
			  isatty(0) ? "stdin is a terminal" : "stdin is no terminal");
	}
	refused("the console", try_open("/dev/console", O_RDWR), ENOENT);
	refused("a virtual console", try_open("/dev/tty0", O_RDWR), ENOENT);
	refused("its memory", try_open("/dev/vcs", O_RDONLY), ENOENT);
	tty = terminal_of_our_own();
	refused("TIOCSTI", tty < 0 ? -1 : ioctl(tty, TIOCSTI, &byte), EPERM);
	refused("TIOCSTI, high word set",
		tty < 0 ? -1 : syscall(SYS_ioctl, tty, TIOCSTI | GARBAGE, &byte), EPERM);
	door("TIOCLINUX, paste the selection", ioctl(tty, TIOCLINUX, console), EPERM);
	door("TIOCSETD", ioctl(tty, TIOCSETD, &disc), EPERM);
}
