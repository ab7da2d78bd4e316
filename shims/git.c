/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "opts.h"
#include "tools.h"

/* git(1) 2.39: what may stand before the command. */
static const struct opts_spec git_spec = {
	.shorts = "C:c:pP",
	.longs = "exec-path:: paginate no-pager no-replace-objects bare git-dir: work-tree: "
		 "namespace: super-prefix: config-env: literal-pathspecs glob-pathspecs "
		 "noglob-pathspecs icase-pathspecs no-optional-locks",
	.flags = OPTS_EQUALS | OPTS_STOP,
};

/* git-clone(1). */
static const struct opts_spec clone_spec = {
	.shorts = "vqnlsj:o:b:u:c:46",
	.longs = "verbose quiet progress reject-shallow checkout bare mirror local hardlinks "
		 "shared recurse-submodules:: recursive:: jobs: template: reference: "
		 "reference-if-able: dissociate origin: branch: upload-pack: depth: "
		 "shallow-since: shallow-exclude: single-branch tags shallow-submodules "
		 "separate-git-dir: config: server-option: ipv4 ipv6 filter: "
		 "also-filter-submodules remote-submodules sparse bundle-uri:",
	.flags = OPTS_EQUALS | OPTS_NO,
};

static const char hint_clone[] = "give the repository's files a place under sources: in "
				 "branch.yaml, with `to:` this folder";

struct clone {
	char dir[PATH_MAX]; /* where git would stand: every -C in turn */
	const char *url, *dest;
	bool bare;
	const char *what, *why; /* what was not understood */
};

static int not_understood(struct clone *cl, const char *what, const char *why)
{
	cl->what = what;
	cl->why = why;
	return -1;
}

/* @name seen from @dir, into @dir. */
static int go_to(char dir[PATH_MAX], const char *name)
{
	char path[PATH_MAX];
	bool absolute = name[0] == '/' || dir[0] == '\0';
	int n = snprintf(path, sizeof(path), "%s%s%s", absolute ? "" : dir, absolute ? "" : "/",
			 name);

	if (n < 0 || n >= PATH_MAX)
		return -1;
	memcpy(dir, path, (size_t)n + 1);
	return 0;
}

/* What comes before "clone"; leaves @o behind it. 1: the command is another one. */
static int parse_git(struct clone *cl, struct opts *o, char **argv)
{
	bool elsewhere = false;
	enum opts_kind kind;

	opts_init(o, &git_spec, argv);
	while ((kind = opts_next(o)) == OPTS_OPTION) {
		if (opts_is(o, "C", NULL) && o->value[0] && go_to(cl->dir, o->value) < 0)
			return not_understood(cl, "the folder of -C", "is too long");
		if (opts_is(o, "bare", "git-dir") || opts_is(o, "work-tree", NULL))
			elsewhere = true;
	}
	if (kind == OPTS_BAD)
		return not_understood(cl, o->name, o->value);
	if (kind == OPTS_END || strcmp(o->value, "clone") != 0)
		return 1;
	/* these change where a clone goes and what it makes */
	return elsewhere ? not_understood(cl, "--bare, --git-dir or --work-tree",
					  "before clone is not known")
			 : 0;
}

static int parse_clone(struct clone *cl, char **argv)
{
	enum opts_kind kind;
	static struct opts o;

	opts_init(&o, &clone_spec, argv);
	while ((kind = opts_next(&o)) != OPTS_END) {
		if (kind == OPTS_BAD)
			return not_understood(cl, o.name, o.value);
		if (kind == OPTS_OPTION && opts_is(&o, "bare", "mirror"))
			cl->bare = true;
		if (kind == OPTS_OPERAND && cl->dest)
			return not_understood(cl, o.value, "is one name too many");
		if (kind == OPTS_OPERAND && cl->url)
			cl->dest = o.value;
		else if (kind == OPTS_OPERAND)
			cl->url = o.value;
	}
	return cl->url ? 0 : not_understood(cl, "a repository", "is missing");
}

static bool ends_with(const char *s, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len > n && memcmp(s + len - n, end, n) == 0;
}

/* git-clone(1): "the humanish part of the source repository is used if no directory is given". */
static void guess_dest(const struct clone *cl, char *buf, size_t size)
{
	size_t len = strlen(cl->url), start;

	while (len > 1 && cl->url[len - 1] == '/')
		len--;
	if (ends_with(cl->url, len, "/.git"))
		len -= strlen("/.git");
	if (ends_with(cl->url, len, ".git"))
		len -= strlen(".git");
	else if (ends_with(cl->url, len, ".bundle"))
		len -= strlen(".bundle");
	for (start = len; start > 0 && !strchr("/:", cl->url[start - 1]);)
		start--;
	snprintf(buf, size, "%.*s%s", (int)(len - start), cl->url + start, cl->bare ? ".git" : "");
}

/* A folder with something in it: cloning into an empty one would have filled it. */
static bool is_filled(const char *path)
{
	unsigned entries = 0;
	DIR *dir = opendir(path);

	if (!dir)
		return false;
	while (entries < 3 && readdir(dir))
		entries++; /* "." and ".." are the first two, in some order */
	closedir(dir);
	return entries > 2;
}

const char *git_url(char **argv)
{
	struct clone cl = {0};
	struct opts o;

	if (parse_git(&cl, &o, argv) || parse_clone(&cl, argv + o.index - 1) < 0)
		return NULL;
	return cl.url;
}

int git_exists(const struct call *c)
{
	struct clone cl = {0};
	struct call mine = *c;
	char command[CALL_COMMAND_MAX], guessed[PATH_MAX];
	struct opts o;
	int r = parse_git(&cl, &o, c->argv);

	call_command(c, command, sizeof(command));
	if (r == 1)
		return call_refuse(c, 1, "the policy 'exists' answers `git clone` only",
				   "refused by this recipe's policy (exists): %s", command);
	if (r == 0)
		r = parse_clone(&cl, c->argv + o.index - 1);
	if (r < 0)
		return call_puzzled(c, 1, cl.what, cl.why);
	mine.url = cl.url;
	if (!cl.dest) {
		guess_dest(&cl, guessed, sizeof(guessed));
		cl.dest = guessed;
	}
	if (go_to(cl.dir, cl.dest) < 0 || !is_filled(cl.dir))
		return call_refuse(&mine, 128, hint_clone,
				   "%s is not there or empty, and nothing is cloned: %s", cl.dir,
				   command);
	return call_succeed(&mine, cl.dir);
}
