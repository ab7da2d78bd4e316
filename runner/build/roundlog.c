/* SPDX-License-Identifier: Apache-2.0 */
#include "roundlog.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <base/printable.h>
#include <base/str.h>
#include <fcntl.h>
#include <runner/ledgerfile.h>
#include <string.h>

#define TAIL_SIZE (64 * 1024)
/*
 * A hostile build may make every row different: the summary stays small, the ledger has them all.
 * Beyond this many, rows are told apart without the caller's arguments, up to as many again.
 */
#define TALLY_MAX 200

static int open_writer(int dirfd, const char *name, struct zwriter **out, struct err *err)
{
	int fd = file_open(dirfd, name, O_WRONLY | O_CREAT | O_EXCL, 0644, err);

	if (fd < 0)
		return -1;
	*out = zwriter_new(fd);
	return 0;
}

int roundlog_open(struct roundlog *l, int dirfd, struct err *err)
{
	l->tail = xmalloc(TAIL_SIZE);
	if (open_writer(dirfd, "log.zst", &l->log, err) < 0)
		return -1;
	return open_writer(dirfd, "ledger.jsonl.zst", &l->ledger, err);
}

void roundlog_output(struct roundlog *l, const char *data, size_t len)
{
	zwriter_write(l->log, data, len);
	l->log_bytes += len;
	if (len > TAIL_SIZE) {
		data += len - TAIL_SIZE;
		len = TAIL_SIZE;
	}
	while (len) {
		size_t n = TAIL_SIZE - l->tail_at < len ? TAIL_SIZE - l->tail_at : len;

		memcpy(l->tail + l->tail_at, data, n);
		l->tail_at = (l->tail_at + n) % TAIL_SIZE;
		l->tail_len = l->tail_len + n > TAIL_SIZE ? TAIL_SIZE : l->tail_len + n;
		data += n;
		len -= n;
	}
}

/* Of the last @len bytes, all of which are in the ring. */
static char *tail_of(const struct roundlog *l, size_t len, size_t lines)
{
	size_t start = (l->tail_at + TAIL_SIZE - len) % TAIL_SIZE;
	char *text = xmalloc(len + 1), *from;

	for (size_t i = 0; i < len; i++) {
		text[i] = l->tail[(start + i) % TAIL_SIZE];
		if (!text[i])
			text[i] = ' ';
	}
	while (len && text[len - 1] == '\n')
		len--;
	text[len] = '\0';
	for (from = text + len; from > text; from--) {
		if (from[-1] == '\n' && !--lines)
			break;
	}
	memmove(text, from, strlen(from) + 1);
	return text;
}

char *roundlog_tail(const struct roundlog *l, size_t lines)
{
	return tail_of(l, l->tail_len, lines);
}

char *roundlog_phase_tail(const struct roundlog *l, size_t lines)
{
	uint64_t len = l->log_bytes - l->phase_at;

	return tail_of(l, len < l->tail_len ? (size_t)len : l->tail_len, lines);
}

void roundlog_phase(struct roundlog *l)
{
	l->phase_at = l->log_bytes;
	l->execs = 0;
	free(l->last_exec);
	l->last_exec = NULL;
}

struct likeness { /* what makes rows equal for the summary */
	const char *what, *by, *phase, *answer;
};

static bool add_to(struct tally *list, size_t n, const struct likeness *like)
{
	for (size_t i = 0; i < n; i++) {
		const struct tally *t = &list[i];

		if (strcmp(t->what, like->what) || strcmp(t->by, like->by) ||
		    strcmp(t->phase, like->phase) || strcmp(t->answer, like->answer))
			continue;
		list[i].n++;
		return true;
	}
	return false;
}

static void count(struct tally **list, size_t *n, struct likeness like,
		  const struct ledger_row *row)
{
	if (*n >= TALLY_MAX)
		like.by = "(others)";
	if (add_to(*list, *n, &like) || *n == 2 * TALLY_MAX)
		return;
	*list = xrealloc(*list, (*n + 1) * sizeof(**list));
	(*list)[(*n)++] = (struct tally){.what = xstrdup(like.what),
					 .by = xstrdup(like.by),
					 .phase = xstrdup(like.phase),
					 .answer = xstrdup(like.answer),
					 .call = xstrdup(row->call),
					 .object = xstrdup(row->object),
					 .parents = xstrdup(row->parents),
					 .url = xstrdup(row->url ? row->url : ""),
					 .n = 1};
}

/* The argv as the build gave it, short enough for a line. */
static char *short_argv(const struct ledger_row *row)
{
	const char *text = *row->argv ? row->argv : row->exe;

	return strlen(text) > 80 ? xasprintf("%.77s...", text) : xstrdup(text);
}

void roundlog_row(struct roundlog *l, const struct ledger_row *row)
{
	_cleanup_free_ char *line = ledger_line(row);
	_cleanup_free_ char *by = short_argv(row);

	zwriter_write(l->ledger, line, strlen(line));
	if (row->kind == LEDGER_EXEC && l->execs++ > 0) {
		free(l->last_exec);
		l->last_exec = printable(by, 100);
	}
	if (row->kind == LEDGER_SHIM) {
		_cleanup_free_ char *verdict = xstrndup(row->answer, strcspn(row->answer, "("));

		l->shims_total++;
		count(&l->shims, &l->n_shims,
		      (struct likeness){row->object, by, row->phase, verdict}, row);
	} else if (row->refused) {
		l->refused_total++;
		count(&l->refused, &l->n_refused,
		      (struct likeness){ledger_kind_name(row->kind), by, row->phase, row->answer},
		      row);
	} else if (row->kind == LEDGER_LIMIT) {
		l->capped = true; /* the only row about a limit that refuses nothing */
	}
}

int roundlog_close(struct roundlog *l, struct err *err)
{
	if (zwriter_close(TAKE_PTR(l->log), "log.zst", err) < 0)
		return -1;
	return zwriter_close(TAKE_PTR(l->ledger), "ledger.jsonl.zst", err);
}

static void free_tally(struct tally *t, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(t[i].what);
		free(t[i].by);
		free(t[i].phase);
		free(t[i].answer);
		free(t[i].call);
		free(t[i].object);
		free(t[i].parents);
		free(t[i].url);
	}
	free(t);
}

void roundlog_release(struct roundlog *l)
{
	zwriter_freep(&l->log);
	zwriter_freep(&l->ledger);
	free_tally(l->refused, l->n_refused);
	free_tally(l->shims, l->n_shims);
	free(l->tail);
	free(l->last_exec);
	*l = ROUNDLOG_INIT;
}

json_t *tally_json(const struct tally *t, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *o = json_object();

		json_set_str(o, "what", t[i].what);
		json_set_str(o, "by", t[i].by);
		json_set_str(o, "phase", t[i].phase);
		json_set_str(o, "answer", t[i].answer);
		json_set_str(o, "call", t[i].call);
		json_set_str(o, "object", t[i].object);
		if (*t[i].parents)
			json_set_str(o, "parents", t[i].parents);
		if (*t[i].url)
			json_set_str(o, "url", t[i].url);
		json_set(o, "count", json_integer((json_int_t)t[i].n));
		json_array_append_new(list, o);
	}
	return list;
}
