/* SPDX-License-Identifier: Apache-2.0 */
#include <runner/execute.h>

#include "collect.h"
#include "patches.h"
#include "record.h"
#include "workshop.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <fcntl.h>
#include <runner/action.h>
#include <runner/strict.h>
#include <string.h>

#define TAIL_LINES 40

struct watcher { /* the argument of the room's callbacks */
	struct runner *rn;
	struct recorder *rec;
	const struct room_spec *spec;
	const char *recipe;
	size_t phase; /* that runs now; n_commands before the first one */
};

void round_release(struct round *r)
{
	json_decref(r->outputs);
	json_decref(r->record);
	free(r->phase);
	free(r->tail);
	*r = ROUND_INIT;
}

static void on_output(void *arg, const char *data, size_t len)
{
	struct watcher *w = arg;
	struct event ev = {.kind = EVENT_LOG, .what = "phase", .text = data, .done = len};

	roundlog_output(&w->rec->log, data, len);
	event_emit(w->rn->sink, &ev);
}

static void on_ledger(void *arg, const struct ledger_row *row)
{
	struct watcher *w = arg;

	roundlog_row(&w->rec->log, row);
}

/* Two builds may run side by side: which one is part of what is shown. */
static char *phase_title(const struct watcher *w, size_t index)
{
	return xasprintf("%s: %s", w->recipe, w->spec->commands[index].name);
}

static void on_phase(void *arg, size_t index, bool ended, int status, double seconds)
{
	struct watcher *w = arg;
	const char *name = w->spec->commands[index].name;
	_cleanup_free_ char *shown = phase_title(w, index);
	char text[64];

	w->phase = index;
	if (!ended) {
		event_step(w->rn->sink, "phase", shown);
		return;
	}
	w->rec->phases[w->rec->n_phases++] =
		(struct phase_time){.name = name, .status = status, .seconds = seconds};
	snprintf(text, sizeof(text), "%.1f s", seconds);
	if (!status)
		event_done(w->rn->sink, "phase", shown, text);
}

static bool on_tick(void *arg)
{
	struct watcher *w = arg;

	if (w->phase < w->spec->n_commands) {
		_cleanup_free_ char *shown = phase_title(w, w->phase);

		event_progress(w->rn->sink, "phase", shown, 0, 0);
	}
	return runner_stopped(w->rn);
}

static void on_path(void *arg, const char *path, enum room_look look)
{
	const struct tracer *t = ((struct watcher *)arg)->rn->tracer;

	t->on_path(t->arg, path, look);
}

static int run_room(struct watcher *w, struct room_result *result, struct err *err)
{
	struct room_handler handler = {.arg = w,
				       .on_output = on_output,
				       .on_ledger = on_ledger,
				       .on_path = on_path,
				       .on_phase = on_phase,
				       .on_tick = on_tick};

	return room_run(w->spec, &handler, result, err);
}

static int judge(const struct room_spec *spec, const struct room_result *res, struct round *out,
		 struct err *err)
{
	_cleanup_free_ char *why = NULL;
	const char *name;

	if (!res->status && !*res->limit)
		return 0;
	name = res->failed < spec->n_commands ? spec->commands[res->failed].name : "?";
	out->phase = xstrdup(name);
	if (res->limit_struck)
		return err_set(err, ERR_BUILD, 0, "phase %s hit a limit: %s", name, res->limit);
	why = *res->limit ? xasprintf("; it met a limit: %s", res->limit) : xstrdup("");
	if (res->status > 128)
		return err_set(err, ERR_BUILD, 0, "phase %s was killed by signal %d (%s)%s", name,
			       res->status - 128, strsignal(res->status - 128), why);
	return err_set(err, ERR_BUILD, 0, "phase %s failed with exit status %d%s", name,
		       res->status, why);
}

static int publish_record(struct workshop *w, struct store *s, const struct plan_node *n,
			  struct round *out, struct err *err)
{
	_cleanup_free_ char *text = json_dumps(out->record, JSON_INDENT(1) | JSON_SORT_KEYS);
	_cleanup_close_ int fd =
		file_open(w->tmp.fd, "record/record.json", O_WRONLY | O_CREAT | O_EXCL, 0644, err);

	if (!text)
		return err_set(err, ERR_BUG, 0, "the record cannot be written as JSON");
	if (fd < 0 || file_write_all(fd, text, strlen(text), err) < 0)
		return -1;
	return store_record_publish(s, &n->key, w->tmp.fd, "record", &out->number, err);
}

/* A failed build still leaves its record; @err stays the build's own failure. */
static int fail(struct workshop *w, struct recorder *rec, struct runner *rn,
		const struct plan_node *n, const struct room_result *room, struct round *out,
		struct err *err)
{
	struct err second = ERR_INIT;

	out->tail = roundlog_tail(&rec->log, TAIL_LINES);
	if (err->code != ERR_BUILD && !out->phase)
		return -1;
	out->record = record_make(rec, rn, n, room, NULL, NULL, err->msg);
	if (roundlog_close(&rec->log, &second) < 0 ||
	    publish_record(w, rn->store, n, out, &second) < 0)
		event_warn(rn->sink, "the log could not be kept: %s", second.msg);
	return -1;
}

static int succeed(struct workshop *w, struct recorder *rec, struct runner *rn,
		   const struct plan_node *n, const struct room_result *room, struct round *out,
		   struct err *err)
{
	_cleanup_json_ json_t *sizes = NULL;

	if (collect_outputs(w, rn->store, n, &out->outputs, &sizes, err) < 0)
		return fail(w, rec, rn, n, room, out, err);
	out->record = record_make(rec, rn, n, room, out->outputs, sizes, NULL);
	if (roundlog_close(&rec->log, err) < 0)
		return -1;
	return publish_record(w, rn->store, n, out, err);
}

/* Before anything is collected: the result of a strict failure is never in the store. */
static int judge_strict(struct recorder *rec, struct runner *rn, const struct plan_node *n,
			const struct room_result *room, struct err *err)
{
	_cleanup_json_ json_t *seen = NULL;

	if (!rn->strict)
		return 0;
	seen = record_make(rec, rn, n, room, NULL, NULL, NULL);
	return strict_judge(seen, n->recipe, err);
}

/* What does not apply is the recipe's mistake, not the build's. */
static void explain_patch(struct store *s, const struct plan_node *n, const struct recorder *rec,
			  struct err *err)
{
	_cleanup_free_ char *log = roundlog_tail(&rec->log, SIZE_MAX);

	err_clear(err);
	(void)patch_explain(s, n, log, err);
}

static int run_and_collect(struct workshop *w, struct recorder *rec, struct runner *rn,
			   const struct plan_node *n, struct round *out, struct err *err)
{
	struct watcher watcher = {.rn = rn,
				  .rec = rec,
				  .spec = &w->spec,
				  .recipe = n->recipe->name,
				  .phase = w->spec.n_commands};
	struct room_result result = {0};

	if (run_room(&watcher, &result, err) < 0)
		return -1;
	out->seconds = result.seconds;
	if (judge(&w->spec, &result, out, err) < 0) {
		if (!strcmp(out->phase, PHASE_PATCH) && result.status < 128 && !*result.limit)
			explain_patch(rn->store, n, rec, err);
		return fail(w, rec, rn, n, &result, out, err);
	}
	if (judge_strict(rec, rn, n, &result, err) < 0)
		return fail(w, rec, rn, n, &result, out, err);
	return succeed(w, rec, rn, n, &result, out, err);
}

int round_run(struct runner *rn, const struct plan *p, const struct plan_node *n, unsigned width,
	      struct round *out, struct err *err)
{
	_cleanup_(workshop_release) struct workshop w = WORKSHOP_INIT;
	_cleanup_close_ int record_dir = -1;
	struct recorder rec = {.log = ROUNDLOG_INIT, .started = time(NULL), .width = width};
	const char *path = NULL;
	int rc = -1;

	if (workshop_open(&w, rn, p, n, width, err) < 0 ||
	    workshop_mkdir(&w, "record", &path, err) < 0)
		return -1;
	record_dir = file_open(w.tmp.fd, "record", O_RDONLY | O_DIRECTORY, 0, err);
	rec.phases = xcalloc(w.n_commands + 1, sizeof(*rec.phases));
	if (record_dir >= 0 && roundlog_open(&rec.log, record_dir, err) == 0)
		rc = run_and_collect(&w, &rec, rn, n, out, err);
	roundlog_release(&rec.log);
	free(rec.phases);
	return rc;
}
