/* SPDX-License-Identifier: Apache-2.0 */
/* The man page and the completions, from the same table as --help. */
#include "options.h"

#include <string.h>

/* In man(7) a dash is written \-, and a line must not begin with a dot or an apostrophe. */
static void put(FILE *to, const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", to);
	for (; *text; text++) {
		if (*text == '-' || *text == '\\')
			fputc('\\', to);
		fputc(*text == '\\' ? 'e' : *text, to);
	}
}

static void man_option(FILE *to, enum opt id)
{
	const struct cli_option *o = &cli_options[id];

	fputs(".TP\n.B ", to);
	if (o->letter)
		fprintf(to, "\\-%c, ", o->letter);
	fputs("\\-\\-", to);
	put(to, o->name);
	if (o->arg) {
		fputs(" \\fI", to);
		put(to, o->arg);
		fputs("\\fR", to);
	}
	fputc('\n', to);
	put(to, o->help);
	fputc('\n', to);
}

static void man_command(FILE *to, const struct cli_command *cmd)
{
	fputs(".SS belljar ", to);
	put(to, cmd->name);
	if (*cmd->args) {
		fputc(' ', to);
		put(to, cmd->args);
	}
	fputc('\n', to);
	put(to, cmd->summary);
	fputs(".\n", to);
	if (cmd->text) {
		put(to, cmd->text);
		fputc('\n', to);
	}
	for (const enum opt *o = cmd->options; *o; o++)
		man_option(to, *o);
}

static const char man_head[] =
	".\\\" SPDX-License-Identifier: Apache-2.0\n"
	".TH BELLJAR 1 \"\" \"belljar " BELLJAR_VERSION "\" \"User Commands\"\n"
	".SH NAME\n"
	"belljar \\- reproducible builds in a sealed room\n"
	".SH SYNOPSIS\n"
	".B belljar\n"
	"\\fICOMMAND\\fR [\\fIOPTIONS\\fR] [\\fIARGUMENTS\\fR]\n"
	".SH DESCRIPTION\n"
	"belljar resolves a recipe into an action whose key is the hash of everything that may\n"
	"influence it, runs the action once in a room without network, and names the result by "
	"the\n"
	"hash of its contents. A result that is in the store is not built again.\n"
	".SH COMMANDS\n";

static const char man_tail[] =
	".SH EXIT STATUS\n"
	".TP\n0\ndone\n"
	".TP\n1\nthe build failed\n"
	".TP\n2\nusage\n"
	".TP\n3\na recipe, lock, source or index is wrong\n"
	".TP\n4\nthis host cannot do it\n"
	".TP\n5\nnot reproducible, or a hash differs\n"
	".TP\n6\nthe store or the disk failed\n"
	".TP\n70\na bug in belljar\n"
	".TP\n130\nstopped by the user\n"
	".PP\n"
	"\\fBbelljar run\\fR passes the status of its command on; 125 is belljar's own failure, "
	"126\n"
	"and 127 are as with \\fBenv\\fR(1).\n"
	".SH ENVIRONMENT\n"
	".TP\nBELLJAR_STORE\nthe store, unless \\-\\-store is given\n"
	".TP\nBELLJAR_RECIPES, BELLJAR_TOOLCHAINS\nthe folders of recipes and toolchains\n"
	".TP\nBELLJAR_MIRROR_NAME\nthe base URL of mirror://name/\n"
	".TP\nBELLJAR_LIBEXEC\nthe folder of the helper programs\n"
	".TP\nNO_COLOR\nwhen set, no colours\n";

void help_man(FILE *to)
{
	fputs(man_head, to);
	for (size_t i = 0; i < cli_n_commands; i++) {
		if (cli_commands[i].summary)
			man_command(to, &cli_commands[i]);
	}
	fputs(".SH COMMON OPTIONS\n", to);
	for (const enum opt *o = cli_common; *o; o++)
		man_option(to, *o);
	fputs(man_tail, to);
}

static void bash_options(FILE *to, const enum opt *list)
{
	for (; *list; list++)
		fprintf(to, " --%s", cli_options[*list].name);
}

static void bash_cases(FILE *to)
{
	for (size_t i = 0; i < cli_n_commands; i++) {
		const struct cli_command *cmd = &cli_commands[i];

		if (!cmd->summary)
			continue;
		fprintf(to, "\t%s) words=\"", cmd->name);
		bash_options(to, cmd->options);
		bash_options(to, cli_common);
		fputs("\" ;;\n", to);
	}
}

/* Selectors are completed from `belljar list`, folders and files by bash itself. */
void help_bash(FILE *to)
{
	fputs("# SPDX-License-Identifier: Apache-2.0\n"
	      "_belljar() {\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} words i cmd=\n"
	      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	      "\t\tcase ${COMP_WORDS[i]} in -*) ;; *) cmd=${COMP_WORDS[i]}; break ;; esac\n"
	      "\tdone\n"
	      "\tcase $cmd in\n"
	      "\t'') words=\"",
	      to);
	for (size_t i = 0; i < cli_n_commands; i++) {
		if (cli_commands[i].summary)
			fprintf(to, "%s%s", i ? " " : "", cli_commands[i].name);
	}
	bash_options(to, cli_common);
	fputs("\" ;;\n", to);
	bash_cases(to);
	fputs("\tesac\n"
	      "\tcase $cmd:$cur in\n"
	      "\t*:-*) ;;\n"
	      "\tbuild:*|fetch:*|plan:*|shell:*|log:*|check:*|describe:*)\n"
	      "\t\twords=$(belljar list 2>/dev/null | cut -d' ' -f1) ;;\n"
	      "\tesac\n"
	      "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	      "}\n"
	      "complete -o default -F _belljar belljar\n",
	      to);
}
