/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

/*
 * flock(2) locks belong to the open file, so the kernel gives them back when their owner dies,
 * however it dies.
 */

static int lock_exclusive(int fd, const struct event_sink *sink, const char *waiting)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK && waiting)
		event_note(sink, "%s", waiting);
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return -1;
	return 0;
}

int store_lock_exclusive(struct store *s, const struct event_sink *sink, struct err *err)
{
	if (lock_exclusive(s->lock_fd, sink, "waiting for other belljars that use the store") < 0)
		return err_set(err, ERR_STORE, errno, "lock the store %s", s->path);
	return 0;
}

void store_lock_shared(struct store *s)
{
	/* Cannot fail but by a signal: making a lock weaker never waits. */
	while (flock(s->lock_fd, LOCK_SH) < 0 && errno == EINTR)
		;
}

int store_lock_file(struct store *s, const char *name, const struct event_sink *sink,
		    const char *waiting, struct err *err)
{
	if (store_need_write(s, err) < 0)
		return -1;
	for (;;) {
		_cleanup_close_ int fd = file_open(s->dirs[DIR_LOCKS], name,
						   O_RDWR | O_CREAT | O_NOFOLLOW, 0600, err);
		struct stat st;

		if (fd < 0)
			return store_explain(s, err);
		if (lock_exclusive(fd, sink, waiting) < 0 || fstat(fd, &st) < 0)
			return err_set(err, ERR_STORE, errno, "lock %s/locks/%s", s->path, name);
		/* gc removes lock files: one without a name locks nobody else out. */
		if (st.st_nlink > 0)
			return TAKE_FD(fd);
	}
}
