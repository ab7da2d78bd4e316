/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAR: the input is a program that makes a tree, hostile names and kinds included; what the writer
 * says of it is read back by the grammar of the format, and must be what was made.
 *
 *	d NAME enter a new folder   u leave it      f NAME file, its text the rest of the line
 *behind ' ' x NAME executable file      l NAME TARGET   h NAME hard link to the file made last p
 *NAME fifo
 */
#include "fuzz.h"

#include <base/digest.h>
#include <base/file.h>
#include <base/nar.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_LINES 300

struct made {
	int fd;         /* the present folder */
	unsigned depth; /* below the tree's top */
	int last;       /* the file made last, O_PATH, or -1 */
	size_t fifos;
	struct nar_stats stats;
};

static void enter(struct made *m, const char *name)
{
	int fd;

	if (mkdirat(m->fd, name, 0755) < 0)
		return;
	m->stats.dirs++;
	fd = openat(m->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	fuzz_check(fd >= 0);
	close(m->fd);
	m->fd = fd;
	m->depth++;
}

static void leave(struct made *m)
{
	int fd = m->depth ? openat(m->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	close(m->fd);
	m->fd = fd;
	m->depth--;
}

static void make_file(struct made *m, const char *name, const char *text, mode_t mode)
{
	int fd = openat(m->fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	struct err err = ERR_INIT;

	if (fd < 0)
		return;
	fuzz_check(file_write_all(fd, text, strlen(text), &err) == 0);
	m->stats.files++;
	m->stats.bytes += strlen(text);
	cleanup_closep(&m->last);
	m->last = fd;
}

static void make_hardlink(struct made *m, const char *name)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", m->last);
	if (m->last < 0 || linkat(AT_FDCWD, path, m->fd, name, AT_SYMLINK_FOLLOW) < 0)
		return;
	fuzz_check(fstat(m->last, &st) == 0);
	m->stats.files++;
	m->stats.bytes += (uint64_t)st.st_size;
}

static void make_one(struct made *m, char *line)
{
	char *name = line[0] ? line + 1 : line, *rest;

	name += *name == ' ';
	rest = strchr(name, ' ');
	if (rest)
		*rest++ = '\0';
	rest = rest ? rest : name;
	if (line[0] == 'u')
		leave(m);
	if (!*name || strchr(name, '/'))
		return;
	if (line[0] == 'd')
		enter(m, name);
	else if (line[0] == 'f' || line[0] == 'x')
		make_file(m, name, rest, line[0] == 'x' ? 0755 : 0644);
	else if (line[0] == 'l')
		m->stats.links += *rest && symlinkat(rest, m->fd, name) == 0;
	else if (line[0] == 'h')
		make_hardlink(m, name);
	else if (line[0] == 'p')
		m->fifos += mkfifoat(m->fd, name, 0644) == 0;
}

/* ---- the grammar, read back ---- */

struct reader {
	const char *p;
	size_t left;
	struct nar_stats seen;
};

static const char *take(struct reader *r, size_t *out_len)
{
	const char *text;
	uint64_t len = 0;
	size_t padded;

	fuzz_check(r->left >= 8);
	for (int i = 7; i >= 0; i--)
		len = len << 8 | (uint8_t)r->p[i];
	padded = (len + 7) / 8 * 8;
	fuzz_check(len <= r->left && padded <= r->left - 8);
	text = r->p + 8;
	for (size_t i = len; i < padded; i++)
		fuzz_check(text[i] == '\0');
	r->p += 8 + padded;
	r->left -= 8 + padded;
	*out_len = len;
	return text;
}

static bool is(const char *text, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(text, word, len) == 0;
}

static void expect(struct reader *r, const char *word)
{
	size_t len;
	const char *text = take(r, &len);

	fuzz_check(is(text, len, word));
}

static void read_node(struct reader *r);

static void read_folder(struct reader *r)
{
	char *before = NULL;

	r->seen.dirs++;
	for (;;) {
		size_t len;
		const char *text = take(r, &len);
		char *name;

		if (is(text, len, ")"))
			break;
		fuzz_check(is(text, len, "entry"));
		expect(r, "(");
		expect(r, "name");
		text = take(r, &len);
		name = xstrndup(text, len);
		fuzz_check(strlen(name) == len && path_is_clean(name) == !strchr(name, '\n'));
		fuzz_check(!before || strcmp(before, name) < 0);
		free(before);
		before = name;
		expect(r, "node");
		read_node(r);
		expect(r, ")");
	}
	free(before);
}

static void read_file(struct reader *r)
{
	size_t len;
	const char *text = take(r, &len);

	r->seen.files++;
	if (is(text, len, "executable")) {
		expect(r, "");
		text = take(r, &len);
	}
	fuzz_check(is(text, len, "contents"));
	take(r, &len);
	r->seen.bytes += len;
	expect(r, ")");
}

static void read_node(struct reader *r)
{
	size_t len;
	const char *text;

	expect(r, "(");
	expect(r, "type");
	text = take(r, &len);
	if (is(text, len, "directory")) {
		read_folder(r);
	} else if (is(text, len, "regular")) {
		read_file(r);
	} else {
		fuzz_check(is(text, len, "symlink"));
		expect(r, "target");
		take(r, &len);
		fuzz_check(len > 0);
		expect(r, ")");
		r->seen.links++;
	}
}

static int keep(void *arg, const void *data, size_t len, struct err *err)
{
	strbuf_add(arg, data, len);
	return 0;
}

static void check_nar(const struct strbuf *nar, const struct nar_stats *stats)
{
	struct reader r = {.p = nar->s, .left = nar->len};

	expect(&r, "nix-archive-1");
	read_node(&r);
	fuzz_check(r.left == 0);
	fuzz_check(memcmp(&r.seen, stats, sizeof(*stats)) == 0);
}

static void hash(const struct made *m)
{
	_cleanup_(strbuf_release) struct strbuf nar = STRBUF_INIT;
	struct nar_stats stats = {0};
	struct sha256 found, wanted;
	struct err err = ERR_INIT;
	int rc = fuzz_result(nar_hash_at(fuzz_dirfd(), "tree", &found, &stats, &err), &err);

	fuzz_check((rc < 0) == (m->fifos > 0));
	if (rc < 0) {
		fuzz_check(err.code == ERR_INPUT);
		return;
	}
	fuzz_check(memcmp(&stats, &m->stats, sizeof(stats)) == 0);
	fuzz_check(nar_dump_at(fuzz_dirfd(), "tree", keep, &nar, NULL, &err) == 0);
	sha256_of(nar.s, nar.len, &wanted);
	fuzz_check(sha256_equal(&found, &wanted));
	check_nar(&nar, &stats);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	struct made m = {.last = -1, .stats.dirs = 1};
	struct err err = ERR_INIT;
	char *rest = text, *line;

	fuzz_fence();
	fuzz_check(mkdirat(fuzz_dirfd(), "tree", 0755) == 0);
	m.fd = openat(fuzz_dirfd(), "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < MAX_LINES && (line = strsep(&rest, "\n")); i++)
		make_one(&m, line);
	cleanup_closep(&m.last);
	cleanup_closep(&m.fd);
	hash(&m);
	fuzz_check(file_remove_tree(fuzz_dirfd(), "tree", &err) == 0);
	return 0;
}
