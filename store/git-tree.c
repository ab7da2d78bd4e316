/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A commit's tree: what it would write, before it is written, since a few kilobytes of packed
 * objects can name endless trees and terabytes of zeros; then its checkout.
 */
#include "git-room.h"

#include <base/cleanup.h>
#include <string.h>

#define MEMO_KIND "git"

struct listing {
	struct git_room *room;
	struct strbuf line;
	long long entries, bytes;
};

/* "100644 blob SHA1 SIZE\tPATH": gitattributes(5) and git-ls-tree(1). */
static int take_entry(struct listing *l, struct err *err)
{
	const char *text = strbuf_str(&l->line), *p = text;
	long long size;

	if (++l->entries > GIT_MAX_ENTRIES)
		return err_set(err, ERR_INPUT, 0, "the commit has more than %d entries",
			       GIT_MAX_ENTRIES);
	for (int i = 0; i < 3; i++)
		p += strcspn(p, " ") + (p[strcspn(p, " ")] ? 1 : 0);
	size = strtoll(p, NULL, 10); /* "-" for a folder and a submodule: 0 */
	if (size < 0 || size > GIT_MAX_BYTES - l->bytes)
		return err_set(err, ERR_INPUT, 0, "the commit's files have more than %lld bytes",
			       GIT_MAX_BYTES);
	l->bytes += size;
	if (str_starts(text, "160000 "))
		event_debug(l->room->sink, "%s: submodule %s is left empty", l->room->name,
			    strchr(text, '\t') ? strchr(text, '\t') + 1 : "?");
	return 0;
}

static int take_output(void *arg, const char *data, size_t len, struct err *err)
{
	struct listing *l = arg;

	for (size_t i = 0; i < len; i++) {
		if (data[i]) {
			if (l->line.len < 8192) /* longer than any path that a checkout can make */
				strbuf_addc(&l->line, data[i]);
			continue;
		}
		if (take_entry(l, err) < 0)
			return -1;
		strbuf_clear(&l->line);
	}
	return 0;
}

static int check(struct git_room *g, const char *commit, struct err *err)
{
	struct listing l = {.room = g};
	const char *const args[] = {"--git-dir=repo.git", "ls-tree", "-r", "-t", "-l", "-z",
				    "--full-tree",        commit,    NULL};
	const struct git_run run = {.args = args, .out = take_output, .arg = &l};
	int r = git_room_run(g, &run, err);

	strbuf_release(&l.line);
	if (r > 0) {
		_cleanup_free_ char *why = git_room_why(g);

		return err_set(err, ERR_INPUT, 0, "%s", why);
	}
	return r;
}

int git_tree_check_out(struct git_room *g, const char *commit, struct err *err)
{
	const char *const args[] = {"--git-dir=repo.git",
				    "--work-tree=tree",
				    "checkout",
				    "--progress",
				    "--force",
				    "--detach",
				    "--no-recurse-submodules",
				    commit,
				    "--",
				    NULL};

	if (check(g, commit, err) < 0)
		return -1;
	return git_room_run(g, &(struct git_run){.args = args}, err);
}

/* More than any number has digits is cut off, and then no number. */
static int take_digits(void *arg, const char *data, size_t len, struct err *err)
{
	struct strbuf *sb = arg;

	(void)err;
	if (sb->len < 64)
		strbuf_add(sb, data, len < 64 ? len : 64);
	return 0;
}

int git_tree_time(struct git_room *g, const char *commit, int64_t *out, struct err *err)
{
	const char *const args[] = {
		"--git-dir=repo.git", "log", "-1", "--format=%ct", commit, "--", NULL};
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	const struct git_run run = {.args = args, .out = take_digits, .arg = &text};
	int r = git_room_run(g, &run, err);
	char *end = NULL;

	if (r > 0) {
		_cleanup_free_ char *why = git_room_why(g);

		return err_set(err, ERR_INPUT, 0, "%s", why);
	}
	if (r < 0)
		return -1;
	*out = strtoll(strbuf_str(&text), &end, 10);
	if (*out < 0 || strcmp(end, "\n") != 0)
		*out = 0;
	return 0;
}

int git_tree_remember(struct store *s, const struct sha256 *tree, struct err *err)
{
	char hex[SHA256_HEX_LEN + 1];

	sha256_to_hex(tree, hex);
	return store_memo_put(s, MEMO_KIND, tree, hex, err);
}
