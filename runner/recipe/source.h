/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The list `sources` of branch.yaml. Private to the runner. */

#include <base/yaml.h>
#include <runner/recipe.h>

/* b->sources, from the key `sources` of @root. */
int source_parse_all(const struct recipe *r, struct branch *b, const struct yaml *root,
		     struct err *err) __attribute__((warn_unused_result));
/* The required list `urls` of @node: what a source may be fetched from. */
int source_parse_urls(const struct yaml *node, struct strv *out, struct err *err)
	__attribute__((warn_unused_result));
void source_release(struct source *s);
/* Could stand in `urls`. */
bool source_url_ok(const char *url);
