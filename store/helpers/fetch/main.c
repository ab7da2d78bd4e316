/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch: download pinned files, several at once, into one directory.
 *
 *	fetch --dir DIRECTORY [--parallel N] [--tries N] [--backoff-ms N] [--stall-s N]
 *
 * Requests come as JSON lines on stdin and are read to the end before the first transfer; events go
 * as JSON lines to stdout. See ../README.md. What this program reports is believed by nobody: the
 * caller hashes the file again.
 */
#include "transfer.h"

#include <base/confine.h>
#include <base/digest.h>
#include <base/file.h>
#include <fcntl.h>
#include <getopt.h>
#include <string.h>

#define MAX_REQUESTS (64u << 20)
#define PROGRESS_MS  200

struct fetch {
	int dirfd;
	unsigned parallel, running;
	struct transfer_policy policy;
	struct item *items;
	size_t n, cap;
	CURLM *multi;
	uint64_t told_ms;
};

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static int say(json_t *event_taken, struct err *err)
{
	_cleanup_json_ json_t *event = event_taken;
	_cleanup_free_ char *text = NULL;
	_cleanup_(strbuf_release) struct strbuf line = STRBUF_INIT;

	if (json_canonical(event, &text, err) < 0)
		return -1;
	strbuf_addf(&line, "%s\n", text);
	return file_write_all(STDOUT_FILENO, line.s, line.len, err);
}

static json_t *event_of(const struct item *it, const char *kind)
{
	json_t *event = json_object();

	json_set(event, "event", json_string(kind));
	json_set(event, "id", json_integer(it->id));
	return event;
}

static int say_retry(const struct item *it, const char *reason, struct err *err)
{
	json_t *event = event_of(it, "retry");

	json_set_str(event, "url", it->location);
	json_set_str(event, "reason", reason);
	return say(event, err);
}

static int say_end(const struct item *it, struct err *err)
{
	char hex[SHA256_HEX_LEN + 1];
	json_t *event;

	if (it->state == ITEM_FAILED) {
		event = event_of(it, "failed");
		json_set(event, "failures", json_incref(it->failures));
		return say(event, err);
	}
	sha256_to_hex(&it->found, hex);
	event = event_of(it, "done");
	json_set(event, "sha256", json_string(hex));
	json_set(event, "size", json_integer((json_int_t)it->have));
	json_set_str(event, "url", it->urls.v[it->url]);
	return say(event, err);
}

static int say_progress(struct fetch *f, struct err *err)
{
	if (now_ms() < f->told_ms + PROGRESS_MS)
		return 0;
	f->told_ms = now_ms();
	for (size_t i = 0; i < f->n; i++) {
		struct item *it = &f->items[i];
		json_t *event;

		if (it->state != ITEM_RUNNING || it->told == it->have)
			continue;
		it->told = it->have;
		event = event_of(it, "progress");
		json_set(event, "bytes", json_integer((json_int_t)it->have));
		if (say(event, err) < 0)
			return -1;
	}
	return 0;
}

static int read_requests(struct fetch *f, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len;

	if (file_read_fd(STDIN_FILENO, "requests", MAX_REQUESTS, &text, &len, err) < 0)
		return -1;
	for (char *line = text, *end; line < text + len; line = end + 1) {
		_cleanup_json_ json_t *request = NULL;

		end = strchrnul(line, '\n');
		if (json_parse("request", line, (size_t)(end - line), &request, err) < 0)
			return -1;
		ARRAY_GROW(f->items, f->n, f->cap);
		if (item_parse(&f->items[f->n++], request, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- confinement ---- */

static const char *const readable[] = {
	/* certificates */
	"/etc/ssl",
	"/etc/pki",
	"/etc/ca-certificates",
	"/usr/share/ca-certificates",
	"/usr/local/share/ca-certificates",
	/* name service */
	"/etc/resolv.conf",
	"/etc/hosts",
	"/etc/host.conf",
	"/etc/nsswitch.conf",
	"/etc/gai.conf",
	"/etc/services",
	"/etc/protocols",
	"/etc/localtime",
	/* its plugins, opened by the C library at the first look-up */
	"/etc/ld.so.cache",
	"/lib",
	"/lib64",
	"/usr/lib",
	"/usr/lib64",
};

static void add_readable(int *fds, size_t *n, const char *path)
{
	int fd = str_empty(path) ? -1 : open(path, O_PATH | O_CLOEXEC);

	if (fd >= 0)
		fds[(*n)++] = fd;
}

static int confine(struct fetch *f, struct err *err)
{
	int fds[ARRAY_SIZE(readable) + 2];
	struct confine c = {
		.write_fds = &f->dirfd, .n_write_fds = 1, .read_fds = fds, .network = true};
	const char *missing;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(readable); i++)
		add_readable(fds, &c.n_read_fds, readable[i]);
	add_readable(fds, &c.n_read_fds, f->policy.ca_file);
	add_readable(fds, &c.n_read_fds, f->policy.ca_path);
	r = confine_self(&c, &missing, err);
	for (size_t i = 0; i < c.n_read_fds; i++)
		close(fds[i]);
	return r;
}

/* ---- the loop ---- */

static int start_due(struct fetch *f, struct err *err)
{
	for (size_t i = 0; i < f->n && f->running < f->parallel; i++) {
		struct item *it = &f->items[i];

		if (it->state != ITEM_WAITING || it->not_before > now_ms())
			continue;
		if (it->fd < 0) {
			if (item_open(it, f->dirfd, err) < 0)
				return -1;
			if (it->state == ITEM_DONE) {
				if (say_end(it, err) < 0)
					return -1;
				cleanup_closep(&it->fd);
				it->fd = -1;
				continue;
			}
			if (say(event_of(it, "start"), err) < 0)
				return -1;
		}
		if (transfer_start(f->multi, it, &f->policy, err) < 0)
			return -1;
		f->running++;
	}
	return 0;
}

static int finish_one(struct fetch *f, struct item *it, CURLcode result, struct err *err)
{
	_cleanup_free_ char *retry = NULL;

	f->running--;
	if (transfer_finish(f->multi, it, result, &f->policy, now_ms(), &retry, err) < 0)
		return -1;
	if (retry)
		return say_retry(it, retry, err);
	if (it->state != ITEM_DONE && it->state != ITEM_FAILED)
		return 0;
	cleanup_closep(&it->fd);
	it->fd = -1;
	return say_end(it, err);
}

static int collect(struct fetch *f, struct err *err)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(f->multi, &left))) {
		CURLcode result = msg->data.result;
		char *it = NULL;

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &it);
		if (finish_one(f, (struct item *)it, result, err) < 0)
			return -1;
	}
	return 0;
}

static bool unfinished(const struct fetch *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->items[i].state == ITEM_WAITING || f->items[i].state == ITEM_RUNNING)
			return true;
	return false;
}

/* Until the next waiting item is due, but no longer than until the next progress line. */
static int poll_ms(const struct fetch *f)
{
	uint64_t now = now_ms(), wait = PROGRESS_MS;

	for (size_t i = 0; i < f->n && f->running < f->parallel; i++) {
		const struct item *it = &f->items[i];
		uint64_t left = it->not_before > now ? it->not_before - now : 0;

		if (it->state == ITEM_WAITING && left < wait)
			wait = left;
	}
	return (int)wait;
}

static int run(struct fetch *f, struct err *err)
{
	int still;

	while (unfinished(f)) {
		if (start_due(f, err) < 0)
			return -1;
		if (curl_multi_perform(f->multi, &still) != CURLM_OK)
			return err_set(err, ERR_BUG, 0, "curl_multi_perform");
		if (collect(f, err) < 0 || say_progress(f, err) < 0)
			return -1;
		curl_multi_poll(f->multi, NULL, 0, poll_ms(f), NULL);
	}
	return 0;
}

static int prepare(struct fetch *f, int argc, char **argv, struct err *err)
{
	static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
						{"parallel", required_argument, NULL, 'p'},
						{"tries", required_argument, NULL, 't'},
						{"backoff-ms", required_argument, NULL, 'b'},
						{"stall-s", required_argument, NULL, 's'},
						{0}};
	unsigned *numbers[] = {['p'] = &f->parallel,
			       ['t'] = &f->policy.tries,
			       ['b'] = &f->policy.backoff_ms,
			       ['s'] = &f->policy.stall_s};
	const char *dir = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == '?')
			return err_set(err, ERR_USAGE, 0, "fetch: unknown option");
		if (c == 'd')
			dir = optarg;
		else
			*numbers[c] = (unsigned)strtoul(optarg, NULL, 10);
	}
	if (!dir || f->parallel == 0 || f->policy.tries == 0)
		return err_set(err, ERR_USAGE, 0, "usage: fetch --dir DIRECTORY <requests");
	f->dirfd = file_open(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY, 0, err);
	return f->dirfd < 0 ? -1 : 0;
}

/* What curl(1) honours, for programs that use the library. */
static void certificates(struct transfer_policy *policy)
{
	policy->ca_file = getenv("CURL_CA_BUNDLE");
	if (str_empty(policy->ca_file))
		policy->ca_file = getenv("SSL_CERT_FILE");
	if (str_empty(policy->ca_file))
		policy->ca_file = NULL;
	policy->ca_path = getenv("SSL_CERT_DIR");
	if (str_empty(policy->ca_path))
		policy->ca_path = NULL;
}

static void release(struct fetch *f)
{
	for (size_t i = 0; i < f->n; i++)
		item_release(&f->items[i]);
	free(f->items);
	if (f->multi)
		curl_multi_cleanup(f->multi);
	cleanup_closep(&f->dirfd);
}

static int fetch_all(struct fetch *f, int argc, char **argv, struct err *err)
{
	certificates(&f->policy);
	if (sha256_ready(err) < 0 || prepare(f, argc, argv, err) < 0 || read_requests(f, err) < 0)
		return -1;
	/* before the confinement: libcrypto reads its configuration here */
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !(f->multi = curl_multi_init()))
		return err_nomem(err);
	if (confine(f, err) < 0)
		return -1;
	return run(f, err);
}

int main(int argc, char **argv)
{
	struct fetch f = {.dirfd = -1,
			  .parallel = 6,
			  .policy = {.tries = 4, .backoff_ms = 500, .stall_s = 30}};
	struct err err = ERR_INIT;
	json_t *event;

	if (fetch_all(&f, argc, argv, &err) == 0) {
		release(&f);
		curl_global_cleanup();
		return 0;
	}
	event = json_object();
	json_set(event, "event", json_string("error"));
	json_set(event, "code", json_integer(err.code));
	json_set_str(event, "message", err.msg);
	say(event, &err);
	return err.code ? err.code : ERR_BUG;
}
