/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The rounds that a store remembers, from their records. */

#include <base/json.h>
#include <store/store.h>

/* NULL: any. Borrowed. */
struct history_filter {
	const char *name, *branch, *variant, *target;
	const char *key; /* the beginning of one, in hex */
};

/*
 * *out is a new array, oldest round first, of objects: key, round, name, branch, variant (absent
 * when none was given), options, toolchain (its name; both absent in old records), version, host,
 * target, started (UTC), outcome ("built", "failed"), failure (when it failed), ms, kernel,
 * belljar, as_root, build_on, refused (how many attempts), outputs, and as far as the record has
 * them user_ms, system_ms, cpu_from, max_rss_kib. A record that cannot be read is an EVENT_WARN and
 * no row.
 */
int history_list(struct store *s, const struct history_filter *want, const struct event_sink *sink,
		 json_t **out, struct err *err) __attribute__((warn_unused_result));
