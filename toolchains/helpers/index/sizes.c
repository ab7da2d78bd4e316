/* SPDX-License-Identifier: Apache-2.0 */
#include "sizes.h"

#include <base/cleanup.h>
#include <base/digest.h>
#include <solv/knownid.h>
#include <solv/solvable.h>
#include <string.h>

/* libsolv keeps each package's SHA-256 but not its Size: look the stanzas up by hash. */
struct wanted {
	const char *hex;
	uint64_t *size;
};

struct table {
	struct wanted *v;
	size_t n;
};

static int by_hex(const void *a, const void *b)
{
	return memcmp(((const struct wanted *)a)->hex, ((const struct wanted *)b)->hex,
		      SHA256_HEX_LEN);
}

static void stanza_end(const struct table *t, const char *hex, uint64_t size)
{
	struct wanted key = {.hex = hex};
	struct wanted *found;

	if (!hex)
		return;
	found = bsearch(&key, t->v, t->n, sizeof(*t->v), by_hex);
	if (found)
		*found->size = size;
}

static void scan(const struct table *t, const char *p, size_t len)
{
	const char *end = p + len, *hex = NULL;
	uint64_t size = 0;

	while (p < end) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((eol ? eol : end) - p);

		if (n == 0) {
			stanza_end(t, hex, size);
			hex = NULL;
			size = 0;
		} else if (n > 6 && memcmp(p, "Size: ", 6) == 0) {
			size = strtoull(p + 6, NULL, 10);
		} else if (n == 8 + SHA256_HEX_LEN && memcmp(p, "SHA256: ", 8) == 0) {
			hex = p + 8;
		}
		p += n + 1;
	}
	stanza_end(t, hex, size);
}

void sizes_find(const struct universe *u, const Queue *chosen, uint64_t *out)
{
	_cleanup_free_ struct wanted *v = xcalloc((size_t)chosen->count + 1, sizeof(*v));
	struct table t = {.v = v};

	for (int i = 0; i < chosen->count; i++) {
		Solvable *s = pool_id2solvable(u->pool, chosen->elements[i]);
		Id type = 0;
		const char *hex = solvable_lookup_checksum(s, SOLVABLE_CHECKSUM, &type);

		if (!hex || strlen(hex) != SHA256_HEX_LEN)
			continue;
		/* libsolv's text lives in a small ring buffer */
		t.v[t.n++] = (struct wanted){.hex = xstrdup(hex), .size = &out[i]};
	}
	qsort(t.v, t.n, sizeof(*t.v), by_hex);
	for (size_t i = 0; i < u->n_text; i++)
		scan(&t, strbuf_str(&u->text[i]), u->text[i].len);
	for (size_t i = 0; i < t.n; i++)
		free((char *)(uintptr_t)t.v[i].hex);
}
