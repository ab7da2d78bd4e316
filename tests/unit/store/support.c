/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

__attribute__((weak)) void __lsan_do_leak_check(void);

static struct strv scratched;

char *scratch(char *text)
{
	strv_push_take(&scratched, text);
	return text;
}

static void must(bool cond, const char *what)
{
	if (cond)
		return;
	dprintf(2, "test support: %s: %s\n", what, strerror(errno));
	abort();
}

static void child_main(body_fn body, bool as_user, int out)
{
	const char *said;

	if (as_user) {
		must(setgroups(0, NULL) == 0 && setresgid(PLAIN_UID, PLAIN_UID, PLAIN_UID) == 0 &&
			     setresuid(PLAIN_UID, PLAIN_UID, PLAIN_UID) == 0,
		     "become a plain user");
		/* Its /proc files belong to root otherwise. */
		must(prctl(PR_SET_DUMPABLE, 1) == 0, "prctl");
		setenv("HOME", "/nonexistent", 1);
	}
	said = body();
	if (said)
		must(write(out, said, strlen(said)) >= 0, "report");
	strv_release(&scratched);
	if (!said && __lsan_do_leak_check)
		__lsan_do_leak_check(); /* _exit() would not */
	_exit(said ? 1 : 0);
}

static char *run_once(body_fn body, bool as_user)
{
	int fds[2], status;
	size_t len = 0;
	char *text;
	ssize_t n;
	pid_t pid;

	must(pipe2(fds, O_CLOEXEC) == 0, "pipe");
	pid = fork();
	must(pid >= 0, "fork");
	if (pid == 0)
		child_main(body, as_user, fds[1]);
	text = xcalloc(1, 4096); /* not before: the child would seem to leak it */
	close(fds[1]);
	while (len < 4095 && (n = read(fds[0], text + len, 4095 - len)) > 0)
		len += (size_t)n;
	close(fds[0]);
	must(waitpid(pid, &status, 0) == pid, "wait");
	if (!len && status)
		snprintf(text, 4096, "the child ended with wait status %#x", (unsigned)status);
	return text;
}

static void judge(const char *said, const char *who)
{
	const char *must_run = getenv("BELLJAR_TEST_MUST_RUN");

	if (str_starts(said, "SKIP: ") && !(must_run && strcmp(must_run, "1") == 0))
		cr_skip_test("%s: %s", who, said + strlen("SKIP: "));
	cr_assert(!*said, "%s: %s", who, said);
}

void run_body(body_fn body, bool root_only)
{
	_cleanup_free_ char *first = NULL, *second = NULL;

	if (root_only && geteuid() != 0)
		first = xstrdup(SKIP("needs root"));
	else
		first = run_once(body, false);
	judge(first, geteuid() == 0 ? "as root" : "as a user");
	if (geteuid() != 0 || root_only)
		return;
	second = run_once(body, true);
	judge(second, "as a plain user");
}

void world_make(struct world *w)
{
	world_make_in(w, "/tmp");
}

void world_make_in(struct world *w, const char *where)
{
	struct err err = ERR_INIT;

	*w = (struct world){.fd = -1, .tmp = STORE_TMP_INIT};
	snprintf(w->dir, sizeof(w->dir), "%s/bj-store-XXXXXX", where);
	must(mkdtemp(w->dir), "mkdtemp");
	snprintf(w->path, sizeof(w->path), "%s/store", w->dir);
	w->fd = open(w->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(w->fd >= 0, w->dir);
	if (store_open(w->path, STORE_CREATE, &w->s, &err) < 0)
		must(false, err.msg);
}

void world_release(struct world *w)
{
	struct err err = ERR_INIT;

	store_tmp_release(&w->tmp);
	store_close(w->s);
	close(w->fd);
	if (file_remove_tree(AT_FDCWD, w->dir, &err) < 0)
		must(false, err.msg);
}

void put_file(int dirfd, const char *name, const char *text, mode_t mode)
{
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	must(fd >= 0, name);
	must(write(fd, text, strlen(text)) == (ssize_t)strlen(text), name);
	must(fchmod(fd, mode) == 0, name);
	close(fd);
}

void put_dir(int dirfd, const char *name)
{
	must(mkdirat(dirfd, name, 0755) == 0, name);
}

char *slurp(int dirfd, const char *name)
{
	struct err err = ERR_INIT;
	char *text = NULL;

	return file_read(dirfd, name, 1 << 20, &text, NULL, &err) < 0 ? NULL : text;
}

int put_out(struct world *w, const char *name)
{
	struct err err = ERR_INIT;
	int fd;

	if (w->tmp.fd < 0 && store_tmp_new(w->s, &w->tmp, &err) < 0)
		must(false, err.msg);
	put_dir(w->tmp.fd, name);
	fd = openat(w->tmp.fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(fd >= 0, name);
	return fd;
}

int publish_text(struct world *w, const char *text, struct sha256 *out, struct err *err)
{
	int fd = put_out(w, "text");

	put_file(fd, "file", text, 0644);
	close(fd);
	return store_tree_publish(w->s, w->tmp.fd, "text", false, out, NULL, err);
}

struct sha256 key_of(uint8_t byte)
{
	struct sha256 h;

	memset(h.b, byte, sizeof(h.b));
	return h;
}

const char *hex_of(const struct sha256 *h)
{
	static char buf[4][SHA256_HEX_LEN + 1];
	static unsigned next;
	char *out = buf[next++ % 4];

	sha256_to_hex(h, out);
	return out;
}

json_t *action_of(const struct sha256 *tree)
{
	return json_pack("{s{ss}}", "outputs", "out", hex_of(tree));
}

unsigned count_entries(const char *fmt, ...)
{
	_cleanup_closedir_ DIR *dir = NULL;
	_cleanup_(strbuf_release) struct strbuf path = STRBUF_INIT;
	unsigned n = 0;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&path, fmt, ap);
	va_end(ap);
	dir = opendir(strbuf_str(&path));
	must(dir, strbuf_str(&path));
	for (struct dirent *d; (d = readdir(dir));)
		n += strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
	return n;
}

static int map_id(const char *file, unsigned id)
{
	_cleanup_free_ char *map = xasprintf("%u %u 1", id, id);
	_cleanup_close_ int fd = open(file, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, map, strlen(map)) == (ssize_t)strlen(map) ? 0 : -1;
}

static int own_user_namespace(void)
{
	unsigned uid = geteuid(), gid = getegid();
	_cleanup_close_ int fd = -1;

	if (unshare(CLONE_NEWUSER) < 0 || map_id("/proc/self/uid_map", uid) < 0)
		return -1;
	fd = open("/proc/self/setgroups", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "deny", 4) != 4)
		return -1;
	return map_id("/proc/self/gid_map", gid);
}

int own_namespaces(void)
{
	if (geteuid() != 0 && own_user_namespace() < 0)
		return -1;
	if (unshare(CLONE_NEWNS) < 0)
		return -1;
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

static void hear_event(void *arg, const struct event *ev)
{
	struct heard *h = arg;

	if (ev->kind == EVENT_WARN || ev->kind == EVENT_NOTE)
		strbuf_addf(&h->text, "%s\n", ev->text);
}

struct event_sink hear(struct heard *h)
{
	return (struct event_sink){.fn = hear_event, .arg = h};
}
