/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the parts of store_fetch() share: the files still wanted, and how each got on. */

#include <store/fetch.h>

struct want {
	const struct fetch_item *item; /* borrowed */
	struct strv urls;              /* http and https, mirrors resolved */
	struct strv local;             /* file: URLs, mirrors resolved */
	struct strv failures;          /* "URL: reason", in the order tried */
	bool gone;                     /* so far every server said that it does not have it */
	bool done;
	bool ended;   /* the helper said so: done or failed */
	uint64_t got; /* bytes that were reported */
};

struct fetching {
	struct store *store;
	const struct fetch_options *opt; /* never NULL */
	const struct event_sink *sink;
	struct want *wants;
	size_t n;
	char *title; /* "12 files": the whole of it, for events */
	uint64_t got, total;
};

/* Is it there now? Another process may have brought it. */
bool want_present(struct fetching *f, struct want *w);
/* Take the contents of @fd, after hashing them; @shown names them in an error. */
int want_import(struct fetching *f, struct want *w, int fd, const char *shown, struct err *err)
	__attribute__((warn_unused_result));
/* This much of it has arrived; the sink hears of the whole. */
void want_progress(struct fetching *f, struct want *w, uint64_t bytes);
void want_failed(struct want *w, const char *url, const char *reason);

/* --from: a file of the right name there with other contents is an error. */
int fetch_from_directories(struct fetching *f, struct want *w, struct err *err)
	__attribute__((warn_unused_result));
/* file: URLs. A wrong file counts as a URL that failed. */
int fetch_local(struct fetching *f, struct want *w, struct err *err)
	__attribute__((warn_unused_result));
/* Everything not done yet, through the helper program. */
int fetch_remote(struct fetching *f, struct err *err) __attribute__((warn_unused_result));
