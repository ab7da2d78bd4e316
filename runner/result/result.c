/* SPDX-License-Identifier: Apache-2.0 */
/* From a tree back to the builds that gave it. */
#include <runner/build.h>

#include <base/cleanup.h>
#include <fcntl.h>
#include <string.h>

static bool gives(const json_t *value, const char *hex)
{
	const char *name;
	json_t *output;

	json_object_foreach (json_object_get(value, "outputs"), name, output) {
		if (json_is_string(output) && !strcmp(json_string_value(output), hex))
			return true;
	}
	return false;
}

/* "KEY.json" */
static bool key_of(const char *file, struct sha256 *out)
{
	_cleanup_free_ char *hex = xstrndup(file, SHA256_HEX_LEN);

	return !strcmp(file + strlen(hex), ".json") && sha256_from_hex(hex, out);
}

int result_epoch(struct store *s, const struct sha256 *tree, int64_t *out, struct err *err)
{
	int fd = openat(store_fd(s), "actions", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_closedir_ DIR *d = fd < 0 ? NULL : fdopendir(fd);
	char hex[SHA256_HEX_LEN + 1];
	int64_t oldest = 0;
	struct dirent *e;

	if (!d)
		return err_set(err, ERR_STORE, errno, "cannot read %s/actions", store_path(s));
	sha256_to_hex(tree, hex);
	while ((e = readdir(d))) {
		_cleanup_json_ json_t *value = NULL;
		struct sha256 key;
		int64_t epoch;

		if (!key_of(e->d_name, &key))
			continue;
		if (store_action_get(s, &key, &value, err) < 0)
			return -1;
		epoch = gives(value, hex) ? json_get_int(value, "epoch", 0) : 0;
		if (epoch > 0 && (!oldest || epoch < oldest))
			oldest = epoch;
	}
	*out = oldest ? oldest : *out;
	return 0;
}
