/* SPDX-License-Identifier: Apache-2.0 */
#include <runner/selector.h>

#include <base/str.h>
#include <runner/names.h>
#include <stdlib.h>
#include <string.h>

void selector_release(struct selector *s)
{
	free(s->name);
	free(s->branch);
	free(s->variant);
	*s = SELECTOR_INIT;
}

static int bad(const char *text, struct selector *s, struct err *err)
{
	selector_release(s);
	return err_set(
		err, ERR_USAGE, 0,
		"'%s' is not a selector: expected NAME[@BRANCH][:VARIANT], as in xen@4.20:slim",
		text);
}

int selector_parse(const char *text, struct selector *out, struct err *err)
{
	const char *colon = strchr(text, ':');
	size_t head = colon ? (size_t)(colon - text) : strlen(text);
	const char *at = memchr(text, '@', head);
	size_t name_len = at ? (size_t)(at - text) : head;

	*out = SELECTOR_INIT;
	out->name = xstrndup(text, name_len);
	if (at)
		out->branch = xstrndup(at + 1, head - name_len - 1);
	if (colon)
		out->variant = xstrdup(colon + 1);
	if (!name_ok(out->name) || (out->branch && !name_ok(out->branch)) ||
	    (out->variant && !name_ok(out->variant)))
		return bad(text, out, err);
	return 0;
}

char *selector_text(const char *name, const char *branch, const char *variant)
{
	return xasprintf("%s%s%s%s%s", name, branch ? "@" : "", branch ? branch : "",
			 variant ? ":" : "", variant ? variant : "");
}
