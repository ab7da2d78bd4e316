/* SPDX-License-Identifier: Apache-2.0 */
/* What toolchain lock --update found, for people and for programs. */
#include "relock.h"

#include <base/cleanup.h>
#include <inttypes.h>
#include <string.h>

size_t relock_changes(const struct relock *r)
{
	size_t changes = 0;

	for (size_t i = 0; i < r->n; i++)
		changes += r->v[i].changed;
	return changes;
}

static uint64_t bytes_of(const struct lock *l)
{
	uint64_t bytes = 0;

	for (size_t i = 0; l && i < lock_count(l); i++)
		bytes += lock_at(l, i)->size;
	return bytes;
}

static void add_size(char *buf, size_t size, uint64_t old, uint64_t now)
{
	char a[32], b[32], by[32];

	cli_format_bytes(old, a, sizeof(a));
	cli_format_bytes(now, b, sizeof(b));
	cli_format_bytes(now > old ? now - old : old - now, by, sizeof(by));
	if (old == now)
		snprintf(buf, size, "%s", b);
	else
		snprintf(buf, size, "%s -> %s (%c%s)", a, b, now > old ? '+' : '-', by);
}

static void print_replaced(const struct lock_package *a, const struct lock_package *b,
			   const char *size)
{
	char old[SHA256_HEX_LEN + 1], now[SHA256_HEX_LEN + 1];

	sha256_to_hex(&a->hash, old);
	sha256_to_hex(&b->hash, now);
	printf("  %s %s %s  %s  SUSPICIOUS: another file under the same version, sha256 %.16s -> "
	       "%.16s\n",
	       b->name, b->version, b->arch, size, old, now);
}

static void print_change(void *arg, const struct lock_change *c)
{
	const struct lock_package *a = c->old ? c->old : c->now, *b = c->now ? c->now : c->old;
	char size[128];

	if (!a || !b)
		return;
	add_size(size, sizeof(size), a->size, b->size);
	if (c->kind == LOCK_OTHER_CONTENT)
		print_replaced(a, b, size);
	else if (c->kind == LOCK_OTHER_VERSION)
		printf("  %s %s -> %s %s  %s\n", b->name, a->version, b->version, b->arch, size);
	else
		printf("  %c %s %s %s  %s\n", c->kind == LOCK_ADDED ? '+' : '-', b->name,
		       b->version, b->arch, size);
}

static void print_lock(const struct relocked *l)
{
	char size[128];

	printf("%s %s-%s: ", l->name, l->host, l->target);
	if (!l->changed) {
		printf("unchanged, %zu packages\n", lock_count(l->now));
		return;
	}
	if (!l->old) {
		cli_format_bytes(bytes_of(l->now), size, sizeof(size));
		printf("no lock before, %zu packages, %s\n", lock_count(l->now), size);
		return;
	}
	add_size(size, sizeof(size), bytes_of(l->old), bytes_of(l->now));
	printf("%zu packages, %s; Release of %s -> %s\n", lock_count(l->now), size,
	       lock_date(l->old), lock_date(l->now));
	if (!lock_compare(l->old, l->now, print_change, NULL))
		puts("  the same packages; what was asked for, or how they lie over each other, "
		     "changed");
}

static bool has(const struct relock *r, enum stale_why why)
{
	for (size_t i = 0; i < r->stale.n; i++)
		if (r->stale.v[i].why == why)
			return true;
	return false;
}

static void print_stale(const struct relock *r, enum stale_why why, const char *title)
{
	if (has(r, why))
		puts(title);
	for (size_t i = 0; i < r->stale.n; i++) {
		const struct stale_golden *g = &r->stale.v[i];

		if (g->why == why)
			printf("  %s@%s%s%s for %s, built on %s%s%s (%s)\n", g->recipe, g->branch,
			       g->variant ? ":" : "", g->variant ? g->variant : "", g->target,
			       g->host, *g->set ? ", with " : "", g->set, g->by);
	}
}

static void print_extending(const struct relock *r)
{
	for (size_t i = 1; i < r->names.n; i++)
		printf("%s extends %s: locked anew after it\n", r->names.v[i], r->names.v[0]);
	if (toolchain_extends(r->tcs[0]))
		printf("%s extends %s, which stays as it is\n", r->names.v[0],
		       toolchain_extends(r->tcs[0]));
}

void relock_print(const struct relock *r)
{
	print_extending(r);
	for (size_t i = 0; i < r->n; i++)
		print_lock(&r->v[i]);
	if (!relock_changes(r))
		return;
	print_stale(r, STALE_ROOT,
		    "golden hashes that become stale, since the lock of their root changes:");
	print_stale(r, STALE_ALREADY, "golden hashes that were stale already:");
	print_stale(r, STALE_INPUT,
		    "golden hashes that may no longer be met, since an input is rebuilt:");
	if (!r->stale.n)
		puts("no golden hash hangs on these locks");
}

static json_t *package_json(const struct lock_package *p)
{
	json_t *o;

	if (!p)
		return json_null();
	o = json_object();
	json_set_str(o, "version", p->version);
	json_set_sha256(o, "sha256", &p->hash);
	json_set(o, "size", json_integer((json_int_t)p->size));
	return o;
}

static void collect_change(void *arg, const struct lock_change *c)
{
	static const char *const kinds[] = {[LOCK_ADDED] = "added",
					    [LOCK_REMOVED] = "removed",
					    [LOCK_OTHER_VERSION] = "version",
					    [LOCK_OTHER_CONTENT] = "content"};
	const struct lock_package *p = c->now ? c->now : c->old;
	json_t *o = json_object();

	json_set_str(o, "name", p->name);
	json_set_str(o, "arch", p->arch);
	json_set_str(o, "change", kinds[c->kind]);
	json_set(o, "suspicious", json_boolean(c->kind == LOCK_OTHER_CONTENT));
	json_set(o, "old", package_json(c->old));
	json_set(o, "new", package_json(c->now));
	json_array_append_new(arg, o);
}

static json_t *lock_json(const struct relocked *l)
{
	json_t *o = json_object(), *changes = json_array();

	json_set_str(o, "toolchain", l->name);
	json_set_str(o, "host", l->host);
	json_set_str(o, "target", l->target);
	json_set(o, "changed", json_boolean(l->changed));
	json_set(o, "release", json_string(lock_date(l->now)));
	json_set(o, "old_release", json_text(l->old ? lock_date(l->old) : NULL));
	json_set(o, "bytes", json_integer((json_int_t)bytes_of(l->now)));
	json_set(o, "old_bytes", json_integer((json_int_t)bytes_of(l->old)));
	(void)lock_compare(l->old, l->now, collect_change, changes);
	json_set(o, "packages", changes);
	return o;
}

static json_t *stale_json(const struct stale_golden *g)
{
	static const char *const why[] = {
		[STALE_ROOT] = "root", [STALE_ALREADY] = "already", [STALE_INPUT] = "input"};
	json_t *o = json_object();

	json_set_str(o, "recipe", g->recipe);
	json_set_str(o, "branch", g->branch);
	json_set(o, "variant", json_text(g->variant));
	json_set_str(o, "target", g->target);
	json_set_str(o, "host", g->host);
	json_set_str(o, "set", g->set);
	json_set_str(o, "why", why[g->why]);
	json_set_str(o, "by", g->by);
	return o;
}

json_t *relock_json(const struct relock *r, bool written)
{
	json_t *doc = json_object(), *locks = json_array(), *golden = json_array();

	for (size_t i = 0; i < r->n; i++)
		json_array_append_new(locks, lock_json(&r->v[i]));
	for (size_t i = 0; i < r->stale.n; i++)
		json_array_append_new(golden, stale_json(&r->stale.v[i]));
	json_set(doc, "belljar_relock", json_integer(1));
	json_set(doc, "changed", json_boolean(relock_changes(r) > 0));
	json_set(doc, "written", json_boolean(written));
	json_set(doc, "locks", locks);
	json_set(doc, "golden", golden);
	return doc;
}
