/* SPDX-License-Identifier: Apache-2.0 */
#include "live.h"

#include "live_line.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define REDRAW_SECONDS 0.08
#define SAMPLE_SECONDS 0.25

static double between(const struct timespec *a, const struct timespec *b)
{
	return (double)(b->tv_sec - a->tv_sec) + (double)(b->tv_nsec - a->tv_nsec) / 1e9;
}

static double since(const struct timespec *t)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return between(t, &now);
}

static void window(size_t *columns, size_t *rows)
{
	struct winsize w = {0};

	if (ioctl(2, TIOCGWINSZ, &w) < 0)
		w = (struct winsize){0};
	*columns = w.ws_col ? w.ws_col : 80;
	*rows = w.ws_row ? w.ws_row : 24;
}

/* ---- the steps ---- */

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static struct live_task *find(struct live *l, const struct event *ev)
{
	for (size_t i = 0; i < l->n; i++) {
		struct live_task *t = &l->tasks[i];

		if (same(t->what, ev->what) && same(t->name, ev->name ? ev->name : "") &&
		    same(t->owner, ev->owner))
			return t;
	}
	return NULL;
}

static struct live_task *find_what(struct live *l, const char *what)
{
	for (size_t i = 0; i < l->n; i++) {
		if (!strcmp(l->tasks[i].what, what))
			return &l->tasks[i];
	}
	return NULL;
}

static void forget(struct live *l, struct live_task *t)
{
	size_t at = (size_t)(t - l->tasks);

	free(t->what);
	free(t->name);
	free(t->owner);
	free(t->detail);
	memmove(t, t + 1, (l->n - at - 1) * sizeof(*t));
	l->n--;
}

static struct live_task *add(struct live *l, const struct event *ev)
{
	struct live_task *t = find(l, ev);

	if (t)
		forget(l, t);
	if (l->n == LIVE_TASKS)
		return NULL;
	t = &l->tasks[l->n++];
	*t = (struct live_task){.what = xstrdup(ev->what),
				.name = xstrdup(ev->name ? ev->name : ""),
				.owner = ev->owner ? xstrdup(ev->owner) : NULL,
				.total = ev->total};
	clock_gettime(CLOCK_MONOTONIC, &t->began);
	return t;
}

static void progress(struct live *l, const struct event *ev)
{
	struct live_task *t = find(l, ev);
	const struct live_sample *last;
	double now;

	if (!t)
		t = add(l, ev);
	if (!t)
		return;
	t->done = ev->done;
	if (ev->total)
		t->total = ev->total;
	now = since(&t->began);
	last = &t->samples[(t->n_samples + LIVE_SAMPLES - 1) % LIVE_SAMPLES];
	if (t->n_samples && now - last->at < SAMPLE_SECONDS)
		return;
	t->samples[t->n_samples++ % LIVE_SAMPLES] = (struct live_sample){now, ev->done};
}

/* The files of a download come in numbers: only the latest is shown, in the download's line. */
static bool take_file(struct live *l, const struct event *ev)
{
	struct live_task *t = find_what(l, "download");

	if (!t || ev->kind != EVENT_STEP)
		return false;
	free(t->detail);
	t->detail = xstrdup(ev->name ? ev->name : "");
	return true;
}

bool live_take(struct live *l, const struct event *ev)
{
	struct live_task *t;

	if (!strcmp(ev->what, "fetch"))
		return take_file(l, ev);
	if (ev->kind == EVENT_STEP) {
		add(l, ev);
	} else if (ev->kind == EVENT_PROGRESS) {
		progress(l, ev);
	} else {
		t = find(l, ev);
		if (t)
			forget(l, t);
	}
	return true;
}

double live_seconds(const struct live *l, const struct event *ev)
{
	const struct live_task *t = find((struct live *)l, ev);

	return t ? since(&t->began) : -1;
}

/* A build shows its phase; its own line is for the time between two. */
static bool is_hidden(const struct live *l, const struct live_task *t)
{
	for (size_t i = 0; i < l->n && !strcmp(t->what, "build"); i++) {
		const char *owner = l->tasks[i].owner;

		if (owner && str_starts(t->name, owner))
			return true;
	}
	return false;
}

/* ---- the screen ---- */

/* To the beginning of the first changing line. */
static void add_return(const struct live *l, struct strbuf *out)
{
	size_t columns, rows, up = 0;

	if (!l->shown)
		return;
	window(&columns, &rows);
	for (size_t i = 0; i < l->shown; i++)
		up += l->lengths[i] > columns ? (l->lengths[i] + columns - 1) / columns : 1;
	strbuf_addc(out, '\r');
	if (up > 1)
		strbuf_addf(out, "\033[%zuA", up - 1);
}

static void add_frame(struct live *l, struct strbuf *out)
{
	size_t columns, rows, before = l->shown;

	window(&columns, &rows);
	l->shown = 0;
	for (size_t i = 0; i < l->n && l->shown + 1 < rows; i++) {
		_cleanup_(strbuf_release) struct strbuf line = STRBUF_INIT;

		if (is_hidden(l, &l->tasks[i]))
			continue;
		live_line(&line, &l->tasks[i], since(&l->tasks[i].began), columns - 1);
		strbuf_adds(out, l->shown ? "\n" : "");
		strbuf_add(out, line.s, line.len);
		strbuf_adds(out, "\033[K");
		l->lengths[l->shown++] = line.len;
	}
	if (before)
		strbuf_adds(out, "\033[J");
	clock_gettime(CLOCK_MONOTONIC, &l->drawn);
}

static void put(const struct strbuf *out)
{
	struct err ignored = ERR_INIT;

	/* Nobody is left to be told when the terminal is gone. */
	if (out->len)
		(void)!file_write_all(2, out->s, out->len, &ignored);
}

void live_draw(struct live *l, bool force)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	if (!force && since(&l->drawn) < REDRAW_SECONDS)
		return;
	add_return(l, &out);
	add_frame(l, &out);
	put(&out);
}

void live_print(struct live *l, const char *text)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	add_return(l, &out);
	if (l->shown)
		strbuf_adds(&out, "\033[J");
	strbuf_adds(&out, text);
	l->shown = 0;
	add_frame(l, &out);
	put(&out);
}

/* Take the lines off the screen; steps are kept. */
static void live_hide(struct live *l)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	if (!l->shown)
		return;
	add_return(l, &out);
	strbuf_adds(&out, "\033[J");
	l->shown = 0;
	put(&out);
}

void live_clear(struct live *l)
{
	live_hide(l);
	while (l->n)
		forget(l, &l->tasks[l->n - 1]);
}
