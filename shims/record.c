/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy.h"

_Static_assert(SHIM_RECORD_MAX <= PIPE_BUF, "a longer write could be mixed with another");

enum {
	FIELD_MAX = 1000,   /* escaped bytes of any field but argv */
	WAIT_MS = 10 * 1000 /* for a reader that is busy */
};

static const char tail_plain[] = "]}\n", tail_cut[] = "],\"cut\":true}\n";

struct line {
	char data[SHIM_RECORD_MAX];
	size_t len;
	bool cut;
};

/* What is left before the longest tail. */
static size_t room_left(const struct line *l)
{
	return sizeof(l->data) - sizeof(tail_cut) - l->len;
}

static bool put(struct line *l, const char *bytes, size_t n)
{
	if (n > room_left(l))
		return false;
	memcpy(l->data + l->len, bytes, n);
	l->len += n;
	return true;
}

/* Length of the UTF-8 sequence at @s as RFC 3629 has it, 0 if there is none. */
static size_t utf8_len(const unsigned char *s)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (s[0] == 0xe0 || s[0] == 0xf0)
		low = s[0] == 0xe0 ? 0xa0 : 0x90; /* shorter forms exist */
	if (s[0] == 0xed || s[0] == 0xf4)
		high = s[0] == 0xed ? 0x9f : 0x8f; /* surrogates; beyond U+10FFFF */
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	return n;
}

/* One character of @s as JSON wants it in a string, into @out; returns how many bytes of @s it
 * took. */
static size_t escape(const char *s, char out[8])
{
	unsigned char c = (unsigned char)s[0];
	size_t n = utf8_len((const unsigned char *)s);

	if (c == '"' || c == '\\')
		snprintf(out, 8, "\\%c", c);
	else if (c < 0x20 || c == 0x7f)
		snprintf(out, 8, "\\u%04x", c);
	else if (n == 0)
		snprintf(out, 8, "\\ufffd");
	else
		snprintf(out, 8, "%.*s", (int)n, s);
	return n ? n : 1;
}

/* @s in quotes, at most @max escaped bytes of it. */
static void put_string(struct line *l, const char *s, size_t max)
{
	size_t end;

	if (room_left(l) < 2) {
		l->cut = true;
		return;
	}
	end = l->len + 1 + (max < room_left(l) - 2 ? max : room_left(l) - 2);
	l->data[l->len++] = '"';
	while (*s) {
		char piece[8];
		size_t took = escape(s, piece);

		if (l->len + strlen(piece) > end) {
			l->cut = true;
			break;
		}
		put(l, piece, strlen(piece));
		s += took;
	}
	l->data[l->len++] = '"';
}

static void put_field(struct line *l, const char *key, const char *value)
{
	put(l, key, strlen(key));
	put_string(l, value ? value : "", FIELD_MAX);
}

static void put_argv(struct line *l, char *const *argv)
{
	bool before = l->cut; /* a field that was cut leaves room for these */

	l->cut = false;
	for (; *argv && !l->cut; argv++) {
		if (room_left(l) < 3) {
			l->cut = true;
			break;
		}
		put_string(l, *argv, sizeof(l->data));
		if (argv[1])
			put(l, ",", 1);
	}
	if (l->data[l->len - 1] == ',')
		l->len--;
	l->cut = l->cut || before;
}

static void compose(struct line *l, const struct record *r)
{
	char numbers[64];
	char *cwd = getcwd(NULL, 0);

	snprintf(numbers, sizeof(numbers), ",\"pid\":%d,\"ppid\":%d", (int)r->pid, (int)r->ppid);
	put_field(l, "{\"name\":", r->name);
	put_field(l, ",\"policy\":", r->policy);
	put_field(l, ",\"answer\":", r->answer);
	put(l, numbers, strlen(numbers));
	put_field(l, ",\"parent\":", r->parent);
	put_field(l, ",\"parents\":", r->parents);
	put_field(l, ",\"cwd\":", cwd);
	put_field(l, ",\"text\":", r->text);
	put_field(l, ",\"url\":", r->url);
	put(l, ",\"argv\":[", 9);
	put_argv(l, r->argv);
	free(cwd);
}

/* The whole line or nothing: PIPE_BUF promises that for a FIFO. */
static int write_line(int fd, const char *data, size_t len)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	while (write(fd, data, len) < 0) {
		if (errno == EPIPE)
			return 0;
		if (errno == EAGAIN && poll(&p, 1, WAIT_MS) <= 0)
			return -1;
		if (errno != EAGAIN && errno != EINTR)
			return -1;
	}
	return 0;
}

int record_send(const struct record *r)
{
	struct line l = {0};
	const char *tail;
	void (*old)(int);
	int fd, result;

	/* Non-blocking: without a reader this fails with ENXIO and does not wait for one. */
	fd = open(SHIM_ROOT SHIM_RECORD_PATH, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == ENXIO ? 0 : -1;
	compose(&l, r);
	tail = l.cut ? tail_cut : tail_plain;
	memcpy(l.data + l.len, tail, strlen(tail));
	l.len += strlen(tail);
	old = signal(SIGPIPE, SIG_IGN);
	result = write_line(fd, l.data, l.len);
	signal(SIGPIPE, old);
	close(fd);
	return result;
}

/* Name and parent of process @pid; -1 where /proc does not tell. */
static int look_up(pid_t pid, char name[32], pid_t *parent)
{
	char path[64], stat[512], *open_bracket, *close_bracket;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, stat, sizeof(stat) - 1);
	close(fd);
	if (n <= 0)
		return -1;
	stat[n] = '\0';
	/* "12 (name) S 11 ...": the name may hold brackets and blanks of its own */
	open_bracket = strchr(stat, '(');
	close_bracket = strrchr(stat, ')');
	if (!open_bracket || !close_bracket || strlen(close_bracket) < 4)
		return -1;
	*close_bracket = '\0';
	snprintf(name, 32, "%s", open_bracket + 1);
	*parent = (pid_t)strtol(close_bracket + 4, NULL, 10);
	return 0;
}

void record_parents(char *buf, size_t size, int max)
{
	pid_t pid = getppid();
	size_t len = 0;

	buf[0] = '\0';
	for (int i = 0; i < max && pid > 0; i++) {
		char name[32];
		int n;

		if (look_up(pid, name, &pid) < 0)
			return;
		n = snprintf(buf + len, size - len, "%s%s", len ? " < " : "", name);
		if (n < 0 || (size_t)n >= size - len) {
			buf[len] = '\0';
			return;
		}
		len += (size_t)n;
	}
}
