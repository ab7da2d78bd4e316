/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Self-confinement of the helper programs (fetch, index, unpack, pack), which parse what the
 * network or a stranger's tarball says: no_new_privs, no capabilities but the ones named, Landlock
 * (landlock(7)) so that writes are possible below the given fds only and reads below the given fds
 * only, and a small seccomp deny list (no socket unless asked, no ptrace, no mount, no exec, no
 * io_uring). Called once, after arguments are parsed and fds are opened, before hostile bytes are
 * read.
 */

#include <base/err.h>
#include <stdbool.h>
#include <stddef.h>

struct confine {
	const int *write_fds; /* O_PATH or directory fds below which everything is allowed */
	size_t n_write_fds;
	const int *read_fds; /* below these (directories or files) reading is allowed */
	size_t n_read_fds;
	bool network; /* sockets stay possible (fetch) */
	bool exec; /* programs below read_fds may be run (gitroom); what they run is confined too */
	bool chown; /* keep nothing; reserved for a helper that must set owners */
};

/*
 * What the kernel lacks (Landlock before 5.13) is left out and told in *out_missing ("landlock"), a
 * static string or NULL; a call that the kernel has and that fails is an error.
 */
int confine_self(const struct confine *c, const char **out_missing, struct err *err)
	__attribute__((warn_unused_result));
