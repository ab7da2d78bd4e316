/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

Test(toolchain, loads)
{
	_cleanup_(toolchain_freep) struct toolchain *tc = NULL;
	_cleanup_(strv_release) struct strv pairs = STRV_INIT, env = STRV_INIT, wanted = STRV_INIT;
	BENCH(b);

	tc = loaded(&b, NULL, NULL);
	cr_assert_str_eq(tc->suite, "bookworm");
	toolchain_pairs(tc, &pairs);
	cr_assert_eq(pairs.n, 2);
	cr_assert_str_eq(pairs.v[1], "x86_64-aarch64");
	toolchain_env(tc, "x86_64", "aarch64", &env);
	cr_assert_eq(env.n, 1);
	cr_assert_str_eq(env.v[0], "CROSS_COMPILE=aarch64-linux-gnu-");
	toolchain_env(tc, "aarch64", "x86_64", &env);
	cr_assert_eq(env.n, 1, "an unknown pair adds nothing");
	toolchain_wanted(tc, &tc->pairs[0], &wanted);
	cr_assert_eq(wanted.n, 4);
	cr_assert_str_eq(wanted.v[0], "bash");
	cr_assert_str_eq(wanted.v[2], "gcc");
	cr_assert_eq(tc->n_links, 2);
	cr_assert_str_eq(tc->links[0].path, "usr/bin/awk");
	cr_assert(!tc->links[0].optional && tc->links[1].optional);
}

struct wrong {
	const char *old, *now, *message;
};

/* Each with the line and column where the user must look. */
static const struct wrong wrongs[] = {
	{"belljar: 1", "belljar: 2", "toolchain.yaml:1:10: 'belljar': expected 1, found 2"},
	{"name: t", "name: u", "toolchain.yaml:2:7: 'name': expected 't', the folder's name"},
	{"suite: bookworm", "sweet: bookworm", "toolchain.yaml:3:1: unknown key 'sweet'"},
	{"suite: bookworm", "suite: ../x", "toolchain.yaml:3:8: 'suite': expected"},
	{"components: [main]", "components: []",
	 "'components': expected a component, found an empty list"},
	{"mirror: debian\n", "", "missing key 'mirror'"},
	{"keys/t.gpg", "../t.gpg", "toolchain.yaml:7:9: 'file': expected a path below"},
	{"[B8B80B", "[b8B80B", "toolchain.yaml:8:18: 'fingerprints': expected 40 hex digits"},
	{"[B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8]", "[]", "found an empty list"},
	{"[bash, coreutils]", "[bash, bash]",
	 "toolchain.yaml:9:19: 'essential': 'bash' is there twice"},
	{"[bash, coreutils]", "bash", "toolchain.yaml:9:12: 'essential': expected"},
	{"host: x86_64", "host: i386", "toolchain.yaml:11:11: 'host': expected x86_64 or aarch64"},
	{"target: aarch64", "target: x86_64",
	 "toolchain.yaml:14:5: pair x86_64-x86_64 is there twice"},
	{"[make, gcc]", "[make, 'g c']",
	 "toolchain.yaml:13:22: 'packages': expected a package name"},
	{"[make, gcc]", "[make, '-o']", "'packages': expected a package name"},
	{"CROSS_COMPILE:", "cross compile:", "'env': expected NAME: value"},
	{"/usr/bin/awk", "usr/bin/awk", "toolchain.yaml:19:16: 'links': expected an absolute path"},
	{"/usr/bin/awk", "/usr/../awk", "'links': expected an absolute path"},
	{"awk: mawk", "awk: ../mawk", "expected a name in the same folder or an absolute path"},
	{"optional: true", "maybe: true", "unknown key 'maybe'"},
	{"[usr/share/doc]", "[/usr/share/doc]",
	 "toolchain.yaml:21:8: 'drop': expected a path below"},
};

Test(toolchain, refuses_what_is_wrong_with_its_place)
{
	BENCH(b);

	for (size_t i = 0; i < ARRAY_SIZE(wrongs); i++) {
		_cleanup_(toolchain_freep) struct toolchain *tc = NULL;
		_cleanup_free_ char *yaml = yaml_with(wrongs[i].old, wrongs[i].now);
		struct err err = ERR_INIT;

		REFUSED(load(&b, yaml, &tc, &err), ERR_INPUT, wrongs[i].message);
		cr_assert_null(tc);
	}
}

Test(toolchain, refuses_a_missing_folder_and_a_path_as_name)
{
	_cleanup_(toolchain_freep) struct toolchain *tc = NULL;
	struct err err = ERR_INIT;
	BENCH(b);

	REFUSED(toolchain_load(b.dir, "none", &tc, &err), ERR_INPUT,
		"there is no toolchain 'none' in ");
	REFUSED(toolchain_load(b.dir, "../etc", &tc, &err), ERR_INPUT, "not a name");
}

static void shipped(const char *name, size_t n_pairs)
{
	_cleanup_(toolchain_freep) struct toolchain *tc = NULL;
	struct err err = ERR_INIT;

	OK(toolchain_load(TOOLCHAINS_DIR, name, &tc, &err));
	cr_assert_eq(tc->n_pairs, n_pairs);
	for (size_t i = 0; i < tc->n_pairs; i++) {
		_cleanup_(lock_freep) struct lock *l = NULL;
		struct sha256 key;

		OK(lock_load(tc, tc->pairs[i].host, tc->pairs[i].target, &l, &err));
		cr_assert(lock_count(l) > 50);
		lock_root_key(tc, l, &key);
		cr_assert(l->has_root && sha256_equal(&key, &l->root_key),
			  "%s %s-%s: the recorded root is of another composition", name, l->host,
			  l->target);
	}
}

Test(toolchain, the_shipped_ones_are_right_and_their_locks_match)
{
	shipped("debian-12", 3);
	shipped("debian-12-xen-tools", 3);
	shipped("debian-12-xen-standard", 2);
}
