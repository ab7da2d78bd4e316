/* SPDX-License-Identifier: Apache-2.0 */
#include <runner/strict.h>

#include <base/cleanup.h>
#include <inttypes.h>
#include <runner/logread.h>
#include <string.h>

struct findings {
	const json_t
		*first; /* the row that the message names; NULL: none, or none that is listed */
	int64_t n;
	bool shim; /* of the first */
};

/* "1 network attempt (connect tcp 192.0.2.1:80) by python3 setup.py, phase build": caller frees. */
static char *describe_attempt(const json_t *row)
{
	int64_t n = json_get_int(row, "count", 0);
	const char *call = json_get_str(row, "call", ""), *object = json_get_str(row, "object", "");
	const char *what = json_get_str(row, "what", "?");

	return xasprintf("%" PRId64 " %s attempt%s%s%s%s%s%s by %s, phase %s", n,
			 strcmp(what, "net") ? what : "network", n == 1 ? "" : "s",
			 *call ? " (" : "", call, *call && *object ? " " : "", *call ? object : "",
			 *call ? ")" : "", json_get_str(row, "by", "?"),
			 json_get_str(row, "phase", "?"));
}

static bool is_declared(const struct recipe *r, const char *shim)
{
	for (size_t i = 0; i < r->n_shims; i++)
		if (!strcmp(r->shims[i].name, shim))
			return r->shims[i].declared;
	return false;
}

/* A recipe that hands over files, or counts on them, did not mean the call that got none. */
static bool went_without(const char *answer)
{
	return str_starts(answer, "serve: denied") || str_starts(answer, "exists: denied");
}

static void found(struct findings *f, const json_t *row, bool shim)
{
	if (!f->first) {
		f->first = row;
		f->shim = shim;
	}
	f->n += json_get_int(row, "count", 0);
}

/* How many calls the list holds; violations among them go to @f. */
static int64_t look_at_network(const json_t *record, struct findings *f)
{
	int64_t listed = 0;
	size_t i;
	json_t *row;

	json_array_foreach (json_object_get(record, "refused"), i, row) {
		if (strcmp(json_get_str(row, "what", ""), "net") != 0)
			continue;
		listed += json_get_int(row, "count", 0);
		found(f, row, false);
	}
	return listed;
}

static int64_t look_at_shims(const json_t *record, const struct recipe *r, struct findings *f)
{
	int64_t listed = 0;
	size_t i;
	json_t *row;

	json_array_foreach (json_object_get(record, "shim_calls"), i, row) {
		listed += json_get_int(row, "count", 0);
		if (!is_declared(r, json_get_str(row, "what", "")) ||
		    went_without(json_get_str(row, "answer", "")))
			found(f, row, true);
	}
	return listed;
}

static int explain_shim(const struct recipe *r, const struct findings *f, struct err *err)
{
	const char *name = json_get_str(f->first, "what", "?");
	const char *answer = json_get_str(f->first, "answer", "?");
	const char *url = json_get_str(f->first, "url", "");

	if (is_declared(r, name))
		return err_set(
			err, ERR_BUILD, 0,
			"strict: %" PRId64 " undeclared call%s; %s was not served: '%s' by "
			"%s, phase %s%s%.400s; pin what it asks for as a source of the branch, or "
			"patch the call out",
			f->n, f->n == 1 ? "" : "s", name, answer, json_get_str(f->first, "by", "?"),
			json_get_str(f->first, "phase", "?"), *url ? ", asked for " : "", url);
	return err_set(err, ERR_BUILD, 0,
		       "strict: %" PRId64 " undeclared call%s; the first: shim %s ('%s') by %s, "
		       "phase %s; declare it in the recipe: 'shims: {%s: {policy: ...}}', or patch "
		       "the call out",
		       f->n, f->n == 1 ? "" : "s", name, answer, json_get_str(f->first, "by", "?"),
		       json_get_str(f->first, "phase", "?"), name);
}

static int explain(const struct recipe *r, const struct findings *f, struct err *err)
{
	_cleanup_free_ char *row = NULL;

	if (f->shim)
		return explain_shim(r, f, err);
	row = describe_attempt(f->first);
	return err_set(err, ERR_BUILD, 0,
		       "strict: %" PRId64 " undeclared call%s; the first: %s; pin what it fetches "
		       "as a source and hand it over ('shims: {wget: {policy: serve}}'), or patch "
		       "the attempt out",
		       f->n, f->n == 1 ? "" : "s", row);
}

/* What the lists leave out, since they and the ledger are bounded, is not known to be declared. */
static int judge_rest(const json_t *record, int64_t net, int64_t shims, struct err *err)
{
	const json_t *room = json_object_get(record, "room");

	if (json_get_bool(record, "ledger_capped", false))
		return err_set(err, ERR_BUILD, 0,
			       "strict: the build made more calls than the ledger holds, so that "
			       "not all were seen");
	if (json_get_int(room, "net_refused", 0) > net)
		return err_set(err, ERR_BUILD, 0,
			       "strict: network attempts that the record does not list");
	if (json_get_int(record, "shim_calls_total", 0) > shims)
		return err_set(err, ERR_BUILD, 0,
			       "strict: more different shim calls than the record lists");
	return 0;
}

int strict_judge(const json_t *record, const struct recipe *r, struct err *err)
{
	struct findings f = {0};
	int64_t net = look_at_network(record, &f);
	int64_t shims = look_at_shims(record, r, &f);

	if (f.first)
		return explain(r, &f, err);
	return judge_rest(record, net, shims, err);
}

int strict_judge_node(const struct runner *rn, const struct plan_node *n, struct err *err)
{
	_cleanup_json_ json_t *record = NULL;
	_cleanup_free_ char *title = plan_node_title(n);
	struct err why = ERR_INIT;
	int round = (int)json_get_int(n->result, "round", 0);

	if (log_record(rn->store, &n->key, round, &record, &why) < 0)
		return err_set(err, ERR_STORE, 0,
			       "the store has %s, but no record to judge it by (%s)", title,
			       why.msg);
	if ((rn->strict && strict_judge(record, n->recipe, err) < 0) ||
	    room_require_walls(rn->require_walls,
			       json_get_str(json_object_get(record, "room"), "walls", ""), err) < 0)
		return err_wrap(err, "%s, in the store since round %d", title, round);
	return 0;
}

int strict_judge_stored(const struct runner *rn, const struct plan *p, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (p->nodes[i].result && strict_judge_node(rn, &p->nodes[i], err) < 0)
			return -1;
	return 0;
}
