/* SPDX-License-Identifier: Apache-2.0 */
#include "schedule.h"

#include <base/cleanup.h>
#include <pthread.h>
#include <string.h>

#define JOBS 2 /* actions side by side, unless said otherwise */

enum job_state { JOB_WAITS, JOB_RUNS, JOB_DONE, JOB_FAILED };

struct sched;

struct job {
	struct sched *sched;
	size_t node;
	enum job_state state;
	bool joined;
	unsigned width;
	pthread_t thread;
	struct err err;
};

struct sched {
	struct runner rn; /* the caller's, with a sink that several threads may use */
	struct event_sink sink;
	const struct event_sink *caller_sink;
	struct plan *plan;
	struct build_report *report;
	struct job *jobs;
	size_t n, running;
	bool stop, keep_going;
	pthread_mutex_t big;    /* plan and report; open while a build or a wait goes on */
	pthread_mutex_t events; /* the caller's sink */
	pthread_cond_t change;
};

static void locked_event(void *arg, const struct event *ev)
{
	struct sched *s = arg;

	pthread_mutex_lock(&s->events);
	event_emit(s->caller_sink, ev);
	pthread_mutex_unlock(&s->events);
}

static void open_big(struct sched *s)
{
	pthread_mutex_unlock(&s->big);
}

static void close_big(struct sched *s)
{
	pthread_mutex_lock(&s->big);
}

static int run_round(struct job *j, struct plan_node *n)
{
	struct sched *s = j->sched;
	struct node_report *report = &s->report->nodes[j->node];
	json_t *result = NULL;
	int rc;

	report->ran = true;
	open_big(s);
	rc = round_run(&s->rn, s->plan, n, j->width, &report->round, &j->err);
	if (rc == 0)
		rc = build_keep(s->rn.store, n, &report->round, &result, &j->err);
	close_big(s);
	if (rc == 0) {
		json_decref(n->result);
		n->result = result;
	}
	return rc;
}

/* Holds the big lock, except while it waits for another belljar and while it builds. */
static int build_node(struct job *j)
{
	struct sched *s = j->sched;
	struct plan_node *n = &s->plan->nodes[j->node];
	_cleanup_free_ char *title = plan_node_title(n);
	_cleanup_close_ int lock_fd = -1;
	const struct node_report *report = &s->report->nodes[j->node];
	int rc;

	if (plan_key(s->plan, j->node, s->rn.store, &j->err) < 0)
		return -1;
	if (n->waits)
		return err_set(&j->err, ERR_BUG, 0, "%s %s", title, n->waits);
	if (n->result)
		return 0;
	open_big(s);
	lock_fd = store_action_lock(s->rn.store, &n->key, s->rn.sink, &j->err);
	close_big(s);
	/* Whoever had the lock has probably built it. */
	if (lock_fd < 0 || plan_key(s->plan, j->node, s->rn.store, &j->err) < 0)
		return -1;
	if (n->result)
		return 0;
	event_step(s->rn.sink, "build", title);
	rc = run_round(j, n);
	event_emit(s->rn.sink, &(struct event){.kind = rc < 0 ? EVENT_FAIL : EVENT_DONE,
					       .what = "build",
					       .name = title,
					       .done = (uint64_t)(report->round.seconds * 1000)});
	return rc < 0 ? err_wrap(&j->err, "%s", title) : 0;
}

static void *job_main(void *arg)
{
	struct job *j = arg;
	struct sched *s = j->sched;

	pthread_mutex_lock(&s->big);
	j->state = build_node(j) < 0 ? JOB_FAILED : JOB_DONE;
	if (j->state == JOB_FAILED) {
		s->stop = s->stop || !s->keep_going;
		s->report->nodes[j->node].err = j->err;
		if (s->report->failed == s->report->n)
			s->report->failed = j->node;
	}
	s->running--;
	pthread_cond_signal(&s->change);
	pthread_mutex_unlock(&s->big);
	return NULL;
}

static bool is_ready(const struct sched *s, const struct job *j)
{
	const struct plan_node *n = &s->plan->nodes[j->node];

	if (j->state != JOB_WAITS)
		return false;
	for (size_t i = 0; i < n->n_inputs; i++) {
		if (!s->plan->nodes[n->inputs[i]].result)
			return false;
	}
	return true;
}

static size_t count_ready(const struct sched *s)
{
	size_t ready = 0;

	for (size_t i = 0; i < s->n; i++)
		ready += is_ready(s, &s->jobs[i]);
	return ready;
}

static int start(struct sched *s, struct job *j, size_t side_by_side)
{
	unsigned cores = runner_cores(&s->rn);

	j->width = cores / (unsigned)side_by_side ? cores / (unsigned)side_by_side : 1;
	j->state = JOB_RUNS;
	s->running++;
	if (pthread_create(&j->thread, NULL, job_main, j)) {
		s->running--;
		j->state = JOB_FAILED;
		j->joined = true;
		s->stop = true;
		err_set(&j->err, ERR_HOST, EAGAIN, "cannot start a thread");
		s->report->nodes[j->node].err = j->err;
		return -1;
	}
	return 0;
}

/* Start what can be started. The shares are fixed when a job starts: the room's MAKEFLAGS. */
static void start_ready(struct sched *s)
{
	size_t most = s->rn.jobs ? s->rn.jobs : JOBS;
	size_t can = s->running + count_ready(s);
	size_t share = can < most ? can : most;

	for (size_t i = 0; i < s->n && s->running < most; i++) {
		if (is_ready(s, &s->jobs[i]) && start(s, &s->jobs[i], share) < 0)
			return;
	}
}

static void loop(struct sched *s)
{
	pthread_mutex_lock(&s->big);
	for (;;) {
		if (!s->stop && !runner_stopped(&s->rn))
			start_ready(s);
		if (!s->running)
			break;
		pthread_cond_wait(&s->change, &s->big);
	}
	pthread_mutex_unlock(&s->big);
}

static int finish(struct sched *s, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct job *j = &s->jobs[i];

		if (j->state != JOB_WAITS && !j->joined)
			pthread_join(j->thread, NULL);
		/* The failure that came first explains the others. */
		if (j->state == JOB_FAILED && !s->keep_going &&
		    (!rc || s->report->failed == j->node)) {
			*err = j->err;
			rc = -1;
		}
	}
	if (!rc && runner_stopped(&s->rn))
		return err_set(err, ERR_INTERRUPTED, 0, "stopped");
	return rc;
}

void sched_mark(const struct plan *p, size_t i, bool *marks)
{
	const struct plan_node *n = &p->nodes[i];

	if (n->result || marks[i])
		return;
	marks[i] = true;
	for (size_t k = 0; k < n->n_inputs; k++)
		sched_mark(p, n->inputs[k], marks);
}

int sched_run(struct runner *rn, struct plan *p, const size_t *list, size_t n, bool keep_going,
	      struct build_report *out, struct err *err)
{
	struct sched s = {.rn = *rn,
			  .plan = p,
			  .report = out,
			  .n = n,
			  .keep_going = keep_going,
			  .caller_sink = rn->sink};
	int rc;

	s.sink = (struct event_sink){.fn = locked_event, .arg = &s};
	s.rn.sink = &s.sink;
	s.jobs = xcalloc(n, sizeof(*s.jobs));
	for (size_t i = 0; i < n; i++)
		s.jobs[i] = (struct job){.sched = &s, .node = list[i], .err = ERR_INIT};
	pthread_mutex_init(&s.big, NULL);
	pthread_mutex_init(&s.events, NULL);
	pthread_cond_init(&s.change, NULL);
	loop(&s);
	rc = finish(&s, err);
	pthread_cond_destroy(&s.change);
	pthread_mutex_destroy(&s.events);
	pthread_mutex_destroy(&s.big);
	free(s.jobs);
	return rc;
}
