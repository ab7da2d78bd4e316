/* SPDX-License-Identifier: Apache-2.0 */
#include "render.h"

#include "cli.h"

#include <base/cleanup.h>
#include <string.h>
#include <unistd.h>

/* Without TERM nothing is known of the terminal, as with TERM=dumb. */
static bool can_draw(void)
{
	const char *term = getenv("TERM");

	return isatty(2) && !str_empty(term) && strcmp(term, "dumb") != 0;
}

bool render_init(struct render *r, int verbosity, const char *color)
{
	*r = (struct render){.verbosity = verbosity, .terminal = can_draw()};
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

static void end_log(struct render *r)
{
	if (r->log_open)
		fputc('\n', stderr);
	r->log_open = false;
}

void render_clear(struct render *r)
{
	live_clear(&r->live);
	end_log(r);
}

void render_release(struct render *r)
{
	render_clear(r);
	free(r->log_owner);
	r->log_owner = NULL;
}

/* Names come from recipes and servers: nothing that could move the cursor is shown. */
static void line(struct render *r, const char *color, const char *what, const char *name,
		 const char *text)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	strbuf_addf(&sb, "%s%-8s%s ", color, what, render_plain(r));
	text_add(&sb, name ? name : "", false);
	if (!str_empty(text)) {
		strbuf_adds(&sb, "  ");
		text_add(&sb, text, false);
	}
	strbuf_addc(&sb, '\n');
	end_log(r);
	live_print(&r->live, strbuf_str(&sb));
}

static void step_line(struct render *r, const struct event *ev, const char *text)
{
	_cleanup_free_ char *title = step_title(ev);

	line(r, render_bold(r), ev->what, title, text);
}

/* Two builds may speak at once: whose turn it is, is said as tail(1) says it of files. */
static void show_log(struct render *r, const struct event *ev)
{
	const char *owner = ev->owner ? ev->owner : "";

	if (r->verbosity < 1 || !ev->done)
		return;
	if (r->log_owner && strcmp(r->log_owner, owner)) {
		end_log(r);
		fprintf(stderr, "==> %s <==\n", owner);
	}
	if (!r->log_owner || strcmp(r->log_owner, owner)) {
		free(r->log_owner);
		r->log_owner = xstrdup(owner);
	}
	cli_put(stderr, ev->text, ev->done);
	r->log_open = ev->text[ev->done - 1] != '\n';
}

/* ---- on a terminal ---- */

static void format_download(const struct event *ev, double seconds, char *buf, size_t size)
{
	char bytes[32], speed[32];

	cli_format_bytes(ev->done, bytes, sizeof(bytes));
	cli_format_bytes((uint64_t)((double)ev->done / (seconds > 0.001 ? seconds : 0.001)), speed,
			 sizeof(speed));
	snprintf(buf, size, "%s in %.1f s, %s/s", bytes, seconds, speed);
}

/* A step is worth a line when it has ended: what it came to, and how long it took. */
static void live_done(struct render *r, const struct event *ev)
{
	double seconds = live_seconds(&r->live, ev);
	char text[160];

	if (!live_take(&r->live, ev))
		return;
	if (!strcmp(ev->what, "build")) {
		live_draw(&r->live, true); /* its summary follows */
		return;
	}
	if (!strcmp(ev->what, "download"))
		format_download(ev, seconds, text, sizeof(text));
	else if (!strcmp(ev->what, "phase") || seconds < 0)
		snprintf(text, sizeof(text), "%s", ev->text ? ev->text : "");
	else
		snprintf(text, sizeof(text), "%s%s%.1f s", ev->text ? ev->text : "",
			 str_empty(ev->text) ? "" : ", ", seconds);
	step_line(r, ev, text);
}

static void live_event(struct render *r, const struct event *ev)
{
	bool changes;

	if (ev->kind == EVENT_DONE) {
		live_done(r, ev);
		return;
	}
	changes = live_take(&r->live, ev);
	if (ev->kind == EVENT_STEP && !strcmp(ev->what, "build"))
		step_line(r, ev, NULL);
	else if (changes)
		live_draw(&r->live, ev->kind == EVENT_FAIL);
}

/* ---- elsewhere ---- */

static void plain_event(struct render *r, const struct event *ev)
{
	char bytes[32] = "";

	if (ev->kind == EVENT_STEP && !strcmp(ev->what, "download") && ev->total)
		cli_format_bytes(ev->total, bytes, sizeof(bytes));
	if (ev->kind == EVENT_STEP)
		step_line(r, ev, *bytes ? bytes : ev->text);
	else if (ev->kind == EVENT_DONE && r->verbosity > 0 && !str_empty(ev->text))
		step_line(r, ev, ev->text);
}

static void step_event(struct render *r, const struct event *ev)
{
	if (r->verbosity < 0)
		return;
	if (r->terminal && r->verbosity == 0)
		live_event(r, ev);
	else
		plain_event(r, ev);
}

void render_event(void *arg, const struct event *ev)
{
	struct render *r = arg;

	switch (ev->kind) {
	case EVENT_STEP:
	case EVENT_PROGRESS:
	case EVENT_DONE:
	case EVENT_FAIL:
		step_event(r, ev);
		break;
	case EVENT_NOTE:
		if (r->verbosity >= 0)
			line(r, render_bold(r), "note", ev->text, NULL);
		break;
	case EVENT_WARN:
		line(r, render_red(r), "warning", ev->text, NULL);
		break;
	case EVENT_DEBUG:
		if (r->verbosity > 0)
			line(r, render_bold(r), "debug", ev->text, NULL);
		break;
	case EVENT_LOG:
		show_log(r, ev);
		break;
	}
}
