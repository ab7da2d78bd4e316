/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/*
 * "A kill at any instant", literally: what a killed process leaves can only differ between two
 * calls that change the disk, so a tracer kills the worker before each of them in turn. The same
 * tracer writes down the order of the calls, for what a power cut would show: data before names.
 */

enum { CALL_OTHER, CALL_CHANGE, CALL_SYNC, CALL_RENAME };

static int kind_of(uint64_t nr)
{
	switch (nr) {
	case SYS_fsync:
	case SYS_fdatasync:
	case SYS_syncfs:
		return CALL_SYNC;
	case SYS_renameat:
	case SYS_renameat2:
		return CALL_RENAME;
#ifdef SYS_rename /* x86; newer architectures have the *at calls only */
	case SYS_rename:
		return CALL_RENAME;
	case SYS_unlink:
	case SYS_rmdir:
	case SYS_mkdir:
	case SYS_symlink:
	case SYS_link:
	case SYS_chmod:
#endif
	case SYS_openat: /* may create */
	case SYS_write:
	case SYS_ftruncate:
	case SYS_fchmod:
	case SYS_fchmodat:
	case SYS_utimensat:
	case SYS_unlinkat:
	case SYS_mkdirat:
	case SYS_symlinkat:
	case SYS_linkat:
		return CALL_CHANGE;
	}
	return CALL_OTHER;
}

typedef void (*work_fn)(const struct world *w);

/*
 * Run @work in a child and kill it before its @kill_at-th call (0: never). *log, when not NULL,
 * gets 's' for each sync and 'r' for each rename. Returns the wait status.
 */
static int traced(const struct world *w, work_fn work, unsigned kill_at, struct strbuf *log)
{
	unsigned calls = 0;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		work(w);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
	while (ptrace(PTRACE_SYSCALL, pid, NULL, 0) == 0 && waitpid(pid, &status, 0) == pid &&
	       WIFSTOPPED(status)) {
		struct __ptrace_syscall_info info;
		int kind;

		if (WSTOPSIG(status) != (SIGTRAP | 0x80) ||
		    ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) < 0 ||
		    info.op != PTRACE_SYSCALL_INFO_ENTRY)
			continue;
		kind = kind_of(info.entry.nr);
		if (log && (kind == CALL_SYNC || kind == CALL_RENAME))
			strbuf_addc(log, kind == CALL_SYNC ? 's' : 'r');
		if (kind != CALL_OTHER && ++calls == kill_at)
			kill(pid, SIGKILL);
	}
	/* A killed tracee cannot be continued: its end is still to be read. */
	while (WIFSTOPPED(status) && waitpid(pid, &status, 0) == pid)
		;
	return status;
}

static void fail_if(bool failed, const struct err *err)
{
	if (!failed)
		return;
	dprintf(2, "worker: %s\n", err->msg);
	_exit(1);
}

static void add_blob(const struct world *w, struct store *s)
{
	int fd = openat(w->fd, "source", O_RDONLY | O_CLOEXEC);
	struct err err = ERR_INIT;

	fail_if(store_blob_add_fd(s, fd, "source", NULL, 0, NULL, &err) < 0, &err);
	close(fd);
}

/* One build: a source, an output with a hard link in it, what is remembered of it, its link. */
static void build(const struct world *w, struct world *mine, const char *text, uint8_t key_byte)
{
	_cleanup_free_ char *link = path_join(w->dir, "result");
	struct sha256 tree, key = key_of(key_byte);
	_cleanup_json_ json_t *value = NULL;
	struct err err = ERR_INIT;
	int out, round;

	add_blob(w, mine->s);
	out = put_out(mine, "out");
	put_file(out, "file", text, 0600);
	fail_if(linkat(out, "file", out, "again", 0) < 0, &err);
	close(out);
	fail_if(store_tree_publish(mine->s, mine->tmp.fd, "out", false, &tree, NULL, &err) < 0,
		&err);
	out = put_out(mine, "record");
	put_file(out, "record.json", "{}", 0644);
	close(out);
	fail_if(store_record_publish(mine->s, &key, mine->tmp.fd, "record", &round, &err) < 0,
		&err);
	value = action_of(&tree);
	fail_if(store_action_put(mine->s, &key, value, &err) < 0, &err);
	fail_if(store_memo_put(mine->s, "kind", &key, hex_of(&tree), &err) < 0, &err);
	fail_if(store_root_link(mine->s, link, &tree, &err) < 0, &err);
}

static void build_and_collect(const struct world *w)
{
	struct world mine = {.tmp = STORE_TMP_INIT};
	struct store_gc_stats stats;
	struct err err = ERR_INIT;

	fail_if(store_open(w->path, STORE_CREATE, &mine.s, &err) < 0, &err);
	build(w, &mine, "first", 1);
	build(w, &mine, "second", 2); /* takes over the link: the first is garbage */
	store_tmp_release(&mine.tmp);
	fail_if(store_gc(mine.s, false, false, NULL, &stats, &err) < 0, &err);
	store_close(mine.s);
}

static const char *look(const struct world *w)
{
	struct heard heard = {STRBUF_INIT};
	struct event_sink sink = hear(&heard);
	_cleanup_(store_closep) struct store *s = NULL;
	struct err err = ERR_INIT;
	struct store_verified seen;

	OK(store_open(w->path, STORE_CREATE, &s, &err));
	CHECK(count_entries("%s/tmp", w->path) == 0);
	OK(store_verify(s, false, &sink, &seen, &err));
	if (seen.bad)
		return xstrdup(strbuf_str(&heard.text));
	strbuf_release(&heard.text);
	return NULL;
}

/* Returns whether the worker was killed, that is, whether there may be a later call. */
static const char *kill_before(unsigned n, bool *out_killed)
{
	struct err err = ERR_INIT;
	const char *said;
	_cleanup_(world_release) struct world w;
	int status;

	/* In memory: a kill, other than a power cut, does not care what reached the disk. */
	world_make_in(&w, "/dev/shm");
	put_file(w.fd, "source", "source", 0644);
	store_close(w.s);
	w.s = NULL;
	OK(file_remove_tree(AT_FDCWD, w.path, &err)); /* the making of it is killed, too */
	status = traced(&w, build_and_collect, n, NULL);
	*out_killed = WIFSIGNALED(status);
	CHECK(*out_killed || status == 0);
	said = look(&w);
	if (said)
		return xasprintf("killed before call %u: %s", n, said);
	CHECK(traced(&w, build_and_collect, 0, NULL) == 0); /* a rerun completes */
	return look(&w);
}

STORE_TEST(steps, killed_before_each_call)
{
	bool killed = true;
	unsigned n;

	if (access("/dev/shm", W_OK) < 0)
		return SKIP("no /dev/shm");
	for (n = 1; killed; n++)
		STEP(kill_before(n, &killed));
	return n > 150 ? NULL : xasprintf("only %u calls were seen", n);
}

/* ---- the order of the calls ---- */

static void only_blob(const struct world *w)
{
	add_blob(w, w->s);
}

static void only_tree(const struct world *w)
{
	struct err err = ERR_INIT;
	struct sha256 tree;

	fail_if(store_tree_publish(w->s, w->tmp.fd, "out", false, &tree, NULL, &err) < 0, &err);
}

static void only_action(const struct world *w)
{
	_cleanup_json_ json_t *value = json_object();
	struct sha256 key = key_of(1);
	struct err err = ERR_INIT;

	fail_if(store_action_put(w->s, &key, value, &err) < 0, &err);
}

static void only_record(const struct world *w)
{
	struct sha256 key = key_of(1);
	struct err err = ERR_INIT;
	int round;

	fail_if(store_record_publish(w->s, &key, w->tmp.fd, "record", &round, &err) < 0, &err);
}

STORE_TEST(steps, data_before_names_before_the_next)
{
	static const struct {
		work_fn work;
		const char *order;
	} rows[] = {
		{only_blob, "ssrs"},   /* the new folder, the file, its name, the name's folder */
		{only_tree, "srs"},    /* the whole file system, the name, its folder */
		{only_action, "srs"},  /* the file, its name, its folder */
		{only_record, "sssrs"} /* the file, the round, the key's name; the round's name */
	};
	struct err err = ERR_INIT;
	WORLD(w);

	put_file(w.fd, "source", "source", 0644);
	put_file(put_out(&w, "out"), "file", "text", 0644);
	put_file(put_out(&w, "record"), "record.json", "{}", 0644);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(strbuf_release) struct strbuf log = STRBUF_INIT;

		CHECK(traced(&w, rows[i].work, 0, &log) == 0);
		if (strcmp(strbuf_str(&log), rows[i].order) != 0)
			return xasprintf("row %zu: order %s", i, strbuf_str(&log));
	}
	return NULL;
}
