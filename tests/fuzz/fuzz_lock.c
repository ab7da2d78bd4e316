/* SPDX-License-Identifier: Apache-2.0 */
/* A lock: what is read is written so that it reads the same. */
#include "fuzz.h"

#include "internal.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct toolchain tc = {.name = (char *)(uintptr_t) "demo"};
	_cleanup_(lock_freep) struct lock *a = NULL, *b = NULL;
	_cleanup_(strbuf_release) struct strbuf first = STRBUF_INIT, second = STRBUF_INIT;
	_cleanup_(strv_release) struct strv changes = STRV_INIT;
	struct err err = ERR_INIT;
	struct sha256 key;

	if (fuzz_result(lock_parse("lock", (const char *)data, size, &a, &err), &err) < 0)
		return 0;
	lock_root_key(&tc, a, &key);
	lock_format(&tc, a, &first);
	/* the head's names are only compared with the toolchain's, whose form is checked: any text
	 */
	if (lock_parse("lock", first.s, first.len, &b, &err) < 0)
		return 0;
	lock_format(&tc, b, &second);
	lock_changes(a, b, &changes);
	fuzz_check(strcmp(first.s, second.s) == 0);
	fuzz_check(changes.n == 0);
	return 0;
}
