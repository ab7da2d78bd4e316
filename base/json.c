/* SPDX-License-Identifier: Apache-2.0 */
#include <base/json.h>

#include <base/cleanup.h>
#include <base/file.h>
#include <base/str.h>
#include <fcntl.h>
#include <string.h>

#define DEPTH_MAX     256
#define FILE_SIZE_MAX (256u << 20)

static int write_value(struct strbuf *sb, const json_t *j, int depth, struct err *err);

/* RFC 8785, 3.2.2.2: the short escapes where there are some, else \u00xx in lower case. */
static void write_text(struct strbuf *sb, const char *s, size_t len)
{
	static const char shorts[] = "\b\f\n\r\t\"\\", letters[] = "bfnrt\"\\";

	strbuf_addc(sb, '"');
	for (size_t i = 0; i < len; i++) {
		const char *at = memchr(shorts, s[i], sizeof(shorts) - 1);

		if (at) {
			strbuf_addc(sb, '\\');
			strbuf_addc(sb, letters[at - shorts]);
		} else if ((unsigned char)s[i] < 0x20) {
			strbuf_addf(sb, "\\u%04x", (unsigned char)s[i]);
		} else {
			strbuf_addc(sb, s[i]);
		}
	}
	strbuf_addc(sb, '"');
}

static int write_object(struct strbuf *sb, const json_t *j, int depth, struct err *err)
{
	_cleanup_(strv_release) struct strv keys = STRV_INIT;
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)j, key, value)
		strv_push(&keys, key);
	strv_sort(&keys);
	strbuf_addc(sb, '{');
	for (size_t i = 0; i < keys.n; i++) {
		if (i)
			strbuf_addc(sb, ',');
		write_text(sb, keys.v[i], strlen(keys.v[i]));
		strbuf_addc(sb, ':');
		if (write_value(sb, json_object_get(j, keys.v[i]), depth + 1, err) < 0)
			return -1;
	}
	strbuf_addc(sb, '}');
	return 0;
}

static int write_array(struct strbuf *sb, const json_t *j, int depth, struct err *err)
{
	strbuf_addc(sb, '[');
	for (size_t i = 0; i < json_array_size(j); i++) {
		if (i)
			strbuf_addc(sb, ',');
		if (write_value(sb, json_array_get(j, i), depth + 1, err) < 0)
			return -1;
	}
	strbuf_addc(sb, ']');
	return 0;
}

static int write_value(struct strbuf *sb, const json_t *j, int depth, struct err *err)
{
	if (!j || depth > DEPTH_MAX)
		return err_set(err, ERR_BUG, 0, "canonical JSON: %s",
			       j ? "nested too deep" : "no value");
	switch (json_typeof(j)) {
	case JSON_OBJECT:
		return write_object(sb, j, depth, err);
	case JSON_ARRAY:
		return write_array(sb, j, depth, err);
	case JSON_STRING:
		write_text(sb, json_string_value(j), json_string_length(j));
		return 0;
	case JSON_INTEGER:
		strbuf_addf(sb, "%" JSON_INTEGER_FORMAT, json_integer_value(j));
		return 0;
	case JSON_TRUE:
	case JSON_FALSE:
	case JSON_NULL:
		strbuf_adds(sb, json_is_null(j) ? "null" : json_is_true(j) ? "true" : "false");
		return 0;
	case JSON_REAL:
	default:
		return err_set(err, ERR_BUG, 0, "canonical JSON: a real number has no place in it");
	}
}

int json_canonical(const json_t *j, char **out, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	if (write_value(&sb, j, 0, err) < 0)
		return -1;
	*out = strbuf_steal(&sb);
	return 0;
}

int json_canonical_sha256(const json_t *j, struct sha256 *out, struct err *err)
{
	_cleanup_free_ char *text = NULL;

	if (json_canonical(j, &text, err) < 0)
		return -1;
	sha256_of(text, strlen(text), out);
	return 0;
}

int json_parse(const char *file, const char *text, size_t len, json_t **out, struct err *err)
{
	json_error_t why;
	json_t *j = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);

	if (!j)
		return err_set(err, ERR_INPUT, 0, "%s:%d:%d: %s", file, why.line, why.column,
			       why.text);
	*out = j;
	return 0;
}

int json_read_file(int dirfd, const char *path, json_t **out, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len;

	if (file_read(dirfd, path, FILE_SIZE_MAX, &text, &len, err) < 0)
		return -1;
	return json_parse(path, text, len, out, err);
}

const char *json_get_str(const json_t *obj, const char *key, const char *otherwise)
{
	const char *s = json_string_value(json_object_get(obj, key));

	return s ? s : otherwise;
}

int64_t json_get_int(const json_t *obj, const char *key, int64_t otherwise)
{
	const json_t *j = json_object_get(obj, key);

	return json_is_integer(j) ? (int64_t)json_integer_value(j) : otherwise;
}

bool json_get_bool(const json_t *obj, const char *key, bool otherwise)
{
	const json_t *j = json_object_get(obj, key);

	return json_is_boolean(j) ? json_is_true(j) : otherwise;
}

void json_set_str(json_t *obj, const char *key, const char *s)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	size_t len = strlen(s);

	for (size_t i = 0; i < len;) {
		size_t n = str_utf8_char(s + i, len - i);

		if (n)
			strbuf_add(&sb, s + i, n);
		else
			strbuf_adds(&sb, "\xef\xbf\xbd");
		i += n ? n : 1;
	}
	json_set(obj, key, json_stringn(strbuf_str(&sb), sb.len));
}

void json_set(json_t *obj, const char *key, json_t *value_taken)
{
	/* A NULL value is an allocation that failed one call earlier. */
	if (json_object_set_new(obj, key, value_taken) == 0)
		return;

	static const char text[] = "belljar: out of memory, or not a JSON object\n";
	ssize_t n = write(STDERR_FILENO, text, sizeof(text) - 1);

	(void)n;
	abort();
}

json_t *json_text(const char *text)
{
	return text ? json_string(text) : json_null();
}

json_t *json_texts(const struct strv *texts)
{
	json_t *list = json_array();

	for (size_t i = 0; i < texts->n; i++)
		json_array_append_new(list, json_string(texts->v[i]));
	return list;
}

void json_set_sha256(json_t *obj, const char *key, const struct sha256 *hash)
{
	char hex[SHA256_HEX_LEN + 1];

	sha256_to_hex(hash, hex);
	json_set(obj, key, json_string(hex));
}
