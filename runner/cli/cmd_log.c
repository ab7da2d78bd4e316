/* SPDX-License-Identifier: Apache-2.0 */
#include "ledgerview.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <fcntl.h>
#include <runner/logread.h>
#include <runner/usage.h>
#include <string.h>

static bool is_hex(const char *s)
{
	return strspn(s, "0123456789abcdef") == strlen(s);
}

/* Who names a selector has never seen its key: that no build of it is known is said in his words.
 */
static int check_recorded(struct cli *c, const struct sha256 *key, struct err *err)
{
	_cleanup_close_ int fd = -1;
	char hex[SHA256_HEX_LEN + 1];
	int newest;

	if (store_record_open(c->runner.store, key, 0, &fd, &newest, err) == 0)
		return 0;
	if (err->code != ERR_INPUT)
		return -1;
	sha256_to_hex(key, hex);
	return err_set(err, ERR_INPUT, 0,
		       "%s was never built in the store %s as it is now and with these options "
		       "(action %.16s); see belljar history",
		       c->parsed.operands[0], store_path(c->runner.store), hex);
}

/* A selector's key; the wanted action may wait for inputs that were never built. */
static int key_of_selector(struct cli *c, struct sha256 *out, struct err *err)
{
	_cleanup_(plan_release) struct plan p = PLAN_INIT;
	struct plan_node *n;

	if (cli_make_plan(c, STORE_READONLY, &p, err) < 0 ||
	    plan_keys(&p, c->runner.store, err) < 0)
		return -1;
	n = plan_wanted(&p);
	if (!n->has_key)
		return err_set(
			err, ERR_INPUT, 0,
			"which build of %s is meant cannot be told: it %s; see belljar history",
			c->parsed.operands[0], n->waits);
	*out = n->key;
	return check_recorded(c, out, err);
}

static int find_key(struct cli *c, struct sha256 *out, struct err *err)
{
	const char *what = c->parsed.operands[0];

	if (strlen(what) < 8 || !is_hex(what))
		return key_of_selector(c, out, err);
	if (cli_open_store(c, STORE_READONLY, err) < 0)
		return -1;
	return log_find_key(c->runner.store, what, out, err);
}

static int to_stdout(void *arg, const char *data, size_t len)
{
	struct err *err = arg;

	return cli_write(1, data, len, err) < 0;
}

/* Rows are chosen before the last ones are counted. */
static int show_ledger(struct cli *c, const struct sha256 *key, struct log_request rq,
		       struct err *err)
{
	_cleanup_(ledgerview_release) struct ledgerview v;

	if (ledgerview_init(&v, c, err) < 0)
		return -1;
	v.tail = rq.tail;
	rq.tail = 0;
	if (log_read(c->runner.store, key, &rq, ledgerview_take, &v, err) < 0)
		return -1;
	return ledgerview_end(&v, err);
}

static int show_record(struct cli *c, const struct sha256 *key, int round, struct err *err)
{
	json_t *record = NULL;

	if (log_record(c->runner.store, key, round, &record, err) < 0)
		return -1;
	return cli_print_json(record, err);
}

static void add_times(struct strbuf *sb, const json_t *of)
{
	struct room_cpu cpu;

	strbuf_addf(sb, "%.1f s", (double)json_get_int(of, "ms", 0) / 1000);
	if (usage_of(of, &cpu))
		strbuf_addf(sb, ", CPU %.1f s (%.1f user, %.1f system)", usage_seconds(&cpu),
			    (double)cpu.user_us / 1e6, (double)cpu.system_us / 1e6);
}

static void add_memory(struct strbuf *sb, const json_t *room)
{
	int64_t kib = json_get_int(room, "max_rss_kib", -1);
	char size[32];

	if (kib < 0 || kib > INT64_MAX / 1024)
		return;
	cli_format_bytes((uint64_t)kib * 1024, size, sizeof(size));
	strbuf_addf(sb, ", largest process %s", size);
}

/* On standard error, after the log: what the round took, and each of its phases. */
static int show_usage(struct cli *c, const struct sha256 *key, int round, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	_cleanup_json_ json_t *record = NULL;
	const json_t *room;
	json_t *phase;
	size_t i;

	if (log_record(c->runner.store, key, round, &record, err) < 0)
		return -1;
	room = json_object_get(record, "room");
	strbuf_addf(&sb, "round %d, %.19sZ: %s ", (int)json_get_int(record, "round", 0),
		    json_get_str(record, "started", "?"),
		    json_object_get(record, "failure") ? "failed after" : "built in");
	add_times(&sb, room);
	add_memory(&sb, room);
	strbuf_addc(&sb, '\n');
	json_array_foreach (json_object_get(record, "phases"), i, phase) {
		strbuf_addf(&sb, "  phase %s: ", json_get_str(phase, "name", "?"));
		add_times(&sb, phase);
		strbuf_addc(&sb, '\n');
	}
	cli_put(stderr, sb.s, sb.len);
	return 0;
}

int cmd_log(struct cli *c, struct err *err)
{
	struct log_request rq = {.ledger = opt_has(&c->parsed, OPT_LEDGER)};
	struct err write_err = ERR_INIT;
	unsigned round = 0, tail = 0;
	struct sha256 key;

	if (!rq.ledger && (opt_has(&c->parsed, OPT_KIND) || opt_has(&c->parsed, OPT_REFUSED)))
		return err_set(err, ERR_USAGE, 0,
			       "--kind and --refused choose from the ledger: add --ledger");
	if (opt_number(&c->parsed, OPT_ROUND, 1, 1000000, &round, err) < 0 ||
	    opt_number(&c->parsed, OPT_TAIL, 1, 1000000, &tail, err) < 0 ||
	    find_key(c, &key, err) < 0)
		return -1;
	rq.round = (int)round;
	rq.tail = tail;
	if (rq.ledger)
		return show_ledger(c, &key, rq, err);
	if (c->json)
		return show_record(c, &key, rq.round, err);
	if (log_read(c->runner.store, &key, &rq, to_stdout, &write_err, err) < 0)
		return -1;
	if (write_err.code && write_err.sys_errno != EPIPE) {
		*err = write_err;
		return -1;
	}
	return c->render.verbosity > 0 ? show_usage(c, &key, rq.round, err) : 0;
}
