/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Cleanup by attribute. Declare at the top with the sentinel (NULL, -1), let the scope release it,
 * hand ownership out with TAKE_PTR/TAKE_FD:
 *
 *	_cleanup_free_ char *name = NULL;
 *	_cleanup_close_ int fd = -1;
 *	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
 *
 * The attributes do not run on _exit(2) nor in a killed process: what must not outlive a process
 * (temporary trees) has an owner struct and a sweep at start.
 */

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_freep(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_closep(const int *fd)
{
	if (*fd >= 0) {
		int saved = errno;

		close(*fd);
		errno = saved;
	}
}

static inline void cleanup_fclosep(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void cleanup_closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

#define _cleanup_(fn)      __attribute__((cleanup(fn)))
#define _cleanup_free_     _cleanup_(cleanup_freep)
#define _cleanup_close_    _cleanup_(cleanup_closep)
#define _cleanup_fclose_   _cleanup_(cleanup_fclosep)
#define _cleanup_closedir_ _cleanup_(cleanup_closedirp)

#define TAKE_PTR(p)                                                                                \
	({                                                                                         \
		__auto_type take_ptr_ = (p);                                                       \
		(p) = NULL;                                                                        \
		take_ptr_;                                                                         \
	})

#define TAKE_FD(fd)                                                                                \
	({                                                                                         \
		int take_fd_ = (fd);                                                               \
		(fd) = -1;                                                                         \
		take_fd_;                                                                          \
	})

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define _must_check_  __attribute__((warn_unused_result))
