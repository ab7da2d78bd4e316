/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

#include <base/cleanup.h>
#include <runner/usage.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static json_t *milliseconds(double seconds)
{
	return json_integer((json_int_t)(seconds * 1000));
}

static json_t *host_json(const struct runner *rn, unsigned width)
{
	json_t *o = json_object();
	struct utsname u;

	uname(&u);
	json_set_str(o, "kernel", u.release);
	json_set_str(o, "machine", u.machine);
	json_set_str(o, "belljar", BELLJAR_VERSION);
	json_set(o, "cpus", json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
	json_set(o, "width", json_integer(width));
	json_set(o, "as_root", json_boolean(geteuid() == 0));
	json_set_str(o, "build_on", rn->build_on_disk ? "disk" : "tmpfs");
	return o;
}

static json_t *phases_json(const struct recorder *rec)
{
	json_t *list = json_array();

	for (size_t i = 0; i < rec->n_phases; i++) {
		json_t *o = json_object();

		json_set_str(o, "name", rec->phases[i].name);
		json_set(o, "status", json_integer(rec->phases[i].status));
		json_set(o, "ms", milliseconds(rec->phases[i].seconds));
		if (rec->phases[i].cpu_known)
			usage_set(o, &rec->phases[i].cpu);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *room_json(const struct room_result *r)
{
	json_t *o = json_object();

	json_set(o, "status", json_integer(r->status));
	json_set(o, "ms", milliseconds(r->seconds));
	usage_set_room(o, r);
	json_set(o, "net_refused", json_integer((json_int_t)r->net_refused));
	json_set(o, "execs", json_integer((json_int_t)r->execs));
	json_set(o, "facts", json_integer((json_int_t)r->facts));
	if (*r->limit) {
		json_set_str(o, "limit", r->limit);
		json_set_str(o, "limit_name", r->limit_name);
		json_set(o, "limit_struck", json_boolean(r->limit_struck));
	}
	json_set_str(o, "walls", r->walls);
	return o;
}

/* To the millisecond, so that rounds of one second keep their order. */
static void set_time(json_t *o, const char *key, const struct timespec *t)
{
	char seconds[32], text[64];
	struct tm tm;

	gmtime_r(&t->tv_sec, &tm);
	strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%03ldZ", seconds, t->tv_nsec / 1000000);
	json_set_str(o, key, text);
}

/* Two builds with other options are builds of other things, though the variant is the same. */
static json_t *options_json(const struct plan_node *n)
{
	json_t *o = json_object();

	for (size_t i = 0; i < n->values.n; i++)
		json_set(o, n->values.v[i].name,
			 json_boolean(!strcmp(n->values.v[i].value, "true")));
	return o;
}

json_t *record_make(const struct recorder *rec, const struct runner *rn, const struct plan_node *n,
		    const struct room_result *room, json_t *outputs, json_t *sizes, const char *why)
{
	json_t *o = json_object();

	json_set(o, "belljar_record", json_integer(1));
	json_set_sha256(o, "key", &n->key);
	json_set(o, "action", json_incref(n->action));
	if (n->variant)
		json_set_str(o, "variant", n->variant);
	json_set(o, "options", options_json(n));
	json_set_str(o, "toolchain", rec->toolchain);
	set_time(o, "started", &rec->started);
	json_set(o, "host", host_json(rn, rec->width));
	json_set(o, "phases", phases_json(rec));
	json_set(o, "room", room_json(room));
	if (rec->attested)
		json_set(o, "attested_room", json_incref(rec->attested));
	json_set(o, "log_bytes", json_integer((json_int_t)rec->log.log_bytes));
	json_set(o, "refused", tally_json(rec->log.refused, rec->log.n_refused));
	json_set(o, "refused_total", json_integer((json_int_t)rec->log.refused_total));
	json_set(o, "shim_calls", tally_json(rec->log.shims, rec->log.n_shims));
	json_set(o, "shim_calls_total", json_integer((json_int_t)rec->log.shims_total));
	if (rec->log.capped)
		json_set(o, "ledger_capped", json_true());
	json_set(o, "epoch", json_integer(n->branch->epoch));
	if (why)
		json_set_str(o, "failure", why);
	if (outputs)
		json_set(o, "outputs", json_incref(outputs));
	if (sizes)
		json_set(o, "sizes", json_incref(sizes));
	return o;
}
