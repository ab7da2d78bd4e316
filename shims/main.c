/* SPDX-License-Identifier: Apache-2.0 */
/*
 * belljar-shim: stands in, under its name, for each tool that would reach outside the room. One
 * static program that needs nothing of the room's root, reads no variable but TZ and
 * SOURCE_DATE_EPOCH (both for `date`), and takes its orders from the policy file alone.
 */
#include <stdio.h>
#include <string.h>

#include "download.h"
#include "tools.h"

static const char *asked_for(const struct call *c)
{
	if (strcmp(c->name, "git") == 0)
		return git_url(c->argv);
	if (strcmp(c->name, "wget") == 0)
		return download_url(c->argv, wget_parse);
	if (strcmp(c->name, "curl") == 0)
		return download_url(c->argv, curl_parse);
	return NULL;
}

static int deny(const struct call *c)
{
	bool outside = strcmp(c->name, "git") == 0 || strcmp(c->name, "wget") == 0 ||
		       strcmp(c->name, "curl") == 0;
	char command[CALL_COMMAND_MAX];
	struct call mine = *c;

	mine.url = asked_for(c);
	call_command(c, command, sizeof(command));
	return call_refuse(&mine, 1,
			   outside ? "pin what it would download under sources: in branch.yaml, or "
				     "give the tool another policy under shims: in recipe.yaml"
				   : "give the tool another policy under shims: in recipe.yaml",
			   "refused by this recipe's policy (%s): %s", policy_name(c->policy->kind),
			   command);
}

static int print_text(const struct call *c)
{
	return call_print(c, c->policy->text);
}

static int wget_answer(const struct call *c)
{
	return download_answer(c, wget_parse);
}

static int curl_answer(const struct call *c)
{
	return download_answer(c, curl_parse);
}

/* Per tool: what it does under `exists`, `serve`, `fixed`, `epoch`; NULL where the tool has no way
 * of its own. */
static const struct tool {
	const char *name;
	int (*exists)(const struct call *c);
	int (*serve)(const struct call *c);
	int (*fixed)(const struct call *c);
	int (*epoch)(const struct call *c);
} tools[] = {
	{.name = "git", .exists = git_exists},
	{.name = "wget", .exists = wget_answer, .serve = wget_answer},
	{.name = "curl", .exists = curl_answer, .serve = curl_answer},
	{.name = "hostname", .fixed = hostname_fixed},
	{.name = "dnsdomainname", .fixed = domainname_fixed},
	{.name = "domainname", .fixed = domainname_fixed},
	{.name = "whoami", .fixed = whoami_fixed},
	{.name = "uname", .fixed = uname_fixed},
	{.name = "date", .epoch = date_epoch},
};

static int answer(const struct call *c, const struct tool *t)
{
	switch (c->policy->kind) {
	case SHIM_NOOP:
		return call_succeed(c, "");
	case SHIM_REAL:
		return call_run_real(c);
	case SHIM_FIXED:
		return t->fixed ? t->fixed(c) : print_text(c);
	case SHIM_EXISTS:
		return t->exists ? t->exists(c) : deny(c);
	case SHIM_SERVE:
		return t->serve ? t->serve(c) : deny(c);
	case SHIM_EPOCH:
		return t->epoch ? t->epoch(c) : deny(c);
	default:
		return deny(c);
	}
}

int main(int argc, char **argv)
{
	static struct policy policy;
	const char *name = argc > 0 ? argv[0] : "";
	struct call call;

	if (strrchr(name, '/'))
		name = strrchr(name, '/') + 1;
	if (!policy_knows(name)) {
		fprintf(stderr, "belljar-shim: there is no stand-in of the name \"%s\"\n", name);
		return 127;
	}
	call_init(&call, name, argv, &policy);
	if (policy_load(&policy, name) < 0)
		return call_refuse(&call, 1, NULL, "%s %s", SHIM_POLICY_PATH, policy.error);
	for (size_t i = 0; i < sizeof(tools) / sizeof(*tools); i++)
		if (strcmp(tools[i].name, name) == 0)
			return answer(&call, &tools[i]);
	return deny(&call);
}
