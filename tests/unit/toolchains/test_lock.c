/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include <base/file.h>

Test(lock, parses)
{
	_cleanup_(lock_freep) struct lock *l = parsed(NULL, NULL);
	const struct lock_package *p;

	cr_assert_eq(lock_count(l), 2);
	p = lock_at(l, 1);
	cr_assert_str_eq(p->name, "libc6");
	cr_assert_str_eq(p->version, "1:2.36-9+deb12u1");
	cr_assert_str_eq(p->arch, "amd64");
	cr_assert_eq(p->size, 200);
	cr_assert_eq(p->hash.b[0], 0x22);
	cr_assert_str_eq(p->path, "pool/main/g/glibc/libc6_2.36.deb");
	cr_assert_eq(l->replaces[1].n, 1);
	cr_assert_str_eq(l->replaces[1].v[0], "bash");
	cr_assert(!l->has_root);
}

Test(lock, format_and_parse_are_inverse)
{
	_cleanup_(toolchain_freep) struct toolchain *tc = NULL;
	_cleanup_(lock_freep) struct lock *a = parsed(NULL, NULL), *again = NULL;
	_cleanup_(strbuf_release) struct strbuf one = STRBUF_INIT, two = STRBUF_INIT;
	struct err err = ERR_INIT;
	BENCH(b);

	tc = loaded(&b, NULL, NULL);
	a->has_root = true;
	lock_root_key(tc, a, &a->root_key);
	sha256_of("x", 1, &a->root_tree);
	lock_format(tc, a, &one);
	OK(lock_parse("l", strbuf_str(&one), one.len, &again, &err));
	lock_format(tc, again, &two);
	cr_assert_str_eq(strbuf_str(&one), strbuf_str(&two));
	cr_assert(again->has_root && sha256_equal(&a->root_tree, &again->root_tree));
}

struct wrong {
	const char *old, *now, *message;
};

static const struct wrong wrongs[] = {
	{"belljar: 1", "belljar: 7", "l.yaml:2:10: 'belljar': expected 1"},
	{"  sha256: 3333", "  sha256: 333", "l.yaml:8:11: 'sha256': expected 64 hex digits"},
	{"Sat, 11 Jul 2026", "yesterday", "l.yaml:9:9: 'date': expected a date"},
	{"[B8B8", "[B8", "l.yaml:10:15: 'signed_by': expected 40 hex digits"},
	{"mirror: debian\n", "", "missing key 'mirror'"},
	{"packages: |", "pakages: |", "l.yaml:16:1: unknown key 'pakages'"},
	{" 100 ", " 1e2 ", "l.yaml:17:20: expected NAME VERSION ARCH SIZE SHA256 PATH"},
	{" 100 ", " 0 ", "l.yaml:17:20: expected NAME"},
	{" 1111", " 111", "l.yaml:17:24: expected NAME"},
	{" replaces=bash", " replace=bash", "l.yaml:18:134: expected NAME"},
	{" replaces=bash", " replaces=bash more", "l.yaml:18:148: expected NAME"},
	{" pool/main/b/bash/bash_5.2-1_amd64.deb", "", "l.yaml:17:24: expected NAME"},
	{"pool/main/b", "../main/b", "l.yaml:17:3: package 'bash': its path"},
	{"pool/main/b", "/pool/main/b", "l.yaml:17:3: package 'bash': its path"},
	{"  bash 5.2-1", "  bash 5.2\"1", "l.yaml:17:3: package 'bash': its version"},
	{"  bash 5.2-1", "  zash 5.2-1", "l.yaml:18:3: package 'libc6' is not behind 'zash'"},
	{"  libc6 1", "  bash 1", "l.yaml:18:3: package 'bash' is not behind 'bash'"},
};

Test(lock, refuses_what_is_wrong_with_its_place)
{
	for (size_t i = 0; i < ARRAY_SIZE(wrongs); i++) {
		_cleanup_free_ char *text = lock_with(wrongs[i].old, wrongs[i].now);
		_cleanup_(lock_freep) struct lock *l = NULL;
		struct err err = ERR_INIT;

		REFUSED(lock_parse("l.yaml", text, strlen(text), &l, &err), ERR_INPUT,
			wrongs[i].message);
		cr_assert_null(l);
	}
}

Test(lock, refuses_one_without_packages)
{
	_cleanup_free_ char *text = lock_with("packages: |", "packages: ''\nwanted_not: |");
	_cleanup_(lock_freep) struct lock *l = NULL;
	struct err err = ERR_INIT;
	char *end = strstr(text, "wanted_not");

	*end = '\0';
	REFUSED(lock_parse("l.yaml", text, strlen(text), &l, &err), ERR_INPUT,
		"'packages': expected at least one line");
}

static int load_pair(const struct bench *b, const char *lock, const char *target, struct err *err)
{
	_cleanup_(toolchain_freep) struct toolchain *tc = loaded(b, NULL, NULL);
	_cleanup_(lock_freep) struct lock *l = NULL;

	if (lock)
		put(b, "t/locks/x86_64-x86_64.yaml", lock);
	return lock_load(tc, "x86_64", target, &l, err);
}

Test(lock, load_says_what_to_do)
{
	_cleanup_free_ char *good = lock_with(NULL, NULL);
	_cleanup_free_ char *stale = lock_with("  make\n", "  make\n  tar\n");
	_cleanup_free_ char *suite = lock_with("bookworm", "trixie");
	_cleanup_free_ char *other = lock_with("target: x86_64", "target: aarch64");
	struct err err = ERR_INIT;
	BENCH(b);

	REFUSED(load_pair(&b, NULL, "x86_64", &err), ERR_INPUT, "belljar toolchain lock t");
	REFUSED(load_pair(&b, NULL, "riscv64", &err), ERR_INPUT,
		"has no pair x86_64-riscv64; it has x86_64-x86_64, x86_64-aarch64");
	OK(load_pair(&b, good, "x86_64", &err));
	REFUSED(load_pair(&b, stale, "x86_64", &err), ERR_INPUT,
		"renew it with `belljar toolchain");
	REFUSED(load_pair(&b, suite, "x86_64", &err), ERR_INPUT, "suite trixie, expected bookworm");
	REFUSED(load_pair(&b, other, "x86_64", &err), ERR_INPUT, "expected x86_64-x86_64");
}

Test(lock, changes)
{
	_cleanup_(lock_freep) struct lock *old = parsed(NULL, NULL);
	_cleanup_(lock_freep) struct lock *now = parsed("libc6 1:2.36-9+deb12u1", "libc6 1:2.37-1");
	_cleanup_(lock_freep) struct lock *add = parsed("libc6", "libc7");
	_cleanup_(lock_freep) struct lock *same = parsed(" 1111", " 1112");
	_cleanup_(strv_release) struct strv out = STRV_INIT;

	lock_changes(old, old, &out);
	cr_assert_eq(out.n, 0);
	lock_changes(NULL, old, &out);
	cr_assert_str_eq(out.v[0], "+ bash 5.2-1");
	lock_changes(old, now, &out);
	cr_assert_str_eq(out.v[2], "libc6 1:2.36-9+deb12u1 -> 1:2.37-1");
	lock_changes(old, add, &out);
	cr_assert_str_eq(out.v[3], "- libc6 1:2.36-9+deb12u1");
	cr_assert_str_eq(out.v[4], "+ libc7 1:2.36-9+deb12u1");
	lock_changes(old, same, &out);
	cr_assert_str_eq(out.v[5], "bash 5.2-1 -> 5.2-1 (other content)");
	cr_assert_eq(out.n, 6);
}

static struct sha256 key_of(const char *yaml_old, const char *yaml_now, const char *lock_old,
			    const char *lock_now)
{
	_cleanup_(toolchain_freep) struct toolchain *tc = NULL;
	_cleanup_(lock_freep) struct lock *l = parsed(lock_old, lock_now);
	struct sha256 key;
	BENCH(b);

	tc = loaded(&b, yaml_old, yaml_now);
	lock_root_key(tc, l, &key);
	return key;
}

static bool changes_key(const char *yaml_old, const char *yaml_now, const char *lock_old,
			const char *lock_now)
{
	struct sha256 a = key_of(NULL, NULL, NULL, NULL);
	struct sha256 b = key_of(yaml_old, yaml_now, lock_old, lock_now);

	return !sha256_equal(&a, &b);
}

Test(lock, root_key_holds_what_decides_the_root)
{
	cr_assert(changes_key(NULL, NULL, " 1111", " 1112"), "content of a package");
	cr_assert(changes_key(NULL, NULL, "replaces=bash", "replaces=dash"), "replaces");
	cr_assert(changes_key("awk: mawk", "awk: gawk", NULL, NULL), "target of a link");
	cr_assert(changes_key("optional: true", "optional: false", NULL, NULL), "optional");
	cr_assert(changes_key("[usr/share/doc]", "[usr/share/man]", NULL, NULL), "drop");
}

Test(lock, root_key_holds_nothing_else)
{
	cr_assert(!changes_key(NULL, NULL, "# a comment", "# other words"), "comment");
	cr_assert(!changes_key(NULL, NULL, "pool/main/b/bash", "elsewhere"), "path on the mirror");
	cr_assert(!changes_key(NULL, NULL, "mirror: debian", "mirror: mine"), "mirror");
	cr_assert(!changes_key(NULL, NULL, "11 Jul", "12 Jul"), "date of the Release");
	cr_assert(!changes_key("mirror: debian", "mirror: mine", NULL, NULL), "mirror");
	cr_assert(!changes_key("[make, gcc]", "[gcc, make, tar]", NULL, NULL), "wanted list");
	cr_assert(
		!changes_key("  /usr/bin/awk: mawk\n  /usr/bin/pager: {to: more, optional: true}\n",
			     "  /usr/bin/pager: {to: more, optional: true}\n  /usr/bin/awk: mawk\n",
			     NULL, NULL),
		"order of the links table");
}

Test(lock, record_root_writes_key_and_tree)
{
	_cleanup_(toolchain_freep) struct toolchain *tc = NULL;
	_cleanup_(lock_freep) struct lock *l = NULL;
	_cleanup_free_ char *text = lock_with(NULL, NULL);
	struct sha256 tree, key;
	struct err err = ERR_INIT;
	BENCH(b);

	tc = loaded(&b, NULL, NULL);
	put(&b, "t/locks/x86_64-x86_64.yaml", text);
	sha256_of("tree", 4, &tree);
	OK(toolchain_lock_record_root(tc, "x86_64", "x86_64", &tree, &err));
	OK(lock_load(tc, "x86_64", "x86_64", &l, &err));
	lock_root_key(tc, l, &key);
	cr_assert(l->has_root && sha256_equal(&l->root_tree, &tree));
	cr_assert(sha256_equal(&l->root_key, &key));
}
