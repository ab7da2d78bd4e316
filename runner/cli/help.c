/* SPDX-License-Identifier: Apache-2.0 */
/* --help, from the table. */
#include "cli.h"

#include <string.h>

#define COLUMN 26

static void print_option(FILE *to, enum opt id)
{
	const struct cli_option *o = &cli_options[id];
	char left[64];

	snprintf(left, sizeof(left), "%c%c%s--%s%s%s", o->letter ? '-' : ' ',
		 o->letter ? o->letter : ' ', o->letter ? ", " : "  ", o->name, o->arg ? " " : "",
		 o->arg ? o->arg : "");
	fprintf(to, "  %-*s%s", COLUMN, left, strlen(left) < COLUMN ? "" : "  ");
	for (const char *line = o->help, *end; line; line = *end ? end + 1 : NULL) {
		end = strchrnul(line, '\n');
		fprintf(to, "%*s%.*s\n", line == o->help ? 0 : COLUMN + 2, "", (int)(end - line),
			line);
	}
}

static void print_options(FILE *to, const char *title, const enum opt *list)
{
	if (!*list)
		return;
	fprintf(to, "\n%s:\n", title);
	for (; *list; list++)
		print_option(to, *list);
}

static void print_examples(FILE *to, const struct cli_example *list)
{
	if (list)
		fputs("\nExamples:\n", to);
	for (; list && list->line; list++)
		fprintf(to, "  %s\n      %s\n", list->line, list->text);
}

void help_command(FILE *to, const struct cli_command *cmd)
{
	if (!cmd->summary) {
		fprintf(to, "belljar %s is not implemented.\n", cmd->name);
		return;
	}
	fprintf(to, "belljar %s: %s\n\nUsage: belljar %s%s%s%s\n", cmd->name, cmd->summary,
		cmd->name, *cmd->options ? " [OPTIONS]" : "", *cmd->args ? " " : "", cmd->args);
	if (cmd->text)
		fprintf(to, "\n%s\n", cmd->text);
	print_options(to, "Options", cmd->options);
	print_options(to, "Common options", cli_common);
	print_examples(to, cli_examples(cmd->name));
}

void help_all(FILE *to)
{
	fprintf(to, "belljar: reproducible builds in a sealed room\n\n"
		    "Usage: belljar COMMAND [OPTIONS] [ARGUMENTS]\n\nCommands:\n");
	for (size_t i = 0; i < cli_n_commands; i++) {
		if (cli_commands[i].summary)
			fprintf(to, "  %-11s%s\n", cli_commands[i].name, cli_commands[i].summary);
	}
	fputs("\nNot implemented:", to);
	for (size_t i = 0; i < cli_n_commands; i++) {
		if (cli_commands[i].run == cmd_not_yet)
			fprintf(to, " %s", cli_commands[i].name);
	}
	fputc('\n', to);
	print_options(to, "Common options", cli_common);
	fprintf(to,
		"\nbelljar COMMAND --help says more. Exit status: 0 done, 1 the build failed, "
		"2 usage,\n3 bad recipe, lock or source, 4 this host cannot, 5 not reproducible "
		"or hash mismatch,\n6 store or disk, 70 a bug in belljar.\n");
}
