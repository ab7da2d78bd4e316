/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The libcurl half of `fetch`: one transfer of one item, and what its outcome means. */

#include "item.h"

#include <curl/curl.h>

struct transfer_policy {
	unsigned tries;      /* of one URL, without progress between them */
	unsigned backoff_ms; /* before the second try; doubled each time, at most 30 s */
	unsigned stall_s;    /* no byte for so long: the try has failed */
	const char *ca_file; /* NULL: libcurl's */
	const char *ca_path; /* NULL: libcurl's */
};

/* Add the item to @multi; ITEM_RUNNING afterwards. */
int transfer_start(CURLM *multi, struct item *it, const struct transfer_policy *policy,
		   struct err *err) _must_check_;
/*
 * The transfer ended with @result: decide between done, redirected, again later and next URL.
 * *out_retry is why it is tried again (the caller frees), NULL otherwise. Fails only when nothing
 * can go on.
 */
int transfer_finish(CURLM *multi, struct item *it, CURLcode result,
		    const struct transfer_policy *policy, uint64_t now_ms, char **out_retry,
		    struct err *err) _must_check_;
