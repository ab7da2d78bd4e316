/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The caller's side of the helper program `fetch`. It downloads into partial/ in the store, where
 * files stay when they are not complete, so that the next run goes on from there. They are no
 * blobs: what the helper calls done is hashed again while it is copied into the store.
 */
#include "fetching.h"

#include <base/file.h>
#include <base/json.h>
#include <base/process.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>

#define PARTIAL   "partial"
#define MAX_LINE  (1u << 20)
#define KEEP_DAYS 14
#define UNPINNED  "unpinned."
#define PARALLEL  6
#define STEP_MS   100 /* between looks at whether the user wants to stop */

struct remote {
	struct fetching *f;
	int dirfd; /* of partial/, locked */
	struct process helper;
	size_t open; /* items without an end */
	struct strbuf input;
};

static void partial_name(const struct remote *r, const struct want *w, char out[96])
{
	char hex[SHA256_HEX_LEN + 1];

	sha256_to_hex(&w->item->hash, hex);
	if (w->item->unpinned)
		snprintf(out, 96, UNPINNED "%zu", (size_t)(w - r->f->wants));
	else
		snprintf(out, 96, "%s", hex);
}

/* An index is never continued, and a download that nobody came back for is only weight. */
static void sweep(int dirfd)
{
	_cleanup_closedir_ DIR *dir = NULL;
	const time_t old = time(NULL) - KEEP_DAYS * 86400L;
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *de;
	struct stat st;

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir && fd >= 0)
		close(fd);
	while (dir && (de = readdir(dir)))
		if (fstatat(dirfd, de->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    !S_ISDIR(st.st_mode) && (str_starts(de->d_name, UNPINNED) || st.st_mtime < old))
			unlinkat(dirfd, de->d_name, 0);
}

static int open_partial(struct remote *r, struct err *err)
{
	const int store = store_fd(r->f->store);

	if (mkdirat(store, PARTIAL, 0700) < 0 && errno != EEXIST)
		return err_set(err, ERR_STORE, errno, "make %s/" PARTIAL, store_path(r->f->store));
	r->dirfd = openat(store, PARTIAL, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (r->dirfd < 0)
		return err_set(err, ERR_STORE, errno, "open %s/" PARTIAL, store_path(r->f->store));
	if (flock(r->dirfd, LOCK_EX | LOCK_NB) < 0) {
		event_note(r->f->sink, "waiting for another fetch into this store");
		while (flock(r->dirfd, LOCK_EX) < 0)
			if (errno != EINTR)
				return err_set(err, ERR_STORE, errno, "lock " PARTIAL);
	}
	sweep(r->dirfd);
	return 0;
}

/* ---- requests ---- */

static json_t *request_of(const struct remote *r, const struct want *w)
{
	json_t *request = json_object();
	char name[96], hex[SHA256_HEX_LEN + 1];

	partial_name(r, w, name);
	json_set(request, "id", json_integer(w - r->f->wants));
	json_set(request, "out", json_string(name));
	json_set(request, "size", json_integer((json_int_t)w->item->size));
	if (!w->item->unpinned) {
		sha256_to_hex(&w->item->hash, hex);
		json_set(request, "sha256", json_string(hex));
	}
	json_set(request, "urls", json_texts(&w->urls));
	return request;
}

/* All requests in a file without a name: a pipe could fill while the helper's own is full. */
static int write_requests(struct remote *r, int *out_fd, struct err *err)
{
	_cleanup_close_ int fd = memfd_create("requests", MFD_CLOEXEC);
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	if (fd < 0)
		return err_set(err, ERR_HOST, errno, "memfd_create");
	for (size_t i = 0; i < r->f->n; i++) {
		struct want *w = &r->f->wants[i];
		_cleanup_json_ json_t *request = NULL;
		_cleanup_free_ char *text = NULL;

		if (w->urls.n == 0 || want_present(r->f, w))
			continue;
		request = request_of(r, w);
		if (json_canonical(request, &text, err) < 0)
			return -1;
		strbuf_addf(&sb, "%s\n", text);
		r->open++;
	}
	if (file_write_all(fd, strbuf_str(&sb), sb.len, err) < 0)
		return -1;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_set(err, ERR_HOST, errno, "rewind the requests");
	*out_fd = TAKE_FD(fd);
	return 0;
}

static void add_knob(struct strv *argv, const char *option, const char *variable)
{
	const char *value = getenv(variable);

	if (str_empty(value) || value[strspn(value, "0123456789")] || strlen(value) > 6)
		return;
	strv_push(argv, option);
	strv_push(argv, value);
}

static int start_helper(struct remote *r, int requests, struct err *err)
{
	_cleanup_(strv_release) struct strv argv = STRV_INIT;
	_cleanup_free_ char *path = NULL;
	struct process_spec spec = {.in_fd = requests, .out_fd = -1, .err_fd = -3};

	if (process_helper_path("fetch", &path, err) < 0)
		return -1;
	strv_push(&argv, path);
	strv_push(&argv, "--dir");
	strv_pushf(&argv, "%s/" PARTIAL, store_path(r->f->store));
	strv_push(&argv, "--parallel");
	strv_pushf(&argv, "%u", r->f->opt->parallel ? r->f->opt->parallel : PARALLEL);
	add_knob(&argv, "--tries", "BELLJAR_FETCH_TRIES");
	add_knob(&argv, "--backoff-ms", "BELLJAR_FETCH_BACKOFF_MS");
	add_knob(&argv, "--stall-s", "BELLJAR_FETCH_STALL_S");
	spec.argv = (const char *const *)argv.v;
	return process_start(&r->helper, &spec, err);
}

/* ---- events ---- */

static int import_partial(struct remote *r, struct want *w, const char *url, struct err *err)
{
	_cleanup_close_ int fd = -1;
	struct err why = ERR_INIT;
	char name[96];
	struct stat st;

	partial_name(r, w, name);
	fd = file_open_beneath(r->dirfd, name, O_RDONLY | O_NONBLOCK, 0, err);
	if (fd < 0) {
		err->code = ERR_STORE; /* not the user's file: one that belongs to us */
		return -1;
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, ERR_STORE, 0, "%s/" PARTIAL "/%s is no regular file",
			       store_path(r->f->store), name);
	if (want_import(r->f, w, fd, w->item->name, &why) < 0 && why.code != ERR_INPUT) {
		*err = why;
		return -1;
	}
	if (unlinkat(r->dirfd, name, 0) < 0)
		return err_set(err, ERR_STORE, errno, "remove " PARTIAL "/%s", name);
	if (w->done)
		event_done(r->f->sink, "fetch", w->item->name, url);
	else
		want_failed(w, url, why.msg);
	return 0;
}

static void note_failures(struct want *w, const json_t *failures)
{
	const json_t *one;
	size_t i;

	json_array_foreach (failures, i, one)
		want_failed(w, json_get_str(one, "url", "?"), json_get_str(one, "reason", "?"));
}

/* What the helper says is a stranger's word: only the id selects, and only among what was asked. */
static struct want *want_of(struct remote *r, const json_t *event)
{
	json_int_t id = json_get_int(event, "id", -1);

	if (id < 0 || (size_t)id >= r->f->n || r->f->wants[id].urls.n == 0 ||
	    r->f->wants[id].done || r->f->wants[id].ended)
		return NULL;
	return &r->f->wants[id];
}

/* Once for each: want_of() gives no file a second time, so that none is taken for another's end. */
static void end_want(struct remote *r, struct want *w)
{
	w->ended = true;
	r->open--;
}

static int handle_event(struct remote *r, const json_t *event, struct err *err)
{
	const char *kind = json_get_str(event, "event", "");
	const char *name;
	struct want *w = want_of(r, event);

	if (strcmp(kind, "error") == 0)
		return err_set(err, ERR_STORE, 0, "fetch: %s", json_get_str(event, "message", "?"));
	if (!w)
		return err_set(err, ERR_BUG, 0,
			       "the fetch helper speaks of a file it was not given");
	name = w->item->name;
	if (strcmp(kind, "start") == 0) {
		event_step(r->f->sink, "fetch", name);
	} else if (strcmp(kind, "progress") == 0) {
		json_int_t bytes = json_get_int(event, "bytes", 0);

		event_progress(r->f->sink, "fetch", name, (uint64_t)bytes, w->item->size);
		want_progress(r->f, w, (uint64_t)bytes);
	} else if (strcmp(kind, "retry") == 0) {
		event_debug(r->f->sink, "%s: %s: %s; trying again", name,
			    json_get_str(event, "url", "?"), json_get_str(event, "reason", "?"));
	} else if (strcmp(kind, "done") == 0) {
		end_want(r, w);
		return import_partial(r, w, json_get_str(event, "url", "?"), err);
	} else if (strcmp(kind, "failed") == 0) {
		end_want(r, w);
		note_failures(w, json_object_get(event, "failures"));
		want_progress(r->f, w, 0);
	}
	return 0;
}

static int handle_line(struct remote *r, const char *line, size_t len, struct err *err)
{
	_cleanup_json_ json_t *event = NULL;

	if (json_parse("fetch helper", line, len, &event, err) < 0)
		return -1;
	return handle_event(r, event, err);
}

/* Hand on every whole line and keep the rest. */
static int handle_input(struct remote *r, struct err *err)
{
	char *start = r->input.s, *end = start + r->input.len, *nl;

	while (start < end && (nl = memchr(start, '\n', (size_t)(end - start)))) {
		if (handle_line(r, start, (size_t)(nl - start), err) < 0)
			return -1;
		start = nl + 1;
	}
	r->input.len = (size_t)(end - start);
	memmove(r->input.s, start, r->input.len);
	if (r->input.len > MAX_LINE)
		return err_set(err, ERR_BUG, 0, "the fetch helper sent an endless line");
	return 0;
}

/* Until there is something to read, or the user wants to stop: ERR_INTERRUPTED. */
static int wait_for_helper(const struct remote *r, struct err *err)
{
	const struct fetch_options *opt = r->f->opt;
	struct pollfd fd = {.fd = r->helper.out, .events = POLLIN};

	for (;;) {
		int n = poll(&fd, 1, STEP_MS);

		if (opt->stopped && opt->stopped(opt->stop_arg))
			return err_set(err, ERR_INTERRUPTED, 0, "stopped");
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return err_set(err, ERR_HOST, errno, "poll");
	}
}

static int listen_to_helper(struct remote *r, struct err *err)
{
	char buf[16384];
	int status;

	for (;;) {
		ssize_t n;

		if (wait_for_helper(r, err) < 0)
			return -1;
		n = read(r->helper.out, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, ERR_HOST, errno, "read from the fetch helper");
		if (n == 0)
			break;
		strbuf_add(&r->input, buf, (size_t)n);
		if (handle_input(r, err) < 0)
			return -1;
	}
	if (process_wait(&r->helper, &status, err) < 0)
		return -1;
	if (status != 0 || r->open > 0)
		return err_set(err, status == 128 + SIGINT ? ERR_INTERRUPTED : ERR_HOST, 0,
			       "the fetch helper ended with status %d and %zu files to go", status,
			       r->open);
	return 0;
}

static void remote_release(struct remote *r)
{
	process_release(&r->helper); /* first: it writes below dirfd */
	cleanup_closep(&r->dirfd);
	strbuf_release(&r->input);
}

int fetch_remote(struct fetching *f, struct err *err)
{
	_cleanup_(remote_release) struct remote r = {.f = f, .dirfd = -1, .helper = PROCESS_INIT};
	_cleanup_close_ int requests = -1;
	bool needed = false;

	for (size_t i = 0; i < f->n; i++)
		needed = needed || (!f->wants[i].done && f->wants[i].urls.n > 0);
	if (!needed)
		return 0;
	if (open_partial(&r, err) < 0 || write_requests(&r, &requests, err) < 0)
		return -1;
	if (r.open == 0) /* another fetch, for which we waited, brought all of it */
		return 0;
	if (start_helper(&r, requests, err) < 0)
		return -1;
	return listen_to_helper(&r, err);
}
