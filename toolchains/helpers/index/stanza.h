/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "universe.h"
#include <stdint.h>

/*
 * What libsolv does not keep of a package's stanza: Size, and Replaces (it keeps only what the
 * package conflicts with as well).
 */
struct stanza {
	uint64_t size;  /* 0: there was none */
	char *replaces; /* the field's text; NULL: there was none */
};

/* One per package of @chosen, in its order; @out has room for them. */
void stanzas_find(const struct universe *u, const Queue *chosen, struct stanza *out);
void stanzas_release(struct stanza *v, size_t n);

/* Does this Replaces field (deb-control(5)) name package @name in its version @version? */
bool stanza_replaces(const struct stanza *st, Pool *pool, const char *name, const char *version);
