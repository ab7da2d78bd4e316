/* SPDX-License-Identifier: Apache-2.0 */
/* The man pages belljar(1) and belljar-COMMAND(1), from the same table as --help. */
#include "options.h"

#include <ctype.h>
#include <string.h>

#define PAGE_DATE "2026-11-28" /* of the last change of what these pages say */

/* In man(7) a dash is written \-, and a line must not begin with a dot or an apostrophe. */
static void put(FILE *to, const char *text)
{
	bool first = true;

	for (; *text; text++) {
		if (first && (*text == '.' || *text == '\''))
			fputs("\\&", to);
		if (*text == '-' || *text == '\\')
			fputc('\\', to);
		if (*text == '~' || *text == '^')
			fputs(*text == '~' ? "\\(ti" : "\\(ha", to);
		else
			fputc(*text == '\\' ? 'e' : *text, to);
		first = *text == '\n';
	}
}

static void put_option(FILE *to, enum opt id)
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

/* "BELLJAR-BUILD" */
static void put_head(FILE *to, const char *command)
{
	fputs(".\\\" SPDX-License-Identifier: Apache-2.0\n.TH BELLJAR", to);
	if (command)
		fputc('-', to);
	for (; command && *command; command++)
		fputc(toupper((unsigned char)*command), to);
	fputs(" 1 " PAGE_DATE " \"belljar " BELLJAR_VERSION "\" \"User Commands\"\n.SH NAME\n", to);
}

static void put_examples(FILE *to, const struct cli_example *list)
{
	if (list)
		fputs(".SH EXAMPLES\n", to);
	for (; list && list->line; list++) {
		fputs(".TP\n.B ", to);
		put(to, list->line);
		fputc('\n', to);
		put(to, list->text);
		fputc('\n', to);
	}
}

static void put_options(FILE *to, const char *title, const enum opt *list)
{
	if (*list)
		fprintf(to, ".SH %s\n", title);
	for (; *list; list++)
		put_option(to, *list);
}

static const char files_head[] = ".SH EXIT STATUS\n"
				 "See \\fBbelljar\\fR(1).\n"
				 ".SH SEE ALSO\n"
				 "\\fBbelljar\\fR(1), \\fBbelljar\\-recipe\\fR(5), "
				 "\\fBbelljar\\-lock\\fR(5)\n";

static void man_command(FILE *to, const struct cli_command *cmd)
{
	put_head(to, cmd->name);
	fprintf(to, "belljar\\-%s \\- ", cmd->name);
	put(to, cmd->summary);
	fprintf(to, "\n.SH SYNOPSIS\n.B belljar %s\n", cmd->name);
	if (*cmd->options || *cmd->args)
		fputs(*cmd->options ? "[\\fIOPTIONS\\fR] \\fI" : "\\fI", to);
	put(to, cmd->args);
	fputs(*cmd->options || *cmd->args ? "\\fR\n" : "", to);
	fputs(".SH DESCRIPTION\n", to);
	fputc(toupper((unsigned char)*cmd->summary), to);
	put(to, cmd->summary + 1);
	fputs(".\n", to);
	if (cmd->text) {
		fputs(".PP\n", to);
		put(to, cmd->text);
		fputc('\n', to);
	}
	put_options(to, "OPTIONS", cmd->options);
	put_options(to, "COMMON OPTIONS", cli_common);
	put_examples(to, cli_examples(cmd->name));
	fputs(files_head, to);
}

static const char intro[] =
	"belljar \\- reproducible builds in a sealed room\n"
	".SH SYNOPSIS\n"
	".B belljar\n"
	"\\fICOMMAND\\fR [\\fIOPTIONS\\fR] [\\fIARGUMENTS\\fR]\n"
	".SH DESCRIPTION\n"
	"belljar resolves a recipe into an action whose key is the hash of everything that may\n"
	"influence it, runs the action once in a room without network, and names the result by "
	"the\n"
	"hash of its contents. A result that is in the store is not built again.\n"
	".PP\n"
	"What is built is named by a \\fISELECTOR\\fR, NAME[@BRANCH][:VARIANT].\n"
	".SH COMMANDS\n"
	"Each has a page of its own, \\fBbelljar\\-\\fICOMMAND\\fR(1), and explains itself with "
	"\\-\\-help.\n";

static const char tail[] =
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
	".TP\nBELLJAR_RECIPES, BELLJAR_TOOLCHAINS\nthe folders of recipes and toolchains, unless "
	"\\-\\-recipes or \\-\\-toolchains is given\n"
	".TP\nBELLJAR_MIRROR_NAME\nthe base URL of mirror://name/, unless \\-\\-mirror gives "
	"it\n"
	".TP\nBELLJAR_LIBEXEC\nthe folder of the helper programs\n"
	".TP\nNO_COLOR\nwhen set, no colours\n"
	".TP\nTERM\nwhen unset or dumb, steps are plain lines, as they are where standard error is "
	"no\nterminal\n"
	".SH FILES\n"
	".TP\n/var/lib/belljar, ~/.local/share/belljar\nthe usual place of the store, as root and "
	"as\nanother user; of the latter $XDG_DATA_HOME/belljar where that is set\n"
	".TP\n\\&./recipes, ./toolchains\ntaken when no option and no variable names others; where "
	"these are not there, those beside the program, share/belljar where it is installed\n"
	".TP\n~/.config/belljar/config.yaml, /etc/belljar/config.yaml\nbase URLs of mirrors that "
	"no option and no variable gives, as \\(lqmirrors: {debian: "
	"https://mirror.example.org/debian}\\(rq. mirror://debian/ is looked for in the host's apt "
	"sources last\n"
	".SH SEE ALSO\n"
	"\\fBbelljar\\-recipe\\fR(5), \\fBbelljar\\-lock\\fR(5)\n";

static void put_commands(FILE *to)
{
	for (size_t i = 0; i < cli_n_commands; i++) {
		const struct cli_command *cmd = &cli_commands[i];

		if (!cmd->summary)
			continue;
		fprintf(to, ".TP\n.B %s\n", cmd->name);
		put(to, cmd->summary);
		fputc('\n', to);
	}
}

void help_man(FILE *to, const struct cli_command *cmd)
{
	if (cmd) {
		man_command(to, cmd);
		return;
	}
	put_head(to, NULL);
	fputs(intro, to);
	put_commands(to);
	put_options(to, "COMMON OPTIONS", cli_common);
	fputs(tail, to);
}
