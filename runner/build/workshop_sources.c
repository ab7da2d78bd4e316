/* SPDX-License-Identifier: Apache-2.0 */
/* What a room reads: source trees, files, patches, outputs of other actions. */
#include "generated.h"
#include "patches.h"
#include "workshop.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <fcntl.h>
#include <store/archive.h>

static int add_tree(struct workshop *w, struct store *s, const struct source *src, struct err *err)
{
	struct sha256 tree = src->hash;

	/* A checkout is a tree already. */
	if (src->kind == SOURCE_FILE &&
	    store_unpack(s, &src->hash, src->file, ARCHIVE_TAR, src->strip, &tree, err) < 0)
		return err_wrap(err, "source '%s'", src->name);
	workshop_mount(w, ROOM_BIND_RO, workshop_keep(w, store_tree_path(s, &tree)),
		       workshop_keep(w, path_join("/inputs/src", src->name)));
	return 0;
}

/*
 * Files get into the room as folders of hard links: one mount, however many they are. A blob is
 * immutable, and the mount is read-only.
 */
static int add_file(struct workshop *w, struct store *s, const struct sha256 *hash,
		    const char *folder, const char *file, struct err *err)
{
	_cleanup_free_ char *blob = store_blob_path(s, hash), *name = path_join(folder, file);
	const char *path = NULL;

	if (!file_exists(w->tmp.fd, folder)) {
		if (workshop_mkdir(w, folder, &path, err) < 0)
			return -1;
		workshop_mount(w, ROOM_BIND_RO, path,
			       workshop_keep(w, path_join("/inputs", folder)));
	}
	if (linkat(AT_FDCWD, blob, w->tmp.fd, name, 0) < 0)
		return err_set(err, ERR_STORE, errno, "cannot link %s (%s)", blob, file);
	return 0;
}

static int add_patch(struct workshop *w, struct store *s, const struct branch *b,
		     const struct patch *p, struct err *err)
{
	if (!p->source && patch_keep(s, b, p, err) < 0)
		return -1;
	return add_file(w, s, &p->hash, "patches", p->file, err);
}

int workshop_add_sources(struct workshop *w, struct store *s, const struct plan_node *n,
			 struct err *err)
{
	const struct branch *b = n->branch;

	for (size_t i = 0; i < b->n_sources; i++) {
		const struct source *src = &b->sources[i];

		if (!node_has_source(n, src))
			continue;
		if (src->to && add_tree(w, s, src, err) < 0)
			return -1;
		if (node_shows_file(n, src) &&
		    add_file(w, s, &src->hash, "files", src->file, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < b->n_patches; i++) {
		if (node_has_patch(n, &b->patches[i]) &&
		    add_patch(w, s, b, &b->patches[i], err) < 0)
			return -1;
	}
	return 0;
}

static int add_output(struct workshop *w, struct store *s, const char *recipe, const char *output,
		      const char *hex, struct err *err)
{
	struct sha256 tree;

	if (!hex || !sha256_from_hex(hex, &tree))
		return err_set(err, ERR_STORE, 0, "the store's result of '%s' is damaged", recipe);
	workshop_mount(w, ROOM_BIND_RO, workshop_keep(w, store_tree_path(s, &tree)),
		       workshop_keep(w, xasprintf("/inputs/%s/%s", recipe, output)));
	return 0;
}

int workshop_add_inputs(struct workshop *w, struct store *s, const struct plan *p,
			const struct plan_node *n, struct err *err)
{
	for (size_t i = 0; i < n->n_inputs; i++) {
		const struct plan_node *in = &p->nodes[n->inputs[i]];
		json_t *outputs = json_object_get(in->result, "outputs"), *tree;
		const char *name;

		json_object_foreach (outputs, name, tree) {
			if (add_output(w, s, in->recipe->name, name, json_string_value(tree), err) <
			    0)
				return -1;
		}
	}
	return 0;
}
