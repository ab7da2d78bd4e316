/* SPDX-License-Identifier: Apache-2.0 */
#include <base/printable.h>

#include <base/str.h>
#include <stdint.h>
#include <string.h>

/*
 * Length of the UTF-8 sequence at @p, 0 when it is none. Refused with the malformed ones: the
 * controls, C1 included (U+009B starts an escape sequence on some terminals), and the marks that
 * turn the reading direction, which make a name look like another.
 */
static size_t sequence(const unsigned char *p)
{
	size_t len = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	uint32_t c;

	if (len == 0 || p[0] > 0xf4)
		return 0;
	if (len == 1)
		return p[0] >= 0x20 && p[0] != 0x7f;
	c = p[0] & (0xff >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if ((len == 3 && c < 0x800) || (len == 4 && c < 0x10000) || c > 0x10ffff)
		return 0;
	if (c < 0xa0 || (c >= 0xd800 && c < 0xe000) || (c >= 0x2028 && c <= 0x202e) ||
	    (c >= 0x2066 && c <= 0x2069) || c == 0x200e || c == 0x200f)
		return 0;
	return len;
}

char *printable(const char *text, size_t max)
{
	const unsigned char *p = (const unsigned char *)text;
	struct strbuf sb = STRBUF_INIT;

	while (*p && sb.len < max) {
		size_t len = sequence(p);

		if (len > 0)
			strbuf_add(&sb, p, len);
		else
			strbuf_addf(&sb, "\\x%02x", *p);
		p += len > 0 ? len : 1;
	}
	if (*p)
		strbuf_adds(&sb, "...");
	return strbuf_steal(&sb);
}
