/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Which golden hashes hang on toolchain roots that are about to change. The new root's hash is only
 * known once it is composed; that its lock changes is enough to say that an entry made with the old
 * one becomes stale.
 */

#include <base/err.h>
#include <base/event.h>
#include <base/str.h>
#include <runner/recipe.h>
#include <store/store.h>
#include <toolchains/toolchain.h>

struct stale_lock { /* a lock that changes; borrowed */
	const struct toolchain *tc;
	const char *toolchain, *host, *target;
	const struct lock *old; /* NULL: there was none */
};

struct stale_golden {
	char *recipe, *branch, *variant; /* variant: NULL when the entry names none */
	char *target, *host;
	char *set; /* "efi=false debug=true", "" when no option is set */
	enum stale_why {
		STALE_ROOT,    /* made with the root of the lock that changes */
		STALE_ALREADY, /* made with an older root of it */
		STALE_INPUT    /* an input is made with it, whose outputs may change */
	} why;
	char *by; /* the toolchain, or the input's name */
};

struct stale_report {
	struct stale_golden *v;
	size_t n, cap;
};

#define STALE_REPORT_INIT ((struct stale_report){0})
void stale_report_release(struct stale_report *r);

/*
 * Look through all recipes and branches. What cannot be read is an EVENT_WARN and left out. @s may
 * be NULL: then only what locks record is known of roots.
 */
int stale_find(const char *recipes_dir, const char *toolchains_dir, struct store *s,
	       const struct stale_lock *locks, size_t n, const struct event_sink *sink,
	       struct stale_report *out, struct err *err)
	__attribute__((warn_unused_result, nonnull(4)));
