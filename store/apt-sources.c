/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Just enough of sources.list(5) to learn which mirror this host uses: the one-line form, the
 * deb822 form, and mirror+file: lists, which cloud images use.
 */
#include "mirror.h"

#include <base/file.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>

#define MAX_SOURCES (1u << 20)
#define MAX_MIRRORS 100 /* more are not tried, and each is compared with each */

struct search {
	const char *dir, *name, *suite;
	struct strv *first, *rest; /* with the suite, and without */
};

static bool path_ends_in(const char *url, size_t len, const char *name)
{
	size_t n = strlen(name);

	return len > n && memcmp(url + len - n, name, n) == 0 && url[len - n - 1] == '/';
}

static void add(struct strv *sv, const char *url, size_t len)
{
	_cleanup_free_ char *copy = xstrndup(url, len);

	if (sv->n < MAX_MIRRORS && !strv_contains(sv, copy))
		strv_push(sv, copy);
}

static void take_uri(const struct search *s, const char *uri, bool has_suite)
{
	size_t len = strlen(uri);

	while (len > 0 && uri[len - 1] == '/')
		len--;
	if (!path_ends_in(uri, len, s->name))
		return;
	if (str_starts(uri, "http://") || str_starts(uri, "https://") || str_starts(uri, "file:/"))
		add(has_suite ? s->first : s->rest, uri, len);
}

/* A list of mirrors, one in each line, with words about it behind a tab. */
static void take_mirror_list(const struct search *s, const char *path, bool has_suite)
{
	_cleanup_free_ char *text = NULL;
	struct err ignored = ERR_INIT;
	char *line, *rest;
	size_t len;

	if (file_read(AT_FDCWD, path, MAX_SOURCES, &text, &len, &ignored) < 0)
		return;
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		line += strspn(line, " \t");
		line[strcspn(line, " \t\r")] = '\0';
		if (*line && *line != '#')
			take_uri(s, line, has_suite);
	}
}

static void take_source(const struct search *s, const char *uri, bool has_suite)
{
	if (!str_starts(uri, "mirror+file:")) {
		take_uri(s, uri, has_suite);
		return;
	}
	uri += strlen("mirror+file:");
	while (uri[0] == '/' && uri[1] == '/')
		uri++;
	take_mirror_list(s, uri, has_suite);
}

/* ---- the one-line form: deb [options] URI SUITE COMPONENT... ---- */

static char *word(char **rest)
{
	char *w;

	do
		w = strsep(rest, " \t\r");
	while (w && !*w);
	return w;
}

static void parse_line(const struct search *s, char *line)
{
	char *rest = line, *uri, *suite, *type = word(&rest);

	if (!type || (strcmp(type, "deb") != 0 && strcmp(type, "deb-src") != 0))
		return;
	uri = word(&rest);
	if (uri && *uri == '[') { /* options may hold spaces */
		while (uri && !strchr(uri, ']'))
			uri = word(&rest);
		uri = word(&rest);
	}
	suite = word(&rest);
	if (uri && suite)
		take_source(s, uri, s->suite && strcmp(suite, s->suite) == 0);
}

static void parse_list(const struct search *s, char *text)
{
	char *line;

	while ((line = strsep(&text, "\n"))) {
		line[strcspn(line, "#")] = '\0';
		parse_line(s, line);
	}
}

/* ---- deb822: stanzas of fields, see sources.list(5), "DEB822-STYLE FORMAT" ---- */

struct stanza {
	struct strbuf uris, suites, enabled;
	struct strbuf
		*field; /* the one that a continuation line belongs to, NULL: of no interest */
};

static void stanza_release(struct stanza *st)
{
	strbuf_release(&st->uris);
	strbuf_release(&st->suites);
	strbuf_release(&st->enabled);
	st->field = NULL;
}

static bool is_off(const char *enabled)
{
	static const char *const no[] = {"no", "false", "without", "off", "disable"};

	enabled += strspn(enabled, " \t");
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		if (strncasecmp(enabled, no[i], strlen(no[i])) == 0)
			return true;
	return false;
}

static bool has_word(const char *text, const char *wanted)
{
	_cleanup_free_ char *copy = xstrdup(text);
	char *rest = copy, *w;

	while ((w = word(&rest)))
		if (strcmp(w, wanted) == 0)
			return true;
	return false;
}

static void end_stanza(const struct search *s, struct stanza *st)
{
	_cleanup_free_ char *uris = strbuf_steal(&st->uris);
	const bool has = s->suite && has_word(strbuf_str(&st->suites), s->suite);
	char *rest = uris, *uri;

	while (!is_off(strbuf_str(&st->enabled)) && (uri = word(&rest)))
		take_source(s, uri, has);
	stanza_release(st);
}

static void begin_field(struct stanza *st, const char *line)
{
	const struct {
		const char *name;
		struct strbuf *field;
	} known[] = {{"URIs:", &st->uris}, {"Suites:", &st->suites}, {"Enabled:", &st->enabled}};

	st->field = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strncasecmp(line, known[i].name, strlen(known[i].name)) == 0) {
			st->field = known[i].field;
			strbuf_adds(st->field, line + strlen(known[i].name));
		}
}

static void parse_deb822(const struct search *s, char *text)
{
	struct stanza st = {0};
	char *line;

	while ((line = strsep(&text, "\n"))) {
		if (*line == '#')
			continue;
		if (line[strspn(line, " \t\r")] == '\0')
			end_stanza(s, &st);
		else if (*line != ' ' && *line != '\t')
			begin_field(&st, line);
		else if (st.field)
			strbuf_adds(st.field, line);
	}
	end_stanza(s, &st);
}

/* ---- the files ---- */

static void parse_file(const struct search *s, const char *path)
{
	_cleanup_free_ char *text = NULL;
	struct err ignored = ERR_INIT;
	size_t len;

	if (file_read(AT_FDCWD, path, MAX_SOURCES, &text, &len, &ignored) < 0)
		return;
	if (str_ends(path, ".sources"))
		parse_deb822(s, text);
	else
		parse_list(s, text);
}

static void parse_folder(const struct search *s, const char *path)
{
	_cleanup_(strv_release) struct strv names = STRV_INIT;
	_cleanup_closedir_ DIR *dir = opendir(path);
	struct dirent *de;

	while (dir && (de = readdir(dir)))
		if (str_ends(de->d_name, ".list") || str_ends(de->d_name, ".sources"))
			strv_push(&names, de->d_name);
	strv_sort(&names);
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_free_ char *file = path_join(path, names.v[i]);

		parse_file(s, file);
	}
}

void apt_sources_find(const char *dir, const char *name, const char *suite, struct strv *out)
{
	_cleanup_(strv_release) struct strv rest = STRV_INIT;
	_cleanup_free_ char *file = path_join(dir, "sources.list");
	_cleanup_free_ char *folder = path_join(dir, "sources.list.d");
	const struct search s = {
		.dir = dir, .name = name, .suite = suite, .first = out, .rest = &rest};

	parse_file(&s, file);
	parse_folder(&s, folder);
	for (size_t i = 0; i < rest.n; i++)
		if (!strv_contains(out, rest.v[i]))
			strv_push(out, rest.v[i]);
}
