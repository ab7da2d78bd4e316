/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

static const char more_yaml[] = "belljar: 1\n"
				"name: more\n"
				"extends: t\n"
				"essential: [tar]\n"
				"pairs:\n"
				"  - host: x86_64\n"
				"    target: aarch64\n"
				"    packages: [pandoc, 'zlib1g-dev:arm64']\n"
				"    env: {MORE: yes, CROSS_COMPILE: other-}\n"
				"links:\n"
				"  /usr/bin/vi: vim\n"
				"drop: [usr/share/man]\n";

/* more/ beside the t/ of the bench; "" for @old changes nothing. */
static int load_more(struct bench *b, const char *old, const char *now, struct toolchain **out,
		     struct err *err)
{
	const char *at = strstr(more_yaml, old);
	_cleanup_free_ char *yaml =
		xasprintf("%.*s%s%s", (int)(at - more_yaml), more_yaml, now, at + strlen(old));
	_cleanup_(toolchain_freep) struct toolchain *base = loaded(b, NULL, NULL);

	put(b, "more/toolchain.yaml", yaml);
	return toolchain_load(b->dir, "more", out, err);
}

Test(extend, adds_to_the_other_one)
{
	_cleanup_(toolchain_freep) struct toolchain *tc = NULL;
	_cleanup_(strv_release) struct strv pairs = STRV_INIT, env = STRV_INIT, wanted = STRV_INIT;
	struct err err = ERR_INIT;
	BENCH(b);

	OK(load_more(&b, "", "", &tc, &err));
	cr_assert_str_eq(tc->name, "more");
	cr_assert_str_eq(tc->suite, "bookworm");
	cr_assert_str_eq(tc->mirror, "debian");
	cr_assert(strstr(tc->key_file, "/t/keys/t.gpg"), "%s", tc->key_file);
	cr_assert(str_ends(tc->dir, "/more"), "its locks are its own: %s", tc->dir);
	cr_assert_eq(tc->fingerprints.n, 1);
	toolchain_pairs(tc, &pairs);
	cr_assert_eq(pairs.n, 1, "only the pairs that it names");
	toolchain_wanted(tc, &tc->pairs[0], &wanted);
	cr_assert_eq(wanted.n, 6); /* bash coreutils gcc-aarch64-… pandoc tar zlib1g-dev:arm64 */
	cr_assert(strv_contains(&wanted, "gcc-aarch64-linux-gnu"));
	cr_assert(strv_contains(&wanted, "pandoc") && strv_contains(&wanted, "tar"));
	toolchain_env(tc, "x86_64", "aarch64", &env);
	cr_assert_str_eq(env.v[env.n - 1], "CROSS_COMPILE=other-", "its own value comes last");
	cr_assert_eq(tc->n_links, 3);
	cr_assert_str_eq(tc->links[0].path, "usr/bin/awk", "links are sorted");
	cr_assert_str_eq(tc->links[2].path, "usr/bin/vi");
	cr_assert_eq(tc->drop.n, 2);
	cr_assert_str_eq(tc->drop.v[1], "usr/share/man");
}

Test(extend, adds_to_one_that_extends_another)
{
	_cleanup_(toolchain_freep) struct toolchain *tc = NULL, *middle = NULL;
	_cleanup_(strv_release) struct strv wanted = STRV_INIT, env = STRV_INIT;
	struct err err = ERR_INIT;
	BENCH(b);

	put(&b, "most/toolchain.yaml",
	    "belljar: 1\nname: most\nextends: more\ndrop: [usr/share/info]\npairs:\n"
	    "  - {host: x86_64, target: aarch64, packages: [nasm], env: {MORE: even}}\n");
	OK(load_more(&b, "", "", &middle, &err));
	OK(toolchain_load(b.dir, "most", &tc, &err));
	cr_assert_str_eq(tc->suite, "bookworm");
	cr_assert_str_eq(toolchain_extends(tc), "more");
	cr_assert(toolchain_builds_on(tc, "more") && toolchain_builds_on(tc, "t"));
	cr_assert(toolchain_builds_on(middle, "t") && !toolchain_builds_on(middle, "more"));
	cr_assert(!toolchain_builds_on(tc, "most"));
	toolchain_wanted(tc, &tc->pairs[0], &wanted);
	cr_assert_eq(wanted.n, 7, "those of more, and nasm");
	cr_assert(strv_contains(&wanted, "nasm") && strv_contains(&wanted, "pandoc") &&
		  strv_contains(&wanted, "gcc-aarch64-linux-gnu"));
	toolchain_env(tc, "x86_64", "aarch64", &env);
	cr_assert_str_eq(env.v[env.n - 1], "MORE=even", "its own value comes last");
	cr_assert_eq(tc->n_links, 3);
	cr_assert_eq(tc->drop.n, 3);
}

Test(extend, circles_are_refused)
{
	struct toolchain *tc = NULL;
	struct err err = ERR_INIT;
	BENCH(b);

	put(&b, "most/toolchain.yaml",
	    "belljar: 1\nname: most\nextends: more\npairs:\n"
	    "  - {host: x86_64, target: aarch64, packages: [nasm]}\n");
	REFUSED(load_more(&b, "extends: t", "extends: most", &tc, &err), ERR_INPUT,
		"toolchain more extends most: toolchain most extends more: that goes round in a "
		"circle");
}

static const struct {
	const char *old, *now, *message;
} wrongs[] = {
	{"extends: t", "extends: none", "toolchain more extends none: there is no toolchain"},
	{"extends: t", "extends: more", "toolchain more extends more: that goes round in a circle"},
	{"extends: t", "extends: ../t", "'extends': expected a toolchain's name"},
	{"extends: t", "extends: t\nsuite: trixie", "unknown key 'suite'"},
	{"extends: t", "extends: t\nkeys: {file: k, fingerprints: []}", "unknown key 'keys'"},
	{"host: x86_64", "host: aarch64", "toolchain t has no pair aarch64-aarch64"},
	{"/usr/bin/vi: vim", "/usr/bin/awk: gawk", "the link /usr/bin/awk is in both"},
};

Test(extend, refuses_what_is_wrong_with_its_reason)
{
	BENCH(b);

	for (size_t i = 0; i < ARRAY_SIZE(wrongs); i++) {
		struct toolchain *tc = NULL;
		struct err err = ERR_INIT;

		REFUSED(load_more(&b, wrongs[i].old, wrongs[i].now, &tc, &err), ERR_INPUT,
			wrongs[i].message);
		cr_assert_null(tc);
	}
}
