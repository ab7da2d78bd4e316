/* SPDX-License-Identifier: Apache-2.0 */
#include <base/event.h>

#include <criterion/criterion.h>
#include <string.h>

struct seen {
	int n;
	struct event ev;
	char text[64];
};

static void remember(void *arg, const struct event *ev)
{
	struct seen *s = arg;

	s->n++;
	s->ev = *ev;
	snprintf(s->text, sizeof(s->text), "%s", ev->text ? ev->text : "");
}

Test(event, reaches_the_sink)
{
	struct seen s = {0};
	const struct event_sink sink = {.fn = remember, .arg = &s};

	event_step(&sink, "fetch", "xen");
	cr_assert(s.ev.kind == EVENT_STEP && strcmp(s.ev.what, "fetch") == 0);
	event_progress(&sink, "fetch", "xen", 3, 9);
	cr_assert(s.ev.kind == EVENT_PROGRESS && s.ev.done == 3 && s.ev.total == 9);
	event_done(&sink, "fetch", "xen", "all");
	cr_assert(s.ev.kind == EVENT_DONE && strcmp(s.text, "all") == 0);
	event_fail(&sink, "fetch", "xen");
	cr_assert(s.ev.kind == EVENT_FAIL && strcmp(s.ev.name, "xen") == 0);
	event_note(&sink, "%d files", 5);
	cr_assert(s.ev.kind == EVENT_NOTE && strcmp(s.text, "5 files") == 0);
	event_warn(&sink, "%s", "careful");
	cr_assert(s.ev.kind == EVENT_WARN && strcmp(s.text, "careful") == 0);
	event_debug(&sink, "x");
	cr_assert(s.ev.kind == EVENT_DEBUG);
	cr_assert_eq(s.n, 7);
}

Test(event, no_sink_swallows)
{
	const struct event_sink none = {0};

	event_step(NULL, "a", "b");
	event_note(NULL, "x");
	event_warn(&none, "x");
	event_progress(&none, "a", "b", 1, 2);
}
