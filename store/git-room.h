/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One fetch by git: its work area, and the confined runs of git in it. Private to the store. */

#include <base/process.h>
#include <store/fetch.h>
#include <store/git.h>

#define GIT_MAX_BYTES   (16ll << 30)
#define GIT_MAX_ENTRIES 1000000

struct git_room {
	struct store_tmp tmp;            /* gitconfig, repo.git, tree */
	const char *name;                /* of the source, for messages and progress; borrowed */
	const struct fetch_options *opt; /* borrowed */
	const struct event_sink *sink;
	struct strbuf tail; /* what git said last, on its standard error */
	bool stalled;       /* the last run was ended because nothing came any more */
	bool no_landlock;   /* the helper had to do without */
};

/* The work area, with an empty repository and an empty folder `tree`. */
int git_room_open(struct git_room *g, struct store *s, const char *name,
		  const struct fetch_options *opt, const struct event_sink *sink, struct err *err)
	__attribute__((warn_unused_result));
void git_room_release(struct git_room *g);

struct git_run {
	const char *const *args; /* after "git", NULL at the end */
	bool network;
	const char *read; /* a repository on this host, or NULL */
	/* What git writes to its standard output; a negative number ends it. NULL: thrown away. */
	int (*out)(void *arg, const char *data, size_t len, struct err *err);
	void *arg;
};
/*
 * Run to the end: 0, or 1 when git said no, or nothing for too long (why: git_room_why()). ERR_HOST
 * when git cannot be run; ERR_INTERRUPTED.
 */
int git_room_run(struct git_room *g, const struct git_run *run, struct err *err)
	__attribute__((warn_unused_result));
/* The line of git's that says why, printable. Caller frees. */
char *git_room_why(const struct git_room *g) __attribute__((returns_nonnull));

/*
 * git-tree.c: check the commit out into `tree`, 0 or 1 as git_room_run(). Before: ERR_INPUT for one
 * that would not fit (entries, bytes, kinds).
 */
int git_tree_check_out(struct git_room *g, const char *commit, struct err *err)
	__attribute__((warn_unused_result));
/* The commit's time, seconds since 1970; 0 when it bears none that is later. */
int git_tree_time(struct git_room *g, const char *commit, int64_t *out, struct err *err)
	__attribute__((warn_unused_result));
/* So that `store gc --keep-sources` knows that this tree is a source. */
int git_tree_remember(struct store *s, const struct sha256 *tree, struct err *err)
	__attribute__((warn_unused_result));
