/* SPDX-License-Identifier: Apache-2.0 */
/* belljar run: any command in a sealed room. docs/RUN.md tells its users what to expect. */
#include "run_room.h"

#include <base/cleanup.h>
#include <runner/ledgerfile.h>
#include <runner/usage.h>
#include <string.h>

/* The files that a run leaves beside what its command does. */
struct reports {
	FILE *ledger, *result;
	char *refused; /* the first network attempt, for --strict */
};

static void reports_release(struct reports *r)
{
	free(r->refused);
	if (r->ledger)
		fclose(r->ledger);
	if (r->result)
		fclose(r->result);
}

static int open_report(const struct cli *c, enum opt id, FILE **out, struct err *err)
{
	const char *path = opt_value(&c->parsed, id);

	if (!path)
		return 0;
	*out = fopen(path, "we");
	if (!*out)
		return err_set(err, ERR_USAGE, errno, "--%s: cannot write %s", cli_options[id].name,
			       path);
	return 0;
}

static int close_report(const struct cli *c, enum opt id, FILE **file, struct err *err)
{
	FILE *f = TAKE_PTR(*file);
	bool failed = f && ferror(f);

	if (f && (fclose(f) != 0 || failed))
		return err_set(err, ERR_STORE, errno, "--%s: cannot write %s", cli_options[id].name,
			       opt_value(&c->parsed, id));
	return 0;
}

static void on_ledger(void *arg, const struct ledger_row *row)
{
	struct reports *r = arg;
	_cleanup_free_ char *line = NULL;

	if (row->kind == LEDGER_NET && row->refused && !r->refused)
		r->refused = xasprintf("%s %s by %s", row->call, row->object,
				       *row->argv ? row->argv : row->exe);
	if (!r->ledger)
		return;
	line = ledger_line(row);
	fputs(line, r->ledger);
}

static bool on_tick(void *arg)
{
	return cli_stopped(NULL);
}

/* One of two words; the first one is usual and 0. */
static int read_word(const struct cli *c, enum opt id, const char *first, const char *second,
		     bool *out_second, struct err *err)
{
	const char *word = opt_value(&c->parsed, id);

	*out_second = word && !strcmp(word, second);
	if (!word || *out_second || !strcmp(word, first))
		return 0;
	return err_set(err, ERR_USAGE, 0, "--%s: expected %s or %s, found '%s'",
		       cli_options[id].name, first, second, word);
}

static int read_hostname(const struct cli *c, const char **out, struct err *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789.-";
	const char *name = opt_value(&c->parsed, OPT_HOSTNAME);
	size_t len = name ? strlen(name) : 1;

	*out = name;
	if (len == 0 || len > 64 || (name && strspn(name, allowed) != len))
		return err_set(err, ERR_USAGE, 0,
			       "--hostname: expected 1 to 64 letters, digits, dots and dashes, "
			       "found '%s'",
			       name);
	return 0;
}

static int read_cwd(const struct cli *c, const char **out, struct err *err)
{
	*out = NULL;
	for (size_t i = 0; i < c->parsed.n_given; i++) {
		const struct given *g = &c->parsed.given[i];

		if (g->id == OPT_CWD || g->id == OPT_CHDIR)
			*out = g->value;
	}
	if (*out && **out != '/')
		return err_set(err, ERR_USAGE, 0,
			       "--cwd: expected an absolute path inside the room, found '%s'",
			       *out);
	return 0;
}

/* What cannot be held is refused, not ignored. */
static int check_limits(const struct room_limits *l, struct err *err)
{
	if (l->log_bytes)
		return err_set(err, ERR_USAGE, 0,
			       "--limit log: the command writes straight to the caller's standard "
			       "output; for a file there, give --limit file=N");
	if (l->out_bytes)
		return err_set(err, ERR_USAGE, 0,
			       "--limit out: there is no /out here; --rw folders are as large as "
			       "their disk, --tmpfs DST:SIZE as said");
	return 0;
}

static int read_spec(struct cli *c, struct room_spec *spec, struct room_command *command,
		     struct err *err)
{
	bool no_net, full_proc;

	if (c->json)
		return err_set(err, ERR_USAGE, 0,
			       "--json: standard output is the command's; give --result FILE");
	spec->cpus = c->runner.cores;
	if (read_word(c, OPT_NET, "loopback", "none", &no_net, err) < 0 ||
	    read_word(c, OPT_PROC, "pid", "full", &full_proc, err) < 0 ||
	    read_hostname(c, &spec->hostname, err) < 0 || read_cwd(c, &command->cwd, err) < 0 ||
	    opt_number(&c->parsed, OPT_CPUS, 1, 1024, &spec->cpus, err) < 0 ||
	    check_limits(&c->runner.limits, err) < 0)
		return -1;
	spec->net = no_net ? ROOM_NET_NONE : ROOM_NET_LOOPBACK;
	spec->proc = full_proc ? ROOM_PROC_FULL : ROOM_PROC_PID;
	spec->keep_aslr = opt_has(&c->parsed, OPT_KEEP_ASLR);
	return 0;
}

static void print_result(const struct cli *c, const struct room_result *r, FILE *to)
{
	_cleanup_json_ json_t *o = json_object();
	json_t *argv = json_array();
	char *text;

	for (size_t i = 0; i < c->parsed.n_operands; i++)
		json_array_append_new(argv, json_string(c->parsed.operands[i]));
	json_set(o, "belljar_run", json_integer(1));
	json_set(o, "command", argv);
	json_set(o, "status", json_integer(r->status));
	json_set(o, "ms", json_integer((json_int_t)(r->seconds * 1000)));
	usage_set_room(o, r);
	json_set(o, "net_refused", json_integer((json_int_t)r->net_refused));
	json_set(o, "facts", json_integer((json_int_t)r->facts));
	if (opt_has(&c->parsed, OPT_LEDGER_FILE))
		json_set(o, "execs", json_integer((json_int_t)r->execs));
	if (*r->limit) {
		json_set_str(o, "limit", r->limit);
		json_set_str(o, "limit_name", r->limit_name);
		json_set(o, "limit_struck", json_boolean(r->limit_struck));
	}
	json_set_str(o, "walls", r->walls);
	text = json_dumps(o, JSON_SORT_KEYS | JSON_COMPACT);
	fprintf(to, "%s\n", text ? text : "{}");
	free(text);
}

/* A reader of the document learns of belljar's own failure too. */
static void print_failure(const struct err *err, FILE *to)
{
	_cleanup_json_ json_t *o = json_object();
	char *text;

	json_set(o, "belljar_run", json_integer(1));
	json_set_str(o, "error", err->msg);
	text = json_dumps(o, JSON_SORT_KEYS | JSON_COMPACT);
	fprintf(to, "%s\n", text ? text : "{}");
	free(text);
}

/* The attempts were refused as always; with --strict the run has failed too. */
static int judge_strict(struct cli *c, const struct reports *r, const struct room_result *result)
{
	struct err why = ERR_INIT;

	(void)err_set(&why, ERR_BUILD, 0, "strict: %llu network attempt%s; the first: %s",
		      (unsigned long long)result->net_refused, result->net_refused == 1 ? "" : "s",
		      r->refused ? r->refused : "?");
	if (!c->status)
		c->status = ERR_BUILD;
	cli_print_error(c, &why, c->status);
	return 0;
}

static int run_room(struct cli *c, const struct stand *s, struct reports *reports, bool terminal,
		    struct err *err)
{
	struct room_command command = {.name = "run",
				       .argv = (const char *const *)c->parsed.operands,
				       .env = (const char *const *)s->env.v};
	struct room_spec spec = {
		.root = s->root ? ROOM_ROOT_TREE : ROOM_ROOT_HOST_RO,
		.root_path = s->root,
		.mounts = s->mounts,
		.n_mounts = s->n_mounts,
		.commands = &command,
		.n_commands = 1,
		.limits = c->runner.limits,
		.ledger_exec = reports->ledger != NULL,
		.terminal = terminal,
		.uncounted = !reports->result,
		.stdin_fd = 0,
		.stdout_fd = 1,
		.stderr_fd = 2,
		.record_fd = -1,
		.require = c->runner.require_walls,
	};
	struct room_handler handler = {.arg = reports, .on_ledger = on_ledger, .on_tick = on_tick};
	struct room_result result = {0};

	if (read_spec(c, &spec, &command, err) < 0 || room_run(&spec, &handler, &result, err) < 0)
		return -1;
	if (*result.limit)
		event_warn(&c->sink, "a limit was %s: %s", result.limit_struck ? "hit" : "met",
			   result.limit);
	if (reports->result)
		print_result(c, &result, reports->result);
	c->status = result.status;
	return c->runner.strict && result.net_refused ? judge_strict(c, reports, &result) : 0;
}

int cmd_run(struct cli *c, struct err *err)
{
	_cleanup_(stand_release) struct stand s = {0};
	_cleanup_(reports_release) struct reports r = {0};
	bool terminal = isatty(0) && isatty(1) && isatty(2);

	if (open_report(c, OPT_RESULT, &r.result, err) < 0)
		return -1;
	if (open_report(c, OPT_LEDGER_FILE, &r.ledger, err) < 0 ||
	    stand_make(&s, c, terminal, err) < 0 || run_room(c, &s, &r, terminal, err) < 0) {
		if (r.result)
			print_failure(err, r.result);
		return -1;
	}
	if (close_report(c, OPT_LEDGER_FILE, &r.ledger, err) < 0)
		return -1;
	return close_report(c, OPT_RESULT, &r.result, err);
}
