/* SPDX-License-Identifier: Apache-2.0 */
#include "render.h"

#include "cli.h"

#include <base/str.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BAR 24

bool render_init(struct render *r, int verbosity, const char *color)
{
	const char *term = getenv("TERM");

	*r = (struct render){.verbosity = verbosity, .terminal = isatty(2)};
	if (term && !strcmp(term, "dumb"))
		r->terminal = false;
	r->color = r->terminal && str_empty(getenv("NO_COLOR"));
	if (!color || !strcmp(color, "auto"))
		return true;
	r->color = !strcmp(color, "always");
	return r->color || !strcmp(color, "never");
}

const char *render_bold(const struct render *r)
{
	return r->color ? "\033[1m" : "";
}

const char *render_red(const struct render *r)
{
	return r->color ? "\033[1;31m" : "";
}

const char *render_plain(const struct render *r)
{
	return r->color ? "\033[0m" : "";
}

void render_clear(struct render *r)
{
	if (r->line_open)
		fputs("\r\033[K", stderr);
	if (r->log_open)
		fputc('\n', stderr);
	r->line_open = r->log_open = false;
}

static double since(const struct timespec *t)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - t->tv_sec) + (double)(now.tv_nsec - t->tv_nsec) / 1e9;
}

static unsigned columns(void)
{
	struct winsize w = {0};

	return ioctl(2, TIOCGWINSZ, &w) == 0 && w.ws_col > 20 ? w.ws_col : 80;
}

/* Names come from recipes and servers: nothing that could move the cursor is shown. */
static void put_printable(const char *s, size_t max)
{
	for (; *s && max; s++, max--)
		fputc((unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s, stderr);
}

static void draw(struct render *r, const struct event *ev)
{
	char bar[BAR + 1], text[400];

	if (r->line_open && since(&r->drawn) < 0.1)
		return;
	clock_gettime(CLOCK_MONOTONIC, &r->drawn);
	if (ev->total) {
		size_t full = (size_t)((double)ev->done / (double)ev->total * BAR);

		memset(bar, '.', BAR);
		memset(bar, '#', full > BAR ? BAR : full);
		bar[BAR] = '\0';
		snprintf(text, sizeof(text), "[%s] %3u%% %s %s", bar,
			 (unsigned)(ev->done * 100 / ev->total), ev->what, ev->name);
	} else {
		snprintf(text, sizeof(text), "%s %s %.0f s", ev->what, ev->name, since(&r->began));
	}
	fputs("\r\033[K", stderr);
	put_printable(text, columns() - 1);
	fflush(stderr);
	r->line_open = true;
}

static void line(struct render *r, const char *what, const char *name, const char *text)
{
	render_clear(r);
	fprintf(stderr, "%s%-8s%s ", render_bold(r), what, render_plain(r));
	put_printable(name ? name : "", 1000);
	if (!str_empty(text)) {
		fputs("  ", stderr);
		put_printable(text, 1000);
	}
	fputc('\n', stderr);
}

static void show_log(struct render *r, const struct event *ev)
{
	if (r->verbosity < 1 || !ev->done)
		return;
	if (r->line_open)
		render_clear(r);
	cli_put(stderr, ev->text, ev->done);
	r->log_open = ev->text[ev->done - 1] != '\n';
}

/* Steps that come in numbers: on a terminal they pass by in the changing line. */
static bool passes_by(const struct render *r, const char *what)
{
	return r->terminal && r->verbosity == 0 &&
	       (!strcmp(what, "phase") || !strcmp(what, "fetch") || !strcmp(what, "unpack"));
}

static void begin(struct render *r, const struct event *ev)
{
	clock_gettime(CLOCK_MONOTONIC, &r->began);
	if (r->verbosity < 0)
		return;
	if (passes_by(r, ev->what))
		draw(r, ev);
	else
		line(r, ev->what, ev->name, ev->text);
}

static void end(struct render *r, const struct event *ev)
{
	if (r->verbosity < 0)
		return;
	/* A phase is worth a line when it has ended: how long it took. */
	if (r->terminal && !strcmp(ev->what, "phase"))
		line(r, ev->what, ev->name, ev->text);
	else if (r->verbosity > 0 && !str_empty(ev->text))
		line(r, ev->what, ev->name, ev->text);
	else
		render_clear(r);
}

void render_event(void *arg, const struct event *ev)
{
	struct render *r = arg;

	switch (ev->kind) {
	case EVENT_STEP:
		begin(r, ev);
		break;
	case EVENT_PROGRESS:
		if (r->terminal && r->verbosity == 0)
			draw(r, ev);
		break;
	case EVENT_DONE:
		end(r, ev);
		break;
	case EVENT_NOTE:
		if (r->verbosity >= 0)
			line(r, "note", ev->text, NULL);
		break;
	case EVENT_WARN:
		line(r, "warning", ev->text, NULL);
		break;
	case EVENT_DEBUG:
		if (r->verbosity > 0)
			line(r, "debug", ev->text, NULL);
		break;
	case EVENT_LOG:
		show_log(r, ev);
		break;
	}
}
