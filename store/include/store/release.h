/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Upstream's releases: which tags a git repository has, and the checkout of one of them, after
 * somebody has judged the tag. By the host's git, confined as in store/git.h. Nothing that a server
 * says here is believed for itself: a list of tags only says where to look, and a tag is worth what
 * its signature is worth.
 */

#include <store/fetch.h>

/* Where a repository may be. */
struct git_origin {
	const char *name;        /* of the source, for messages and as NAME.git in --from */
	const char *const *urls; /* https, http, file, mirror; tried in order */
	size_t n_urls;
};

/*
 * What `git ls-remote` prints for the tags whose names match @patterns (NULL: all of them), as it
 * came: "OID<TAB>refs/tags/NAME" lines, with a line NAME^{} for the commit of an annotated tag.
 * From a repository NAME.git in a --from directory, else the first URL that answers. *out_where is
 * that place. More than 16 MiB is ERR_INPUT. Both texts are the caller's to free.
 */
int store_git_tags(struct store *s, const struct git_origin *o, const char *const *patterns,
		   const struct fetch_options *opt, const struct event_sink *sink, char **out,
		   char **out_where, struct err *err) __attribute__((warn_unused_result));

/* A patch of ours that is tried on the checkout. */
struct git_patch {
	const char *name;
	int fd; /* borrowed; read from its start */
};

struct git_release {
	struct git_origin origin;
	const char *tag; /* a plain name */
	/*
	 * Judge the tag object (its text as it is in the repository; the caller's only for the
	 * call) and say which commit it names. @work is a folder for files of the judge's own. A
	 * negative number ends all, before anything was checked out.
	 */
	int (*judge)(void *arg, const char *object, size_t len, const char *work,
		     char out_commit[41], struct err *err);
	void *arg;
	/* Tried in this order, each on top of those before it, as patch -p1 -F0 would. */
	const struct git_patch *patches;
	size_t n_patches;
	/* What came of it. */
	char commit[41];
	int64_t time; /* of the commit */
	struct sha256 nar;
	int bad_patch;   /* the first one that does not apply, or -1 */
	char *complaint; /* git's words on it; the caller's to free */
};
/*
 * Fetch the tag and what it names, let it be judged, check it out and publish it in the store,
 * where store_fetch_git() finds it by its NAR hash. A tag that is no tag object ("lightweight") has
 * no signature and is ERR_INPUT.
 */
int store_git_release(struct store *s, struct git_release *r, const struct fetch_options *opt,
		      const struct event_sink *sink, struct err *err)
	__attribute__((warn_unused_result));
