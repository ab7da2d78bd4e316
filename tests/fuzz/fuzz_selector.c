/* SPDX-License-Identifier: Apache-2.0 */
/* NAME[@BRANCH][:VARIANT]: what is let through has no way out of a folder. */
#include "fuzz.h"

#include <runner/selector.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(selector_release) struct selector s = SELECTOR_INIT;
	_cleanup_free_ char *text = fuzz_text(data, size), *again = NULL;
	struct err err = ERR_INIT;

	if (fuzz_result(selector_parse(text, &s, &err), &err) < 0)
		return 0;
	again = xasprintf("%s%s%s%s%s", s.name, s.branch ? "@" : "", s.branch ? s.branch : "",
			  s.variant ? ":" : "", s.variant ? s.variant : "");
	fuzz_check(strcmp(text, again) == 0);
	fuzz_check(!strchr(text, '/') && s.name[0] != '.');
	return 0;
}
