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
/* "NAME@BRANCH:VARIANT"; @branch and @variant may be NULL. Caller frees. */
char *selector_text(const char *name, const char *branch, const char *variant)
	__attribute__((returns_nonnull));
void selector_release(struct selector *s);
