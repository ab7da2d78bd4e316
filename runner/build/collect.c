/* SPDX-License-Identifier: Apache-2.0 */
#include "collect.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <fcntl.h>
#include <string.h>

static int check_filled(int outfd, const char *name, struct err *err)
{
	int fd = file_open_beneath(outfd, name, O_RDONLY | O_DIRECTORY, 0, err);
	_cleanup_closedir_ DIR *d = NULL;
	struct dirent *e;

	if (fd < 0)
		return err_wrap(err, "output '%s'", name);
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return err_set(err, ERR_STORE, errno, "cannot read output '%s'", name);
	}
	while ((e = readdir(d))) {
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			return 0;
	}
	return err_set(err, ERR_BUILD, 0, "output '%s' is empty: nothing was put into /out/%s",
		       name, name);
}

/*
 * The last component may be a link (its target is the build's affair); links above it are not
 * followed, they may lead anywhere.
 */
static int check_required(int outfd, const struct requirement *q, struct err *err)
{
	struct err open_err = ERR_INIT;
	_cleanup_close_ int fd =
		file_open_beneath(outfd, q->path, O_PATH | O_NOFOLLOW, 0, &open_err);

	if (fd >= 0)
		return 0;
	return err_set(err, ERR_BUILD, 0, "required file /out/%s is missing%s%s", q->path,
		       q->why ? ": " : "", q->why ? q->why : "");
}

static int check_all(int outfd, const struct plan_node *n, struct err *err)
{
	_cleanup_(strv_release) struct strv names = STRV_INIT;
	const struct recipe *r = n->recipe;

	for (size_t i = 0; i < r->n_requires; i++) {
		if (when_holds(&r->requires[i].when, &n->values, n->target) &&
		    check_required(outfd, &r->requires[i], err) < 0)
			return -1;
	}
	node_outputs(n, &names);
	for (size_t i = 0; i < names.n; i++) {
		if (check_filled(outfd, names.v[i], err) < 0)
			return -1;
	}
	return 0;
}

static json_t *size_json(const struct tree_stats *st)
{
	json_t *o = json_object();

	json_set(o, "files", json_integer((json_int_t)st->files));
	json_set(o, "dirs", json_integer((json_int_t)st->dirs));
	json_set(o, "links", json_integer((json_int_t)st->links));
	json_set(o, "bytes", json_integer((json_int_t)st->bytes));
	return o;
}

static int publish(struct store *s, int outfd, const char *name, json_t *outputs, json_t *sizes,
		   struct err *err)
{
	struct tree_stats stats = {0};
	struct sha256 hash;
	char hex[SHA256_HEX_LEN + 1];

	if (store_tree_publish(s, outfd, name, false, &hash, &stats, err) < 0) {
		/* What a build must not leave behind (a set-id bit, a device) is its failure. */
		if (err->code == ERR_INPUT)
			err->code = ERR_BUILD;
		return err_wrap(err, "output '%s'", name);
	}
	sha256_to_hex(&hash, hex);
	json_set(outputs, name, json_string(hex));
	json_set(sizes, name, size_json(&stats));
	return 0;
}

int collect_outputs(struct workshop *w, struct store *s, const struct plan_node *n,
		    json_t **out_outputs, json_t **out_sizes, struct err *err)
{
	_cleanup_json_ json_t *outputs = json_object(), *sizes = json_object();
	_cleanup_(strv_release) struct strv names = STRV_INIT;
	_cleanup_close_ int outfd = file_open(w->tmp.fd, "out", O_RDONLY | O_DIRECTORY, 0, err);

	if (outfd < 0 || check_all(outfd, n, err) < 0)
		return -1;
	node_outputs(n, &names);
	for (size_t i = 0; i < names.n; i++) {
		if (publish(s, outfd, names.v[i], outputs, sizes, err) < 0)
			return -1;
	}
	*out_outputs = TAKE_PTR(outputs);
	*out_sizes = TAKE_PTR(sizes);
	return 0;
}
