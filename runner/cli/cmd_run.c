/* SPDX-License-Identifier: Apache-2.0 */
/* belljar run: any command in a sealed room. */
#include "cli.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <fcntl.h>
#include <runner/ledgerfile.h>
#include <sandbox/room.h>
#include <string.h>

struct stand { /* what the spec of one run points at */
	struct strv texts;
	struct room_mount *mounts;
	size_t n_mounts;
	struct strv env;
	FILE *ledger;
	char *refused; /* the first network attempt, for --strict */
};

static void stand_release(struct stand *s)
{
	strv_release(&s->texts);
	strv_release(&s->env);
	free(s->mounts);
	free(s->refused);
	if (s->ledger)
		fclose(s->ledger);
}

static void add_mount(struct stand *s, enum room_mount_kind kind, const char *src, const char *dst)
{
	s->mounts = xrealloc(s->mounts, (s->n_mounts + 1) * sizeof(*s->mounts));
	s->mounts[s->n_mounts++] =
		(struct room_mount){.kind = kind, .src = src, .dst = dst, .keep_owner = true};
}

static const char *keep(struct stand *s, char *text_taken)
{
	strv_push_take(&s->texts, text_taken);
	return text_taken;
}

/* SRC[:DST]; a colon in SRC cannot be written. */
static int add_bind(struct stand *s, enum room_mount_kind kind, const char *text, struct err *err)
{
	const char *colon = strchr(text, ':');
	_cleanup_free_ char *given = colon ? xstrndup(text, (size_t)(colon - text)) : xstrdup(text);
	char *src = realpath(given, NULL);
	const char *dst;

	if (!src)
		return err_set(err, ERR_USAGE, errno, "cannot show %s", given);
	keep(s, src);
	dst = colon ? keep(s, xstrdup(colon + 1)) : src;
	if (*dst != '/')
		return err_set(err, ERR_USAGE, 0, "'%s': the place inside must be absolute", text);
	add_mount(s, kind, src, dst);
	return 0;
}

static int add_mounts(struct stand *s, const struct parsed *p, uint64_t build_bytes,
		      struct err *err)
{
	for (size_t i = 0; i < p->n_given; i++) {
		const char *value = p->given[i].value;
		int rc = 0;

		if (p->given[i].id == OPT_RO)
			rc = add_bind(s, ROOM_BIND_RO, value, err);
		else if (p->given[i].id == OPT_RW)
			rc = add_bind(s, ROOM_BIND_RW, value, err);
		else if (p->given[i].id == OPT_TMPFS && *value != '/')
			rc = err_set(err, ERR_USAGE, 0, "--tmpfs: expected an absolute path");
		else if (p->given[i].id == OPT_TMPFS)
			add_mount(s, ROOM_TMPFS, NULL, value);
		if (rc < 0)
			return -1;
	}
	for (size_t i = 0; i < s->n_mounts; i++) {
		if (!strcmp(s->mounts[i].dst, "/build"))
			return 0;
	}
	add_mount(s, ROOM_TMPFS, NULL, "/build");
	s->mounts[s->n_mounts - 1].size = build_bytes;
	return 0;
}

static int add_env(struct stand *s, const struct parsed *p, bool terminal, struct err *err)
{
	static const char *const usual[] = {"PATH=/usr/bin:/usr/sbin:/bin:/sbin",
					    "HOME=/build",
					    "LC_ALL=C.UTF-8",
					    "TZ=UTC",
					    "USER=builder",
					    "LOGNAME=builder",
					    "SHELL=/bin/sh",
					    "TMPDIR=/tmp"};
	_cleanup_(strv_release) struct strv given = STRV_INIT;
	const char *term = getenv("TERM");

	opt_values(p, OPT_ENV, &given);
	for (size_t i = 0; i < given.n; i++) {
		if (!strchr(given.v[i], '=') || given.v[i][0] == '=')
			return err_set(err, ERR_USAGE, 0, "--env: expected NAME=VALUE, found '%s'",
				       given.v[i]);
	}
	strv_copy(&s->env, &given);
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++) {
		size_t len = (size_t)(strchr(usual[i], '=') - usual[i]) + 1;
		bool set = false;

		for (size_t k = 0; k < given.n; k++)
			set = set || !strncmp(given.v[k], usual[i], len);
		if (!set)
			strv_push(&s->env, usual[i]);
	}
	strv_pushf(&s->env, "TERM=%s", terminal && term ? term : "dumb");
	return 0;
}

static void on_ledger(void *arg, const struct ledger_row *row)
{
	struct stand *s = arg;
	_cleanup_free_ char *line = ledger_line(row);

	if (s->ledger)
		fputs(line, s->ledger);
	if (row->kind == LEDGER_NET && row->refused && !s->refused)
		s->refused = xasprintf("%s %s by %s", row->call, row->object,
				       *row->argv ? row->argv : row->exe);
}

static bool on_tick(void *arg)
{
	return cli_stopped(NULL);
}

/* The attempts were refused as always; with --strict the run has failed too. */
static int judge_strict(struct cli *c, const struct stand *s, const struct room_result *result)
{
	struct err why = ERR_INIT;

	(void)err_set(&why, ERR_BUILD, 0, "strict: %llu network attempt%s; the first: %s",
		      (unsigned long long)result->net_refused, result->net_refused == 1 ? "" : "s",
		      s->refused ? s->refused : "?");
	cli_print_error(c, &why);
	if (!c->status)
		c->status = ERR_BUILD;
	return 0;
}

static int run_room(struct cli *c, struct stand *s, bool terminal, struct err *err)
{
	const char *root = opt_value(&c->parsed, OPT_ROOT);
	bool host = !root || !strcmp(root, "host-ro");
	struct room_command command = {.name = "run",
				       .argv = (const char *const *)c->parsed.operands,
				       .env = (const char *const *)s->env.v,
				       .cwd = opt_value(&c->parsed, OPT_CWD)};
	struct room_spec spec = {
		.root = host ? ROOM_ROOT_HOST_RO : ROOM_ROOT_TREE,
		.root_path = host ? NULL : root,
		.mounts = s->mounts,
		.n_mounts = s->n_mounts,
		.commands = &command,
		.n_commands = 1,
		.cpus = c->runner.cores,
		.limits = c->runner.limits,
		.ledger_exec = s->ledger != NULL,
		.terminal = terminal,
		.stdin_fd = 0,
		.stdout_fd = 1,
		.stderr_fd = 2,
		.record_fd = -1,
		.require = c->runner.require_walls,
	};
	struct room_handler handler = {.arg = s, .on_ledger = on_ledger, .on_tick = on_tick};
	struct room_result result = {0};

	if (room_run(&spec, &handler, &result, err) < 0)
		return -1;
	if (result.limit)
		event_warn(&c->sink, "a limit was hit: %s", result.limit);
	c->status = result.status;
	return c->runner.strict && result.net_refused ? judge_strict(c, s, &result) : 0;
}

int cmd_run(struct cli *c, struct err *err)
{
	_cleanup_(stand_release) struct stand s = {0};
	const char *ledger = opt_value(&c->parsed, OPT_LEDGER_FILE);
	bool terminal = isatty(0) && isatty(1) && isatty(2);

	if (add_mounts(&s, &c->parsed, c->runner.limits.build_bytes, err) < 0 ||
	    add_env(&s, &c->parsed, terminal, err) < 0)
		return -1;
	if (ledger) {
		s.ledger = fopen(ledger, "we");
		if (!s.ledger)
			return err_set(err, ERR_USAGE, errno, "--ledger: cannot write %s", ledger);
	}
	if (run_room(c, &s, terminal, err) < 0)
		return -1;
	if (s.ledger && (fflush(s.ledger) || ferror(s.ledger)))
		return err_set(err, ERR_STORE, errno, "cannot write %s", ledger);
	return 0;
}
