/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One file to fetch: what is wanted, the partial file on disk with its running hash, and where in
 * its list of URLs it stands. This half knows files and hashes; transfer.c knows libcurl.
 */

#include <base/digest.h>
#include <base/err.h>
#include <base/json.h>
#include <base/str.h>

enum item_state { ITEM_WAITING, ITEM_RUNNING, ITEM_DONE, ITEM_FAILED };

struct item {
	json_int_t id;
	char *out; /* file name in the output directory */
	struct strv urls;
	struct sha256 want, found;
	uint64_t size; /* 0: unknown */
	uint64_t cap;  /* never more bytes than this */
	bool pinned;

	enum item_state state;
	uint64_t not_before; /* ITEM_WAITING: in milliseconds of the monotonic clock */
	json_t *failures;    /* [{url, reason}] */

	struct sha256_ctx *hash;
	uint64_t have; /* bytes on disk, all of them hashed */

	size_t url;         /* index in urls */
	char *location;     /* what is asked now: urls.v[url], or where that redirected to */
	unsigned redirects; /* followed from urls.v[url] */
	unsigned tries;     /* of urls.v[url], without progress between them */
	unsigned all_tries; /* of urls.v[url] */
	int fd;

	/* one transfer */
	void *easy;
	uint64_t resume_from;  /* what the Range header asked for, 0: none */
	uint64_t started_with; /* have, when this transfer began */
	uint64_t range_start;  /* from Content-Range, valid with has_range */
	uint64_t told;         /* have, when the last progress event was written */
	size_t header_bytes;   /* of this response */
	size_t discarded;      /* body bytes of a response that is no success */
	char *refused;         /* why this response is not taken: next URL */
	char curl_error[256];
	struct err fatal; /* the output directory failed: nothing can go on */
	bool has_range;
	bool judged;  /* the status line and length were looked at */
	bool restart; /* the partial file was dropped: ask again for the whole */
};

/* @line is one request; ERR_INPUT when it is malformed. */
int item_parse(struct item *it, const json_t *line, struct err *err) _must_check_;
void item_release(struct item *it);
/* Open the partial file below @dirfd and hash what is there; sets ITEM_DONE when it is complete. */
int item_open(struct item *it, int dirfd, struct err *err) _must_check_;
/* Append to the file and the hash. */
int item_write(struct item *it, const void *data, size_t len, struct err *err) _must_check_;
/* Back to an empty file. */
int item_reset(struct item *it, struct err *err) _must_check_;
/* The hash of what is there, into it->found. True when it is what was wanted. */
bool item_verify(struct item *it);
/* Remember why the present URL failed and go to the next; ITEM_FAILED after the last. */
void item_next_url(struct item *it, const char *reason);
