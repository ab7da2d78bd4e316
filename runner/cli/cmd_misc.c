/* SPDX-License-Identifier: Apache-2.0 */
/* version, help, and the names that are not built yet. */
#include "cli.h"

#include <base/cleanup.h>
#include <sandbox/room.h>
#include <shims/format.h>
#include <string.h>

int cmd_version(struct cli *c, struct err *err)
{
	json_t *doc;

	if (!c->json) {
		printf("belljar %s\n", BELLJAR_VERSION);
		return cli_flush(err);
	}
	doc = json_object();
	json_set_str(doc, "version", BELLJAR_VERSION);
	json_set(doc, "room_version", json_integer(ROOM_VERSION));
	json_set(doc, "shim_version", json_integer(SHIM_VERSION));
	return cli_print_json(doc, err);
}

int cmd_help(struct cli *c, struct err *err)
{
	const struct cli_command *cmd;
	const char *as = opt_value(&c->parsed, OPT_AS);

	if (as && strcmp(as, "man") && strcmp(as, "bash"))
		return err_set(err, ERR_USAGE, 0, "--as: expected man or bash, found '%s'", as);
	if (as) {
		(!strcmp(as, "man") ? help_man : help_bash)(stdout);
		return cli_flush(err);
	}
	if (!c->parsed.n_operands) {
		help_all(stdout);
		return cli_flush(err);
	}
	cmd = cli_find_command(c->parsed.operands[0]);
	if (!cmd)
		return err_set(err, ERR_USAGE, 0, "unknown command '%s'; see belljar --help",
			       c->parsed.operands[0]);
	help_command(stdout, cmd);
	return cli_flush(err);
}

int cmd_not_yet(struct cli *c, struct err *err)
{
	return err_set(err, ERR_USAGE, 0, "belljar %s is not implemented", c->parsed.command->name);
}
