/* SPDX-License-Identifier: Apache-2.0 */
/* The command line, by the table of options and commands. */
#include "options.h"

#include <base/cleanup.h>
#include <string.h>

void parsed_release(struct parsed *p)
{
	free(p->given);
	free(p->operands);
	*p = (struct parsed){0};
}

const struct cli_command *cli_find_command(const char *name)
{
	for (size_t i = 0; i < cli_n_commands; i++) {
		if (!strcmp(cli_commands[i].name, name))
			return &cli_commands[i];
	}
	return NULL;
}

bool opt_has(const struct parsed *p, enum opt id)
{
	return opt_value(p, id) != NULL;
}

const char *opt_value(const struct parsed *p, enum opt id)
{
	for (size_t i = p->n_given; i > 0; i--) {
		if (p->given[i - 1].id == id)
			return p->given[i - 1].value;
	}
	return NULL;
}

void opt_values(const struct parsed *p, enum opt id, struct strv *out)
{
	for (size_t i = 0; i < p->n_given; i++) {
		if (p->given[i].id == id)
			strv_push(out, p->given[i].value);
	}
}

int opt_number(const struct parsed *p, enum opt id, unsigned min, unsigned max, unsigned *out,
	       struct err *err)
{
	const char *text = opt_value(p, id);
	char *end = NULL;
	unsigned long n;

	if (!text)
		return 0;
	n = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || n < min || n > max)
		return err_set(err, ERR_USAGE, 0,
			       "--%s: expected a number from %u to %u, found '%s'",
			       cli_options[id].name, min, max, text);
	*out = (unsigned)n;
	return 0;
}

size_t cli_all_options(const struct cli_command *cmd, enum opt out[OPT_COUNT])
{
	size_t n = 0;

	for (const enum opt *o = cmd ? cmd->options : NULL; o && *o; o++)
		out[n++] = *o;
	for (const enum opt *o = cli_common; *o; o++)
		out[n++] = *o;
	return n;
}

static bool known_to_some(const char *name)
{
	for (size_t i = 1; i < OPT_COUNT; i++) {
		if (!strcmp(cli_options[i].name, name))
			return true;
	}
	return false;
}

static int unknown_option(const struct cli_command *cmd, const char *word, const char *name,
			  struct err *err)
{
	const char *names[OPT_COUNT] = {NULL}, *near;
	enum opt ids[OPT_COUNT];
	size_t n = cli_all_options(cmd, ids);

	for (size_t i = 0; i < n; i++)
		names[i] = cli_options[ids[i]].name;
	near = str_nearest(name, names, n);
	if (!cmd && known_to_some(name))
		return err_set(err, ERR_USAGE, 0,
			       "%s belongs behind the command: belljar COMMAND %s ...", word, word);
	if (near)
		return err_set(err, ERR_USAGE, 0, "unknown option %s; did you mean --%s?", word,
			       near);
	return err_set(err, ERR_USAGE, 0, "unknown option %s; see belljar%s%s --help", word,
		       cmd ? " " : "", cmd ? cmd->name : "");
}

static enum opt find_long(const struct cli_command *cmd, const char *name, size_t len)
{
	enum opt ids[OPT_COUNT];
	size_t n = cli_all_options(cmd, ids);

	for (size_t i = 0; i < n; i++) {
		const char *known = cli_options[ids[i]].name;

		if (strlen(known) == len && !strncmp(known, name, len))
			return ids[i];
	}
	return OPT_END;
}

/* Every other program knows it; here it is the word that is the command. */
static bool is_version(const struct parsed *p, const char *word)
{
	return !p->command && !strcmp(word, "--version");
}

static enum opt find_letter(const struct cli_command *cmd, char letter)
{
	enum opt ids[OPT_COUNT];
	size_t n = cli_all_options(cmd, ids);

	for (size_t i = 0; i < n; i++) {
		if (cli_options[ids[i]].letter == letter)
			return ids[i];
	}
	return OPT_END;
}

static void give(struct parsed *p, enum opt id, const char *value)
{
	p->given = xrealloc(p->given, (p->n_given + 1) * sizeof(*p->given));
	p->given[p->n_given++] = (struct given){.id = id, .value = value};
}

/* An option with two words, in bubblewrap's way. */
static int take_pair(struct parsed *p, enum opt id, const char *eq, char **argv, int *at,
		     struct err *err)
{
	if (eq || !argv[*at] || !argv[*at + 1])
		return err_set(err, ERR_USAGE, 0, "--%s: expected two words: %s",
			       cli_options[id].name, cli_options[id].arg);
	give(p, id, argv[*at]);
	p->given[p->n_given - 1].second = argv[*at + 1];
	*at += 2;
	return 0;
}

/* No option takes an empty word: it comes from a variable of a script that nobody has set. */
static int give_value(struct parsed *p, enum opt id, const char *value, struct err *err)
{
	if (!*value)
		return err_set(err, ERR_USAGE, 0, "--%s: expected %s, found ''",
			       cli_options[id].name, cli_options[id].arg);
	give(p, id, value);
	return 0;
}

/* Each takes the words from *at on and moves *at past them. */
static int take_long(struct parsed *p, char **argv, int *at, struct err *err)
{
	const char *word = argv[*at], *name = word + 2, *eq = strchr(name, '=');
	size_t len = eq ? (size_t)(eq - name) : strlen(name);
	enum opt id = find_long(p->command, name, len);
	_cleanup_free_ char *bare = xstrndup(name, len);

	if (!id)
		return unknown_option(p->command, word, bare, err);
	++*at;
	if (!cli_options[id].arg) {
		if (eq)
			return err_set(err, ERR_USAGE, 0, "--%s takes no value", bare);
		give(p, id, "");
		return 0;
	}
	if (strchr(cli_options[id].arg, ' '))
		return take_pair(p, id, eq, argv, at, err);
	if (!eq && !argv[*at])
		return err_set(err, ERR_USAGE, 0, "--%s: expected %s", bare, cli_options[id].arg);
	return give_value(p, id, eq ? eq + 1 : argv[(*at)++], err);
}

static int take_letters(struct parsed *p, char **argv, int *at, struct err *err)
{
	const char *word = argv[(*at)++];

	for (const char *l = word + 1; *l; l++) {
		enum opt id = find_letter(p->command, *l);

		if (!id)
			return unknown_option(p->command, word, word + 1, err);
		if (!cli_options[id].arg) {
			give(p, id, "");
			continue;
		}
		if (!l[1] && !argv[*at])
			return err_set(err, ERR_USAGE, 0, "-%c: expected %s", *l,
				       cli_options[id].arg);
		return give_value(p, id, l[1] ? l + 1 : argv[(*at)++], err);
	}
	return 0;
}

static int take_command(struct parsed *p, const char *word, struct err *err)
{
	p->command = cli_find_command(word);
	return p->command ? 0 : cli_unknown_command(word, err);
}

int cli_unknown_command(const char *word, struct err *err)
{
	const char *near;
	_cleanup_free_ const char **names = xcalloc(cli_n_commands, sizeof(*names));

	for (size_t i = 0; i < cli_n_commands; i++)
		names[i] = cli_commands[i].name;
	near = str_nearest(word, names, cli_n_commands);
	if (near)
		return err_set(err, ERR_USAGE, 0, "unknown command '%s'; did you mean '%s'?", word,
			       near);
	return err_set(err, ERR_USAGE, 0, "unknown command '%s'; see belljar --help", word);
}

static int check_count(const struct parsed *p, struct err *err)
{
	const struct cli_command *cmd = p->command;

	if (!cmd || opt_has(p, OPT_HELP))
		return 0;
	if ((int)p->n_operands < cmd->min)
		return err_set(err, ERR_USAGE, 0, "expected: belljar %s %s", cmd->name, cmd->args);
	if (cmd->max >= 0 && (int)p->n_operands > cmd->max)
		return err_set(err, ERR_USAGE, 0, "unexpected '%s'; expected: belljar %s%s%s",
			       p->operands[cmd->max], cmd->name, *cmd->args ? " " : "", cmd->args);
	return 0;
}

/* One word that is no option. True when all that follows are operands too. */
static int take_word(struct parsed *p, char **argv, int *at, bool *rest, struct err *err)
{
	const char *word = argv[(*at)++];

	if (!p->command) {
		if (take_command(p, word, err) < 0)
			return -1;
		/* Whatever follows a command that is not built yet, that is what to say. */
		*rest = !p->command->summary;
		return 0;
	}
	p->operands[p->n_operands++] = word;
	*rest = p->command->passthru;
	return 0;
}

int cli_parse(int argc, char **argv, struct parsed *out, struct err *err)
{
	bool rest = false;
	int at = 1, rc = 0;

	*out = (struct parsed){.operands = xcalloc((size_t)argc + 1, sizeof(char *))};
	while (at < argc && rc == 0) {
		const char *word = argv[at];

		if (rest)
			out->operands[out->n_operands++] = argv[at++];
		else if (!strcmp(word, "--") && out->command)
			at++, rest = true;
		else if (is_version(out, word))
			out->command = cli_find_command("version"), at++;
		else if (!strncmp(word, "--", 2) && word[2])
			rc = take_long(out, argv, &at, err);
		else if (word[0] == '-' && word[1] && word[1] != '-')
			rc = take_letters(out, argv, &at, err);
		else
			rc = take_word(out, argv, &at, &rest, err);
	}
	return rc < 0 ? rc : check_count(out, err);
}
