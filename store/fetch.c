/* SPDX-License-Identifier: Apache-2.0 */
#include <store/fetch.h>

#include "fetching.h"
#include "mirror.h"

#include <base/file.h>
#include <base/printable.h>
#include <fcntl.h>
#include <string.h>

bool want_present(struct fetching *f, struct want *w)
{
	if (!w->done && !w->item->unpinned && store_blob_has(f->store, &w->item->hash))
		w->done = true;
	return w->done;
}

/* An index goes where the caller said, whole or not at all. */
static int write_out(const struct fetch_item *item, int fd, struct err *err)
{
	_cleanup_free_ char *part = xasprintf("%s.part", item->out_path);
	_cleanup_close_ int out =
		file_open(AT_FDCWD, part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0644, err);

	if (out < 0)
		return -1;
	if (file_copy_fd(fd, out, err) < 0)
		goto fail;
	if (rename(part, item->out_path) == 0)
		return 0;
	err_set(err, ERR_STORE, errno, "rename %s to %s", part, item->out_path);
fail:
	unlink(part);
	return -1;
}

static int check_size(const struct fetch_item *item, int fd, const char *shown, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_set(err, ERR_STORE, errno, "%s", shown);
	if (item->size == 0 || (uint64_t)st.st_size == item->size)
		return 0;
	return err_set(err, ERR_INPUT, 0, "%s: expected %llu bytes, found %lld", shown,
		       (unsigned long long)item->size, (long long)st.st_size);
}

int want_import(struct fetching *f, struct want *w, int fd, const char *shown, struct err *err)
{
	const struct fetch_item *item = w->item;
	int r;

	if (item->unpinned)
		r = check_size(item, fd, shown, err) < 0 ? -1 : write_out(item, fd, err);
	else
		r = store_blob_add_fd(f->store, fd, shown, &item->hash, item->size, NULL, err);
	if (r < 0)
		return -1;
	w->done = true;
	want_progress(f, w, item->size);
	return 0;
}

void want_progress(struct fetching *f, struct want *w, uint64_t bytes)
{
	f->got += bytes - w->got;
	w->got = bytes;
	event_progress(f->sink, "download", f->title, f->got, f->total);
}

void want_failed(struct want *w, const char *url, const char *reason)
{
	_cleanup_free_ char *u = printable(url, 300), *r = printable(reason, 300);

	strv_pushf(&w->failures, "%s: %s", u, r);
	w->gone = w->gone && (strcmp(reason, "HTTP 404") == 0 || strcmp(reason, "HTTP 410") == 0);
}

/* ---- what is wanted ---- */

static bool is_listed(const struct fetching *f, const struct fetch_item *item)
{
	for (size_t i = 0; i < f->n && !item->unpinned; i++)
		if (!f->wants[i].item->unpinned &&
		    sha256_equal(&f->wants[i].item->hash, &item->hash))
			return true;
	return false;
}

static void list_missing(struct fetching *f, const struct fetch_item *items, size_t n)
{
	f->wants = xcalloc(n ? n : 1, sizeof(*f->wants));
	for (size_t i = 0; i < n; i++) {
		if (!items[i].unpinned && store_blob_has(f->store, &items[i].hash))
			continue;
		if (!is_listed(f, &items[i]))
			f->wants[f->n++] = (struct want){.item = &items[i], .gone = true};
	}
}

static void fetching_release(struct fetching *f)
{
	for (size_t i = 0; i < f->n; i++) {
		strv_release(&f->wants[i].urls);
		strv_release(&f->wants[i].local);
		strv_release(&f->wants[i].failures);
	}
	free(f->wants);
	free(f->title);
}

/* Sort the URLs of an item. One that names an unknown mirror is a failure only when none is left.
 */
static int expand_urls(struct fetching *f, struct want *w, struct err *err)
{
	_cleanup_(strv_release) struct strv all = STRV_INIT;
	struct err unknown = ERR_INIT;

	for (size_t i = 0; i < w->item->n_urls; i++) {
		struct err here = ERR_INIT;

		if (mirror_expand(w->item->urls[i], f->opt, &all, &here) < 0) {
			want_failed(w, w->item->urls[i], here.msg);
			if (!unknown.code)
				unknown = here;
		}
	}
	for (size_t i = 0; i < all.n; i++) {
		if (str_starts(all.v[i], "file:"))
			strv_push(&w->local, all.v[i]);
		else if (str_starts(all.v[i], "https://") || str_starts(all.v[i], "http://"))
			strv_push(&w->urls, all.v[i]);
		else
			want_failed(w, all.v[i],
				    "only https, http, file and mirror URLs are known");
	}
	if (all.n > 0 || !unknown.code)
		return 0;
	*err = unknown;
	return err_wrap(err, "%s", w->item->name);
}

/* ---- what could not be had ---- */

static char *describe_failure(const struct want *w)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	_cleanup_free_ char *name = printable(w->item->name, 200);
	char hex[SHA256_HEX_LEN + 1];

	strbuf_addf(&sb, "cannot fetch %s", name);
	if (!w->item->unpinned) {
		sha256_to_hex(&w->item->hash, hex);
		strbuf_addf(&sb, " (sha256 %s)", hex);
	}
	if (w->gone && w->failures.n > 0 && !w->item->unpinned)
		strbuf_adds(&sb,
			    ", no server has it any more: give the file with --from DIR, or pin "
			    "what is there now (a toolchain's: `belljar toolchain lock`; a "
			    "source: branch.yaml)");
	else if (!w->item->unpinned)
		strbuf_adds(&sb, ": the file can also be given with --from DIR");
	strbuf_adds(&sb, w->failures.n ? "; tried:" : "; it has no URL");
	for (size_t i = 0; i < w->failures.n; i++)
		strbuf_addf(&sb, "%s %s", i ? "," : "", w->failures.v[i]);
	return strbuf_steal(&sb);
}

static int report_failures(struct fetching *f, struct err *err)
{
	size_t failed = 0;

	for (size_t i = 0; i < f->n; i++)
		failed += !f->wants[i].done;
	for (size_t i = 0; i < f->n && failed > 0; i++) {
		_cleanup_free_ char *text = NULL;

		if (f->wants[i].done)
			continue;
		text = describe_failure(&f->wants[i]);
		if (failed > 1)
			event_warn(f->sink, "%s", text);
		if (!err->code)
			err_set(err, ERR_INPUT, 0, "%s", text);
	}
	if (failed > 1)
		err_wrap(err, "%zu files are missing, the first", failed);
	return failed ? -1 : 0;
}

static int report_offline(struct fetching *f, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf names = STRBUF_INIT;
	size_t missing = 0, shown = 0;

	for (size_t i = 0; i < f->n; i++) {
		_cleanup_free_ char *name = printable(f->wants[i].item->name, 100);

		if (f->wants[i].done)
			continue;
		missing++;
		if (names.len > 700)
			continue;
		strbuf_addf(&names, "%s %s", shown++ ? "," : "", name);
	}
	if (missing == 0)
		return 0;
	if (shown < missing)
		strbuf_addf(&names, " and %zu more", missing - shown);
	return err_set(err, ERR_INPUT, 0,
		       "offline, and %zu file%s neither in the store nor in a --from directory:%s",
		       missing, missing == 1 ? " is" : "s are", strbuf_str(&names));
}

static int get_nearby(struct fetching *f, struct err *err)
{
	for (size_t i = 0; i < f->n; i++)
		if (fetch_from_directories(f, &f->wants[i], err) < 0)
			return -1;
	if (f->opt->offline)
		return report_offline(f, err);
	for (size_t i = 0; i < f->n; i++) {
		struct want *w = &f->wants[i];

		if (w->done)
			continue;
		if (expand_urls(f, w, err) < 0 || fetch_local(f, w, err) < 0)
			return -1;
	}
	return 0;
}

static int fetch_all(struct fetching *f, struct err *err)
{
	struct event ev = {.kind = EVENT_STEP, .what = "download"};

	for (size_t i = 0; i < f->n; i++)
		f->total += f->wants[i].item->size;
	f->title = xasprintf("%zu file%s", f->n, f->n == 1 ? "" : "s");
	ev.name = f->title;
	ev.total = f->total;
	event_emit(f->sink, &ev);
	if (get_nearby(f, err) < 0 || fetch_remote(f, err) < 0 || report_failures(f, err) < 0) {
		ev.kind = EVENT_FAIL;
		event_emit(f->sink, &ev);
		return -1;
	}
	ev.kind = EVENT_DONE;
	ev.done = f->got;
	event_emit(f->sink, &ev);
	return 0;
}

int store_fetch(struct store *s, const struct fetch_item *items, size_t n,
		const struct fetch_options *opt, const struct event_sink *sink, struct err *err)
{
	static const struct fetch_options defaults;
	_cleanup_(fetching_release) struct fetching f = {
		.store = s, .opt = opt ? opt : &defaults, .sink = sink};

	list_missing(&f, items, n);
	return f.n ? fetch_all(&f, err) : 0;
}
