/* SPDX-License-Identifier: Apache-2.0 */
/* toolchain.yaml */
#include "fuzz.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <toolchains/toolchain.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(toolchain_freep) struct toolchain *tc = NULL;
	_cleanup_(strv_release) struct strv pairs = STRV_INIT, env = STRV_INIT;
	struct err err = ERR_INIT;

	mkdirat(fuzz_dirfd(), "demo", 0755);
	fuzz_put("demo/toolchain.yaml", data, size);
	if (fuzz_result(toolchain_load(fuzz_dir(), "demo", &tc, &err), &err) < 0)
		return 0;
	toolchain_pairs(tc, &pairs);
	fuzz_check(pairs.n > 0);
	toolchain_env(tc, "x86_64", "x86_64", &env);
	toolchain_env(tc, "x86_64", "aarch64", &env);
	return 0;
}
