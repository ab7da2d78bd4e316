/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Where mirror://NAME/PATH really is. */

#include <store/fetch.h>

/*
 * Append every URL that @url may stand for, best first: itself when it is no mirror: URL; one URL
 * where a mirror is configured; one for each of the host's apt sources otherwise (those that have
 * SUITE first, for dists/SUITE/...). ERR_INPUT when no mirror is known.
 */
int mirror_expand(const char *url, const struct fetch_options *opt, struct strv *out,
		  struct err *err) __attribute__((warn_unused_result));

/*
 * The base URLs below @dir (/etc/apt: sources.list, sources.list.d/) whose path ends in /@name; the
 * ones with @suite (may be NULL) first. A file that cannot be read is left out: a host without apt
 * is no error.
 */
void apt_sources_find(const char *dir, const char *name, const char *suite, struct strv *out);
