/* SPDX-License-Identifier: Apache-2.0 */
#include "roundlog.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <base/str.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>

static int scratch(char *dir)
{
	cr_assert_not_null(mkdtemp(dir));
	return open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int collect(void *arg, const char *data, size_t len)
{
	strbuf_add(arg, data, len);
	return 0;
}

static char *unpacked(int dirfd, const char *name)
{
	struct strbuf sb = STRBUF_INIT;
	struct err err = ERR_INIT;
	_cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);

	cr_assert_geq(fd, 0);
	cr_assert_eq(zread(fd, name, collect, &sb, &err), 0, "%s", err.msg);
	return strbuf_steal(&sb);
}

Test(roundlog, log_and_tail)
{
	char dir[] = "/tmp/belljar-log-XXXXXX";
	_cleanup_close_ int fd = scratch(dir);
	_cleanup_(roundlog_release) struct roundlog l = ROUNDLOG_INIT;
	_cleanup_(strbuf_release) struct strbuf all = STRBUF_INIT;
	_cleanup_free_ char *tail = NULL, *text = NULL;
	struct err err = ERR_INIT;

	cr_assert_eq(roundlog_open(&l, fd, &err), 0, "%s", err.msg);
	for (int i = 0; i < 20000; i++) {
		char line[32];

		snprintf(line, sizeof(line), "line %d\n", i);
		roundlog_output(&l, line, strlen(line));
		strbuf_adds(&all, line);
	}
	tail = roundlog_tail(&l, 3);
	cr_assert_str_eq(tail, "line 19997\nline 19998\nline 19999");
	cr_assert_eq(roundlog_close(&l, &err), 0, "%s", err.msg);
	text = unpacked(fd, "log.zst");
	cr_assert_str_eq(text, strbuf_str(&all));
	cr_assert_eq(file_remove_tree(AT_FDCWD, dir, &err), 0);
}

Test(roundlog, tail_of_little_and_of_much)
{
	char dir[] = "/tmp/belljar-log-XXXXXX";
	_cleanup_close_ int fd = scratch(dir);
	_cleanup_(roundlog_release) struct roundlog l = ROUNDLOG_INIT;
	_cleanup_free_ char *none = NULL, *one = NULL, *huge = NULL, *big = xcalloc(1, 300000);
	struct err err = ERR_INIT;

	cr_assert_eq(roundlog_open(&l, fd, &err), 0, "%s", err.msg);
	none = roundlog_tail(&l, 40);
	cr_assert_str_eq(none, "");
	roundlog_output(&l, "only", 4);
	one = roundlog_tail(&l, 40);
	cr_assert_str_eq(one, "only");
	memset(big, 'x', 299999);
	roundlog_output(&l, big, 299999);
	huge = roundlog_tail(&l, 40);
	cr_assert_eq(strlen(huge), 64 * 1024);
	cr_assert_eq(file_remove_tree(AT_FDCWD, dir, &err), 0);
}

Test(roundlog, lines_of_a_phase)
{
	char dir[] = "/tmp/belljar-log-XXXXXX";
	_cleanup_close_ int fd = scratch(dir);
	_cleanup_(roundlog_release) struct roundlog l = ROUNDLOG_INIT;
	_cleanup_free_ char *first = NULL, *none = NULL, *own = NULL, *much = NULL, *all = NULL;
	struct err err = ERR_INIT;

	cr_assert_eq(roundlog_open(&l, fd, &err), 0, "%s", err.msg);
	roundlog_phase(&l);
	roundlog_output(&l, "one\ntwo", 7);
	first = roundlog_phase_tail(&l, 40);
	cr_assert_str_eq(first, "one\ntwo");
	roundlog_phase(&l);
	roundlog_output(&l, "\n\n", 2);
	none = roundlog_phase_tail(&l, 40);
	cr_assert_str_eq(none, "");
	roundlog_phase(&l);
	roundlog_output(&l, "three", 5);
	own = roundlog_phase_tail(&l, 40);
	cr_assert_str_eq(own, "three");
	all = roundlog_tail(&l, 40);
	cr_assert_str_eq(all, "one\ntwo\n\nthree");
	for (int i = 0; i < 20000; i++)
		roundlog_output(&l, "12345678\n", 9);
	much = roundlog_phase_tail(&l, SIZE_MAX);
	cr_assert_eq(strlen(much), 64 * 1024 - 1);
	cr_assert_eq(file_remove_tree(AT_FDCWD, dir, &err), 0);
}

static struct ledger_row row(enum ledger_kind kind, bool refused, const char *argv)
{
	return (struct ledger_row){.kind = kind,
				   .phase = "build",
				   .parents = "",
				   .exe = "/usr/bin/x",
				   .argv = argv,
				   .cwd = "/build",
				   .call = "connect",
				   .object = "git",
				   .answer = "ENETUNREACH",
				   .refused = refused};
}

Test(roundlog, rows_are_counted)
{
	char dir[] = "/tmp/belljar-log-XXXXXX";
	_cleanup_close_ int fd = scratch(dir);
	_cleanup_(roundlog_release) struct roundlog l = ROUNDLOG_INIT;
	struct ledger_row a = row(LEDGER_NET, true, "python3 setup.py");
	struct ledger_row b = row(LEDGER_SHIM, false, "git clone"),
			  c = row(LEDGER_EXEC, false, "cc");
	_cleanup_json_ json_t *tally = NULL;
	_cleanup_free_ char *text = NULL;
	struct err err = ERR_INIT;

	cr_assert_eq(roundlog_open(&l, fd, &err), 0, "%s", err.msg);
	roundlog_row(&l, &a);
	roundlog_row(&l, &a);
	roundlog_row(&l, &b);
	roundlog_row(&l, &c);
	cr_assert_eq(l.refused_total, 2);
	cr_assert_eq(l.shims_total, 1);
	tally = tally_json(l.refused, l.n_refused);
	cr_assert_eq(json_array_size(tally), 1);
	cr_assert_eq(json_get_int(json_array_get(tally, 0), "count", 0), 2);
	cr_assert_str_eq(json_get_str(json_array_get(tally, 0), "by", ""), "python3 setup.py");
	cr_assert_eq(roundlog_close(&l, &err), 0, "%s", err.msg);
	text = unpacked(fd, "ledger.jsonl.zst");
	cr_assert(strstr(text, "\"kind\":\"shim\""), "%s", text);
	cr_assert_eq(file_remove_tree(AT_FDCWD, dir, &err), 0);
}

Test(roundlog, last_program_of_a_phase)
{
	char dir[] = "/tmp/belljar-log-XXXXXX";
	_cleanup_close_ int fd = scratch(dir);
	_cleanup_(roundlog_release) struct roundlog l = ROUNDLOG_INIT;
	struct ledger_row shell = row(LEDGER_EXEC, false, "/bin/bash -c '...'"),
			  cc = row(LEDGER_EXEC, false, "cc -c \x1b[31m"),
			  net = row(LEDGER_NET, true, "wget");
	struct err err = ERR_INIT;

	cr_assert_eq(roundlog_open(&l, fd, &err), 0, "%s", err.msg);
	roundlog_phase(&l);
	roundlog_row(&l, &shell);
	cr_assert_null(l.last_exec, "the phase's own shell");
	roundlog_row(&l, &net);
	cr_assert_null(l.last_exec, "no program");
	roundlog_row(&l, &cc);
	cr_assert_str_eq(l.last_exec, "cc -c \\x1b[31m");
	roundlog_phase(&l);
	roundlog_row(&l, &shell);
	cr_assert_null(l.last_exec, "of the phase before");
	cr_assert_eq(file_remove_tree(AT_FDCWD, dir, &err), 0);
}

/* A hostile build that makes each row unlike all others does not make the summary grow. */
Test(roundlog, the_summary_is_bounded)
{
	char dir[] = "/tmp/belljar-log-XXXXXX";
	_cleanup_close_ int fd = scratch(dir);
	_cleanup_(roundlog_release) struct roundlog l = ROUNDLOG_INIT;
	struct err err = ERR_INIT;

	cr_assert_eq(roundlog_open(&l, fd, &err), 0, "%s", err.msg);
	for (int i = 0; i < 1000; i++) {
		char argv[32];
		struct ledger_row r;

		snprintf(argv, sizeof(argv), "evil %d", i);
		r = row(LEDGER_NET, true, argv);
		roundlog_row(&l, &r);
	}
	cr_assert_eq(l.refused_total, 1000);
	cr_assert_eq(l.n_refused, 201);
	cr_assert_str_eq(l.refused[200].by, "(others)");
	cr_assert_eq(l.refused[200].n, 800);
	cr_assert_str_eq(l.refused[0].call, "connect");
	cr_assert_eq(file_remove_tree(AT_FDCWD, dir, &err), 0);
}

Test(zfile, damaged_and_cut)
{
	char dir[] = "/tmp/belljar-log-XXXXXX";
	_cleanup_close_ int fd = scratch(dir);
	int f = openat(fd, "a", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct zwriter *z = zwriter_new(dup(f));
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	struct err err = ERR_INIT;

	zwriter_write(z, "hello hello hello", 17);
	cr_assert_eq(zwriter_close(z, "a", &err), 0, "%s", err.msg);
	cr_assert_eq(ftruncate(f, lseek(f, 0, SEEK_END) - 2), 0);
	lseek(f, 0, SEEK_SET);
	cr_assert_lt(zread(f, "a", collect, &sb, &err), 0);
	cr_assert_eq(err.code, ERR_STORE);
	cr_assert(strstr(err.msg, "cut short"), "%s", err.msg);
	cr_assert_eq(pwrite(f, "XXXX", 4, 0), 4);
	lseek(f, 0, SEEK_SET);
	err_clear(&err);
	cr_assert_lt(zread(f, "a", collect, &sb, &err), 0);
	cr_assert(strstr(err.msg, "damaged"), "%s", err.msg);
	close(f);
	cr_assert_eq(file_remove_tree(AT_FDCWD, dir, &err), 0);
}
