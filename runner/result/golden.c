/* SPDX-License-Identifier: Apache-2.0 */
#include <runner/golden.h>

#include <base/cleanup.h>
#include <string.h>

/* An entry says "variant and set"; what counts is the value of every option that follows. */
static bool same_options(const struct plan_node *n, const struct golden *g)
{
	_cleanup_(settings_release) struct settings values = SETTINGS_INIT;
	struct err ignored = ERR_INIT;

	if (options_resolve(n->recipe, g->variant, NULL, &values, &ignored) < 0)
		return false;
	settings_merge(&values, &g->set);
	return settings_equal(&values, &n->values);
}

static bool is_for(const struct plan_node *n, const struct golden *g)
{
	return !strcmp(g->target, n->target) && !strcmp(g->host, n->host) && same_options(n, g);
}

const struct golden *golden_find(const struct plan_node *n, const struct sha256 *root)
{
	const struct golden *stale = NULL;

	for (size_t i = 0; i < n->branch->n_golden; i++) {
		const struct golden *g = &n->branch->golden[i];

		if (!is_for(n, g))
			continue;
		if (sha256_equal(&g->root, root))
			return g;
		stale = g;
	}
	return stale;
}

enum golden_state golden_compare(const struct golden *g, const struct sha256 *root,
				 const json_t *outputs)
{
	if (!g)
		return GOLDEN_NONE;
	if (!sha256_equal(&g->root, root))
		return GOLDEN_STALE;
	for (size_t i = 0; i < g->outputs.n; i++) {
		const char *hex = json_get_str(outputs, g->outputs.v[i].name, "");

		if (strcmp(hex, g->outputs.v[i].value))
			return GOLDEN_DIFFERENT;
	}
	/* An output that the entry does not know was never promised: it is no golden result. */
	return json_object_size(outputs) == g->outputs.n ? GOLDEN_SAME : GOLDEN_DIFFERENT;
}

/* Options whose value is not what the variant alone gives. */
static void add_sets(const struct plan_node *n, struct strbuf *sb)
{
	_cleanup_(settings_release) struct settings plain = SETTINGS_INIT;
	struct err ignored = ERR_INIT;
	bool any = false;

	if (options_resolve(n->recipe, n->variant, NULL, &plain, &ignored) < 0)
		return;
	for (size_t i = 0; i < n->values.n; i++) {
		const struct setting *s = &n->values.v[i];
		const char *usual = settings_get(&plain, s->name);

		if (usual && !strcmp(usual, s->value))
			continue;
		strbuf_addf(sb, "%s%s: %s", any ? ", " : "    set: {", s->name, s->value);
		any = true;
	}
	if (any)
		strbuf_adds(sb, "}\n");
}

const char *golden_word(enum golden_state state)
{
	static const char *const words[] = {[GOLDEN_NONE] = "none",
					    [GOLDEN_STALE] = "stale",
					    [GOLDEN_SAME] = "same",
					    [GOLDEN_DIFFERENT] = "different"};

	return words[state];
}

char *golden_yaml(const struct plan_node *n, const char *toolchain, const struct sha256 *root,
		  const json_t *outputs)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	_cleanup_(strv_release) struct strv names = STRV_INIT;
	char hex[SHA256_HEX_LEN + 1];
	const char *name;
	json_t *value;

	sha256_to_hex(root, hex);
	strbuf_addf(&sb, "  - target: %s\n    host: %s\n", n->target, n->host);
	if (n->variant)
		strbuf_addf(&sb, "    variant: %s\n", n->variant);
	if (strcmp(toolchain, recipe_toolchain(n->recipe, &n->values, n->target)))
		strbuf_addf(&sb, "    toolchain: %s\n", toolchain);
	add_sets(n, &sb);
	strbuf_addf(&sb, "    root: \"%s\"\n    outputs:\n", hex);
	json_object_foreach ((json_t *)outputs, name, value)
		strv_push(&names, name);
	strv_sort(&names);
	/* Quoted: 64 digits without a letter would be a number. */
	for (size_t i = 0; i < names.n; i++)
		strbuf_addf(&sb, "      %s: \"%s\"\n", names.v[i],
			    json_get_str(outputs, names.v[i], ""));
	return strbuf_steal(&sb);
}

static bool root_of(const struct toolchain *tc, const struct lock *lock, struct store *s,
		    struct sha256 *out)
{
	struct err ignored = ERR_INIT;
	bool known = false;

	if (s && toolchain_root_known(s, tc, lock, &known, out, &ignored) < 0)
		known = false;
	return known || lock_recorded_root(tc, lock, out);
}

enum golden_age golden_age(const char *toolchains_dir, const struct recipe *r,
			   const struct golden *g, struct store *s)
{
	_cleanup_(toolchain_freep) struct toolchain *tc = NULL;
	_cleanup_(lock_freep) struct lock *lock = NULL;
	_cleanup_(settings_release) struct settings values = SETTINGS_INIT;
	struct err ignored = ERR_INIT;
	const char *name = g->toolchain;
	struct sha256 root;

	if (options_resolve(r, g->variant, NULL, &values, &ignored) < 0)
		return GOLDEN_AGE_UNKNOWN;
	settings_merge(&values, &g->set);
	if (!name)
		name = recipe_toolchain(r, &values, g->target);
	if (toolchain_load(toolchains_dir, name, &tc, &ignored) < 0 ||
	    lock_load(tc, g->host, g->target, &lock, &ignored) < 0)
		return GOLDEN_AGE_UNKNOWN;
	if (root_of(tc, lock, s, &root))
		return sha256_equal(&g->root, &root) ? GOLDEN_AGE_CURRENT : GOLDEN_AGE_STALE;
	/* Locked anew and not composed yet: the lock still names the root of before. */
	return lock_former_root(tc, lock, &root) && sha256_equal(&g->root, &root)
		       ? GOLDEN_AGE_STALE
		       : GOLDEN_AGE_UNKNOWN;
}

/* Does a toolchain give this root today? */
static bool is_alive(const struct golden *g, const struct strv *toolchains, const char *dir,
		     struct store *s)
{
	for (size_t i = 0; i < toolchains->n; i++) {
		_cleanup_(toolchain_freep) struct toolchain *tc = NULL;
		_cleanup_(lock_freep) struct lock *lock = NULL;
		struct err ignored = ERR_INIT;
		struct sha256 root;

		if (toolchain_load(dir, toolchains->v[i], &tc, &ignored) == 0 &&
		    lock_load(tc, g->host, g->target, &lock, &ignored) == 0 &&
		    root_of(tc, lock, s, &root) && sha256_equal(&g->root, &root))
			return true;
	}
	return false;
}

static bool is_with(const struct plan_node *n, const struct golden *g, const char *toolchain)
{
	const char *usual = recipe_toolchain(n->recipe, &n->values, n->target);

	return !strcmp(g->toolchain ? g->toolchain : usual, toolchain);
}

const struct golden *golden_replaceable(const struct plan_node *n, const char *toolchain,
					const struct sha256 *root, const char *toolchains_dir,
					struct store *s)
{
	const struct golden *g = golden_find(n, root);
	_cleanup_(strv_release) struct strv toolchains = STRV_INIT;
	struct err ignored = ERR_INIT;

	if (!g || sha256_equal(&g->root, root))
		return g;
	/* Whose entries cannot be told apart are left alone. */
	if (toolchain_names(toolchains_dir, &toolchains, &ignored) < 0)
		return NULL;
	for (size_t i = 0; i < n->branch->n_golden; i++) {
		g = &n->branch->golden[i];
		if (is_for(n, g) && is_with(n, g, toolchain) &&
		    !is_alive(g, &toolchains, toolchains_dir, s))
			return g;
	}
	return NULL;
}
