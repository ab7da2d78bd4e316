/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <base/cleanup.h>
#include <errno.h>
#include <store/fetch.h>
#include <string.h>
#include <sys/stat.h>

static int read_numbers(struct cli *c, struct err *err)
{
	const struct parsed *p = &c->parsed;
	const char *where = opt_value(p, OPT_BUILD_ON);

	if (opt_number(p, OPT_CORES, 1, 1024, &c->runner.cores, err) < 0 ||
	    opt_number(p, OPT_JOBS, 1, 16, &c->runner.jobs, err) < 0)
		return -1;
	if (where && strcmp(where, "tmpfs") && strcmp(where, "disk"))
		return err_set(err, ERR_USAGE, 0, "--build-on: expected tmpfs or disk, found '%s'",
			       where);
	c->runner.require_walls = opt_value(p, OPT_WALLS);
	c->runner.strict = opt_has(p, OPT_STRICT);
	c->runner.attest_room = opt_has(p, OPT_ATTEST_ROOM);
	c->runner.build_on_disk = where && !strcmp(where, "disk");
	return cli_read_limits(p, &c->runner.limits, err);
}

static void on_event(void *arg, const struct event *ev)
{
	struct cli *c = arg;

	render_event(&c->render, ev);
	eventlog_event(&c->events, ev);
}

static int open_events(struct cli *c, struct err *err)
{
	const char *path = opt_value(&c->parsed, OPT_EVENTS);

	if (!path)
		return 0;
	if (c->json && !strcmp(path, "-"))
		return err_set(err, ERR_USAGE, 0,
			       "--json and --events - both want standard output; the document is "
			       "in the event \"result\"");
	cli_catch_signals(); /* a reader that goes away is no reason to die */
	return eventlog_open(&c->events, path, c->parsed.command->name,
			     opt_has(&c->parsed, OPT_VERBOSE), err);
}

/* Before it is known whether anything will be fetched: the mistake is one either way. */
static int check_sources(const struct cli *c, struct err *err)
{
	if (opt_has(&c->parsed, OPT_HELP))
		return 0;
	for (size_t i = 0; i < c->mirrors.n; i++) {
		if (fetch_mirror_check(c->mirrors.v[i], err) < 0)
			return -1;
	}
	for (size_t i = 0; i < c->from.n; i++) {
		struct stat st;
		int rc = stat(c->from.v[i], &st);

		if (rc < 0 || !S_ISDIR(st.st_mode))
			return err_set(err, ERR_USAGE, rc < 0 ? errno : ENOTDIR, "--from %s",
				       c->from.v[i]);
	}
	return 0;
}

static int set_up(struct cli *c, struct err *err)
{
	const struct parsed *p = &c->parsed;
	int verbosity = opt_has(p, OPT_QUIET) ? -1 : opt_has(p, OPT_VERBOSE) ? 1 : 0;
	const char *color = opt_value(p, OPT_COLOR);

	if (!render_init(&c->render, verbosity, color))
		return err_set(err, ERR_USAGE, 0,
			       "--color: expected auto, always or never, found '%s'", color);
	c->json = opt_has(p, OPT_JSON);
	opt_values(p, OPT_MIRROR, &c->mirrors);
	opt_values(p, OPT_FROM, &c->from);
	opt_values(p, OPT_SET, &c->set);
	c->sink = (struct event_sink){.fn = on_event, .arg = c};
	c->runner.sink = &c->sink;
	c->runner.stopped = cli_stopped;
	c->runner.fetch = (struct fetch_options){.mirrors = &c->mirrors,
						 .from = &c->from,
						 .offline = opt_has(p, OPT_OFFLINE),
						 .stopped = cli_stopped};
	if (read_numbers(c, err) < 0 || check_sources(c, err) < 0)
		return -1;
	return open_events(c, err);
}

static int dispatch(struct cli *c, struct err *err)
{
	const struct cli_command *cmd = c->parsed.command;

	if (opt_has(&c->parsed, OPT_HELP)) {
		if (cmd)
			help_command(stdout, cmd);
		else
			help_all(stdout);
		return cli_flush(err);
	}
	if (!cmd) {
		help_all(stderr);
		c->status = ERR_USAGE;
		return 0;
	}
	cli_catch_signals();
	return cmd->run(c, err);
}

/* Why it ended matters less than that the user wanted it to: a helper may have died of it. */
static int status_of(const struct cli *c, struct err *err)
{
	if (cli_stopped(NULL) && err->code != ERR_INTERRUPTED) {
		err_wrap(err, "stopped");
		err->code = ERR_INTERRUPTED;
	}
	if (err->code == ERR_INTERRUPTED)
		return ERR_INTERRUPTED;
	/* For its callers `run` is the command: 125 is its own voice, as with env(1). */
	if (c->parsed.command && c->parsed.command->run == cmd_run)
		return 125;
	return err->code ? err->code : ERR_BUG;
}

int cli_main(int argc, char **argv)
{
	struct cli c = {.events = EVENTLOG_INIT};
	struct err err = ERR_INIT;
	int status;

	umask(022);
	render_init(&c.render, 0, NULL);
	if (cli_parse(argc, argv, &c.parsed, &err) < 0 || set_up(&c, &err) < 0 ||
	    dispatch(&c, &err) < 0) {
		c.json = opt_has(&c.parsed, OPT_JSON);
		status = status_of(&c, &err);
		cli_print_error(&c, &err, status);
		eventlog_error(&c.events, &err);
	} else {
		render_clear(&c.render);
		status = c.status;
	}
	if (eventlog_close(&c.events, status, &err) < 0) {
		status = err.code;
		cli_print_error(&c, &err, status);
	}
	cli_release(&c);
	return status;
}
