/* SPDX-License-Identifier: Apache-2.0 */
/* Who makes a call: its memory, argv, parents and sockets, read while it waits. */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE      4096U
#define TEXT_MAX  4096
#define ARGS_MAX  256
#define ARG_CHUNK 256
#define DEPTH_MAX 16

static ssize_t read_proc(pid_t tid, const char *name, char *buf, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", tid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	close(fd);
	buf[n > 0 ? n : 0] = '\0';
	return n;
}

/* The last number of a line "Key:\tn n n" of /proc/PID/status, which is the innermost pid. */
static long status_number(const char *status, const char *key, bool last)
{
	const char *line = strstr(status, key);
	char *end;
	long value = 0, next;

	if (!line)
		return 0;
	line += strlen(key);
	for (;;) {
		while (*line == ' ' || *line == '\t')
			line++;
		if (*line < '0' || *line > '9')
			return value;
		next = strtol(line, &end, 10);
		value = next;
		line = end;
		if (!last)
			return value;
	}
}

/* A control character in a name would break the line it is printed on. */
static void clean_name(char *dst, size_t size, const char *src)
{
	size_t n = 0;

	for (; *src && *src != '\n' && n + 1 < size; src++)
		dst[n++] = *src < ' ' || *src == 0x7f ? '?' : *src;
	dst[n] = '\0';
}

int target_look(pid_t tid, struct target *out)
{
	char status[2048] = "";

	*out = (struct target){.tid = tid};
	if (read_proc(tid, "status", status, sizeof(status)) <= 0)
		return -1;
	/* "Name:\t" comes first; the name has its newlines escaped by the kernel */
	if (strlen(status) > 6)
		clean_name(out->name, sizeof(out->name), status + 6);
	out->tgid = (pid_t)status_number(status, "\nTgid:", false);
	out->parent = (pid_t)status_number(status, "\nPPid:", false);
	out->inside = (pid_t)status_number(status, "\nNStgid:", true);
	return 0;
}

/* Page by page: a transfer ends at the first page that is not there. */
ssize_t target_read(pid_t tid, uint64_t addr, void *buf, size_t len)
{
	struct iovec local = {buf, len}, remote[17];
	size_t n = 0;

	for (size_t done = 0; done < len && n < ARRAY_SIZE(remote); n++) {
		size_t chunk = PAGE - (addr + done) % PAGE;

		if (chunk > len - done)
			chunk = len - done;
		remote[n] = (struct iovec){(void *)(uintptr_t)(addr + done), chunk};
		done += chunk;
	}
	if (len == 0)
		return 0;
	ssize_t r = process_vm_readv(tid, &local, 1, remote, n, 0);

	return r < 0 ? -errno : r;
}

ssize_t target_string(pid_t tid, uint64_t addr, char *buf, size_t size)
{
	ssize_t n = target_read(tid, addr, buf, size - 1);

	if (n < 0)
		return n;
	buf[n] = '\0';
	return (ssize_t)strlen(buf);
}

static bool still_asks(int listener, uint64_t id)
{
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

/*
 * The file of a process that is not dumpable belongs to root and cannot be opened by a user, though
 * the right to its memory is there. Between the check and the write the process would have to be
 * killed and all pids of the host be used up.
 */
static int write_by_pid(pid_t tid, int listener, uint64_t id, uint64_t addr, const void *data,
			size_t len)
{
	struct iovec local = {(void *)(uintptr_t)data, len};
	struct iovec remote = {(void *)(uintptr_t)addr, len};

	if (!still_asks(listener, id))
		return -ESRCH;
	return process_vm_writev(tid, &local, 1, &remote, 1, 0) == (ssize_t)len ? 0 : -EFAULT;
}

/*
 * /proc/TID/mem first: the open file stays with the memory that it was opened for, so that once the
 * notification is seen to be valid after the open, no other process that got the same number can be
 * hit.
 */
int target_write(pid_t tid, int listener, uint64_t id, uint64_t addr, const void *data, size_t len)
{
	char path[64];
	int fd, r = 0;

	snprintf(path, sizeof(path), "/proc/%d/mem", tid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return write_by_pid(tid, listener, id, addr, data, len);
	if (!still_asks(listener, id))
		r = -ESRCH;
	else if (pwrite(fd, data, len, (off_t)addr) != (ssize_t)len)
		r = -EFAULT;
	close(fd);
	return r;
}

void ledger_quote(struct strbuf *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "%+,-./:=@_^";
	size_t n = strlen(word);

	if (n && strspn(word, plain) == n) {
		strbuf_add(out, word, n);
		return;
	}
	strbuf_addc(out, '\'');
	for (; *word; word++)
		if (*word == '\'')
			strbuf_adds(out, "'\\''");
		else if ((unsigned char)*word < ' ' || *word == 0x7f)
			strbuf_addf(out, "\\x%02x", (unsigned char)*word);
		else
			strbuf_addc(out, *word);
	strbuf_addc(out, '\'');
}

static void cut(struct strbuf *out, size_t max)
{
	if (out->len <= max)
		return;
	out->len = max - 3;
	out->s[out->len] = '\0';
	strbuf_adds(out, "...");
}

/* Up to @n first pieces of the strings that @pointers name, in one call, each in its slot. */
static size_t read_pieces(pid_t tid, const uint64_t *pointers, size_t n, char slots[][ARG_CHUNK])
{
	struct iovec local[64], remote[64];
	size_t whole = 0;
	ssize_t got;

	for (size_t i = 0; i < n; i++) {
		size_t len = PAGE - pointers[i] % PAGE;

		if (len > ARG_CHUNK)
			len = ARG_CHUNK;
		memset(slots[i], 0, ARG_CHUNK);
		local[i] = (struct iovec){slots[i], len};
		remote[i] = (struct iovec){(void *)(uintptr_t)pointers[i], len};
	}
	got = process_vm_readv(tid, local, n, remote, n, 0);
	while (whole < n && got >= (ssize_t)local[whole].iov_len)
		got -= (ssize_t)local[whole++].iov_len;
	return whole;
}

/* The whole of one argument, from its address, when its first piece had no end. */
static void add_long(pid_t tid, uint64_t addr, struct strbuf *out)
{
	char text[TEXT_MAX];

	if (target_string(tid, addr, text, sizeof(text)) < 0)
		snprintf(text, sizeof(text), "?");
	ledger_quote(out, text);
}

void target_argv(pid_t tid, uint64_t argv, struct strbuf *out)
{
	uint64_t pointers[ARGS_MAX];
	char slots[64][ARG_CHUNK];
	ssize_t got = target_read(tid, argv, pointers, sizeof(pointers));
	size_t n = got > 0 ? (size_t)got / sizeof(pointers[0]) : 0, i = 0;

	while (i < n && pointers[i])
		i++;
	n = i;
	for (i = 0; i < n && out->len < TEXT_MAX;) {
		size_t batch = n - i < ARRAY_SIZE(slots) ? n - i : ARRAY_SIZE(slots);
		size_t whole = read_pieces(tid, &pointers[i], batch, slots);

		for (size_t k = 0; k < (whole ? whole : 1) && out->len < TEXT_MAX; k++, i++) {
			if (out->len)
				strbuf_addc(out, ' ');
			if (k < whole && memchr(slots[k], '\0', ARG_CHUNK) &&
			    strlen(slots[k]) < PAGE - pointers[i] % PAGE)
				ledger_quote(out, slots[k]);
			else
				add_long(tid, pointers[i], out);
		}
	}
	cut(out, TEXT_MAX);
}

void target_parents(const struct target *t, pid_t init, struct strbuf *out)
{
	pid_t pid = t->parent;

	for (int depth = 0; depth < DEPTH_MAX && pid > 0; depth++) {
		struct target p;

		if (depth)
			strbuf_adds(out, " < ");
		if (pid == init) {
			strbuf_adds(out, "init");
			return;
		}
		if (target_look(pid, &p) < 0) {
			strbuf_adds(out, "?");
			return;
		}
		strbuf_adds(out, p.name);
		pid = p.parent;
	}
}

void target_link(pid_t tid, const char *name, char *buf, size_t size)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", tid, name);
	n = readlink(path, buf, size - 1);
	buf[n > 0 ? n : 0] = '\0';
}

int target_socket(const struct target *t, int fd)
{
	int pidfd = (int)syscall(SYS_pidfd_open, t->tgid, 0), copy;

	if (pidfd < 0)
		return -1;
	copy = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	close(pidfd);
	return copy;
}
