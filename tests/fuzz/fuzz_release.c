/* SPDX-License-Identifier: Apache-2.0 */
/* What gpgv says, and the Release text that it gives back. */
#include "fuzz.h"

#include "internal.h"
#include <string.h>

#define NOW 1783764997 /* Sat, 11 Jul 2026 10:16:37 UTC */

static void check_text(const char *text)
{
	struct release r = RELEASE_INIT;
	struct err err = ERR_INIT;
	struct sha256 hash;
	uint64_t size = 0;

	r.text = xstrdup(text);
	if (fuzz_result(release_check(text, "bookworm", NOW, &r, &err), &err) == 0)
		fuzz_check(release_time(r.date) >= 0);
	fuzz_result(release_find(&r, "main/binary-amd64/Packages.xz", &hash, &size, &err), &err);
	release_release(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(strv_release) struct strv pinned = STRV_INIT, signers = STRV_INIT;
	_cleanup_free_ char *text = fuzz_text(data, size);
	struct err err = ERR_INIT;

	strv_push(&pinned, "AAAABBBBCCCCDDDDEEEEFFFF0000111122223333");
	strv_push(&pinned, "0123456789ABCDEF0123456789ABCDEF01234567");
	check_text(text);
	if (fuzz_result(release_signers(text, &pinned, &signers, &err), &err) == 0)
		fuzz_check(signers.n >= 1 && signers.n <= pinned.n);
	for (size_t i = 0; i < signers.n; i++)
		fuzz_check(strv_contains(&pinned, signers.v[i]));
	return 0;
}
