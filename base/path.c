/* SPDX-License-Identifier: Apache-2.0 */
/* Paths as text: nothing here looks at a file system. */
#include <base/file.h>

#include <base/str.h>
#include <string.h>

bool path_is_clean(const char *path)
{
	const char *p = path;

	if (strchr(path, '\n'))
		return false;
	for (;;) {
		size_t n = strcspn(p, "/");

		/* Also catches a leading, a doubled and a trailing slash: empty components. */
		if (n == 0 || (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
			return false;
		if (p[n] == '\0')
			return true;
		p += n + 1;
	}
}

char *path_join(const char *a, const char *b)
{
	if (b[0] == '/' || a[0] == '\0')
		return xstrdup(b);
	if (b[0] == '\0')
		return xstrdup(a);
	return xasprintf("%s%s%s", a, str_ends(a, "/") ? "" : "/", b);
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}
