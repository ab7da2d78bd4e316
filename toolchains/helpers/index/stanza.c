/* SPDX-License-Identifier: Apache-2.0 */
#include "stanza.h"

#include <base/cleanup.h>
#include <base/digest.h>
#include <solv/evr.h>
#include <solv/knownid.h>
#include <solv/solvable.h>
#include <string.h>

/* The chosen packages by their SHA-256, which names a stanza without doubt. */
struct wanted {
	char *hex;
	struct stanza *stanza;
};

struct table {
	struct wanted *v;
	size_t n;
};

/* One stanza while it is read. */
struct reading {
	const char *hex; /* not terminated; NULL: not seen yet */
	uint64_t size;
	struct strbuf replaces;
	bool in_replaces; /* the last field, which may go on in the next line */
};

static int by_hex(const void *a, const void *b)
{
	return memcmp(((const struct wanted *)a)->hex, ((const struct wanted *)b)->hex,
		      SHA256_HEX_LEN);
}

static void stanza_end(const struct table *t, struct reading *r)
{
	struct wanted key = {.hex = (char *)(uintptr_t)r->hex};
	struct wanted *found = r->hex ? bsearch(&key, t->v, t->n, sizeof(*t->v), by_hex) : NULL;

	if (found) {
		found->stanza->size = r->size;
		free(found->stanza->replaces);
		found->stanza->replaces =
			r->replaces.len ? xstrdup(strbuf_str(&r->replaces)) : NULL;
	}
	r->hex = NULL;
	r->size = 0;
	strbuf_clear(&r->replaces);
}

static void read_line(struct reading *r, const char *p, size_t n)
{
	if (*p == ' ' || *p == '\t') {
		if (r->in_replaces)
			strbuf_add(&r->replaces, p, n);
		return;
	}
	r->in_replaces = n > 9 && memcmp(p, "Replaces:", 9) == 0;
	if (r->in_replaces)
		strbuf_add(&r->replaces, p + 9, n - 9);
	else if (n > 6 && memcmp(p, "Size: ", 6) == 0)
		r->size = strtoull(p + 6, NULL, 10);
	else if (n == 8 + SHA256_HEX_LEN && memcmp(p, "SHA256: ", 8) == 0)
		r->hex = p + 8;
}

static void scan(const struct table *t, const char *p, size_t len)
{
	struct reading r = {0};
	const char *end = p + len;

	while (p < end) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((eol ? eol : end) - p);

		if (n == 0)
			stanza_end(t, &r);
		else
			read_line(&r, p, n);
		p += n + 1;
	}
	stanza_end(t, &r);
	strbuf_release(&r.replaces);
}

void stanzas_find(const struct universe *u, const Queue *chosen, struct stanza *out)
{
	_cleanup_free_ struct wanted *v = xcalloc((size_t)chosen->count + 1, sizeof(*v));
	struct table t = {.v = v};

	for (int i = 0; i < chosen->count; i++) {
		Solvable *s = pool_id2solvable(u->pool, chosen->elements[i]);
		Id type = 0;
		const char *hex = solvable_lookup_checksum(s, SOLVABLE_CHECKSUM, &type);

		/* libsolv's text lives in a small ring buffer: copied */
		if (hex && strlen(hex) == SHA256_HEX_LEN)
			t.v[t.n++] = (struct wanted){.hex = xstrdup(hex), .stanza = &out[i]};
	}
	qsort(t.v, t.n, sizeof(*t.v), by_hex);
	for (size_t i = 0; i < u->n_text; i++)
		scan(&t, strbuf_str(&u->text[i]), u->text[i].len);
	for (size_t i = 0; i < t.n; i++)
		free(t.v[i].hex);
}

void stanzas_release(struct stanza *v, size_t n)
{
	for (size_t i = 0; v && i < n; i++)
		free(v[i].replaces);
	free(v);
}

/* @c is how the version compares; @op is one of << <= = >= >> (and the old < and >, which mean "or
 * equal"). */
static bool relation_holds(int c, const char *op, size_t n)
{
	if (n == 2 && (memcmp(op, "<<", 2) == 0 || memcmp(op, ">>", 2) == 0))
		return op[0] == '<' ? c < 0 : c > 0;
	if (c == 0)
		return true;
	return (op[0] == '<' && c < 0) || (op[0] == '>' && c > 0);
}

/* One item: "name", "name:any", "name (<< version)". */
static bool item_names(const char *item, Pool *pool, const char *name, const char *version)
{
	size_t n = strcspn(item, " \t:(");
	const char *open = strchr(item, '(');
	_cleanup_free_ char *than = NULL;
	size_t op;

	if (n != strlen(name) || strncmp(item, name, n) != 0)
		return false;
	if (!open)
		return true;
	open += 1 + strspn(open + 1, " \t");
	op = strspn(open, "<=>");
	than = xstrdup(open + op + strspn(open + op, " \t"));
	than[strcspn(than, " \t)")] = '\0';
	return relation_holds(pool_evrcmp_str(pool, version, than, EVRCMP_COMPARE), open, op);
}

bool stanza_replaces(const struct stanza *st, Pool *pool, const char *name, const char *version)
{
	_cleanup_free_ char *copy = st->replaces ? xstrdup(st->replaces) : NULL;
	char *save = NULL;

	for (char *item = copy ? strtok_r(copy, ",", &save) : NULL; item;
	     item = strtok_r(NULL, ",", &save))
		if (item_names(item + strspn(item, " \t"), pool, name, version))
			return true;
	return false;
}
