/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define ACTION_NAME_LEN (SHA256_HEX_LEN + sizeof(".json"))

static const char *action_name(const struct sha256 *key, char out[ACTION_NAME_LEN])
{
	char hex[SHA256_HEX_LEN + 1];

	sha256_to_hex(key, hex);
	snprintf(out, ACTION_NAME_LEN, "%s.json", hex);
	return out;
}

/* The value's "outputs" map, or the value itself when it is the map. */
void action_outputs(const json_t *value, struct strv *out)
{
	const json_t *map = json_object_get(value, "outputs");
	const char *name;
	json_t *v;

	json_object_foreach ((json_t *)(map ? map : value), name, v) {
		const char *hex =
			json_is_object(v) ? json_get_str(v, "tree", NULL) : json_string_value(v);

		if (hex && name_is_hash(hex))
			strv_push(out, hex);
	}
}

void action_references(const json_t *value, struct strv *out)
{
	const char *text = json_string_value(value), *name;
	size_t i;
	json_t *v;

	if (text && name_is_hash(text))
		strv_push(out, text);
	json_object_foreach ((json_t *)value, name, v)
		action_references(v, out);
	json_array_foreach (value, i, v)
		action_references(v, out);
}

/* The first output whose tree is not there, or NULL. Borrowed from @outputs. */
static const char *first_missing(struct store *s, const struct strv *outputs)
{
	for (size_t i = 0; i < outputs->n; i++) {
		struct sha256 tree;

		if (!sha256_from_hex(outputs->v[i], &tree) || !store_tree_has(s, &tree))
			return outputs->v[i];
	}
	return NULL;
}

int store_action_get(struct store *s, const struct sha256 *key, json_t **out, struct err *err)
{
	_cleanup_(strv_release) struct strv outputs = STRV_INIT;
	_cleanup_json_ json_t *value = NULL;
	char name[ACTION_NAME_LEN];

	*out = NULL;
	action_name(key, name);
	if (json_read_file(s->dirs[DIR_ACTIONS], name, &value, err) < 0) {
		if (err->sys_errno == ENOENT) {
			err_clear(err);
			return 0;
		}
		err->code = ERR_STORE;
		return err_wrap(err, "the store %s is damaged, run store verify with --repair",
				s->path);
	}
	action_outputs(value, &outputs);
	if (!first_missing(s, &outputs))
		*out = TAKE_PTR(value);
	return 0;
}

int store_action_put(struct store *s, const struct sha256 *key, const json_t *value,
		     struct err *err)
{
	_cleanup_(strv_release) struct strv outputs = STRV_INIT;
	_cleanup_free_ char *text = NULL;
	char name[ACTION_NAME_LEN];
	const char *missing;

	if (store_need_write(s, err) < 0)
		return -1;
	if (!json_is_object(value))
		return err_set(err, ERR_BUG, 0, "the value of an action must be an object");
	action_outputs(value, &outputs);
	missing = first_missing(s, &outputs);
	if (missing)
		return err_set(err, ERR_BUG, 0, "an action names the tree %s, which is not stored",
			       missing);
	if (json_canonical(value, &text, err) < 0)
		return -1;
	return store_put_file(s, s->dirs[DIR_ACTIONS], action_name(key, name), text, strlen(text),
			      true, err);
}

int store_action_lock(struct store *s, const struct sha256 *key, const struct event_sink *sink,
		      struct err *err)
{
	char hex[SHA256_HEX_LEN + 1], name[sizeof("action-") + SHA256_HEX_LEN];

	sha256_to_hex(key, hex);
	snprintf(name, sizeof(name), "action-%s", hex);
	return store_lock_file(s, name, sink, "waiting for another belljar that builds the same",
			       err);
}
