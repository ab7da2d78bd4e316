/* SPDX-License-Identifier: Apache-2.0 */
#include "times.h"

#include <base/cleanup.h>
#include <inttypes.h>
#include <string.h>

#define MEMO_KIND "times"

void times_release(struct times *t)
{
	free(t->text);
	*t = TIMES_INIT;
}

static void memo_key(const struct plan_node *n, struct sha256 *out)
{
	_cleanup_free_ char *text =
		xasprintf("%s\n%s\n%s\n%s\n%s\n", n->recipe->name, n->branch->name,
			  n->variant ? n->variant : "", n->host, n->target);

	sha256_of(text, strlen(text), out);
}

void times_load(struct times *out, struct store *s, const struct plan_node *n)
{
	struct err ignored = ERR_INIT;
	struct sha256 key;

	memo_key(n, &key);
	if (store_memo_get(s, MEMO_KIND, &key, &out->text, &ignored) < 0)
		out->text = NULL;
}

uint64_t times_get(const struct times *t, const char *phase)
{
	size_t len = strlen(phase);

	for (const char *line = t->text; line && *line;) {
		const char *end = strchr(line, '\n');

		if (!strncmp(line, phase, len) && line[len] == ' ')
			return strtoull(line + len + 1, NULL, 10);
		line = end ? end + 1 : NULL;
	}
	return 0;
}

void times_save(const struct recorder *rec, struct store *s, const struct plan_node *n)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	struct err ignored = ERR_INIT;
	struct sha256 key;

	for (size_t i = 0; i < rec->n_phases; i++)
		strbuf_addf(&sb, "%s %" PRIu64 "\n", rec->phases[i].name,
			    (uint64_t)(rec->phases[i].seconds * 1000));
	memo_key(n, &key);
	/* Not worth a word when it fails: the next round says it again. */
	(void)!store_memo_put(s, MEMO_KIND, &key, strbuf_str(&sb), &ignored);
}
