/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A small compiler from the policy to classic BPF (seccomp(2)): check the architecture, then a
 * binary search over call numbers, then the tests of the call. libseccomp could compile it too, but
 * its rules hold one comparison per argument and no order, so that "O_CREAT or O_TMPFILE, with a
 * set-id bit" takes thirteen of them; here the table reads as it is meant, and the number of
 * instructions before any verdict stays below twenty.
 */

#include "kind.h"
#include "policy.h"
#include <linux/filter.h>

struct code {
	struct sock_filter *f;
	size_t n, cap;
};

/* One call of one machine: either a plain verdict (rules NULL) or rules in order. */
struct call {
	unsigned number;
	enum verdict verdict;
	const struct policy_rule *rules;
	size_t n_rules;
};

/*
 * @calls sorted by number, each number once. @audit_arch as in linux/audit.h; @x32 refuses numbers
 * with bit 30 on x86_64. The caller frees out->f.
 */
void emit_program(const struct call *calls, size_t n, unsigned audit_arch, int x32,
		  enum filter_kind kind, struct code *out);
