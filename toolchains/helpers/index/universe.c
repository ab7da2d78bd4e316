/* SPDX-License-Identifier: Apache-2.0 */
#include "universe.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <solv/repo.h>
#include <solv/repo_deb.h>
#include <solv/solv_xfopen.h>
#include <string.h>

/* Debian's largest index is about 50 MiB. */
#define MAX_INDEX (512 << 20)
/*
 * libsolv compares each dependency of a field with each, and calls itself for each alternative.
 * Debian's largest stanza has 75 KiB.
 */
#define MAX_STANZA       (256 << 10)
#define MAX_ALTERNATIVES 4096

enum multi_arch { MA_NO, MA_SAME, MA_FOREIGN, MA_ALLOWED };

void universe_init(struct universe *u, const char *const *archs, size_t n)
{
	_cleanup_(strbuf_release) struct strbuf policy = STRBUF_INIT;

	u->pool = pool_create();
	pool_setdisttype(u->pool, DISTTYPE_DEB);
	for (size_t i = 0; i < n && i < UNIVERSE_MAX_ARCH; i++) {
		u->arch[u->n_arch++] = archs[i];
		/* '=': no arch is better than another; names alone decide. */
		strbuf_addf(&policy, "%s%s", i ? "=" : "", archs[i]);
	}
	pool_setarchpolicy(u->pool, strbuf_str(&policy));
}

void universe_release(struct universe *u)
{
	if (u->pool)
		pool_free(u->pool);
	free(u->plain_name);
	for (size_t i = 0; i < UNIVERSE_MAX_INDEX; i++)
		strbuf_release(&u->text[i]);
	*u = UNIVERSE_INIT;
}

/* All of @f; a broken compressed stream is a read error. */
static int read_all(FILE *f, const char *name, struct strbuf *out, struct err *err)
{
	char buf[1 << 16];
	size_t n;

	while ((n = fread(buf, 1, sizeof(buf), f)) > 0) {
		if (out->len + n > MAX_INDEX)
			return err_set(err, ERR_INPUT, 0, "index %s: more than %d MiB", name,
				       MAX_INDEX >> 20);
		strbuf_add(out, buf, n);
	}
	if (ferror(f))
		return err_set(err, ERR_INPUT, 0, "index %s: broken compressed data", name);
	if (out->len == 0)
		return err_set(err, ERR_INPUT, 0, "index %s: is empty", name);
	return 0;
}

static int check_stanzas(const struct strbuf *text, const char *name, struct err *err)
{
	size_t size = 0, bars = 0;
	unsigned line = 1;

	for (size_t i = 0; i < text->len; i++) {
		const bool eol = text->s[i] == '\n';

		if (eol && (i == 0 || text->s[i - 1] == '\n'))
			size = bars = 0;
		bars += text->s[i] == '|';
		if (++size > MAX_STANZA || bars > MAX_ALTERNATIVES)
			return err_set(err, ERR_INPUT, 0,
				       "index %s:%u: a stanza with more than %d %s", name, line,
				       bars > MAX_ALTERNATIVES ? MAX_ALTERNATIVES : MAX_STANZA,
				       bars > MAX_ALTERNATIVES ? "alternatives" : "bytes");
		line += eol;
	}
	return 0;
}

int universe_load(struct universe *u, const char *arch, const char *name, int fd, struct err *err)
{
	_cleanup_fclose_ FILE *packed = solv_xfopen_fd(name, fd, "r");
	_cleanup_fclose_ FILE *plain = NULL;
	Repo *repo = repo_create(u->pool, arch);
	struct strbuf *text = &u->text[u->n_text];

	if (!packed) {
		close(fd);
		return err_set(err, ERR_INPUT, errno, "index %s: cannot be opened", name);
	}
	/* Read once, used twice: libsolv does not keep Size. */
	if (read_all(packed, name, text, err) < 0 || check_stanzas(text, name, err) < 0)
		return -1;
	u->n_text++;
	plain = fmemopen(text->s, text->len, "r");
	if (!plain)
		return err_nomem(err);
	if (repo_add_debpackages(repo, plain, 0))
		return err_set(err, ERR_INPUT, 0, "index %s: %s", name, pool_errstr(u->pool));
	if (repo->nsolvables == 0)
		return err_set(err, ERR_INPUT, 0, "index %s: holds no package", name);
	return 0;
}

Id universe_qualified(const struct universe *u, Id name, const char *arch)
{
	const char *s = pool_id2str(u->pool, name);
	_cleanup_free_ char *full = NULL;

	if (strchr(s, ':'))
		return name;
	full = xasprintf("%s:%s", s, arch);
	return pool_str2id(u->pool, full, 1);
}

Id universe_dep_name(const struct universe *u, Id dep)
{
	while (ISRELDEP(dep))
		dep = GETRELDEP(u->pool, dep)->name;
	return dep;
}

static Id qualify_dep(const struct universe *u, Id dep, const char *arch)
{
	Pool *p = u->pool;
	Reldep rd;

	if (!ISRELDEP(dep))
		return universe_qualified(u, dep, arch);
	rd = *GETRELDEP(p, dep); /* a copy: the table moves when it grows */
	switch (rd.flags) {
	case REL_OR:
	case REL_AND: {
		Id left = qualify_dep(u, rd.name, arch);
		Id right = qualify_dep(u, rd.evr, arch);

		return pool_rel2id(p, left, right, rd.flags, 1);
	}
	case REL_MULTIARCH: /* name:any, name:ARCH */
		return universe_qualified(u, rd.name, pool_id2str(p, rd.evr));
	default:
		if (rd.flags > (REL_GT | REL_EQ | REL_LT))
			return dep;
		return pool_rel2id(p, qualify_dep(u, rd.name, arch), rd.evr, rd.flags, 1);
	}
}

static enum multi_arch multi_arch_of(Solvable *s)
{
	const char *ma = solvable_lookup_str(s, SOLVABLE_MULTIARCH);

	if (!ma)
		return MA_NO;
	if (strcmp(ma, "same") == 0)
		return MA_SAME;
	if (strcmp(ma, "foreign") == 0)
		return MA_FOREIGN;
	return strcmp(ma, "allowed") == 0 ? MA_ALLOWED : MA_NO;
}

/* arch:all counts as the native arch. */
static const char *effective_arch(const struct universe *u, const Solvable *s)
{
	const char *a = pool_id2str(u->pool, s->arch);

	for (size_t i = 0; i < u->n_arch; i++)
		if (strcmp(a, u->arch[i]) == 0)
			return u->arch[i];
	return u->arch[0];
}

static void encode_requires(const struct universe *u, Solvable *s, const char *arch)
{
	Queue in, out;

	queue_init(&in);
	queue_init(&out);
	solvable_lookup_deparray(s, SOLVABLE_REQUIRES, &in, 0);
	/* Pre-Depends stand behind a marker; nothing is configured here, so they are like Depends.
	 */
	for (int i = 0; i < in.count; i++)
		if (in.elements[i] != SOLVABLE_PREREQMARKER)
			queue_push(&out, qualify_dep(u, in.elements[i], arch));
	solvable_set_deparray(s, SOLVABLE_REQUIRES, &out, 0);
	queue_free(&in);
	queue_free(&out);
}

/* "name::arch" is provided by the real package alone, never by one that merely Provides: name. */
static Id twin_marker(const struct universe *u, const Solvable *s, const char *arch)
{
	_cleanup_free_ char *text = xasprintf("%s::%s", pool_id2str(u->pool, s->name), arch);

	return pool_str2id(u->pool, text, 1);
}

static void encode_provides(const struct universe *u, Solvable *s, const char *arch,
			    enum multi_arch ma)
{
	Queue in, out;

	queue_init(&in);
	queue_init(&out);
	solvable_lookup_deparray(s, SOLVABLE_PROVIDES, &in, 0);
	for (int i = 0; i < in.count; i++) {
		Id d = in.elements[i];

		queue_push(&out, qualify_dep(u, d, arch));
		for (size_t b = 0; b < u->n_arch && ma == MA_FOREIGN; b++)
			if (u->arch[b] != arch)
				queue_push(&out, qualify_dep(u, d, u->arch[b]));
		if (ma == MA_ALLOWED || ma == MA_FOREIGN)
			queue_push(&out, qualify_dep(u, d, "any"));
	}
	queue_push(&out, pool_rel2id(u->pool, twin_marker(u, s, arch), s->evr, REL_EQ, 1));
	solvable_set_deparray(s, SOLVABLE_PROVIDES, &out, 0);
	queue_free(&in);
	queue_free(&out);
}

static bool queue_names(const struct universe *u, const Queue *q, Id name)
{
	for (int i = 0; i < q->count; i++)
		if (universe_dep_name(u, q->elements[i]) == name)
			return true;
	return false;
}

static void conflict_with_twins(const struct universe *u, const Solvable *s, const char *arch,
				enum multi_arch ma, Queue *out)
{
	for (size_t b = 0; b < u->n_arch; b++) {
		Id twin;

		if (u->arch[b] == arch)
			continue;
		twin = twin_marker(u, s, u->arch[b]);
		if (ma != MA_SAME) {
			queue_push(out, twin);
			continue;
		}
		queue_push(out, pool_rel2id(u->pool, twin, s->evr, REL_LT, 1));
		queue_push(out, pool_rel2id(u->pool, twin, s->evr, REL_GT, 1));
	}
}

/* @own: the plain provides of @s. */
static void encode_conflicts(const struct universe *u, Solvable *s, const char *arch,
			     enum multi_arch ma, const Queue *own)
{
	Queue in, out;

	queue_init(&in);
	queue_init(&out);
	solvable_lookup_deparray(s, SOLVABLE_CONFLICTS, &in, 0);
	for (int i = 0; i < in.count; i++) {
		/* A package may conflict with a name that it provides itself ("only one of us");
		 * its own twin of another arch is not meant. */
		bool twin_safe =
			ma == MA_SAME && queue_names(u, own, universe_dep_name(u, in.elements[i]));

		for (size_t b = 0; b < u->n_arch; b++)
			if (u->arch[b] == arch || !twin_safe)
				queue_push(&out, qualify_dep(u, in.elements[i], u->arch[b]));
	}
	conflict_with_twins(u, s, arch, ma, &out);
	solvable_set_deparray(s, SOLVABLE_CONFLICTS, &out, 0);
	queue_free(&in);
	queue_free(&out);
}

static void encode_one(struct universe *u, Solvable *s)
{
	const char *arch = effective_arch(u, s);
	enum multi_arch ma = multi_arch_of(s);
	Id id = pool_solvable2id(u->pool, s);
	Queue own;

	queue_init(&own);
	solvable_lookup_deparray(s, SOLVABLE_PROVIDES, &own, 0);
	encode_requires(u, s, arch);
	encode_provides(u, s, arch, ma);
	encode_conflicts(u, s, arch, ma, &own);
	queue_free(&own);
	/* libsolv reads Replaces as "must not be installed together", which Conflicts says already.
	 */
	s->obsoletes = 0;
	u->plain_name[id] = s->name;
	s->name = universe_qualified(u, s->name, arch);
}

/* Every index lists the arch:all packages; those of the native one are enough. */
static void drop_second_alls(struct universe *u)
{
	Pool *p = u->pool;

	for (Id id = 2; id < p->nsolvables; id++) {
		Solvable *s = pool_id2solvable(p, id);

		if (s->repo && strcmp(s->repo->name, u->arch[0]) != 0 && s->arch == ARCH_ALL)
			repo_free_solvable(s->repo, id, 0);
	}
}

void universe_encode(struct universe *u)
{
	Pool *p = u->pool;

	drop_second_alls(u);
	u->plain_name = xcalloc((size_t)p->nsolvables, sizeof(*u->plain_name));
	for (Id id = 2; id < p->nsolvables; id++) {
		Solvable *s = pool_id2solvable(p, id);

		if (s->repo)
			encode_one(u, s);
	}
	pool_createwhatprovides(p);
}
