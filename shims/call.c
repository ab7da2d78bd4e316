/* SPDX-License-Identifier: Apache-2.0 */
#include "call.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "record.h"

enum { PARENTS_MAX = 16 };

void call_init(struct call *c, const char *name, char **argv, struct policy *policy)
{
	c->name = name;
	c->argv = argv;
	c->policy = policy;
	c->url = NULL;
	record_parents(c->parent, sizeof(c->parent), 1);
	record_parents(c->parents, sizeof(c->parents), PARENTS_MAX);
}

static void send_record(const struct call *c, const char *answer, const char *text)
{
	struct record r = {
		.name = c->name,
		.policy = c->policy->error[0] ? "" : policy_name(c->policy->kind),
		.answer = answer,
		.text = text,
		.url = c->url,
		.argv = c->argv,
		.pid = getpid(),
		.ppid = getppid(),
		.parent = c->parent,
		.parents = c->parents,
	};

	if (record_send(&r) < 0)
		fprintf(stderr, "belljar: %s: this call could not be recorded\n", c->name);
}

static bool is_plain(const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "@%_-+=:,./?&";

	return *s && s[strspn(s, plain)] == '\0';
}

void call_command(const struct call *c, char *buf, size_t size)
{
	size_t len = (size_t)snprintf(buf, size, "%s", c->name);

	for (char **arg = c->argv[0] ? c->argv + 1 : c->argv; *arg && len < size; arg++)
		len += (size_t)snprintf(buf + len, size - len, is_plain(*arg) ? " %s" : " '%s'",
					*arg);
	if (len >= size)
		memcpy(buf + size - 4, "...", 4);
	/* one line, and nothing that a terminal would obey */
	for (char *p = buf; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
}

int call_refuse(const struct call *c, int status, const char *hint, const char *fmt, ...)
{
	char why[2 * CALL_COMMAND_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	fprintf(stderr, "belljar: %s: %s\n", c->name, why);
	if (c->parents[0])
		fprintf(stderr, "  called by: %s\n", c->parents);
	if (hint)
		fprintf(stderr, "  hint: %s\n", hint);
	send_record(c, SHIM_ANSWER_DENIED, why);
	return status;
}

int call_puzzled(const struct call *c, int status, const char *what, const char *why)
{
	char command[CALL_COMMAND_MAX];

	call_command(c, command, sizeof(command));
	return call_refuse(c, status,
			   "the stand-in knows only part of the real tool; 'real' under shims: in "
			   "recipe.yaml runs the toolchain's own",
			   "%s %s: %s", what, why, command);
}

int call_succeed(const struct call *c, const char *text)
{
	send_record(c, SHIM_ANSWER_SUCCEEDED, text);
	return 0;
}

int call_print_line(const struct call *c, const char *text)
{
	send_record(c, SHIM_ANSWER_PRINTED, text);
	if (puts(text) == EOF || fflush(stdout) == EOF) {
		fprintf(stderr, "belljar: %s: standard output: %s\n", c->name, strerror(errno));
		return 1;
	}
	return 0;
}

int call_print(const struct call *c, const char *text)
{
	if (text[0])
		return call_print_line(c, text);
	send_record(c, SHIM_ANSWER_PRINTED, text);
	return 0;
}

void call_served(const struct call *c, const char *path)
{
	send_record(c, SHIM_ANSWER_SERVED, path);
}

int call_run_real(const struct call *c)
{
	char path[256];

	snprintf(path, sizeof(path), "%s%s/%s", SHIM_ROOT, SHIM_REAL_DIR, c->name);
	if (access(path, X_OK) < 0)
		return call_refuse(c, 127, "name a package that has it in the toolchain",
				   "the toolchain has no program of that name (%s: %s)", path,
				   strerror(errno));
	send_record(c, SHIM_ANSWER_RAN, path);
	execv(path, c->argv);
	fprintf(stderr, "belljar: %s: %s: %s\n", c->name, path, strerror(errno));
	return 126;
}
