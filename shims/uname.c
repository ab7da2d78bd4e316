/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "opts.h"
#include "tools.h"

/* In the order in which uname(1) prints them; "p" and "i" are "unknown" in Debian's, and -a leaves
 * them out. */
static const char letters[] = "snrvmpio";

static const struct opts_spec uname_spec = {
	.shorts = "asnrvmpio",
	.longs = "all kernel-name sysname nodename kernel-release release kernel-version machine "
		 "processor hardware-platform operating-system",
	.flags = OPTS_EQUALS,
};

static char letter_of(const struct opts *o)
{
	static const char *const longs[][2] = {{"kernel-name", "sysname"},
					       {"nodename", NULL},
					       {"kernel-release", "release"},
					       {"kernel-version", NULL},
					       {"machine", NULL},
					       {"processor", NULL},
					       {"hardware-platform", NULL},
					       {"operating-system", NULL}};

	for (size_t i = 0; i < sizeof(longs) / sizeof(*longs); i++)
		if (opts_is(o, longs[i][0], longs[i][1]))
			return letters[i];
	return o->name[0]; /* 'a' for "all", too */
}

static const char *element(const struct utsname *u, char letter)
{
	switch (letter) {
	case 's':
		return u->sysname;
	case 'n':
		return u->nodename;
	case 'r':
		return u->release;
	case 'v':
		return u->version;
	case 'm':
		return u->machine;
	case 'o':
		return "GNU/Linux";
	default:
		return "unknown";
	}
}

int uname_fixed(const struct call *c)
{
	char text[SHIM_TEXT_MAX] = "", wanted[256] = {0};
	const char *shown;
	enum opts_kind kind;
	struct utsname u;
	struct opts o;
	size_t len = 0;
	bool any = false;

	if (c->policy->text[0])
		return call_print(c, c->policy->text);
	opts_init(&o, &uname_spec, c->argv);
	while ((kind = opts_next(&o)) != OPTS_END) {
		if (kind != OPTS_OPTION)
			return call_puzzled(c, 1, kind == OPTS_BAD ? o.name : o.value,
					    kind == OPTS_BAD ? o.value : "is not expected");
		wanted[(unsigned char)letter_of(&o)] = 1;
		any = true;
	}
	if (!any)
		wanted['s'] = 1;
	shown = wanted['a'] ? "snrvmo" : letters;
	/* the room answers this call with its fixed values */
	if (uname(&u) < 0)
		return call_refuse(c, 1, NULL, "uname(2): %s", strerror(errno));
	for (const char *p = shown; *p; p++)
		if (wanted['a'] || wanted[(unsigned char)*p])
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
						len ? " " : "", element(&u, *p));
	return call_print(c, text);
}
