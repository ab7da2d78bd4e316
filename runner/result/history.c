/* SPDX-License-Identifier: Apache-2.0 */
#include <runner/history.h>

#include <base/cleanup.h>
#include <base/file.h>
#include <base/str.h>
#include <fcntl.h>
#include <string.h>

struct rows {
	json_t **v; /* owned */
	size_t n, cap;
};

static void rows_release(struct rows *r)
{
	for (size_t i = 0; i < r->n; i++)
		json_decref(r->v[i]);
	free(r->v);
}

static bool is(const json_t *obj, const char *field, const char *want)
{
	return !want || !strcmp(json_get_str(obj, field, ""), want);
}

static bool is_wanted(const json_t *record, const struct history_filter *want)
{
	const json_t *action = json_object_get(record, "action");

	return is(action, "name", want->name) && is(action, "branch", want->branch) &&
	       is(action, "target", want->target) && is(record, "variant", want->variant);
}

static void take_fields(json_t *row, const json_t *from, const char *const *fields)
{
	for (; *fields; fields++) {
		json_t *value = json_object_get(from, *fields);

		if (value)
			json_set(row, *fields, json_incref(value));
	}
}

static json_t *row_of(const json_t *record, int round)
{
	static const char *const of_record[] = {"key",     "variant", "options", "toolchain",
						"started", "failure", "outputs", NULL};
	static const char *const of_action[] = {"name", "branch", "version",
						"host", "target", NULL};
	static const char *const of_host[] = {"kernel", "belljar", "as_root", "build_on", NULL};
	static const char *const of_room[] = {"user_ms", "system_ms", "cpu_from", "max_rss_kib",
					      NULL};
	json_t *row = json_object();

	take_fields(row, record, of_record);
	take_fields(row, json_object_get(record, "action"), of_action);
	take_fields(row, json_object_get(record, "host"), of_host);
	take_fields(row, json_object_get(record, "room"), of_room);
	json_set(row, "round", json_integer(round));
	json_set_str(row, "outcome", json_object_get(record, "failure") ? "failed" : "built");
	json_set(row, "ms", json_integer(json_get_int(json_object_get(record, "room"), "ms", 0)));
	json_set(row, "refused", json_integer(json_get_int(record, "refused_total", 0)));
	return row;
}

static void add_round(struct rows *rows, int builds, const char *hex, const char *name,
		      const struct history_filter *want, const struct event_sink *sink)
{
	_cleanup_free_ char *path = xasprintf("%s/%s/record.json", hex, name);
	_cleanup_json_ json_t *record = NULL;
	struct err err = ERR_INIT;
	char *end = NULL;
	long round = strtol(name, &end, 10);

	if (*end || round < 1 || round > 1000000)
		return;
	if (json_read_file(builds, path, &record, &err) < 0) {
		event_warn(sink, "%s", err.msg);
		return;
	}
	if (!is_wanted(record, want))
		return;
	ARRAY_GROW(rows->v, rows->n, rows->cap);
	rows->v[rows->n++] = row_of(record, (int)round);
}

static int add_key(struct rows *rows, int builds, const char *hex,
		   const struct history_filter *want, const struct event_sink *sink,
		   struct err *err)
{
	int fd = file_open(builds, hex, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);
	_cleanup_closedir_ DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	/* gc may remove it between two looks */
	if (!d)
		return err->sys_errno == ENOENT ? 0 : -1;
	while ((e = readdir(d)))
		add_round(rows, builds, hex, e->d_name, want, sink);
	return 0;
}

static int by_time(const void *a, const void *b)
{
	const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
	int64_t m = json_get_int(x, "round", 0), n = json_get_int(y, "round", 0);
	int c = strcmp(json_get_str(x, "started", ""), json_get_str(y, "started", ""));

	if (!c)
		c = strcmp(json_get_str(x, "key", ""), json_get_str(y, "key", ""));
	return c ? c : (m > n) - (m < n);
}

int history_list(struct store *s, const struct history_filter *want, const struct event_sink *sink,
		 json_t **out, struct err *err)
{
	_cleanup_(rows_release) struct rows rows = {0};
	_cleanup_close_ int builds =
		file_open(store_fd(s), "builds", O_RDONLY | O_DIRECTORY, 0, err);
	int fd = builds < 0 ? -1 : file_open(builds, ".", O_RDONLY | O_DIRECTORY, 0, err);
	_cleanup_closedir_ DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct sha256 key;
	struct dirent *e;

	if (!d)
		return -1;
	while ((e = readdir(d))) {
		if (!sha256_from_hex(e->d_name, &key) ||
		    (want->key && !str_starts(e->d_name, want->key)))
			continue;
		if (add_key(&rows, builds, e->d_name, want, sink, err) < 0)
			return -1;
	}
	if (rows.n)
		qsort(rows.v, rows.n, sizeof(*rows.v), by_time);
	*out = json_array();
	for (size_t i = 0; i < rows.n; i++)
		json_array_append(*out, rows.v[i]);
	return 0;
}
