/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Starting and waiting for programs of the host (helpers, gpgv): no shell, explicit fds, pidfd.
 * See pidfd_open(2), posix_spawn is not used because it cannot set PR_SET_PDEATHSIG.
 */

#include <base/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct process {
	pid_t pid; /* -1 when not running */
	int pidfd; /* -1 when not running */
	int in;    /* write end of its stdin, -1 when not piped */
	int out;   /* read end of its stdout, -1 when not piped */
	int errfd; /* read end of its stderr, -1 when not piped */
};

#define PROCESS_INIT ((struct process){.pid = -1, .pidfd = -1, .in = -1, .out = -1, .errfd = -1})

struct process_spec {
	const char *const *argv;   /* argv[0] is a path, or a name found on PATH */
	const char *const *env;    /* NULL: the caller's */
	int in_fd, out_fd, err_fd; /* >=0: that fd; -1: a pipe (see struct process); -2: /dev/null;
				      -3: inherited */
	const int *keep_fds;       /* further fds that survive exec, under their own numbers */
	size_t n_keep_fds;
};

/* The child dies with its parent (PR_SET_PDEATHSIG, SIGKILL) and starts with default signals. */
int process_start(struct process *p, const struct process_spec *spec, struct err *err)
	__attribute__((warn_unused_result));
/* *out_status is the exit status, 128+N for signal N. Closes the pidfd; pipes stay open. */
int process_wait(struct process *p, int *out_status, struct err *err)
	__attribute__((warn_unused_result));
/* SIGKILL and reap, if it runs; close everything. Safe on PROCESS_INIT. */
void process_release(struct process *p);

/*
 * Run to the end and collect its stdout and stderr (each at most @max bytes; more is cut). @input
 * may be NULL. out and errtext may be NULL; the caller frees them.
 */
int process_capture(const struct process_spec *spec, const char *input, size_t max, int *out_status,
		    char **out, char **errtext, struct err *err)
	__attribute__((warn_unused_result));

/*
 * Where a helper program of ours is: $BELLJAR_LIBEXEC/NAME, else libexec beside the running
 * executable (build tree or installed). Caller frees. ERR_HOST when it is missing.
 */
int process_helper_path(const char *name, char **out, struct err *err)
	__attribute__((warn_unused_result));
