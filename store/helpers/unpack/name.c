/* SPDX-License-Identifier: Apache-2.0 */
#include "name.h"

#include <base/cleanup.h>
#include <limits.h>
#include <string.h>

static const char *const merged[] = {"bin", "sbin", "lib", "lib64", "lib32", "libx32"};

static bool is_merged(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(merged); i++)
		if (strlen(merged[i]) == len && memcmp(name, merged[i], len) == 0)
			return true;
	return false;
}

bool entry_is_merged_dir(const char *path)
{
	return str_starts(path, "usr/") && is_merged(path + 4, strlen(path + 4));
}

static int refuse_component(const char *name, size_t len, struct err *err)
{
	if (len == 2 && memcmp(name, "..", 2) == 0)
		return err_set(err, ERR_INPUT, 0, "leads upwards with '..'");
	if (len > NAME_MAX)
		return err_set(err, ERR_INPUT, 0, "has a component of more than %d bytes",
			       NAME_MAX);
	return 0;
}

int entry_name(const char *raw, unsigned strip, bool merge, char **out, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	const char *p = raw;

	if (*p == '/')
		return err_set(err, ERR_INPUT, 0, "is an absolute path");
	if (strchr(p, '\n'))
		return err_set(err, ERR_INPUT, 0, "has a newline in its name");
	while (*p) {
		size_t len = strcspn(p, "/");

		if (refuse_component(p, len, err) < 0)
			return -1;
		if (len == 0 || (len == 1 && *p == '.')) {
			/* says nothing */
		} else if (strip > 0) {
			strip--;
		} else {
			if (sb.len > 0)
				strbuf_addc(&sb, '/');
			else if (merge && is_merged(p, len))
				strbuf_adds(&sb, "usr/");
			strbuf_add(&sb, p, len);
		}
		p += len + (p[len] == '/');
	}
	if (sb.len >= PATH_MAX)
		return err_set(err, ERR_INPUT, 0, "has a path of more than %d bytes", PATH_MAX - 1);
	*out = strbuf_steal(&sb);
	return 0;
}
