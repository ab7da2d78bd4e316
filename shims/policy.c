/* SPDX-License-Identifier: Apache-2.0 */
#include "policy.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct tool {
	const char *name;
	enum shim_policy kind;
	const char *text;
	unsigned allowed;
};

#define AS_TOOL(name, kind, text, allowed) {name, kind, text, allowed},
static const struct tool tools[] = {SHIM_TOOLS(AS_TOOL)};

#define AS_NAME(kind, name) [kind] = (name),
static const char *const names[] = {SHIM_POLICIES(AS_NAME)};

static char file[SHIM_POLICY_MAX + 1];

const char *policy_name(enum shim_policy kind)
{
	return names[kind];
}

static const struct tool *find_tool(const char *name)
{
	for (size_t i = 0; i < sizeof(tools) / sizeof(*tools); i++)
		if (strcmp(tools[i].name, name) == 0)
			return &tools[i];
	return NULL;
}

bool policy_knows(const char *tool)
{
	return find_tool(tool) != NULL;
}

__attribute__((format(printf, 2, 3))) static int wrong(struct policy *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->error, sizeof(p->error), fmt, ap);
	va_end(ap);
	return -1;
}

/* 1: read; 0: there is no such file; -1: an error. */
static int read_file(struct policy *p)
{
	int fd = open(SHIM_ROOT SHIM_POLICY_PATH, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = 1;

	if (fd < 0)
		return errno == ENOENT ? 0 : wrong(p, "cannot be opened: %s", strerror(errno));
	while (n > 0 && len < sizeof(file)) {
		n = read(fd, file + len, sizeof(file) - len);
		if (n > 0)
			len += (size_t)n;
	}
	close(fd);
	if (n < 0)
		return wrong(p, "cannot be read: %s", strerror(errno));
	if (len == sizeof(file))
		return wrong(p, "is larger than %d bytes", SHIM_POLICY_MAX);
	if (memchr(file, '\0', len))
		return wrong(p, "holds a zero byte");
	if (len == 0 || file[len - 1] != '\n')
		return wrong(p, "does not end with a whole line");
	file[len] = '\0';
	return 1;
}

static bool has_control(const char *field)
{
	for (; *field; field++)
		if ((unsigned char)*field < 0x20 || *field == 0x7f)
			return true;
	return false;
}

/* Cut @line at its two tabs. */
static int split(char *line, char *fields[3])
{
	fields[0] = line;
	for (int i = 1; i < 3; i++) {
		char *tab = strchr(fields[i - 1], '\t');

		if (!tab)
			return -1;
		*tab = '\0';
		fields[i] = tab + 1;
	}
	return has_control(fields[0]) || has_control(fields[1]) || has_control(fields[2]) ? -1 : 0;
}

static int add_pin(struct policy *p, unsigned number, bool glob, char *fields[3])
{
	static const char below[] = SHIM_FILES_DIR "/";

	if (strncmp(fields[2], below, sizeof(below) - 1) != 0 || strstr(fields[2], "/../"))
		return wrong(p, "line %u: %s is not below %s", number, fields[2], SHIM_FILES_DIR);
	if (p->n_pins == SHIM_SERVE_LINES)
		return wrong(p, "line %u: more than %d pins", number, SHIM_SERVE_LINES);
	p->pins[p->n_pins++] = (struct policy_pin){glob, fields[1], fields[2]};
	return 0;
}

static int set_tool(struct policy *p, unsigned number, const struct tool *tool, char *fields[3])
{
	enum shim_policy kind = 0;

	while (kind < SHIM_POLICIES_COUNT && strcmp(names[kind], fields[1]) != 0)
		kind++;
	if (kind == SHIM_POLICIES_COUNT)
		return wrong(p, "line %u: there is no policy %s", number, fields[1]);
	if (!(tool->allowed & SHIM_ALLOW(kind)))
		return wrong(p, "line %u: policy %s is not for %s", number, fields[1], tool->name);
	if (strlen(fields[2]) > SHIM_TEXT_MAX)
		return wrong(p, "line %u: text is longer than %d bytes", number, SHIM_TEXT_MAX);
	p->kind = kind;
	p->text = fields[2];
	return 0;
}

static int take_line(struct policy *p, unsigned number, char *line, const struct tool *wanted,
		     bool *seen)
{
	const struct tool *tool;
	char *fields[3];

	if (line[0] == '\0' || line[0] == '#')
		return 0;
	if (split(line, fields) < 0)
		return wrong(p, "line %u: three fields parted by tabs are expected", number);
	if (strcmp(fields[0], SHIM_LINE_SERVE) == 0 || strcmp(fields[0], SHIM_LINE_GLOB) == 0)
		return add_pin(p, number, strcmp(fields[0], SHIM_LINE_GLOB) == 0, fields);
	tool = find_tool(fields[0]);
	if (!tool)
		return wrong(p, "line %u: there is no tool %s", number, fields[0]);
	if (tool != wanted)
		return 0;
	if (*seen)
		return wrong(p, "line %u: a second line for %s", number, tool->name);
	*seen = true;
	return set_tool(p, number, tool, fields);
}

int policy_load(struct policy *p, const char *name)
{
	const struct tool *tool = find_tool(name);
	unsigned number = 1;
	bool seen = false;
	char *line = file;
	int r;

	p->kind = tool->kind;
	p->text = tool->text;
	p->n_pins = 0;
	r = read_file(p);
	if (r <= 0)
		return r;
	for (char *end; (end = strchr(line, '\n')); line = end + 1, number++) {
		*end = '\0';
		if (number == 1 && strcmp(line, SHIM_POLICY_MAGIC) != 0)
			return wrong(p, "line 1: \"%s\" is expected", SHIM_POLICY_MAGIC);
		if (number > 1 && take_line(p, number, line, tool, &seen) < 0)
			return -1;
	}
	return 0;
}

const char *policy_pinned(const struct policy *p, const char *url)
{
	char bare[4096];
	size_t len = strcspn(url, "#");

	if (len >= sizeof(bare))
		return NULL;
	memcpy(bare, url, len);
	bare[len] = '\0';
	for (size_t i = 0; i < p->n_pins; i++) {
		const struct policy_pin *pin = &p->pins[i];

		if (pin->glob ? fnmatch(pin->url, bare, 0) == 0 : strcmp(pin->url, bare) == 0)
			return pin->path;
	}
	return NULL;
}
