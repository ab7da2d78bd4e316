/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a lock, and telling what changed against the one before. */
#include "internal.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <fcntl.h>
#include <string.h>

static void format_release(const struct lock *l, struct strbuf *out)
{
	char hex[SHA256_HEX_LEN + 1];

	sha256_to_hex(&l->release, hex);
	strbuf_addf(out, "release:\n  sha256: %s\n  date: \"%s\"\n  signed_by:\n", hex,
		    l->release_date);
	for (size_t i = 0; i < l->signed_by.n; i++)
		strbuf_addf(out, "    - %s\n", l->signed_by.v[i]);
}

static void format_root(const struct lock *l, struct strbuf *out)
{
	char key[SHA256_HEX_LEN + 1], tree[SHA256_HEX_LEN + 1];

	if (!l->has_root)
		return;
	sha256_to_hex(&l->root_key, key);
	sha256_to_hex(&l->root_tree, tree);
	strbuf_addf(out, "root:\n  key: %s\n  tree: %s\n", key, tree);
}

static void format_package(const struct lock *l, size_t i, struct strbuf *out)
{
	const struct lock_package *p = &l->packages[i];
	const struct strv *r = &l->replaces[i];
	char hex[SHA256_HEX_LEN + 1];

	sha256_to_hex(&p->hash, hex);
	strbuf_addf(out, "  %s %s %s %llu %s %s", p->name, p->version, p->arch,
		    (unsigned long long)p->size, hex, p->path);
	for (size_t k = 0; k < r->n; k++)
		strbuf_addf(out, "%s%s", k ? "," : " replaces=", r->v[k]);
	strbuf_addc(out, '\n');
}

void lock_format(const struct toolchain *tc, const struct lock *l, struct strbuf *out)
{
	strbuf_addf(out,
		    "# SPDX-License-Identifier: Apache-2.0\n"
		    "# Written by `belljar toolchain lock %s`; the format is in docs/LOCK.md.\n"
		    "belljar: 1\nhost: %s\ntarget: %s\nsuite: %s\nmirror: %s\n",
		    tc->name, l->host, l->target, l->suite, l->mirror);
	format_release(l, out);
	format_root(l, out);
	strbuf_adds(out, "wanted: |\n");
	for (size_t i = 0; i < l->wanted.n; i++)
		strbuf_addf(out, "  %s\n", l->wanted.v[i]);
	strbuf_adds(out, "packages: |\n");
	for (size_t i = 0; i < l->n; i++)
		format_package(l, i, out);
}

int lock_save(const struct toolchain *tc, const struct lock *l, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	_cleanup_free_ char *name = lock_file(l->host, l->target);
	_cleanup_close_ int dir = -1;

	lock_format(tc, l, &sb);
	dir = file_open(AT_FDCWD, tc->dir, O_RDONLY | O_DIRECTORY, 0, err);
	if (dir < 0 || file_mkdir_p(dir, "locks", 0755, err) < 0)
		return -1;
	if (file_write_atomic(dir, name, strbuf_str(&sb), sb.len, 0644, err) < 0)
		return err_wrap(err, "write the lock below %s", tc->dir);
	return 0;
}

int toolchain_lock_record_root(const struct toolchain *tc, const char *host, const char *target,
			       const struct sha256 *tree, struct err *err)
{
	_cleanup_(lock_freep) struct lock *l = NULL;

	if (lock_load(tc, host, target, &l, err) < 0)
		return -1;
	lock_root_key(tc, l, &l->root_key);
	l->root_tree = *tree;
	l->has_root = true;
	return lock_save(tc, l, err);
}

static void tell(void *arg, const struct lock_change *c)
{
	struct strv *out = arg;

	switch (c->kind) {
	case LOCK_ADDED:
		strv_pushf(out, "+ %s %s", c->now->name, c->now->version);
		return;
	case LOCK_REMOVED:
		strv_pushf(out, "- %s %s", c->old->name, c->old->version);
		return;
	case LOCK_OTHER_VERSION:
	case LOCK_OTHER_CONTENT:
		strv_pushf(out, "%s %s -> %s%s", c->old->name, c->old->version, c->now->version,
			   c->kind == LOCK_OTHER_CONTENT ? " (other content)" : "");
	}
}

void lock_changes(const struct lock *old, const struct lock *now, struct strv *out)
{
	(void)lock_compare(old, now, tell, out);
}
