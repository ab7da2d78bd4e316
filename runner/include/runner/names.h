/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What may name a thing. Names end up in paths, environments and the key: they are plain. */

#include <stdbool.h>

/* Recipes, branches, variants, inputs, outputs, phases, sources: [A-Za-z0-9][A-Za-z0-9.+_~-]* */
bool name_ok(const char *s);
/* Options: [a-z][a-z0-9_-]* */
bool option_name_ok(const char *s);
/* Environment variables: [A-Za-z_][A-Za-z0-9_]* */
bool env_name_ok(const char *s);
/* Variables that belljar sets itself and that a recipe must not change: BJ_*, OPT_*, IN_*, OUT*,
 * MAKEFLAGS, SOURCE_DATE_EPOCH. */
bool env_name_reserved(const char *s);
