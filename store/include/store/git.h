/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Sources that are a commit of a git repository: fetched by the host's git, which runs confined
 * (helpers/gitroom), checked out without `.git`, and published as a tree of the store when its NAR
 * hash is the pinned one. The commit only says where to look; the NAR hash is what is believed,
 * and is the name of the tree, so that what was fetched once is found by one look.
 *
 * The checkout is what `git checkout` writes on Linux with git's own defaults: attributes of the
 * tree itself (text, eol, ident, working-tree-encoding) are honoured, as nixpkgs' fetchgit does,
 * whose hashes are the same; filters, hooks, configuration and attributes of this host are not.
 * Submodules are empty folders; export-subst is not substituted.
 */

#include <store/fetch.h>

struct git_item {
	const char *name;   /* of the source; borrowed, as all here */
	const char *commit; /* 40 hex digits */
	struct sha256 nar;  /* of the checkout */
	bool nar_known;     /* false: whatever comes is taken, and told in @nar */
	int64_t time; /* told, where the NAR hash was not known: the commit's, or 0 of a tar */
	const char *const *urls; /* https, http, file, mirror; tried in order */
	size_t n_urls;
};

/*
 * Make the checkout present as a tree. Looked for in the store, then in each --from directory as
 * NAME-COMMIT.git or NAME.git (a bare repository) or NAME-COMMIT.tar (what store_export() writes),
 * then at the URLs: first the commit alone, then, where the server refuses that, all of its
 * branches and tags. Another NAR hash than the pinned one is ERR_INPUT with both, and nothing is
 * published; so is a commit that no repository has.
 */
int store_fetch_git(struct store *s, struct git_item *item, const struct fetch_options *opt,
		    const struct event_sink *sink, struct err *err)
	__attribute__((warn_unused_result));
/* "NAME-COMMIT.tar": the file that --from takes. Caller frees. */
char *git_item_file(const struct git_item *item) __attribute__((returns_nonnull));
/* 40 lower-case hex digits? */
bool git_commit_ok(const char *commit);
