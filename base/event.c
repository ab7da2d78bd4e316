/* SPDX-License-Identifier: Apache-2.0 */
#include <base/event.h>

#include <base/cleanup.h>
#include <base/str.h>

void event_step(const struct event_sink *sink, const char *what, const char *name)
{
	event_emit(sink, &(struct event){.kind = EVENT_STEP, .what = what, .name = name});
}

void event_progress(const struct event_sink *sink, const char *what, const char *name,
		    uint64_t done, uint64_t total)
{
	event_emit(sink, &(struct event){.kind = EVENT_PROGRESS,
					 .what = what,
					 .name = name,
					 .done = done,
					 .total = total});
}

void event_done(const struct event_sink *sink, const char *what, const char *name, const char *text)
{
	event_emit(sink,
		   &(struct event){.kind = EVENT_DONE, .what = what, .name = name, .text = text});
}

void event_fail(const struct event_sink *sink, const char *what, const char *name)
{
	event_emit(sink, &(struct event){.kind = EVENT_FAIL, .what = what, .name = name});
}

static void emit_text(const struct event_sink *sink, enum event_kind kind, const char *fmt,
		      va_list ap) __attribute__((format(printf, 3, 0)));

static void emit_text(const struct event_sink *sink, enum event_kind kind, const char *fmt,
		      va_list ap)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	if (!sink || !sink->fn)
		return;
	strbuf_vaddf(&sb, fmt, ap);
	event_emit(sink, &(struct event){.kind = kind, .text = strbuf_str(&sb)});
}

void event_note(const struct event_sink *sink, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit_text(sink, EVENT_NOTE, fmt, ap);
	va_end(ap);
}

void event_warn(const struct event_sink *sink, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit_text(sink, EVENT_WARN, fmt, ap);
	va_end(ap);
}

void event_debug(const struct event_sink *sink, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit_text(sink, EVENT_DEBUG, fmt, ap);
	va_end(ap);
}
