/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interactive room: a terminal of the room's own devpts, relayed byte by byte to the caller's.
 * The room never holds the caller's terminal, so that it can neither inject input into it
 * (TIOCSTI) nor change its settings.
 */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const int fatal_signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGABRT, SIGSEGV, SIGBUS};

/* For the handler: one terminal per process can be raw at a time. */
static struct {
	volatile sig_atomic_t active;
	int fd;
	struct termios saved;
	struct sigaction old[ARRAY_SIZE(fatal_signals)];
} guard;

/* Give the terminal back, then die of the signal as if we had not been there. */
static void restore_and_die(int sig)
{
	struct sigaction dfl = {.sa_handler = SIG_DFL};

	if (guard.active)
		tcsetattr(guard.fd, TCSANOW, &guard.saved);
	sigaction(sig, &dfl, NULL);
	raise(sig);
}

static void guard_on(struct terminal *t)
{
	struct sigaction sa = {.sa_handler = restore_and_die};

	guard.fd = t->tty;
	guard.saved = t->saved;
	guard.active = 1;
	for (size_t i = 0; i < ARRAY_SIZE(fatal_signals); i++)
		sigaction(fatal_signals[i], &sa, &guard.old[i]);
}

static void guard_off(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(fatal_signals); i++)
		sigaction(fatal_signals[i], &guard.old[i], NULL);
	guard.active = 0;
}

int terminal_open(struct room *r, int master, struct err *err)
{
	struct terminal *t = &r->terminal;
	struct termios raw;

	if (t->master >= 0) {
		close(master);
		return err_set(err, ERR_BUG, 0, "room: two terminals");
	}
	t->master = master;
	t->in = t->tty = r->spec->stdin_fd >= 0 ? r->spec->stdin_fd : 0;
	t->out = r->spec->stdout_fd >= 0 ? r->spec->stdout_fd : 1;
	fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK);
	terminal_resize(t);
	if (guard.active || tcgetattr(t->tty, &t->saved) < 0)
		return 0; /* not a terminal: relayed all the same */
	guard_on(t);
	raw = t->saved;
	cfmakeraw(&raw);
	if (tcsetattr(t->tty, TCSANOW, &raw) < 0)
		return err_set(err, ERR_HOST, errno, "room: set the terminal to raw mode");
	t->raw = true;
	return 0;
}

void terminal_close(struct terminal *t)
{
	if (t->raw)
		tcsetattr(t->tty, TCSADRAIN, &t->saved);
	if (t->raw)
		guard_off();
	cleanup_closep(&t->master);
	t->master = t->in = t->out = t->tty = -1;
	t->raw = false;
}

void terminal_resize(struct terminal *t)
{
	struct winsize outer, inner;

	if (ioctl(t->tty, TIOCGWINSZ, &outer) < 0 || ioctl(t->master, TIOCGWINSZ, &inner) < 0)
		return;
	if (memcmp(&outer, &inner, sizeof(outer)) != 0)
		ioctl(t->master, TIOCSWINSZ, &outer);
}

/* Typed bytes go in; what the room does not take yet waits in rest. */
void terminal_from_user(struct terminal *t)
{
	ssize_t n;

	if (t->master < 0)
		return;
	if (t->rest_len == 0) {
		n = read(t->in, t->rest, sizeof(t->rest));
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
			/* the end of a file or a closed terminal: the room sees ^D */
			t->rest[0] = '\x04';
			n = 1;
			t->in = -1;
		}
		t->rest_len = n > 0 ? (size_t)n : 0;
	}
	n = write(t->master, t->rest, t->rest_len);
	if (n <= 0)
		return;
	memmove(t->rest, t->rest + n, t->rest_len - (size_t)n);
	t->rest_len -= (size_t)n;
}

static void write_out(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EAGAIN) {
			struct pollfd p = {.fd = fd, .events = POLLOUT};

			poll(&p, 1, 1000);
			continue;
		}
		if (n < 0 && errno != EINTR)
			return;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
}

/* False when the room's side is closed for good. */
bool terminal_from_room(struct terminal *t)
{
	char buf[8192];
	ssize_t n;

	while ((n = read(t->master, buf, sizeof(buf))) > 0)
		write_out(t->out, buf, (size_t)n);
	/* EIO: init, which keeps the other side open, is gone */
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}
