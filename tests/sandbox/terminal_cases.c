/* SPDX-License-Identifier: Apache-2.0 */
/* The interactive room, driven through a pseudo-terminal. */
#include "driver.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

struct screen {
	int master, slave;
	struct termios before;
	struct strbuf text;
	pid_t pid;
};

static bool open_screen(struct screen *s)
{
	struct winsize size = {.ws_row = 33, .ws_col = 77};

	*s = (struct screen){.pid = -1};
	s->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (s->master < 0 || grantpt(s->master) || unlockpt(s->master))
		return false;
	s->slave = open(ptsname(s->master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	return s->slave >= 0 && ioctl(s->slave, TIOCSWINSZ, &size) == 0 &&
	       tcgetattr(s->slave, &s->before) == 0;
}

static void close_screen(struct screen *s)
{
	close(s->master);
	close(s->slave);
	strbuf_release(&s->text);
}

/* Read until @part was shown; false after ten seconds. */
static bool await(struct screen *s, const char *part)
{
	char buf[4096];

	for (int i = 0; i < 1000; i++) {
		struct pollfd p = {s->master, POLLIN, 0};
		ssize_t n;

		if (has(&s->text, part))
			return true;
		if (poll(&p, 1, 10) <= 0)
			continue;
		n = read(s->master, buf, sizeof(buf));
		if (n > 0)
			strbuf_add(&s->text, buf, (size_t)n);
	}
	fails("'%s' was not shown; the screen:\n%s", part, strbuf_str(&s->text));
	return false;
}

static void type(struct screen *s, const char *text)
{
	if (write(s->master, text, strlen(text)) < 0)
		fails("typing: %s", strerror(errno));
}

static void expect_restored(struct screen *s)
{
	struct termios now;

	if (tcgetattr(s->slave, &now) || now.c_lflag != s->before.c_lflag ||
	    now.c_iflag != s->before.c_iflag || now.c_oflag != s->before.c_oflag)
		fails("the terminal was not given back as it was");
}

static void start(struct screen *s, const char *command)
{
	const char *const argv[] = {
		places.tool, "--terminal", "--ro", expand("@PROBE@:/inputs/probe"), "--", "/bin/sh",
		"-c",        command,      NULL};

	s->pid = spawn(argv, s->slave, s->slave, s->slave);
}

static void session(void)
{
	char probe[256];
	struct screen s;
	int status;

	begin_case("a terminal of the room's own");
	if (!open_screen(&s))
		return fails("no pseudo-terminal: %s", strerror(errno));
	start(&s, "tty; stty size; read x; echo \"got $x\"; sh; exit 7");
	await(&s, "/dev/pts/0\r\n");
	await(&s, "33 77\r\n");
	type(&s, "hello\n");
	await(&s, "got hello\r\n");
	snprintf(probe, sizeof(probe),
		 "/inputs/probe/attack --outside %s --room --terminal --classes 1\n",
		 places.outside);
	type(&s, probe);
	await(&s, "\"unexpected\":0");
	type(&s, "sleep 60\n");
	usleep(200000);
	type(&s, "\003echo interrupted $?\n"); /* ^C reaches sleep, not us */
	await(&s, "interrupted 130");
	type(&s, "exit\n");
	while (waitpid(s.pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WEXITSTATUS(status) != 7)
		fails("status %#x", status);
	expect_restored(&s);
	close_screen(&s);
}

static void killed_session(void)
{
	struct screen s;
	int status;

	begin_case("a signal gives the terminal back");
	if (!open_screen(&s))
		return fails("no pseudo-terminal: %s", strerror(errno));
	start(&s, "echo up; sleep 60");
	await(&s, "up\r\n");
	kill(s.pid, SIGTERM);
	waitpid(s.pid, &status, 0);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGTERM)
		fails("status %#x", status);
	expect_restored(&s);
	close_screen(&s);
}

void terminal_cases(void)
{
	session();
	killed_session();
}
