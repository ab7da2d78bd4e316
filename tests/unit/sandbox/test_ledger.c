/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <base/err.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

Test(ledger, quoting)
{
	static const struct {
		const char *word, *want;
	} table[] = {{"gcc", "gcc"},
		     {"-DX=1,2", "-DX=1,2"},
		     {"", "''"},
		     {"a b", "'a b'"},
		     {"it's", "'it'\\''s'"},
		     {"$(rm)", "'$(rm)'"},
		     {"a\nb\x1b[31m", "'a\\x0ab\\x1b[31m'"}};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct strbuf out = STRBUF_INIT;

		ledger_quote(&out, table[i].word);
		cr_expect_str_eq(strbuf_str(&out), table[i].want);
		strbuf_release(&out);
	}
}

/* Our own memory stands for the caller's. */
Test(ledger, argument_vectors)
{
	char longer[6000];
	const char *argv[] = {"gcc", "-c", "a b.c", longer, "never", NULL};
	struct strbuf out = STRBUF_INIT;

	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	target_argv(getpid(), (uintptr_t)argv, &out);
	cr_expect_eq(strncmp(strbuf_str(&out), "gcc -c 'a b.c' xxxxx", 20), 0);
	cr_expect_eq(out.len, 4096);
	cr_expect_str_eq(out.s + 4093, "...");
	strbuf_clear(&out);
	argv[3] = "300 characters follow";
	target_argv(getpid(), (uintptr_t)argv, &out);
	cr_expect_str_eq(strbuf_str(&out), "gcc -c 'a b.c' '300 characters follow' never");
	strbuf_clear(&out);
	target_argv(getpid(), 8, &out);
	cr_expect_str_eq(strbuf_str(&out), "");
	argv[1] = (const char *)8; /* a pointer to nowhere among good ones */
	target_argv(getpid(), (uintptr_t)argv, &out);
	cr_expect_str_eq(strbuf_str(&out), "gcc '?' 'a b.c' '300 characters follow' never");
	strbuf_release(&out);
}

Test(ledger, many_arguments)
{
	const char *argv[201];
	struct strbuf out = STRBUF_INIT;

	for (int i = 0; i < 200; i++)
		argv[i] = "ab";
	argv[200] = NULL;
	target_argv(getpid(), (uintptr_t)argv, &out);
	cr_expect_eq(out.len, 200 * 3 - 1);
	strbuf_release(&out);
}

/* A string that ends exactly where the mapping does, and one that does not end at all. */
Test(ledger, strings_at_the_edge)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char buf[100];

	cr_assert_eq(mprotect(page + 4096, 4096, PROT_NONE), 0);
	memset(page, 'y', 4096);
	memcpy(page + 4096 - 6, "hello", 6);
	cr_expect_eq(target_string(getpid(), (uintptr_t)page + 4090, buf, sizeof(buf)), 5);
	cr_expect_str_eq(buf, "hello");
	page[4095] = 'z';
	cr_expect_eq(target_string(getpid(), (uintptr_t)page + 4094, buf, sizeof(buf)), 2);
	cr_expect_eq(target_string(getpid(), (uintptr_t)page + 4096, buf, sizeof(buf)), -EFAULT);
	munmap(page, 8192);
}

Test(ledger, a_process_as_proc_tells)
{
	struct target t;

	cr_assert_eq(target_look(getpid(), &t), 0);
	cr_expect_eq(t.tgid, getpid());
	cr_expect_eq(t.parent, getppid());
	cr_expect_gt(t.inside, 0);
	cr_expect_lt(target_look(-1, &t), 0);
}

struct seen {
	int rows, malformed;
	char last[256];
};

static void on_row(void *arg, const struct ledger_row *row)
{
	struct seen *s = arg;

	s->rows++;
	s->malformed += !strcmp(row->object, "malformed shim record");
	snprintf(s->last, sizeof(s->last), "%s|%s|%s|%d", row->object, row->argv, row->answer,
		 row->refused);
}

static void feed(struct room *r, int to, const char *text)
{
	cr_assert_eq(write(to, text, strlen(text)), (ssize_t)strlen(text));
	record_read(r);
}

Test(ledger, shim_records)
{
	struct seen seen = {0};
	struct room_handler handler = {.arg = &seen, .on_ledger = on_row};
	struct room_result result = {0};
	struct room_spec spec = {0};
	struct room r = {.spec = &spec, .handler = &handler, .out = &result};
	char longer[6000];
	int fds[2];

	cr_assert_eq(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
	spec.record_fd = fds[0];
	feed(&r, fds[1], "{\"name\":\"git\",\"argv\":[\"git\",\"a b\"],\"pol");
	cr_expect_eq(seen.rows, 0);
	feed(&r, fds[1], "icy\":\"deny\",\"answer\":\"denied\"}\n");
	cr_expect_str_eq(seen.last, "git|git 'a b'|deny: denied|1");
	feed(&r, fds[1], "\n\n");
	cr_expect_eq(seen.rows, 1);
	feed(&r, fds[1],
	     "[1]\n{\"name\":3,\"argv\":[]}\n{\"name\":\"x\"}\n\xff\n{\"a\":1,\"a\":2}\n");
	cr_expect_eq(seen.malformed, 5);
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	feed(&r, fds[1], longer);
	feed(&r, fds[1],
	     "\n{\"name\":\"wget\",\"argv\":[7],\"answer\":\"served\",\"text\":\"f\"}\n");
	cr_expect_eq(seen.malformed, 6);
	cr_expect_str_eq(seen.last, "wget|'?'|?: served (f)|0");
	for (int i = 0; i < 100; i++)
		feed(&r, fds[1], "garbage\n");
	cr_expect_eq(seen.malformed, 20, "%d rows of a flood", seen.malformed);
	cr_expect_eq(r.record.malformed, 106);
	close(fds[0]);
	close(fds[1]);
}
