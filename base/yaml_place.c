/* SPDX-License-Identifier: Apache-2.0 */
/* Where nodes stand in the text, for those who change values in place. */
#include <base/yaml.h>

#include <base/str.h>
#include <string.h>

size_t yaml_line_offset(const char *text, size_t len, int line)
{
	const char *at = text, *end = text + len;

	while (--line > 0) {
		const char *next = memchr(at, '\n', (size_t)(end - at));

		if (!next)
			return len;
		at = next + 1;
	}
	return (size_t)(at - text);
}

size_t yaml_offset(const char *text, size_t len, int line, int column)
{
	size_t at = yaml_line_offset(text, len, line);

	while (--column > 0 && at < len && text[at] != '\n') {
		size_t n = str_utf8_char(text + at, len - at);

		at += n ? n : 1;
	}
	return at;
}
