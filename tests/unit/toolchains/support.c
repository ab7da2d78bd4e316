/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include <base/file.h>
#include <fcntl.h>
#include <sys/stat.h>

static const char good_yaml[] = "belljar: 1\n"
				"name: t\n"
				"suite: bookworm\n"
				"components: [main]\n"
				"mirror: debian\n"
				"keys:\n"
				"  file: keys/t.gpg\n"
				"  fingerprints: [B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8]\n"
				"essential: [bash, coreutils]\n"
				"pairs:\n"
				"  - host: x86_64\n"
				"    target: x86_64\n"
				"    packages: [make, gcc]\n"
				"  - host: x86_64\n"
				"    target: aarch64\n"
				"    packages: [gcc-aarch64-linux-gnu, 'zlib1g-dev:arm64']\n"
				"    env: {CROSS_COMPILE: aarch64-linux-gnu-}\n"
				"links:\n"
				"  /usr/bin/awk: mawk\n"
				"  /usr/bin/pager: {to: more, optional: true}\n"
				"drop: [usr/share/doc]\n";

#define HASH_1 "1111111111111111111111111111111111111111111111111111111111111111"
#define HASH_2 "2222222222222222222222222222222222222222222222222222222222222222"

static const char good_lock[] =
	"# a comment\n"
	"belljar: 1\n"
	"host: x86_64\n"
	"target: x86_64\n"
	"suite: bookworm\n"
	"mirror: debian\n"
	"release:\n"
	"  sha256: 3333333333333333333333333333333333333333333333333333333333333333\n"
	"  date: \"Sat, 11 Jul 2026 10:16:37 UTC\"\n"
	"  signed_by: [B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8]\n"
	"wanted: |\n"
	"  bash\n"
	"  coreutils\n"
	"  gcc\n"
	"  make\n"
	"packages: |\n"
	"  bash 5.2-1 amd64 100 " HASH_1 " pool/main/b/bash/bash_5.2-1_amd64.deb\n"
	"  libc6 1:2.36-9+deb12u1 amd64 200 " HASH_2
	" pool/main/g/glibc/libc6_2.36.deb replaces=bash\n";

struct bench bench_new(void)
{
	struct bench b = {.dir = "/tmp/bj-toolchains-XXXXXX"};

	cr_assert(mkdtemp(b.dir));
	b.fd = open(b.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert(b.fd >= 0);
	return b;
}

void bench_release(struct bench *b)
{
	struct err err = ERR_INIT;

	close(b->fd);
	if (file_remove_tree(AT_FDCWD, b->dir, &err) < 0)
		cr_log_warn("%s", err.msg);
}

static void parents(const struct bench *b, const char *path)
{
	_cleanup_free_ char *folder = xstrndup(path, (size_t)(path_base(path) - path));
	struct err err = ERR_INIT;

	if (*folder) {
		folder[strlen(folder) - 1] = '\0';
		OK(file_mkdir_p(b->fd, folder, 0755, &err));
	}
}

static void put_mode(const struct bench *b, const char *path, const char *text, mode_t mode)
{
	_cleanup_close_ int fd = -1;
	struct err err = ERR_INIT;

	parents(b, path);
	fd = file_open(b->fd, path, O_WRONLY | O_CREAT | O_TRUNC, mode, &err);
	cr_assert(fd >= 0, "%s", err.msg);
	OK(file_write_all(fd, text, strlen(text), &err));
	cr_assert_eq(fchmod(fd, mode), 0);
}

void put(const struct bench *b, const char *path, const char *text)
{
	put_mode(b, path, text, 0644);
}

void put_exec(const struct bench *b, const char *path, const char *text)
{
	put_mode(b, path, text, 0755);
}

void put_link(const struct bench *b, const char *path, const char *to)
{
	parents(b, path);
	cr_assert_eq(symlinkat(to, b->fd, path), 0);
}

void put_dir(const struct bench *b, const char *path)
{
	struct err err = ERR_INIT;

	OK(file_mkdir_p(b->fd, path, 0755, &err));
}

char *get(const struct bench *b, const char *path)
{
	struct err err = ERR_INIT;
	char *text = NULL;
	size_t len = 0;

	if (file_readlink(b->fd, path, &text, &err) == 0)
		return text;
	return file_read(b->fd, path, 1 << 20, &text, &len, &err) < 0 ? NULL : text;
}

static char *replaced(const char *text, const char *old, const char *now)
{
	const char *at = old ? strstr(text, old) : NULL;

	if (!old)
		return xstrdup(text);
	cr_assert(at, "'%s' is not in the text", old);
	return xasprintf("%.*s%s%s", (int)(at - text), text, now, at + strlen(old));
}

char *yaml_with(const char *old, const char *now)
{
	return replaced(good_yaml, old, now);
}

int load(const struct bench *b, const char *yaml, struct toolchain **out, struct err *err)
{
	put(b, "t/toolchain.yaml", yaml);
	return toolchain_load(b->dir, "t", out, err);
}

struct toolchain *loaded(const struct bench *b, const char *old, const char *now)
{
	_cleanup_free_ char *yaml = yaml_with(old, now);
	struct toolchain *tc = NULL;
	struct err err = ERR_INIT;

	OK(load(b, yaml, &tc, &err));
	return tc;
}

char *lock_with(const char *old, const char *now)
{
	return replaced(good_lock, old, now);
}

struct lock *parsed(const char *old, const char *now)
{
	_cleanup_free_ char *text = lock_with(old, now);
	struct lock *l = NULL;
	struct err err = ERR_INIT;

	OK(lock_parse("l.yaml", text, strlen(text), &l, &err));
	return l;
}
