/* SPDX-License-Identifier: Apache-2.0 */
/* The host's apt sources, in both forms and as a list of mirrors; the same bytes as config.yaml. */
#include "fuzz.h"

#include "mirror.h"
#include <string.h>
#include <sys/stat.h>

static const char *const files[] = {"sources.list", "sources.list.d/a.sources",
				    "sources.list.d/b.list"};

static void set_up(void)
{
	_cleanup_free_ char *list = NULL;

	mkdirat(fuzz_dirfd(), "sources.list.d", 0755);
	mkdirat(fuzz_dirfd(), "belljar", 0755);
	list = xasprintf("deb mirror+file:%s/mirrors bookworm main\n", fuzz_dir());
	fuzz_put("sources.list.d/c.list", list, strlen(list));
	setenv("XDG_CONFIG_HOME", fuzz_dir(), 1);
	setenv("BELLJAR_APT_SOURCES", fuzz_dir(), 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(strv_release) struct strv found = STRV_INIT, urls = STRV_INIT;
	struct err err = ERR_INIT;

	set_up();
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		fuzz_put(files[i], data, size);
	fuzz_put("mirrors", data, size);
	apt_sources_find(fuzz_dir(), "debian", "bookworm", &found);
	for (size_t i = 0; i < found.n; i++) {
		fuzz_check(str_ends(found.v[i], "/debian"));
		for (size_t k = 0; k < i; k++)
			fuzz_check(strcmp(found.v[i], found.v[k]) != 0);
	}
	fuzz_put("belljar/config.yaml", data, size);
	if (fuzz_result(mirror_expand("mirror://debian/dists/bookworm/x", NULL, &urls, &err),
			&err) == 0)
		fuzz_check(urls.n > 0 && str_ends(urls.v[0], "/dists/bookworm/x"));
	return 0;
}
