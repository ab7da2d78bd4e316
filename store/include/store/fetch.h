/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Fetching pinned files into the store, through the helper program `fetch` (libcurl), which runs
 * confined and verifies while streaming. Where a file may be fetched is no part of its identity.
 *
 * URL forms: https:, http:, file:, and mirror://NAME/path. mirror://debian/... resolves, in this
 * order, from --mirror NAME=URL, $BELLJAR_MIRROR_<NAME>, the configuration file, and (debian) the
 * host's own apt sources, deb822 and one-line. No mirror known: ERR_INPUT that names the option to
 * give.
 */

#include <base/digest.h>
#include <base/err.h>
#include <base/event.h>
#include <base/str.h>
#include <store/store.h>

struct fetch_item {
	const char *name;   /* file name, for messages and --from; borrowed */
	struct sha256 hash; /* of the content; all zero with @unpinned */
	bool unpinned; /* an index: verified by other means (Release signature), see out_path */
	uint64_t size; /* bytes, 0 unknown */
	const char *const *urls; /* tried in order; borrowed */
	size_t n_urls;
	const char *out_path; /* @unpinned: written here instead of into the store */
};

struct fetch_options {
	const struct strv *mirrors; /* "debian=URL" from the command line; may be NULL */
	const struct strv *from;    /* directories that hold tarballs by file name; may be NULL */
	bool offline; /* nothing but the store and @from: a missing file is ERR_INPUT naming it */
	unsigned parallel;          /* 0: 6 */
	bool (*stopped)(void *arg); /* true: ERR_INTERRUPTED, soon; NULL: never */
	void *stop_arg;
};

/* Make every item present. What is there already costs one stat. On failure nothing half-written
 * stays. */
int store_fetch(struct store *s, const struct fetch_item *items, size_t n,
		const struct fetch_options *opt, const struct event_sink *sink, struct err *err)
	__attribute__((warn_unused_result));

/* Is this a --mirror, NAME=URL? ERR_USAGE. */
int fetch_mirror_check(const char *text, struct err *err) __attribute__((warn_unused_result));
/* The base URL of a mirror name (caller frees); see above for the order. */
int fetch_mirror_resolve(const char *name, const struct fetch_options *opt, char **out,
			 struct err *err) __attribute__((warn_unused_result));
