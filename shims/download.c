/* SPDX-License-Identifier: Apache-2.0 */
#include "download.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char hint_pin[] = "give this file a place under sources: in branch.yaml (file: as the "
			       "URL ends, sha256, size, urls:)";

int request_bad(struct request *r, const char *what, const char *why)
{
	snprintf(r->what, sizeof(r->what), "%s", what);
	r->why = why;
	return -1;
}

int request_add(struct request *r, const char *url, const char *dir, const char *name)
{
	struct download *d = &r->items[r->n];
	size_t len;

	if (r->n == DOWNLOADS_MAX)
		return request_bad(r, "this number of URLs", "is more than the stand-in takes");
	d->url = url;
	d->dest[0] = '\0';
	r->n++;
	if (strcmp(name, "-") == 0)
		return 0;
	len = dir ? (size_t)snprintf(d->dest, sizeof(d->dest), "%s/%s", dir, name)
		  : (size_t)snprintf(d->dest, sizeof(d->dest), "%s", name);
	if (!name[0] || len >= sizeof(d->dest))
		return request_bad(r, "the destination", name[0] ? "is too long" : "has no name");
	return 0;
}

void url_basename(const char *url, bool keep_query, char *buf, size_t size)
{
	const char *host = strstr(url, "://");
	const char *path = strchr(host ? host + 3 : url, '/');
	size_t len = path ? strcspn(path, keep_query ? "#" : "?#") : 0;
	size_t path_len = path ? strcspn(path, "?#") : 0;
	size_t start = 0;

	for (size_t i = 0; i < path_len; i++)
		if (path[i] == '/')
			start = i + 1;
	snprintf(buf, size, "%.*s", path ? (int)(len - start) : 0, path ? path + start : "");
}

static int answer_exists(struct call *c, const struct request *r)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct download *d = &r->items[i];
		struct stat st;

		c->url = d->url;
		if (!d->dest[0])
			return call_refuse(c, r->status_missing, hint_pin,
					   "the call names no file that could be there: %s",
					   d->url);
		if (stat(d->dest, &st) < 0 || !S_ISREG(st.st_mode))
			return call_refuse(c, r->status_missing, hint_pin,
					   "%s is not there, and nothing is downloaded: %s",
					   d->dest, d->url);
	}
	return call_succeed(c, r->items[0].dest);
}

static void make_parents(const char *dest)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s", dest);
	for (char *p = path + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		/* what fails here shows when the file is opened */
		(void)mkdir(path, 0777);
		*p = '/';
	}
}

static int copy(int from, int to)
{
	static char buf[65536];
	ssize_t n;

	while ((n = read(from, buf, sizeof(buf))) > 0) {
		for (ssize_t done = 0, w; done < n; done += w) {
			w = write(to, buf + done, (size_t)(n - done));
			if (w < 0)
				return -1;
		}
	}
	return n < 0 ? -1 : 0;
}

static int open_dest(const struct request *r, size_t index)
{
	const struct download *d = &r->items[index];
	bool append = r->append && index > 0;

	if (!d->dest[0])
		return dup(STDOUT_FILENO);
	if (r->make_parents)
		make_parents(d->dest);
	return open(d->dest, O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC), 0666);
}

static int hand_over(struct call *c, const struct request *r, size_t index, const char *path)
{
	const struct download *d = &r->items[index];
	const char *dest = d->dest[0] ? d->dest : "standard output";
	char source[PATH_MAX];
	int from, to, result;

	snprintf(source, sizeof(source), "%s%s", SHIM_ROOT, path);
	from = open(source, O_RDONLY | O_CLOEXEC);
	if (from < 0)
		return call_refuse(c, r->status_missing, NULL, "%s, which answers %s: %s", path,
				   d->url, strerror(errno));
	to = open_dest(r, index);
	result = to < 0 ? -1 : copy(from, to);
	if (to >= 0 && close(to) < 0)
		result = -1;
	if (result < 0)
		result = call_refuse(c, r->status_file, NULL, "%s: %s", dest, strerror(errno));
	else
		call_served(c, path);
	close(from);
	return result;
}

static int answer_serve(struct call *c, const struct request *r)
{
	const char *paths[DOWNLOADS_MAX] = {0};

	/* All or nothing: half of what was asked for is worse than a refusal. */
	for (size_t i = 0; i < r->n; i++) {
		c->url = r->items[i].url;
		paths[i] = policy_pinned(c->policy, c->url);
		if (!paths[i])
			return call_refuse(c, r->status_missing, hint_pin,
					   "no pinned source answers %s", c->url);
	}
	for (size_t i = 0; i < r->n; i++) {
		int status = 0;

		c->url = r->items[i].url;
		if (r->keep_existing && r->items[i].dest[0] && access(r->items[i].dest, F_OK) == 0)
			status = call_succeed(c, r->items[i].dest);
		else
			status = hand_over(c, r, i, paths[i]);
		if (status)
			return status;
	}
	return 0;
}

int download_answer(const struct call *c, int (*parse)(struct request *r, char **argv))
{
	static struct request r;
	struct call mine = *c;

	if (parse(&r, c->argv) < 0)
		return call_puzzled(c, r.status_usage, r.what, r.why);
	if (r.n == 0)
		return call_puzzled(c, r.status_usage, "a URL", "is missing");
	return c->policy->kind == SHIM_EXISTS ? answer_exists(&mine, &r) : answer_serve(&mine, &r);
}

const char *download_url(char **argv, int (*parse)(struct request *r, char **argv))
{
	static struct request r;

	return parse(&r, argv) < 0 || r.n == 0 ? NULL : r.items[0].url;
}
