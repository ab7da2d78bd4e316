/* SPDX-License-Identifier: Apache-2.0 */
#include <runner/execute.h>

#include "collect.h"
#include "patches.h"
#include "record.h"
#include "times.h"
#include "unstarted.h"
#include "workshop.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <fcntl.h>
#include <runner/action.h>
#include <runner/attack.h>
#include <runner/strict.h>
#include <runner/unserved.h>
#include <string.h>

#define TAIL_LINES 40

struct watcher { /* the argument of the room's callbacks */
	struct runner *rn;
	struct recorder *rec;
	const struct room_spec *spec;
	const char *title;        /* of the build */
	const struct times *past; /* of its phases */
	size_t phase;             /* that runs now; n_commands before the first one */
	struct timespec began;    /* that phase */
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
	struct event ev = {
		.kind = EVENT_LOG, .what = "phase", .text = data, .done = len, .owner = w->title};

	roundlog_output(&w->rec->log, data, len);
	event_emit(w->rn->sink, &ev);
}

static void on_ledger(void *arg, const struct ledger_row *row)
{
	struct watcher *w = arg;

	roundlog_row(&w->rec->log, row);
}

static void emit_phase(struct watcher *w, enum event_kind kind, double seconds)
{
	const char *name = w->spec->commands[w->phase].name;
	struct event ev = {.kind = kind,
			   .what = "phase",
			   .name = name,
			   .owner = w->title,
			   .done = (uint64_t)(seconds * 1000),
			   .total = times_get(w->past, name)};
	char text[64];

	snprintf(text, sizeof(text), "%.1f s", seconds);
	if (kind == EVENT_DONE)
		ev.text = text;
	event_emit(w->rn->sink, &ev);
}

static void on_phase(void *arg, const struct room_phase *phase)
{
	struct watcher *w = arg;
	const char *name = w->spec->commands[phase->index].name;

	w->phase = phase->index;
	if (!phase->ended) {
		roundlog_phase(&w->rec->log);
		clock_gettime(CLOCK_MONOTONIC, &w->began);
		emit_phase(w, EVENT_STEP, 0);
		return;
	}
	w->rec->phases[w->rec->n_phases++] = (struct phase_time){.name = name,
								 .status = phase->status,
								 .seconds = phase->seconds,
								 .cpu_known = phase->cpu_known,
								 .cpu = phase->cpu};
	emit_phase(w, phase->status ? EVENT_FAIL : EVENT_DONE, phase->seconds);
	w->phase = w->spec->n_commands;
}

static bool on_tick(void *arg)
{
	struct watcher *w = arg;

	struct timespec now;

	if (w->phase < w->spec->n_commands) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		emit_phase(w, EVENT_PROGRESS,
			   (double)(now.tv_sec - w->began.tv_sec) +
				   (double)(now.tv_nsec - w->began.tv_nsec) / 1e9);
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

/* Where nothing was printed there is nothing to look at but what was called. Caller frees. */
static char *silence(const struct roundlog *l)
{
	_cleanup_free_ char *printed = roundlog_phase_tail(l, 1);

	if (*printed)
		return xstrdup("");
	return xasprintf(" and printed nothing%s%s",
			 l->last_exec ? "; the last program it called: " : "",
			 l->last_exec ? l->last_exec : "");
}

static int judge(const struct workshop *w, const struct plan_node *n, const struct recorder *rec,
		 const struct room_result *res, struct round *out, struct err *err)
{
	const struct room_spec *spec = &w->spec;
	bool known = res->failed < spec->n_commands;
	_cleanup_free_ char *why = NULL, *silent = NULL;
	const char *name;

	if (!res->status && !*res->limit)
		return 0;
	name = known ? spec->commands[res->failed].name : "?";
	out->phase = xstrdup(name);
	if (res->limit_struck)
		return err_set(err, ERR_BUILD, 0, "phase %s hit a limit: %s", name, res->limit);
	why = *res->limit ? xasprintf("; it met a limit: %s", res->limit) : xstrdup("");
	if (known && res->start)
		return unstarted_explain(n, &spec->commands[res->failed], res, rec->toolchain, why,
					 err);
	silent = silence(&rec->log);
	if (res->status > 128)
		return err_set(err, ERR_BUILD, 0, "phase %s was killed by signal %d (%s)%s%s", name,
			       res->status - 128, strsignal(res->status - 128), silent, why);
	return err_set(err, ERR_BUILD, 0, "phase %s failed with exit status %d%s%s", name,
		       res->status, silent, why);
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

	out->tail = room->start  ? xstrdup("") /* there only we said something: it is in @err */
		    : out->phase ? roundlog_phase_tail(&rec->log, TAIL_LINES)
				 : roundlog_tail(&rec->log, TAIL_LINES);
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
	if (publish_record(w, rn->store, n, out, err) < 0)
		return -1;
	times_save(rec, rn->store, n);
	return 0;
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
	_cleanup_free_ char *log = roundlog_phase_tail(&rec->log, SIZE_MAX);

	err_clear(err);
	(void)patch_explain(s, n, log, err);
}

static void explain_unserved(const struct recorder *rec, const char *phase, struct err *err)
{
	_cleanup_json_ json_t *calls = tally_json(rec->log.shims, rec->log.n_shims);

	unserved_explain(calls, phase, err);
}

static int run_and_collect(struct workshop *w, struct recorder *rec, struct runner *rn,
			   const struct plan_node *n, struct round *out, struct err *err)
{
	_cleanup_free_ char *title = plan_node_title(n);
	_cleanup_(times_release) struct times past = TIMES_INIT;
	struct watcher watcher = {.rn = rn,
				  .rec = rec,
				  .spec = &w->spec,
				  .title = title,
				  .past = &past,
				  .phase = w->spec.n_commands};
	struct room_result result = {0};
	int rc;

	times_load(&past, rn->store, n);
	rc = run_room(&watcher, &result, err);
	/* Interrupted, or a limit struck: nobody else says that the phase is over. */
	if (watcher.phase < w->spec.n_commands)
		emit_phase(&watcher, EVENT_FAIL, result.seconds);
	if (rc < 0)
		return -1;
	out->seconds = result.seconds;
	if (judge(w, n, rec, &result, out, err) < 0) {
		if (!strcmp(out->phase, PHASE_PATCH) && result.status < 128 && !*result.limit &&
		    !result.start)
			explain_patch(rn->store, n, rec, err);
		explain_unserved(rec, out->phase, err);
		return fail(w, rec, rn, n, &result, out, err);
	}
	if (judge_strict(rec, rn, n, &result, err) < 0)
		return fail(w, rec, rn, n, &result, out, err);
	return succeed(w, rec, rn, n, &result, out, err);
}

/*
 * The record says what this very root and these limits refuse. An attack that succeeds is in it,
 * and a warning; whether that is reason enough to do without the build is the reader's to say.
 */
static int attest_room(struct runner *rn, const struct workshop *w, struct recorder *rec,
		       struct err *err)
{
	struct attack a = ATTACK_INIT;
	int rc = 0;

	if (!rn->attest_room)
		return 0;
	event_step(rn->sink, "attest", "attacking the room");
	rc = attack_run(&w->spec, &a, err);
	if (rc == 0) {
		rec->attested = attack_attestation(&a);
		if (attack_succeeded(&a))
			event_warn(rn->sink, "%u attacks on the room succeeded: see its record",
				   attack_succeeded(&a));
	}
	attack_release(&a);
	return rc;
}

static int run_in_workshop(struct runner *rn, const struct plan *p, const struct plan_node *n,
			   unsigned width, struct round *out, struct err *err)
{
	_cleanup_(workshop_release) struct workshop w = WORKSHOP_INIT;
	_cleanup_close_ int record_dir = -1;
	struct recorder rec = {
		.log = ROUNDLOG_INIT, .width = width, .toolchain = p->roots[n->root].name};
	const char *path = NULL;
	int rc = -1;

	clock_gettime(CLOCK_REALTIME, &rec.started);
	if (workshop_open(&w, rn, p, n, width, err) < 0 ||
	    workshop_mkdir(&w, "record", &path, err) < 0)
		return -1;
	record_dir = file_open(w.tmp.fd, "record", O_RDONLY | O_DIRECTORY, 0, err);
	rec.phases = xcalloc(w.n_commands + 1, sizeof(*rec.phases));
	if (record_dir >= 0 && attest_room(rn, &w, &rec, err) == 0 &&
	    roundlog_open(&rec.log, record_dir, err) == 0)
		rc = run_and_collect(&w, &rec, rn, n, out, err);
	roundlog_release(&rec.log);
	free(rec.phases);
	json_decref(rec.attested);
	return rc;
}

int round_run(struct runner *rn, const struct plan *p, const struct plan_node *n, unsigned width,
	      struct round *out, struct err *err)
{
	int rc = run_in_workshop(rn, p, n, width, out, err);

	/* The work area is the store's; of a host that has no more of something the code is
	 * another. */
	return rc < 0 && err->code == ERR_STORE ? store_explain(rn->store, err) : rc;
}
