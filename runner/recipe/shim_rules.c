/* SPDX-License-Identifier: Apache-2.0 */
#include "shim_rules.h"

#include "schema.h"

#include <base/cleanup.h>
#include <shims/format.h>
#include <string.h>

struct shim_kind {
	const char *name;
	enum shim_policy policy; /* the default */
	const char *text;
	unsigned may; /* SHIM_ALLOW() of what makes sense */
};

#define KIND(tool, default_policy, default_text, allowed)                                          \
	{tool, default_policy, default_text, allowed},
static const struct shim_kind kinds[] = {SHIM_TOOLS(KIND)};

#define NAME(policy, name) [policy] = (name),
static const char *const policies[SHIM_POLICIES_COUNT] = {SHIM_POLICIES(NAME)};

static struct shim_rule *find(struct recipe *r, const char *name)
{
	for (size_t i = 0; i < r->n_shims; i++) {
		if (!strcmp(r->shims[i].name, name))
			return &r->shims[i];
	}
	return NULL;
}

static int unknown_shim(const struct yaml *at, const char *name, struct err *err)
{
	const char *names[ARRAY_SIZE(kinds)];
	const char *near;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		names[i] = kinds[i].name;
	near = str_nearest(name, names, ARRAY_SIZE(kinds));
	return yaml_error(at, err, "'shims': there is no shim '%s'%s%s%s", name,
			  near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int bad_policy(const struct yaml *at, const struct shim_kind *kind, const char *found,
		      struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	for (unsigned p = 0; p < SHIM_POLICIES_COUNT; p++) {
		if (kind->may & SHIM_ALLOW(p))
			strbuf_addf(&sb, " %s", policies[p]);
	}
	return yaml_error(at, err, "'policy' of %s: expected one of%s, found '%s'", kind->name,
			  strbuf_str(&sb), found);
}

static bool text_ok(const char *text)
{
	for (const char *p = text; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return false;
	}
	return strlen(text) <= SHIM_TEXT_MAX;
}

static int check_policy(const struct yaml *at, const struct shim_kind *kind, struct shim_rule *rule,
			struct err *err)
{
	unsigned p = 0;

	while (p < SHIM_POLICIES_COUNT && strcmp(policies[p], rule->policy))
		p++;
	if (p == SHIM_POLICIES_COUNT || !(kind->may & SHIM_ALLOW(p)))
		return bad_policy(at, kind, rule->policy, err);
	if (p == SHIM_FIXED && !rule->text && kind->policy == SHIM_FIXED)
		rule->text = xstrdup(kind->text);
	if (p == SHIM_FIXED && !rule->text)
		return yaml_error(at, err, "policy fixed of %s needs a 'text'", kind->name);
	if (p != SHIM_FIXED && rule->text)
		return yaml_error(at, err, "'text' of %s: only policy fixed has one", kind->name);
	if (rule->text && !text_ok(rule->text))
		return yaml_error(
			at, err, "'text' of %s: expected one short line without control characters",
			kind->name);
	return 0;
}

static int parse_one(struct recipe *r, const char *name, const struct yaml *node, struct err *err)
{
	static const char *const keys[] = {"policy", "text", NULL};
	struct shim_rule *rule = find(r, name);

	if (!rule)
		return unknown_shim(node, name, err);
	if (schema_map(node, name, keys, err) < 0)
		return -1;
	rule->declared = true;
	free(rule->policy);
	free(rule->text);
	rule->policy = rule->text = NULL;
	if (schema_text(node, "policy", true, &rule->policy, err) < 0 ||
	    schema_text(node, "text", false, &rule->text, err) < 0)
		return -1;
	return check_policy(node, &kinds[rule - r->shims], rule, err);
}

int shim_rules_parse(struct recipe *r, const struct yaml *map, struct err *err)
{
	r->shims = xcalloc(ARRAY_SIZE(kinds), sizeof(*r->shims));
	for (; r->n_shims < ARRAY_SIZE(kinds); r->n_shims++) {
		const struct shim_kind *k = &kinds[r->n_shims];

		r->shims[r->n_shims] = (struct shim_rule){
			.name = xstrdup(k->name),
			.policy = xstrdup(policies[k->policy]),
			.text = k->policy == SHIM_FIXED ? xstrdup(k->text) : NULL,
		};
	}
	for (size_t i = 0; map && i < map->n; i++) {
		if (parse_one(r, map->keys[i], map->items[i], err) < 0)
			return -1;
	}
	return 0;
}
