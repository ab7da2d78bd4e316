/* SPDX-License-Identifier: Apache-2.0 */
/* What one changing line says. Pure: no terminal is touched here. */
#include "live_line.h"

#include "cli.h"

#include <base/cleanup.h>
#include <inttypes.h>
#include <string.h>

#define BAR_MAX 24

void text_add(struct strbuf *sb, const char *s, bool ascii)
{
	for (const unsigned char *p = (const unsigned char *)s; *p; p++) {
		bool c1 = p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0;

		strbuf_addc(sb, *p < 0x20 || *p == 0x7f || c1 || (ascii && *p >= 0x80) ? '?'
										       : (char)*p);
		p += c1;
	}
}

/* "42 s", "2 min 05 s". */
static void format_seconds(double seconds, char *buf, size_t size)
{
	unsigned long s = (unsigned long)(seconds + 0.5);

	if (s < 120)
		snprintf(buf, size, "%lu s", s);
	else
		snprintf(buf, size, "%lu min %02lu s", s / 60, s % 60);
}

char *step_title(const struct event *ev)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	if (ev->owner) {
		_cleanup_free_ char *recipe = xstrndup(ev->owner, strcspn(ev->owner, "@"));

		text_add(&sb, recipe, false);
		strbuf_adds(&sb, ": ");
	}
	text_add(&sb, ev->name ? ev->name : "", false);
	return strbuf_steal(&sb);
}

/* Bytes per second over the last seconds; 0: too early to say. */
static double rate(const struct live_task *t)
{
	size_t held = t->n_samples < LIVE_SAMPLES ? t->n_samples : LIVE_SAMPLES;
	const struct live_sample *first, *last;

	if (held < 2)
		return 0;
	first = &t->samples[(t->n_samples - held) % LIVE_SAMPLES];
	last = &t->samples[(t->n_samples - 1) % LIVE_SAMPLES];
	if (last->at - first->at < 0.2 || last->done <= first->done)
		return 0;
	return (double)(last->done - first->done) / (last->at - first->at);
}

static void add_bytes(struct strbuf *sb, const struct live_task *t)
{
	char done[32], total[32], speed[32];

	cli_format_bytes(t->done, done, sizeof(done));
	cli_format_bytes(t->total, total, sizeof(total));
	strbuf_addf(sb, "%s of %s", done, total);
	if (rate(t) > 0) {
		cli_format_bytes((uint64_t)rate(t), speed, sizeof(speed));
		strbuf_addf(sb, ", %s/s", speed);
	}
}

static bool is_timed(const struct live_task *t)
{
	return !strcmp(t->what, "phase") || !strcmp(t->what, "build");
}

static void add_amount(struct strbuf *sb, const struct live_task *t, double seconds)
{
	char now[32], all[32];

	format_seconds(seconds, now, sizeof(now));
	if (!t->total) {
		strbuf_adds(sb, now);
	} else if (is_timed(t)) {
		format_seconds((double)t->total / 1000, all, sizeof(all));
		strbuf_addf(sb, "%s of about %s", now, all);
	} else if (!strcmp(t->what, "download")) {
		add_bytes(sb, t);
	} else {
		strbuf_addf(sb, "%" PRIu64 " of %" PRIu64, t->done, t->total);
	}
}

static unsigned percent(const struct live_task *t)
{
	double part = (double)t->done / (double)t->total;

	/* An estimate never says that all is done. */
	if (is_timed(t) && part > 0.99)
		part = 0.99;
	return part > 1 ? 100 : (unsigned)(part * 100);
}

static void add_bar(struct strbuf *sb, unsigned percents, size_t width)
{
	strbuf_addc(sb, '[');
	for (size_t i = 0; i < width; i++)
		strbuf_addc(sb, i * 100 < percents * width ? '#' : '.');
	strbuf_addc(sb, ']');
}

static void add_name(struct strbuf *sb, const struct live_task *t)
{
	const struct event ev = {.name = t->name, .owner = t->owner};
	_cleanup_free_ char *title = step_title(&ev);

	text_add(sb, title, true);
}

void live_line(struct strbuf *sb, const struct live_task *t, double seconds, size_t width)
{
	size_t bar = width >= 72 ? BAR_MAX : width >= 48 ? 10 : 0;

	strbuf_addf(sb, bar ? "%-8s " : "%s ", t->what);
	add_name(sb, t);
	strbuf_adds(sb, "  ");
	if (t->total && bar)
		add_bar(sb, percent(t), bar);
	if (t->total)
		strbuf_addf(sb, bar ? " %3u%%  " : "%u%% ", percent(t));
	add_amount(sb, t, seconds);
	if (t->detail) {
		strbuf_adds(sb, "  ");
		text_add(sb, t->detail, true);
	}
	if (sb->len > width) {
		sb->len = width;
		sb->s[width] = '\0';
	}
}
