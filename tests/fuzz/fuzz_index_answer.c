/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the helper `index` answers. What is taken must be a lock that can be read again, or a
 * taken-over helper could leave a toolchain without a readable one.
 */
#include "resolve.c" /* NOLINT(bugprone-suspicious-include): its static functions */

#include "fuzz.h"

static struct lock *empty_lock(void)
{
	struct lock *l = lock_new();

	l->host = xstrdup("x86_64");
	l->target = xstrdup("x86_64");
	l->suite = xstrdup("bookworm");
	l->mirror = xstrdup("debian");
	l->release_date = xstrdup("Sat, 11 Jul 2026 10:16:37 UTC");
	strv_push(&l->signed_by, "0123456789ABCDEF0123456789ABCDEF01234567");
	strv_push(&l->wanted, "gcc");
	return l;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct toolchain tc = {.name = (char *)(uintptr_t) "demo"};
	_cleanup_(lock_freep) struct lock *l = empty_lock(), *again = NULL;
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	_cleanup_free_ char *text = fuzz_text(data, size);
	struct err err = ERR_INIT;
	bool done = false;

	if (fuzz_result(read_answer(text, l, &done, &err), &err) < 0 || !done)
		return 0;
	fuzz_check(l->n > 0);
	lock_format(&tc, l, &sb);
	fuzz_check(lock_parse("lock", sb.s, sb.len, &again, &err) == 0);
	fuzz_check(again->n == l->n);
	return 0;
}
