/* SPDX-License-Identifier: Apache-2.0 */
#include "eventlog.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <base/str.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static json_int_t milliseconds(const struct eventlog *l)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - l->began.tv_sec) * 1000 + (now.tv_nsec - l->began.tv_nsec) / 1000000;
}

static json_t *new_line(const struct eventlog *l, const char *event)
{
	json_t *o = json_object();

	json_set_str(o, "event", event);
	json_set(o, "at_ms", json_integer(milliseconds(l)));
	return o;
}

/* One write(2) per line, so that a reader of a file never sees half of one. */
static void put(struct eventlog *l, json_t *doc_taken)
{
	_cleanup_json_ json_t *doc = doc_taken;
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	_cleanup_free_ char *text = json_dumps(doc, JSON_COMPACT | JSON_SORT_KEYS);
	struct err err = ERR_INIT;

	if (l->failed || !text)
		return;
	strbuf_addf(&sb, "%s\n", text);
	if (file_write_all(l->fd, sb.s, sb.len, &err) == 0)
		return;
	l->failed = true;
	l->gone = err.sys_errno == EPIPE;
}

int eventlog_open(struct eventlog *l, const char *path, const char *command, bool output,
		  struct err *err)
{
	struct tm tm;
	time_t now = time(NULL);
	char text[32];
	json_t *o;

	l->fd = strcmp(path, "-") ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)
				  : fcntl(1, F_DUPFD_CLOEXEC, 3);
	if (l->fd < 0)
		return err_set(err, ERR_USAGE, errno, "--events: cannot write %s", path);
	l->output = output;
	clock_gettime(CLOCK_MONOTONIC, &l->began);
	gmtime_r(&now, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	o = new_line(l, "hello");
	json_set(o, "belljar_events", json_integer(1));
	json_set_str(o, "version", BELLJAR_VERSION);
	json_set_str(o, "command", command);
	json_set_str(o, "started", text);
	put(l, o);
	return 0;
}

static const char *event_name(enum event_kind kind)
{
	static const char *const names[] = {
		[EVENT_STEP] = "begin",  [EVENT_PROGRESS] = "progress", [EVENT_DONE] = "end",
		[EVENT_FAIL] = "failed", [EVENT_NOTE] = "note",         [EVENT_WARN] = "warning",
		[EVENT_DEBUG] = "debug", [EVENT_LOG] = "output",
	};

	return names[kind];
}

static const char *unit_of(const char *what)
{
	if (!strcmp(what, "download") || !strcmp(what, "fetch"))
		return "bytes";
	return !strcmp(what, "build") || !strcmp(what, "phase") ? "ms" : "objects";
}

static void add_step(json_t *o, const struct event *ev)
{
	json_set_str(o, "what", ev->what);
	json_set_str(o, "name", ev->name ? ev->name : "");
	if (ev->done || ev->kind == EVENT_PROGRESS)
		json_set(o, "done", json_integer((json_int_t)ev->done));
	if (ev->total)
		json_set(o, "total", json_integer((json_int_t)ev->total));
	if (ev->done || ev->total)
		json_set_str(o, "unit", unit_of(ev->what));
	if (ev->text)
		json_set_str(o, "text", ev->text);
}

void eventlog_event(struct eventlog *l, const struct event *ev)
{
	json_t *o;

	if (l->fd < 0 || (ev->kind == EVENT_LOG && !l->output))
		return;
	o = new_line(l, event_name(ev->kind));
	if (ev->owner)
		json_set_str(o, "build", ev->owner);
	if (ev->kind == EVENT_LOG) {
		_cleanup_free_ char *text = xstrndup(ev->text, ev->done);

		json_set_str(o, "text", text);
	} else if (ev->what) {
		add_step(o, ev);
	} else {
		json_set_str(o, "text", ev->text ? ev->text : "");
	}
	put(l, o);
}

void eventlog_result(struct eventlog *l, json_t *doc)
{
	json_t *o;

	if (l->fd < 0)
		return;
	o = new_line(l, "result");
	json_set(o, "document", json_incref(doc));
	put(l, o);
}

void eventlog_error(struct eventlog *l, const struct err *err)
{
	json_t *o;

	if (l->fd < 0)
		return;
	o = new_line(l, "error");
	json_set_str(o, "code", err_code_name(err->code));
	json_set_str(o, "message", err->msg);
	put(l, o);
}

int eventlog_close(struct eventlog *l, int status, struct err *err)
{
	bool bad;
	json_t *o;

	if (l->fd < 0)
		return 0;
	o = new_line(l, "exit");
	json_set(o, "status", json_integer(status));
	put(l, o);
	bad = l->failed && !l->gone;
	cleanup_closep(&l->fd);
	return bad ? err_set(err, ERR_STORE, 0, "--events: not all could be written") : 0;
}
