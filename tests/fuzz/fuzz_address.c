/* SPDX-License-Identifier: Apache-2.0 */
/* A socket address as a process of the room has it in memory: any bytes, any length. */
#include "fuzz.h"

#include "internal.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	enum address_class class = address_decode(data, size, &text);
	char buf[16];
	int family = 0;

	fuzz_check(class != ADDRESS_NONE || text.len == 0);
	for (size_t i = 0; i < text.len; i++)
		fuzz_check((unsigned char)text.s[i] >= ' ' && text.s[i] != 0x7f);
	memcpy(&family, data, size < sizeof(family) ? size : sizeof(family));
	fuzz_check(strncmp(address_family(family, buf, sizeof(buf)), "AF_", 3) == 0);
	return 0;
}
