/* SPDX-License-Identifier: Apache-2.0 */
/* recipe.yaml: the parser, the schema, and that what it lets through can be resolved. */
#include "fuzz.h"

#include <runner/recipe.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(recipe_freep) struct recipe *r = NULL;
	struct err err = ERR_INIT;

	if (fuzz_result(recipe_parse("recipe.yaml", (const char *)data, size, "demo",
				     "/recipes/demo", &r, &err),
			&err) < 0)
		return 0;
	for (size_t i = 0; i <= r->n_variants; i++) {
		_cleanup_(settings_release) struct settings values = SETTINGS_INIT;
		const char *variant = i ? r->variants[i - 1].name : NULL;

		fuzz_check(options_resolve(r, variant, NULL, &values, &err) == 0);
		fuzz_check(values.n == r->n_options);
	}
	return 0;
}
