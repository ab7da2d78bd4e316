/* SPDX-License-Identifier: Apache-2.0 */
/* What the helper `unpack` answers, a message a line: a taken-over helper may say anything. */
#include "archive.c" /* NOLINT(bugprone-suspicious-include): its static functions */

#include "fuzz.h"

#define ARCHIVES 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	struct unpacker u = {.helper = PROCESS_INIT};
	char *rest = text, *line;
	int fds[2];

	fuzz_check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == 0);
	u.sock = fds[0];
	while ((line = strsep(&rest, "\n"))) {
		struct err err = ERR_INIT;
		size_t id = ARCHIVES;

		if (!*line || send(fds[1], line, strlen(line), MSG_DONTWAIT) < 0)
			continue;
		if (fuzz_result(await(&u, ARCHIVES, &id, &err), &err) == 0)
			fuzz_check(id < ARCHIVES);
	}
	close(fds[0]);
	close(fds[1]);
	return 0;
}
