/* SPDX-License-Identifier: Apache-2.0 */
/* JSON and its canonical form: parsing that gives the same bytes again. */
#include "fuzz.h"

#include <base/json.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_json_ json_t *j = NULL, *again = NULL;
	_cleanup_free_ char *first = NULL, *second = NULL;
	struct err err = ERR_INIT;

	if (fuzz_result(json_parse("input", (const char *)data, size, &j, &err), &err) < 0)
		return 0;
	if (fuzz_result(json_canonical(j, &first, &err), &err) < 0)
		return 0;
	fuzz_check(json_parse("input", first, strlen(first), &again, &err) == 0);
	fuzz_check(json_equal(j, again));
	fuzz_check(json_canonical(again, &second, &err) == 0);
	fuzz_check(strcmp(first, second) == 0);
	return 0;
}
