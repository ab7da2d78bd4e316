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
	const char *name = c->parsed.n_operands ? c->parsed.operands[0] : NULL;
	const struct cli_command *cmd = name ? cli_find_command(name) : NULL;
	const char *as = opt_value(&c->parsed, OPT_AS);

	if (name && !cmd)
		return cli_unknown_command(name, err);
	if (as && !strcmp(as, "man")) {
		if (cmd && !cmd->summary)
			return err_set(err, ERR_USAGE, 0, "belljar %s is not implemented", name);
		help_man(stdout, cmd);
		return cli_flush(err);
	}
	if (as && !help_completion(stdout, as))
		return err_set(err, ERR_USAGE, 0,
			       "--as: expected man, bash, zsh or fish, found '%s'", as);
	if (!as && cmd)
		help_command(stdout, cmd);
	else if (!as)
		help_all(stdout);
	return cli_flush(err);
}

int cmd_not_yet(struct cli *c, struct err *err)
{
	return err_set(err, ERR_USAGE, 0, "belljar %s is not implemented", c->parsed.command->name);
}
