/* SPDX-License-Identifier: Apache-2.0 */
/*
 * belljar __complete WORD...: what may stand in place of the last word of a command line, for the
 * completion scripts (completion.c). One candidate per line, with a tab and a word on it where
 * there is one; ":files", ":dirs" or ":commands" leave the rest to the shell. Silent on anything
 * that is wrong: nobody wants an error while typing.
 */
#include "cli.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <dirent.h>
#include <runner/action.h>
#include <string.h>

struct line { /* the words before the last one, understood */
	const char *cur;
	const char *start; /* what stands before the candidate in its word: "--target=" */
	const struct cli_command *command;
	enum opt pending; /* the option whose value the word is; OPT_END: none */
	const char *operand;
	size_t n_operands;
	bool rest; /* behind --, or in the command of `run` */
};

/* A shell puts the word into its line as it is, where "$(...)" in a folder's name would be run. */
static bool is_plain(const char *word)
{
	return !word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				  "+,-./:=@_~")];
}

static void offer(const struct line *l, const char *word, const char *text)
{
	if (!str_starts(word, l->cur) || !is_plain(word))
		return;
	printf("%s%s%s", l->start, word, text ? "\t" : "");
	for (; text && *text; text++)
		putchar(*text == '\n' ? ' ' : *text); /* one line each */
	putchar('\n');
}

static enum opt option_of(const struct cli_command *cmd, const char *word, size_t len)
{
	enum opt ids[OPT_COUNT];
	size_t n = cli_all_options(cmd, ids);

	for (size_t i = 0; i < n; i++) {
		const struct cli_option *o = &cli_options[ids[i]];

		if (len > 2 && strlen(o->name) == len - 2 && !strncmp(word + 2, o->name, len - 2))
			return ids[i];
		if (len == 2 && o->letter && word[1] == o->letter)
			return ids[i];
	}
	return OPT_END;
}

static void read_option(struct cli *c, struct line *l, const char *const *words, size_t n,
			size_t *at)
{
	const char *word = words[*at], *eq = strchr(word, '=');
	enum opt id = option_of(l->command, word, eq ? (size_t)(eq - word) : strlen(word));
	const char *value = eq ? eq + 1 : NULL;

	if (!id || !cli_options[id].arg)
		return;
	if (!eq && *at + 1 == n) {
		l->pending = id;
		return;
	}
	if (!eq)
		value = words[++*at];
	if (strchr(cli_options[id].arg, ' ') && *at + 1 < n)
		++*at; /* bubblewrap's options take two words */
	if (id == OPT_RECIPES || id == OPT_TOOLCHAINS) {
		char **dir = id == OPT_RECIPES ? &c->recipes_dir : &c->toolchains_dir;

		free(*dir);
		*dir = xstrdup(value);
	}
}

/* @words are those before the one that is completed. */
static void read_line(struct cli *c, struct line *l, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!l->rest && l->command && !strcmp(words[i], "--")) {
			l->rest = true;
		} else if (!l->rest && words[i][0] == '-' && words[i][1]) {
			read_option(c, l, words, n, &i);
		} else if (!l->command) {
			l->command = cli_find_command(words[i]);
		} else {
			l->operand = l->n_operands++ ? l->operand : words[i];
			l->rest = l->rest || l->command->passthru;
		}
	}
}

/* ---- recipes ---- */

static struct recipe *load(struct cli *c, const char *word)
{
	_cleanup_free_ char *name = xstrndup(word, strcspn(word, "@:"));
	struct err ignored = ERR_INIT;
	struct recipe *r = NULL;

	if ((!c->recipes_dir && cli_find_recipes(c, &ignored) < 0) ||
	    recipe_load(c->recipes_dir, name, &r, &ignored) < 0)
		return NULL;
	return r;
}

static void offer_variants(const struct line *l, const struct recipe *r, const char *before)
{
	for (size_t i = 0; i < r->n_variants; i++) {
		_cleanup_free_ char *word = xasprintf("%s:%s", before, r->variants[i].name);

		offer(l, word, NULL);
	}
}

/* NAME@BRANCH, and their variants once the branch is chosen. */
static void offer_branches(struct cli *c, const struct line *l, const char *name)
{
	_cleanup_(recipe_freep) struct recipe *r = load(c, name);
	_cleanup_(strv_release) struct strv branches = STRV_INIT;
	struct err ignored = ERR_INIT;

	if (!r || branch_names(r, &branches, &ignored) < 0)
		return;
	offer_variants(l, r, name);
	for (size_t i = 0; i < branches.n; i++) {
		_cleanup_free_ char *word = xasprintf("%s@%s", name, branches.v[i]);

		offer(l, word, NULL);
		if (str_starts(l->cur, word))
			offer_variants(l, r, word);
	}
}

static void offer_selectors(struct cli *c, const struct line *l)
{
	_cleanup_(strv_release) struct strv names = STRV_INIT;
	size_t len = strcspn(l->cur, "@:");
	struct err ignored = ERR_INIT;

	if ((!c->recipes_dir && cli_find_recipes(c, &ignored) < 0) ||
	    recipe_names(c->recipes_dir, &names, &ignored) < 0)
		return;
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_(recipe_freep) struct recipe *r = NULL;

		if (str_starts(names.v[i], l->cur))
			r = load(c, names.v[i]);
		offer(l, names.v[i], r ? r->summary : NULL);
		if (strlen(names.v[i]) == len && !strncmp(names.v[i], l->cur, len))
			offer_branches(c, l, names.v[i]);
	}
}

static void offer_set(struct cli *c, const struct line *l)
{
	_cleanup_(recipe_freep) struct recipe *r = l->operand ? load(c, l->operand) : NULL;

	for (size_t i = 0; r && i < r->n_options; i++) {
		_cleanup_free_ char *yes = xasprintf("%s=true", r->options[i].name);
		_cleanup_free_ char *no = xasprintf("%s=false", r->options[i].name);

		offer(l, yes, r->options[i].help);
		offer(l, no, r->options[i].help);
	}
}

static void offer_phases(struct cli *c, const struct line *l)
{
	_cleanup_(recipe_freep) struct recipe *r = l->operand ? load(c, l->operand) : NULL;

	for (size_t i = 0; r && i < r->n_phases; i++)
		offer(l, r->phases[i].name, NULL);
}

static void offer_toolchains(struct cli *c, const struct line *l)
{
	struct err ignored = ERR_INIT;
	_cleanup_closedir_ DIR *d = NULL;
	struct dirent *e;

	if (!c->toolchains_dir && cli_find_toolchains(c, &ignored) < 0)
		return;
	d = opendir(c->toolchains_dir);
	while (d && (e = readdir(d))) {
		_cleanup_free_ char *yaml = xasprintf("%s/toolchain.yaml", e->d_name);

		if (file_exists(dirfd(d), yaml))
			offer(l, e->d_name, NULL);
	}
}

/* ---- what is being completed ---- */

static void offer_words(const struct line *l, const char *words)
{
	while (*words) {
		size_t len = strcspn(words, " ");
		_cleanup_free_ char *word = xstrndup(words, len);

		offer(l, word, NULL);
		words += len + (words[len] == ' ');
	}
}

static void offer_value(struct cli *c, const struct line *l)
{
	static const char limit_words[] =
		"time= cpu= processes= files= entries= memory= build= tmp= out= file= log=";
	static const char *const words[OPT_COUNT] = {
		[OPT_TARGET] = "x86_64 aarch64",
		[OPT_HOST] = "x86_64 aarch64",
		[OPT_COLOR] = "auto always never",
		[OPT_BUILD_ON] = "tmpfs disk",
		[OPT_NET] = "loopback none",
		[OPT_PROC] = "pid full",
		[OPT_FORMAT] = "tar tar.zst",
		[OPT_AS] = "man bash zsh fish",
		[OPT_KIND] = "net exec fact shim limit",
		[OPT_WALLS] = "all landlock landlock-scopes timens cgroup",
		[OPT_LIMIT] = limit_words,
	};
	const char *arg = cli_options[l->pending].arg;

	if (l->pending == OPT_TARGET && l->command && l->command->run == cmd_build)
		offer(l, "all", "each that the recipe has");
	if (l->pending == OPT_SET)
		offer_set(c, l);
	else if (l->pending == OPT_TOOLCHAIN)
		offer_toolchains(c, l);
	else if (l->pending == OPT_PHASE)
		offer_phases(c, l);
	else if (words[l->pending])
		offer_words(l, words[l->pending]);
	else if (!strcmp(arg, "DIR") || !strcmp(arg, "TREE"))
		puts(":dirs");
	else if (!strcmp(arg, "FILE") || str_starts(arg, "SRC") || !strcmp(arg, "PREFIX"))
		puts(":files");
}

static void offer_options(const struct line *l)
{
	enum opt ids[OPT_COUNT];
	size_t n = cli_all_options(l->command, ids);

	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *word = xasprintf("--%s", cli_options[ids[i]].name);

		offer(l, word, cli_options[ids[i]].help);
	}
}

static void offer_commands(const struct line *l)
{
	for (size_t i = 0; i < cli_n_commands; i++) {
		if (cli_commands[i].summary)
			offer(l, cli_commands[i].name, cli_commands[i].summary);
	}
}

static void offer_toolchain_words(struct cli *c, const struct line *l)
{
	if (!l->operand)
		offer_words(l, "lock compose show trim");
	else if (!strcmp(l->operand, "trim"))
		offer_selectors(c, l);
	else
		offer_toolchains(c, l);
}

static void offer_operand(struct cli *c, const struct line *l)
{
	const struct cli_command *cmd = l->command;

	if (l->rest || !strcmp(cmd->name, "run")) {
		puts(l->n_operands && !strcmp(cmd->name, "run") ? ":files" : ":commands");
		return;
	}
	if (cmd->max >= 0 && l->n_operands >= (size_t)cmd->max)
		return;
	if (!strcmp(cmd->name, "toolchain"))
		offer_toolchain_words(c, l);
	else if (strstr(cmd->args, "SELECTOR...") ||
		 (!l->n_operands && strstr(cmd->args, "SELECTOR")))
		offer_selectors(c, l);
	else if (!strcmp(cmd->name, "help"))
		offer_commands(l);
	else if (!strcmp(cmd->name, "store"))
		offer_words(l, "gc verify du");
	else if (cmd->max != 0)
		puts(":files");
}

/* "--target=x": the value is completed, and its option is repeated in front of it. */
static void split_value(struct line *l, char **start)
{
	const char *eq = strchr(l->cur, '=');
	enum opt id;

	if (!eq || l->rest || !str_starts(l->cur, "--"))
		return;
	id = option_of(l->command, l->cur, (size_t)(eq - l->cur));
	if (!id || !cli_options[id].arg)
		return;
	*start = xstrndup(l->cur, (size_t)(eq - l->cur) + 1);
	l->start = *start;
	l->cur = eq + 1;
	l->pending = id;
}

int cmd_complete(struct cli *c, struct err *err)
{
	size_t n = c->parsed.n_operands;
	struct line l = {.cur = n ? c->parsed.operands[n - 1] : "", .start = ""};
	_cleanup_free_ char *start = NULL;

	read_line(c, &l, c->parsed.operands, n ? n - 1 : 0);
	split_value(&l, &start);
	if (l.pending)
		offer_value(c, &l);
	else if (!l.rest && l.cur[0] == '-')
		offer_options(&l);
	else if (!l.command)
		offer_commands(&l);
	else if (l.command->summary)
		offer_operand(c, &l);
	return cli_flush(err);
}
