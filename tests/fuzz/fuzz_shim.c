/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stand-ins: the first line is the tool, the others its arguments; "policy" instead makes the
 * rest the policy file. Each answer leaves one line of JSON in the record.
 */
#include "fuzz.h"

#include "download.h"
#include "tools.h"
#include <base/json.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_WORDS 80
#define ROOT_FD   900 /* SHIM_ROOT is /proc/self/fd/900 */

static int fifo;

static void set_up(void)
{
	static bool done;

	unsetenv("TZ");
	if (done)
		return;
	done = true;
	fuzz_hush();
	fuzz_fence();
	fuzz_check(dup3(fuzz_dirfd(), ROOT_FD, O_CLOEXEC) == ROOT_FD);
	fuzz_check(mkdirat(ROOT_FD, "shims", 0755) == 0);
	fuzz_check(mkfifoat(ROOT_FD, "shims/record", 0644) == 0);
	fifo = openat(ROOT_FD, "shims/record", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	fuzz_check(fifo >= 0);
}

static void check_record(const char *name)
{
	char line[SHIM_RECORD_MAX + 1];
	ssize_t n = read(fifo, line, sizeof(line));
	_cleanup_json_ json_t *j = NULL;
	struct err err = ERR_INIT;

	fuzz_check(n > 0 && n <= SHIM_RECORD_MAX && memchr(line, '\n', (size_t)n) == line + n - 1);
	fuzz_check(json_parse("record", line, (size_t)n, &j, &err) == 0);
	fuzz_check(strcmp(json_get_str(j, "name", ""), name) == 0);
	fuzz_check(json_is_array(json_object_get(j, "argv")));
}

static int parse(const struct call *c, int (*fn)(struct request *r, char **argv))
{
	static struct request r;

	r = (struct request){0};
	if (fn(&r, c->argv) < 0)
		return call_puzzled(c, r.status_usage, r.what, r.why);
	fuzz_check(r.n <= DOWNLOADS_MAX);
	for (size_t i = 0; i < r.n; i++) {
		policy_pinned(c->policy, r.items[i].url);
		fuzz_check(memchr(r.items[i].dest, '\0', sizeof(r.items[i].dest)));
	}
	return call_succeed(c, "");
}

static int as_wget(const struct call *c)
{
	return parse(c, wget_parse);
}

static int as_curl(const struct call *c)
{
	return parse(c, curl_parse);
}

static const struct {
	const char *name;
	enum shim_policy kind;
	int (*fn)(const struct call *c);
} tools[] = {{"git", SHIM_EXISTS, git_exists},
	     {"wget", SHIM_SERVE, as_wget},
	     {"curl", SHIM_SERVE, as_curl},
	     {"date", SHIM_EPOCH, date_epoch},
	     {"hostname", SHIM_FIXED, hostname_fixed},
	     {"domainname", SHIM_FIXED, domainname_fixed},
	     {"uname", SHIM_FIXED, uname_fixed},
	     {"whoami", SHIM_FIXED, whoami_fixed}};

static void call_tool(size_t i, char **argv)
{
	static struct policy policy;
	struct call c = {.name = tools[i].name, .argv = argv, .policy = &policy};

	policy = (struct policy){.kind = tools[i].kind, .text = ""};
	policy.pins[0] = (struct policy_pin){true, "http*://*/x?[a-z]*", SHIM_FILES_DIR "/x"};
	policy.n_pins = 1;
	tools[i].fn(&c);
	check_record(c.name);
}

static void load_policy(const char *text, size_t size)
{
	static struct policy p;

	fuzz_put("shims/policy", text, size);
	for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
		p.error[0] = '\0';
		if (policy_load(&p, tools[i].name) < 0) {
			fuzz_check(p.error[0]);
			continue;
		}
		for (size_t k = 0; k < p.n_pins; k++)
			policy_pinned(&p, p.pins[k].url);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	char *argv[MAX_WORDS + 1], *eol = strchr(text, '\n'), name[16];

	set_up();
	if (!eol || (size_t)(eol - text) >= sizeof(name))
		return 0;
	*eol = '\0';
	snprintf(name, sizeof(name), "%s", text);
	if (strcmp(name, "policy") == 0)
		load_policy(eol + 1, size - (size_t)(eol + 1 - text));
	fuzz_words(eol + 1, '\n', name, argv, MAX_WORDS);
	for (size_t i = 0; i < ARRAY_SIZE(tools); i++)
		if (strcmp(name, tools[i].name) == 0)
			call_tool(i, argv);
	return 0;
}
