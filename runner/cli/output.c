/* SPDX-License-Identifier: Apache-2.0 */
/* What goes to standard output and error, with control characters taken out. */
#include "cli.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

int cli_flush(struct err *err)
{
	if (fflush(stdout) || ferror(stdout))
		return err_set(err, ERR_STORE, errno, "cannot write to standard output");
	return 0;
}

int cli_write(int fd, const char *data, size_t len, struct err *err)
{
	return file_write_all(fd, data, len, err);
}

/* Is there a control character at @s? Of C1 the two bytes of UTF-8 count, some terminals obey them.
 */
static bool is_control(const unsigned char *s, size_t len)
{
	if (*s == 0xc2 && len > 1 && s[1] >= 0x80 && s[1] < 0xa0)
		return true;
	return (*s < 0x20 && *s != '\n' && *s != '\t') || *s == 0x7f;
}

void cli_put(FILE *to, const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t start = 0;

	for (size_t i = 0; i < len; i++) {
		bool wide = s[i] == 0xc2;

		if (!is_control(s + i, len - i))
			continue;
		fwrite(text + start, 1, i - start, to);
		fputc('?', to);
		i += wide;
		start = i + 1;
	}
	if (start < len)
		fwrite(text + start, 1, len - start, to);
}

int cli_print_json(json_t *doc_taken, struct err *err)
{
	_cleanup_json_ json_t *doc = doc_taken;

	if (json_dumpf(doc, stdout, JSON_COMPACT | JSON_SORT_KEYS) < 0)
		return err_set(err, ERR_STORE, errno, "cannot write JSON to standard output");
	putchar('\n');
	return cli_flush(err);
}

bool cli_wants_result(const struct cli *c)
{
	return c->json || c->events.fd >= 0;
}

int cli_result(struct cli *c, json_t *doc_taken, struct err *err)
{
	_cleanup_json_ json_t *doc = doc_taken;

	eventlog_result(&c->events, doc);
	render_clear(&c->render);
	c->told = c->json;
	return c->json ? cli_print_json(json_incref(doc), err) : 0;
}

void cli_format_bytes(uint64_t bytes, char *buf, size_t size)
{
	static const char *const units[] = {"kB", "MB", "GB", "TB"};
	double n = (double)bytes / 1000;
	size_t u = 0;

	if (bytes < 1000) {
		snprintf(buf, size, "%" PRIu64 " B", bytes);
		return;
	}
	for (; n >= 1000 && u + 1 < ARRAY_SIZE(units); u++)
		n /= 1000;
	snprintf(buf, size, "%.1f %s", n, units[u]);
}

bool cli_can_ask(void)
{
	return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

/* Signals restart read(), and one may come just before it: asked for now and then instead. */
bool cli_read_answer(char *buf, size_t size)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	ssize_t n;

	*buf = '\0';
	while (poll(&in, 1, 100) != 1)
		if (cli_stopped(NULL))
			return false;
	n = read(STDIN_FILENO, buf, size - 1);
	if (n <= 0 || cli_stopped(NULL))
		n = 0;
	buf[n] = '\0';
	return n > 0;
}

void cli_set_error(json_t *o, const struct err *err, int status)
{
	json_t *body = json_object();

	json_set_str(body, "code", err_code_name(err->code));
	json_set_str(body, "message", err->msg);
	json_set(body, "exit", json_integer(status));
	json_set(o, "error", body);
}

void cli_print_error(struct cli *c, const struct err *err, int status)
{
	_cleanup_json_ json_t *doc = NULL;
	struct err ignored = ERR_INIT;

	render_clear(&c->render);
	/* `belljar plan | head`: the reader has had enough, and there is nothing to tell it. */
	if (err->sys_errno == EPIPE)
		return;
	fprintf(stderr, "belljar: %serror:%s ", render_red(&c->render), render_plain(&c->render));
	cli_put(stderr, err->msg, strlen(err->msg));
	fputc('\n', stderr);
	if (!c->json || c->told)
		return;
	doc = json_object();
	cli_set_error(doc, err, status);
	if (cli_print_json(json_incref(doc), &ignored) < 0)
		fprintf(stderr, "belljar: %s\n", ignored.msg);
}
