/* SPDX-License-Identifier: Apache-2.0 */
/* Options: what a variant and --set make of a recipe's, and conditions over them. */
#include <runner/recipe.h>

#include <base/cleanup.h>
#include <ctype.h>
#include <string.h>
#include <sys/utsname.h>

bool arch_known(const char *arch)
{
	return !strcmp(arch, "x86_64") || !strcmp(arch, "aarch64");
}

const char *arch_host(void)
{
	static struct utsname u;

	if (!u.machine[0])
		uname(&u);
	return u.machine;
}

char *env_name(const char *prefix, const char *name)
{
	char *s = xasprintf("%s%s", prefix, name);

	for (char *p = s + strlen(prefix); *p; p++)
		*p = isalnum((unsigned char)*p) ? (char)toupper((unsigned char)*p) : '_';
	return s;
}

bool when_holds(const struct settings *when, const struct settings *values, const char *target)
{
	for (size_t i = 0; i < when->n; i++) {
		const char *name = when->v[i].name;
		const char *is = strcmp(name, "target") ? settings_get(values, name) : target;

		if (!is || strcmp(is, when->v[i].value))
			return false;
	}
	return true;
}

static const char *nearest_of(const struct strv *names, const char *word)
{
	return str_nearest(word, (const char *const *)names->v, names->n);
}

/* "; did you mean 'x'?" or the list of what there is. */
static void suggest(struct strbuf *sb, const struct strv *names, const char *word)
{
	const char *near = nearest_of(names, word);

	if (near) {
		strbuf_addf(sb, "; did you mean '%s'?", near);
		return;
	}
	strbuf_adds(sb, names->n ? "; there are:" : "; there are none");
	for (size_t i = 0; i < names->n; i++)
		strbuf_addf(sb, " %s", names->v[i]);
}

static int no_such(const struct recipe *r, const char *what, const char *word,
		   const struct strv *names, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	suggest(&sb, names, word);
	return err_set(err, ERR_USAGE, 0, "recipe '%s' has no %s '%s'%s", r->name, what, word,
		       strbuf_str(&sb));
}

static int apply_variant(const struct recipe *r, const char *variant, struct settings *out,
			 struct err *err)
{
	_cleanup_(strv_release) struct strv names = STRV_INIT;

	for (size_t i = 0; i < r->n_variants; i++) {
		if (!strcmp(r->variants[i].name, variant)) {
			settings_merge(out, &r->variants[i].set);
			return 0;
		}
		strv_push(&names, r->variants[i].name);
	}
	return no_such(r, "variant", variant, &names, err);
}

static int apply_set(const struct recipe *r, const char *set, struct settings *out, struct err *err)
{
	_cleanup_(strv_release) struct strv names = STRV_INIT;
	_cleanup_free_ char *name = NULL;
	const char *eq = strchr(set, '=');

	if (!eq)
		return err_set(err, ERR_USAGE, 0, "--set %s: expected OPTION=true or OPTION=false",
			       set);
	name = xstrndup(set, (size_t)(eq - set));
	for (size_t i = 0; i < r->n_options; i++)
		strv_push(&names, r->options[i].name);
	if (!settings_get(out, name))
		return no_such(r, "option", name, &names, err);
	if (strcmp(eq + 1, "true") && strcmp(eq + 1, "false"))
		return err_set(err, ERR_USAGE, 0, "--set %s: expected true or false", set);
	settings_set(out, name, eq + 1);
	return 0;
}

int options_resolve(const struct recipe *r, const char *variant, const struct strv *sets,
		    struct settings *out, struct err *err)
{
	for (size_t i = 0; i < r->n_options; i++)
		settings_set(out, r->options[i].name, r->options[i].otherwise ? "true" : "false");
	if (!variant)
		variant = r->default_variant;
	if (variant && apply_variant(r, variant, out, err) < 0)
		return -1;
	for (size_t i = 0; sets && i < sets->n; i++) {
		if (apply_set(r, sets->v[i], out, err) < 0)
			return -1;
	}
	return 0;
}
