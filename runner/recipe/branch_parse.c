/* SPDX-License-Identifier: Apache-2.0 */
/* branch.yaml, key by key. */
#include <runner/recipe.h>

#include "choice.h"
#include "schema.h"
#include "source.h"

#include <base/cleanup.h>
#include <runner/names.h>
#include <string.h>

#define EPOCH_MAX 0xffffffffLL

static int parse_golden_outputs(const struct recipe *r, const struct yaml *node, struct golden *g,
				struct err *err)
{
	const struct yaml *map = NULL;
	struct sha256 hash;
	char hex[SHA256_HEX_LEN + 1];

	if (yaml_get_map(node, "outputs", true, &map, err) < 0)
		return -1;
	for (size_t i = 0; i < map->n; i++) {
		if (!recipe_has_output(r, map->keys[i]))
			return yaml_error(map->items[i], err, "'outputs': there is no output '%s'",
					  map->keys[i]);
		if (schema_hash(map, map->keys[i], &hash, err) < 0)
			return -1;
		sha256_to_hex(&hash, hex);
		settings_set(&g->outputs, map->keys[i], hex);
	}
	return 0;
}

static int check_golden(const struct recipe *r, const struct yaml *node, const struct golden *g,
			struct err *err)
{
	bool found = !g->variant;

	for (size_t i = 0; !found && i < r->n_variants; i++)
		found = !strcmp(r->variants[i].name, g->variant);
	if (!found)
		return yaml_error(yaml_get(node, "variant"), err,
				  "'variant': there is no variant '%s'", g->variant);
	if (!arch_known(g->target) || !arch_known(g->host))
		return yaml_error(node, err, "'target' and 'host': expected x86_64 or aarch64");
	return 0;
}

static int parse_golden(const struct recipe *r, const struct yaml *node, struct golden *g,
			struct err *err)
{
	static const char *const keys[] = {"variant", "target", "host",    "toolchain",
					   "set",     "root",   "outputs", NULL};

	if (schema_map(node, "a golden entry", keys, err) < 0 ||
	    schema_name(node, "variant", false, &g->variant, err) < 0 ||
	    schema_name(node, "target", true, &g->target, err) < 0 ||
	    schema_name(node, "host", true, &g->host, err) < 0 ||
	    schema_name(node, "toolchain", false, &g->toolchain, err) < 0 ||
	    schema_options(r, node, "set", false, &g->set, err) < 0 ||
	    schema_hash(node, "root", &g->root, err) < 0 ||
	    parse_golden_outputs(r, node, g, err) < 0)
		return -1;
	return check_golden(r, node, g, err);
}

static int parse_goldens(const struct recipe *r, struct branch *b, const struct yaml *root,
			 struct err *err)
{
	const struct yaml *list = NULL;

	if (yaml_get_list(root, "golden", false, &list, err) < 0)
		return -1;
	b->golden = xcalloc(list ? list->n : 1, sizeof(*b->golden));
	for (size_t i = 0; list && i < list->n; i++) {
		if (parse_golden(r, list->items[i], &b->golden[b->n_golden++], err) < 0)
			return -1;
	}
	return 0;
}

static bool date_ok(const char *s)
{
	return strlen(s) == 10 && s[4] == '-' && s[7] == '-' && strspn(s, "0123456789-") == 10;
}

static int parse_date(const struct yaml *map, const char *key, char **out, struct err *err)
{
	if (schema_text(map, key, false, out, err) < 0)
		return -1;
	if (*out && !date_ok(*out))
		return yaml_error(yaml_get(map, key), err,
				  "'%s': expected a date as in 2028-03-05, found '%s'", key, *out);
	return 0;
}

static int parse_support(struct branch *b, const struct yaml *root, struct err *err)
{
	static const char *const keys[] = {"released", "full_until", "security_until", "source",
					   NULL};
	const struct yaml *map = NULL;

	if (yaml_get_map(root, "support", false, &map, err) < 0)
		return -1;
	if (!map)
		return 0;
	if (yaml_only_keys(map, "support", keys, err) < 0 ||
	    parse_date(map, "released", &b->released, err) < 0 ||
	    parse_date(map, "full_until", &b->full_until, err) < 0 ||
	    schema_text(map, "source", false, &b->support_source, err) < 0)
		return -1;
	return parse_date(map, "security_until", &b->security_until, err);
}

/* A branch that nobody has pinned yet may not know the time of its commit either. */
static int parse_epoch(struct branch *b, const struct yaml *root, struct err *err)
{
	const struct yaml *node = yaml_get(root, "epoch");

	if (node && node->kind == YAML_SCALAR && !strcmp(node->text, "unknown")) {
		if (!branch_pinned(b, NULL))
			return 0;
		return yaml_error(node, err,
				  "'epoch': all sources are pinned, so expected a time: the "
				  "commit's in seconds, as `fetch --print-nar` told it");
	}
	if (yaml_get_int(root, "epoch", true, &b->epoch, err) < 0)
		return -1;
	/* Never the clock: what builds today must not be refused on a host that is behind. */
	if (b->epoch <= 0 || b->epoch > EPOCH_MAX)
		return yaml_error(
			node, err,
			"'epoch': expected seconds since 1970, from 1 to %lld (32 bits, all "
			"that gzip and PE files hold), found %lld",
			EPOCH_MAX, (long long)b->epoch);
	return 0;
}

static int parse_all(const struct recipe *r, struct branch *b, const struct yaml *root,
		     struct err *err)
{
	static const char *const keys[] = {"belljar", "version", "epoch",  "support", "sources",
					   "env",     "golden",  "refuse", NULL};

	if (schema_map(root, "a branch", keys, err) < 0 || schema_version(root, err) < 0 ||
	    schema_text(root, "version", true, &b->version, err) < 0 ||
	    parse_support(b, root, err) < 0 || schema_env(root, &b->env, err) < 0 ||
	    source_parse_all(r, b, root, err) < 0 || parse_epoch(b, root, err) < 0 ||
	    choice_refusals(r, root, &b->refusals, &b->n_refusals, err) < 0)
		return -1;
	return parse_goldens(r, b, root, err);
}

int branch_parse(const struct recipe *r, const char *file, const char *text, size_t len,
		 const char *name, const char *dir, struct branch **out, struct err *err)
{
	_cleanup_(yaml_doc_release) struct yaml_doc doc = {0};
	_cleanup_(branch_freep) struct branch *b = xcalloc(1, sizeof(*b));

	if (yaml_parse(file, text, len, &doc, err) < 0)
		return -1;
	b->name = xstrdup(name);
	b->dir = xstrdup(dir);
	if (parse_all(r, b, doc.root, err) < 0)
		return -1;
	*out = TAKE_PTR(b);
	return 0;
}
