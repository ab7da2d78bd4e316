/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

/*
 * flock(2) locks belong to the open file, so the kernel gives them back when their owner dies,
 * however it dies.
 */

#define ASK_MS 100 /* between two looks at a lock, where somebody may want to stop */

/*
 * flock(2) goes on after a signal, and in a thread that the signal did not reach: whoever can be
 * stopped looks now and then instead. @what is for messages.
 */
static int lock(const struct store *s, int fd, int how, const struct event_sink *sink,
		const char *waiting, const char *what, struct err *err)
{
	bool ask = s->wait.stopped != NULL;

	if (flock(fd, how | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK && waiting)
		event_note(sink, "%s", waiting);
	while (flock(fd, ask ? how | LOCK_NB : how) < 0) {
		if (errno != EINTR && errno != EWOULDBLOCK)
			return err_set(err, ERR_STORE, errno, "lock %s", what);
		if (ask && s->wait.stopped(s->wait.arg))
			return err_set(err, ERR_INTERRUPTED, 0,
				       "stopped while another belljar had %s", what);
		if (ask)
			poll(NULL, 0, ASK_MS);
	}
	return 0;
}

static int lock_store(struct store *s, int how, const struct event_sink *sink, const char *waiting,
		      struct err *err)
{
	_cleanup_free_ char *what = xasprintf("the store %s", s->path);

	return lock(s, s->lock_fd, how, sink, waiting, what, err);
}

int store_lock_open(struct store *s, struct err *err)
{
	return lock_store(s, LOCK_SH, s->wait.sink,
			  "waiting for the store, which another belljar cleans or repairs", err);
}

int store_lock_exclusive(struct store *s, const struct event_sink *sink, struct err *err)
{
	return lock_store(s, LOCK_EX, sink, "waiting for other belljars that use the store", err);
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
	_cleanup_free_ char *what = xasprintf("%s/locks/%s", s->path, name);

	if (store_need_write(s, err) < 0)
		return -1;
	for (;;) {
		_cleanup_close_ int fd = file_open(s->dirs[DIR_LOCKS], name,
						   O_RDWR | O_CREAT | O_NOFOLLOW, 0600, err);
		struct stat st;

		if (fd < 0)
			return store_explain(s, err);
		if (lock(s, fd, LOCK_EX, sink, waiting, what, err) < 0)
			return -1;
		if (fstat(fd, &st) < 0)
			return err_set(err, ERR_STORE, errno, "lock %s", what);
		/* gc removes lock files: one without a name locks nobody else out. */
		if (st.st_nlink > 0)
			return TAKE_FD(fd);
	}
}
