/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a call of wget or curl asks for, in the same words for both: read by wget_parse() or
 * curl_parse(), answered by download_answer() under the policies `exists` and `serve`.
 */
#include "call.h"

#include <limits.h>

enum { DOWNLOADS_MAX = 64 };

struct download {
	const char *url;
	char dest[PATH_MAX]; /* empty: standard output */
};

struct request {
	struct download items[DOWNLOADS_MAX];
	size_t n;
	bool make_parents;  /* of the destinations */
	bool keep_existing; /* a destination that is there is left alone: wget -nc */
	bool append;        /* several URLs into one file: wget -O */
	int status_missing; /* exit status when a URL is not pinned */
	int status_file;    /* when the destination cannot be written */
	int status_usage;
	char what[64];   /* why it was not understood: "option --post-data" ... */
	const char *why; /* ... "is not known" */
};

/* 0; -1 with @r->what and @r->why set: the call is not one that can be answered from files. */
int wget_parse(struct request *r, char **argv) __attribute__((warn_unused_result));
int curl_parse(struct request *r, char **argv) __attribute__((warn_unused_result));

/* For the parsers: remember why, return -1. */
int request_bad(struct request *r, const char *what, const char *why);

/* Add a URL; its destination is @dir/@name, @name alone if @dir is NULL, standard output if @name
 * is "-". */
int request_add(struct request *r, const char *url, const char *dir, const char *name);

/* The last part of @url's path, "" if it ends with a slash. */
void url_basename(const char *url, bool keep_query, char *buf, size_t size);

int download_answer(const struct call *c, int (*parse)(struct request *r, char **argv));

/* The first URL that a call asks for; NULL where it is not understood, or has none. */
const char *download_url(char **argv, int (*parse)(struct request *r, char **argv));
