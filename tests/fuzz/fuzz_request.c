/* SPDX-License-Identifier: Apache-2.0 */
/* What the helpers `fetch` and `unpack` are asked, a request a line. No child is forked here. */
#include <unistd.h>

int unpack_main(void);
#define main   unpack_main
#define fork() ((pid_t)-1)
#include "main.c" /* NOLINT(bugprone-suspicious-include): its static functions */
#undef main
#undef fork

#include "fuzz.h"
#include "item.h"

static void fetch_request(const char *line)
{
	_cleanup_json_ json_t *request = NULL;
	struct err err = ERR_INIT;
	struct item it = {.fd = -1};

	if (fuzz_result(json_parse("request", line, strlen(line), &request, &err), &err) < 0)
		return;
	if (fuzz_result(item_parse(&it, request, &err), &err) == 0)
		fuzz_check(it.urls.n > 0 && it.cap > 0 && !strchr(it.out, '/'));
	item_release(&it);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	static const int fds[] = {STDIN_FILENO, STDOUT_FILENO}, missing[] = {-1, STDOUT_FILENO};
	struct server s = {0};
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n"))) {
		struct err err = ERR_INIT;

		fetch_request(line);
		fuzz_check(handle(&s, line, strlen(line), missing, &err) < 0);
		err_clear(&err);
		fuzz_check(fuzz_result(handle(&s, line, strlen(line), fds, &err), &err) < 0);
	}
	return 0;
}
