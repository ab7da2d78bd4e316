/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The helper `index` without its confinement: a Packages file (also gzip and xz) through libsolv,
 * our Multi-Arch encoding, the solver, and the answer.
 */
int index_main(void);
#define main index_main
#include "main.c" /* NOLINT(bugprone-suspicious-include): its static functions */
#undef main

#include "fuzz.h"
#include <fcntl.h>

static const char *name_of(const uint8_t *data, size_t size)
{
	if (size > 2 && data[0] == 0x1f && data[1] == 0x8b)
		return "Packages.gz";
	return size > 5 && memcmp(data,
				  "\xfd"
				  "7zXZ",
				  5) == 0
		       ? "Packages.xz"
		       : "Packages";
}

/* Out of the way, so that all can be closed: those behind a broken one are not taken. */
#define FDS_FROM 500

static int high_fd(const uint8_t *data, size_t size)
{
	_cleanup_close_ int fd = fuzz_fd(data, size);
	int high = fcntl(fd, F_DUPFD_CLOEXEC, FDS_FROM);

	fuzz_check(high >= FDS_FROM);
	return high;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const wanted[] = {"gcc", "hello", "libfoo-dev:arm64"};
	const char *name = name_of(data, size);

	fuzz_hush();
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		_cleanup_json_ json_t *request = json_pack(
			"{s:[ss],s:[{s:s,s:s,s:i},{s:s,s:s,s:i}],s:[s]}", "archs", "amd64", "arm64",
			"indices", "arch", "amd64", "name", name, "fd", high_fd(data, size), "arch",
			"arm64", "name", name, "fd", high_fd(data, size), "want", wanted[i]);
		struct err err = ERR_INIT;

		fuzz_check(request);
		fuzz_result(resolve(request, &err), &err);
		fuzz_check(close_range(FDS_FROM, ~0U, 0) == 0);
	}
	return 0;
}
