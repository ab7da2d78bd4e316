/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* NAME[@BRANCH][:VARIANT] */

#include <base/err.h>

struct selector {
	char *name, *branch, *variant; /* branch, variant: NULL when not given */
};

#define SELECTOR_INIT ((struct selector){0})

/* ERR_USAGE when the text has not that form. */
int selector_parse(const char *text, struct selector *out, struct err *err)
	__attribute__((warn_unused_result));
void selector_release(struct selector *s);
