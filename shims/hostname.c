/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "opts.h"
#include "tools.h"

/* hostname(1); setting a name is left out, and so refused. */
static const struct opts_spec hostname_spec = {
	.shorts = "aAdfiIsyv",
	.longs = "alias all-fqdns domain fqdn long ip-address all-ip-addresses short yp nis "
		 "verbose",
	.flags = OPTS_EQUALS,
};

/* Only two of the addresses that a room has could be told, and they are the loopback's. */
static const char *answer(const char *text, char option, char *buf, size_t size)
{
	switch (option) {
	case 's':
		snprintf(buf, size, "%.*s", (int)strcspn(text, "."), text);
		return buf;
	case 'd':
		return strchr(text, '.') ? strchr(text, '.') + 1 : "";
	case 'i':
		return "127.0.0.1";
	case 'a':
	case 'A':
	case 'I':
	case 'y':
		return "";
	default:
		return text;
	}
}

static char letter_of(const char *name)
{
	static const struct {
		const char *name;
		char letter;
	} longs[] = {
		{"alias", 'a'}, {"all-fqdns", 'A'},  {"domain", 'd'}, {"fqdn", 'f'},
		{"long", 'f'},  {"ip-address", 'i'}, {"short", 's'},  {"all-ip-addresses", 'I'},
		{"yp", 'y'},    {"nis", 'y'},        {"verbose", 'v'}};

	for (size_t i = 0; i < sizeof(longs) / sizeof(*longs); i++)
		if (strcmp(longs[i].name, name) == 0)
			return longs[i].letter;
	return name[0];
}

int hostname_fixed(const struct call *c)
{
	char option = 'f', buf[SHIM_TEXT_MAX + 1];
	enum opts_kind kind;
	struct opts o;

	opts_init(&o, &hostname_spec, c->argv);
	while ((kind = opts_next(&o)) != OPTS_END) {
		if (kind == OPTS_BAD)
			return call_puzzled(c, 1, o.name, o.value);
		if (kind == OPTS_OPERAND)
			return call_refuse(c, 1, "the policy's text is the name",
					   "the host name cannot be set: %s", o.value);
		if (!opts_is(&o, "v", "verbose"))
			option = letter_of(o.name);
	}
	return call_print(c, answer(c->policy->text, option, buf, sizeof(buf)));
}

int domainname_fixed(const struct call *c)
{
	static const struct opts_spec spec = {.shorts = "v", .longs = "verbose"};
	enum opts_kind kind;
	struct opts o;

	opts_init(&o, &spec, c->argv);
	while ((kind = opts_next(&o)) != OPTS_END) {
		if (kind == OPTS_BAD)
			return call_puzzled(c, 1, o.name, o.value);
		if (kind == OPTS_OPERAND)
			return call_refuse(c, 1, "the policy's text is the name",
					   "the domain name cannot be set: %s", o.value);
	}
	return call_print(c, c->policy->text);
}

int whoami_fixed(const struct call *c)
{
	if (c->argv[0] && c->argv[1])
		return call_puzzled(c, 1, c->argv[1], "is not expected");
	return call_print(c, c->policy->text);
}
