/* SPDX-License-Identifier: Apache-2.0 */
#include "transfer.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#define MAX_REDIRECTS  5
#define MAX_HEADERS    (256u << 10)
#define MAX_ERROR_BODY (64u << 10)
#define MAX_WAIT_MS    30000
/* A line that breaks again and again but moves on is not given up, unless it never ends. */
#define REAL_PROGRESS (1u << 20)
#define MAX_ALL_TRIES 50

static long status_of(struct item *it)
{
	long status = 0;

	curl_easy_getinfo(it->easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static bool is_success(long status)
{
	return status == 200 || status == 206;
}

/* The total that the server announces, if it does, against the pinned size or the cap. */
static void check_length(struct item *it)
{
	curl_off_t len = -1;
	uint64_t total;

	curl_easy_getinfo(it->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &len);
	if (len < 0)
		return;
	total = it->have + (uint64_t)len;
	if (it->size > 0 && total != it->size)
		it->refused = xasprintf("the server has %" PRIu64 " bytes, expected %" PRIu64,
					total, it->size);
	else if (total > it->cap)
		it->refused =
			xasprintf("the server has %" PRIu64 " bytes, more than the limit %" PRIu64,
				  total, it->cap);
}

/*
 * Once per response, before its first byte is kept. A server may ignore the range and send the
 * whole (200), or send another range: then what is on disk is dropped.
 */
static int judge_response(struct item *it)
{
	long status = status_of(it);

	if (it->judged || !is_success(status))
		return 0;
	it->judged = true;
	if (status == 206 && (!it->has_range || it->range_start != it->resume_from)) {
		it->restart = true;
		it->refused = xstrdup("the server answered with another range than asked");
		return item_reset(it, &it->fatal);
	}
	if (status == 200 && it->have > 0 && item_reset(it, &it->fatal) < 0)
		return -1;
	check_length(it);
	return 0;
}

static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
	static const char range[] = "content-range: bytes ";
	struct item *it = arg;
	size_t len = size * n;

	it->header_bytes += len;
	if (it->header_bytes > MAX_HEADERS) {
		free(it->refused);
		it->refused = xstrdup("the server sends endless headers");
		return 0;
	}
	if (len > sizeof(range) && strncasecmp(data, range, sizeof(range) - 1) == 0) {
		_cleanup_free_ char *value =
			xstrndup(data + sizeof(range) - 1, len - (sizeof(range) - 1));
		char *end;

		it->range_start = strtoull(value, &end, 10);
		it->has_range = end > value && *end == '-';
	}
	return len;
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct item *it = arg;
	size_t len = size * n;

	if (!is_success(
		    status_of(it))) { /* an error page: let a small one pass, for the connection */
		it->discarded += len;
		return it->discarded > MAX_ERROR_BODY ? 0 : len;
	}
	if (judge_response(it) < 0 || it->refused)
		return 0;
	if (len > it->cap - it->have) {
		it->refused = xasprintf("more than the expected %" PRIu64 " bytes", it->cap);
		return 0;
	}
	return item_write(it, data, len, &it->fatal) < 0 ? 0 : len;
}

static void set_options(struct item *it, const struct transfer_policy *policy)
{
	CURL *easy = it->easy;

	curl_easy_setopt(easy, CURLOPT_URL, it->location);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, it);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "belljar/" BELLJAR_VERSION);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	/* redirects are followed here, where the rule "never from https to http" can be kept */
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, it->curl_error);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, it);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, it);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 1L << 17);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)policy->stall_s);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 100L);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)policy->stall_s);
	if (policy->ca_file)
		curl_easy_setopt(easy, CURLOPT_CAINFO, policy->ca_file);
	if (policy->ca_path)
		curl_easy_setopt(easy, CURLOPT_CAPATH, policy->ca_path);
}

int transfer_start(CURLM *multi, struct item *it, const struct transfer_policy *policy,
		   struct err *err)
{
	char range[32];

	if (!it->pinned && it->have > 0 && item_reset(it, err) < 0) /* it may have changed since */
		return -1;
	it->easy = curl_easy_init();
	if (!it->easy)
		return err_nomem(err);
	it->curl_error[0] = '\0';
	it->resume_from = it->started_with = it->have;
	it->header_bytes = it->discarded = 0;
	it->has_range = it->judged = it->restart = false;
	set_options(it, policy);
	/* CURLOPT_RANGE, not CURLOPT_RESUME_FROM: libcurl fails the latter when the whole comes */
	snprintf(range, sizeof(range), "%" PRIu64 "-", it->have);
	if (it->have > 0)
		curl_easy_setopt(it->easy, CURLOPT_RANGE, range);
	if (curl_multi_add_handle(multi, it->easy) != CURLM_OK)
		return err_set(err, ERR_BUG, 0, "curl_multi_add_handle");
	it->state = ITEM_RUNNING;
	return 0;
}

static bool is_passing(CURLcode result)
{
	switch (result) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_PARTIAL_FILE:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		return true;
	default:
		return false;
	}
}

/* True when the item waits for another try of the same URL. */
static bool again(struct item *it, const struct transfer_policy *policy, uint64_t now_ms,
		  uint64_t at_least_ms)
{
	uint64_t wait = policy->backoff_ms;

	if (it->have > it->started_with + REAL_PROGRESS)
		it->tries = 0;
	if (++it->tries >= policy->tries || ++it->all_tries >= MAX_ALL_TRIES)
		return false;
	for (unsigned i = 1; i < it->tries && wait < MAX_WAIT_MS; i++)
		wait *= 2;
	if (wait < at_least_ms)
		wait = at_least_ms;
	it->not_before = now_ms + (wait < MAX_WAIT_MS ? wait : MAX_WAIT_MS);
	it->state = ITEM_WAITING;
	return true;
}

static void redirect(struct item *it)
{
	_cleanup_free_ char *reason = NULL;
	const char *to = NULL;

	curl_easy_getinfo(it->easy, CURLINFO_REDIRECT_URL, &to);
	if (!to)
		reason = xasprintf("HTTP %ld without a place to go", status_of(it));
	else if (++it->redirects > MAX_REDIRECTS)
		reason = xasprintf("more than %d redirects, the last to %s", MAX_REDIRECTS, to);
	else if (strncasecmp(it->location, "https:", 6) == 0 && strncasecmp(to, "http:", 5) == 0)
		reason = xasprintf("redirected from https to %s, which is refused", to);
	else if (strncasecmp(to, "https://", 8) != 0 && strncasecmp(to, "http://", 7) != 0)
		reason = xasprintf("redirected to %s, which is refused", to);
	if (reason) {
		item_next_url(it, reason);
		return;
	}
	free(it->location);
	it->location = xstrdup(to);
	it->state = ITEM_WAITING;
	it->not_before = 0;
}

/* A complete answer: is it the file? */
static int complete(struct item *it, char **out_retry, struct err *err)
{
	_cleanup_free_ char *reason = NULL;
	char want[SHA256_HEX_LEN + 1], found[SHA256_HEX_LEN + 1];

	if (it->size > 0 && it->have < it->size) {
		*out_retry = xasprintf("ended after %" PRIu64 " of %" PRIu64 " bytes", it->have,
				       it->size);
		return 0;
	}
	if (item_verify(it)) {
		it->state = ITEM_DONE;
		return 0;
	}
	sha256_to_hex(&it->want, want);
	sha256_to_hex(&it->found, found);
	reason = xasprintf("expected sha256 %s, found %s", want, found);
	it->restart = it->started_with > 0 && status_of(it) == 206;
	if (item_reset(it, err) < 0)
		return -1;
	if (it->restart) /* what an earlier run left may have been wrong, not what came now */
		*out_retry = TAKE_PTR(reason);
	else
		item_next_url(it, reason);
	return 0;
}

static char *curl_reason(const struct item *it, CURLcode result)
{
	return xstrdup(it->curl_error[0] ? it->curl_error : curl_easy_strerror(result));
}

/* Why it should be tried again (*out_retry), or why not (*out_give_up), or the item's new state. */
static int sort_outcome(struct item *it, CURLcode result, char **out_retry, char **out_give_up,
			struct err *err)
{
	long status = status_of(it);

	if (result == CURLE_OK && is_success(status) && judge_response(it) < 0)
		return -1;
	if (it->refused) {
		*(it->restart ? out_retry : out_give_up) = TAKE_PTR(it->refused);
		return 0;
	}
	if (status >= 300 && status < 400 && status != 304) {
		redirect(it);
		return 0;
	}
	if (status == 416 && it->resume_from > 0) {
		*out_retry = xstrdup("HTTP 416: the partial file does not fit");
		it->restart = true;
		return item_reset(it, err);
	}
	if (status == 408 || status == 429 || status >= 500)
		*out_retry = xasprintf("HTTP %ld", status);
	else if (status >= 300)
		*out_give_up = xasprintf("HTTP %ld", status);
	else if (result != CURLE_OK)
		*(is_passing(result) ? out_retry : out_give_up) = curl_reason(it, result);
	else if (is_success(status))
		return complete(it, out_retry, err);
	else
		*out_give_up = xasprintf("HTTP %ld instead of the file", status);
	return 0;
}

int transfer_finish(CURLM *multi, struct item *it, CURLcode result,
		    const struct transfer_policy *policy, uint64_t now_ms, char **out_retry,
		    struct err *err)
{
	_cleanup_free_ char *retry = NULL, *give_up = NULL;
	curl_off_t retry_after_s = 0;
	int r;

	r = it->fatal.code ? -1 : sort_outcome(it, result, &retry, &give_up, err);
	if (it->fatal.code)
		*err = it->fatal;
	curl_easy_getinfo(it->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
	curl_multi_remove_handle(multi, it->easy);
	curl_easy_cleanup(it->easy);
	it->easy = NULL;
	if (r < 0)
		return -1;
	if (retry && again(it, policy, now_ms, it->restart ? 0 : (uint64_t)retry_after_s * 1000))
		*out_retry = TAKE_PTR(retry);
	else if (retry || give_up)
		item_next_url(it, retry ? retry : give_up);
	return 0;
}
