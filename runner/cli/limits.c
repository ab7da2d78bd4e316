/* SPDX-License-Identifier: Apache-2.0 */
/* --limit NAME=N and amounts with K, M, G. */
#include "cli.h"

#include <base/cleanup.h>
#include <stddef.h>
#include <string.h>

static const struct {
	const char *name;
	size_t offset;
	bool bytes; /* K, M, G may follow */
} limits[] = {
	{"time", offsetof(struct room_limits, wall_seconds), false},
	{"cpu", offsetof(struct room_limits, cpu_seconds), false},
	{"processes", offsetof(struct room_limits, processes), false},
	{"files", offsetof(struct room_limits, open_files), false},
	{"entries", offsetof(struct room_limits, entries), false},
	{"memory", offsetof(struct room_limits, memory), true},
	{"build", offsetof(struct room_limits, build_bytes), true},
	{"tmp", offsetof(struct room_limits, tmp_bytes), true},
	{"out", offsetof(struct room_limits, out_bytes), true},
	{"file", offsetof(struct room_limits, file_bytes), true},
	{"log", offsetof(struct room_limits, log_bytes), true},
};

bool cli_parse_amount(const char *text, bool bytes, uint64_t *out)
{
	static const char units[] = "KMG";
	const char *unit;
	char *end = NULL;

	*out = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || !*out || *out > UINT64_MAX >> 31)
		return false;
	unit = bytes && *end ? strchr(units, *end) : NULL;
	if (unit) {
		*out <<= 10 * (unit - units + 1);
		end++;
	}
	return !*end;
}

static int unknown_limit(const char *text, size_t len, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf all = STRBUF_INIT;
	_cleanup_free_ char *name = xstrndup(text, len);
	const char *names[ARRAY_SIZE(limits)], *near;

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		names[i] = limits[i].name;
		strbuf_addf(&all, "%s%s",
			    !i                            ? ""
			    : i + 1 == ARRAY_SIZE(limits) ? " or "
							  : ", ",
			    limits[i].name);
	}
	near = str_nearest(name, names, ARRAY_SIZE(limits));
	if (near)
		return err_set(err, ERR_USAGE, 0, "--limit %s: did you mean %s?", text, near);
	return err_set(err, ERR_USAGE, 0, "--limit %s: expected %s", text, strbuf_str(&all));
}

static int read_limit(const char *text, struct room_limits *out, struct err *err)
{
	size_t len = strcspn(text, "=");
	uint64_t amount;

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		if (strlen(limits[i].name) != len || strncmp(limits[i].name, text, len))
			continue;
		if (!text[len] || !cli_parse_amount(text + len + 1, limits[i].bytes, &amount))
			return err_set(err, ERR_USAGE, 0,
				       "--limit %s: expected %.*s=N, N a number%s", text, (int)len,
				       text,
				       limits[i].bytes ? " of bytes, perhaps with K, M or G" : "");
		memcpy((char *)out + limits[i].offset, &amount, sizeof(amount));
		return 0;
	}
	return unknown_limit(text, len, err);
}

int cli_read_limits(const struct parsed *p, struct room_limits *out, struct err *err)
{
	_cleanup_(strv_release) struct strv given = STRV_INIT;

	opt_values(p, OPT_LIMIT, &given);
	for (size_t i = 0; i < given.n; i++) {
		if (read_limit(given.v[i], out, err) < 0)
			return -1;
	}
	return 0;
}
