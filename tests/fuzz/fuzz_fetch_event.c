/* SPDX-License-Identifier: Apache-2.0 */
/* What the helper `fetch` reports: a taken-over helper may say anything, in any order. */
#include "fetch-remote.c" /* NOLINT(bugprone-suspicious-include): its static functions */

#include "fuzz.h"

#define FILES    3
#define CONTENTS "what was fetched\n"

static struct store *store(void)
{
	static struct store *s;
	_cleanup_free_ char *path = NULL;
	struct err err = ERR_INIT;

	if (!s) {
		path = path_join(fuzz_dir(), "store");
		fuzz_check(store_open(path, STORE_CREATE, &s, &err) == 0);
	}
	return s;
}

/* One file of an index, one with its right contents on the disk, one with wrong ones. */
static void lay_out(struct fetch_item items[FILES], const char *index, struct remote *r)
{
	static const char *const names[FILES] = {"index", "right", "wrong"};

	for (size_t i = 0; i < FILES; i++) {
		struct want *w = &r->f->wants[i];
		_cleanup_free_ char *path = NULL;
		char name[96];

		items[i] = (struct fetch_item){.name = names[i], .unpinned = i == 0};
		items[i].out_path = i == 0 ? index : NULL;
		sha256_of(CONTENTS, strlen(CONTENTS) - (i == 2), &items[i].hash);
		w->item = &items[i];
		strv_push(&w->urls, "https://example.org/file");
		partial_name(r, w, name);
		path = path_join("partial", name);
		fuzz_put(path, CONTENTS, strlen(CONTENTS));
	}
	r->open = FILES;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct fetch_options no_options;
	struct fetch_item items[FILES];
	struct want wants[FILES] = {0};
	struct fetching f = {.store = store(), .opt = &no_options, .wants = wants, .n = FILES};
	struct remote r = {.f = &f, .helper = PROCESS_INIT};
	struct err err = ERR_INIT;
	_cleanup_free_ char *index = path_join(fuzz_dir(), "index");
	size_t half = size / 2;

	mkdirat(fuzz_dirfd(), "partial", 0700);
	r.dirfd = openat(fuzz_dirfd(), "partial", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	lay_out(items, index, &r);
	strbuf_add(&r.input, data, half);
	if (fuzz_result(handle_input(&r, &err), &err) == 0) {
		strbuf_add(&r.input, data + half, size - half);
		fuzz_result(handle_input(&r, &err), &err);
	}
	for (size_t i = 0; i < FILES; i++) {
		strv_release(&wants[i].urls);
		strv_release(&wants[i].failures);
	}
	fuzz_check(!wants[2].done && r.open <= FILES);
	remote_release(&r);
	return 0;
}
