/* SPDX-License-Identifier: Apache-2.0 */
#include <store/archive.h>

#include <base/file.h>
#include <base/json.h>
#include <base/process.h>
#include <base/str.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>

/*
 * Limits for one archive. The largest source that belljar was made for (a Linux tree) has 90,000
 * entries and 1.5 GB; the largest package of a toolchain 500 MB.
 */
#define MAX_BYTES   (16ll << 30)
#define MAX_ENTRIES 1000000

#define MAX_AT_ONCE 16
#define MAX_ANSWER  8192
/* How many unpacked trees wait for one common fsync. */
#define BATCH 64

/* One archive on its way to a tree. */
struct unpacking {
	const struct sha256 *blob;
	const char *name;
	struct sha256 *out_tree;
	char dir[16]; /* below the work area */
};

struct unpacker {
	struct store *store;
	enum archive_kind kind;
	unsigned strip;
	struct process helper;
	int sock;
	struct store_tmp tmp;
};

static void unpacker_release(struct unpacker *u)
{
	struct err ignored = ERR_INIT;
	int status;

	/* At the end of the socket it ends its children, then itself: nobody writes below tmp then.
	 */
	cleanup_closep(&u->sock);
	if (u->helper.pid > 0 && process_wait(&u->helper, &status, &ignored) < 0)
		err_clear(&ignored);
	process_release(&u->helper);
	store_tmp_release(&u->tmp);
}

static int unpacker_start(struct unpacker *u, struct err *err)
{
	_cleanup_free_ char *path = NULL;
	const char *argv[2] = {NULL, NULL};
	struct process_spec spec = {.argv = argv, .out_fd = -2, .err_fd = -3};
	int fds[2], r;

	if (store_tmp_new(u->store, &u->tmp, err) < 0 ||
	    process_helper_path("unpack", &path, err) < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return err_set(err, ERR_HOST, errno, "socketpair");
	argv[0] = path;
	u->sock = fds[0];
	spec.in_fd = fds[1];
	r = process_start(&u->helper, &spec, err);
	close(fds[1]);
	return r;
}

/* ---- the memo: what was unpacked once is looked up ---- */

static const char *memo_kind(const struct unpacker *u)
{
	return u->kind == ARCHIVE_DEB ? "deb" : "tar";
}

static void memo_key(const struct unpacker *u, const struct sha256 *blob, struct sha256 *out)
{
	char hex[SHA256_HEX_LEN + 1];
	_cleanup_free_ char *text = NULL;

	if (u->kind == ARCHIVE_DEB) {
		*out = *blob;
		return;
	}
	sha256_to_hex(blob, hex);
	text = xasprintf("tar %s strip %u", hex, u->strip);
	sha256_of(text, strlen(text), out);
}

static int memo_look_up(struct unpacker *u, const struct sha256 *blob, bool *out_known,
			struct sha256 *out_tree, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	struct sha256 key;

	memo_key(u, blob, &key);
	if (store_memo_get(u->store, memo_kind(u), &key, &text, err) < 0)
		return -1;
	*out_known = text && sha256_from_hex(text, out_tree) && store_tree_has(u->store, out_tree);
	return 0;
}

static int memo_remember(struct unpacker *u, const struct unpacking *x, struct err *err)
{
	char hex[SHA256_HEX_LEN + 1];
	struct sha256 key;

	memo_key(u, x->blob, &key);
	sha256_to_hex(x->out_tree, hex);
	return store_memo_put(u->store, memo_kind(u), &key, hex, err);
}

/* ---- requests and answers ---- */

static int send_fds(int sock, const char *text, const int fds[2], struct err *err)
{
	char control[CMSG_SPACE(2 * sizeof(int))] __attribute__((aligned(8))) = {0};
	struct iovec iov = {.iov_base = (char *)(uintptr_t)text, .iov_len = strlen(text)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(2 * sizeof(int));
	memcpy(CMSG_DATA(c), fds, 2 * sizeof(int));
	if (sendmsg(sock, &msg, MSG_NOSIGNAL) < 0)
		return err_set(err, ERR_HOST, errno, "ask the unpack helper");
	return 0;
}

static int request(struct unpacker *u, const struct unpacking *x, size_t id, struct err *err)
{
	_cleanup_json_ json_t *req = json_object();
	_cleanup_close_ int blob = -1, dir = -1;
	_cleanup_free_ char *text = NULL;

	blob = store_blob_open(u->store, x->blob, err);
	if (blob < 0)
		return err_wrap(err, "%s", x->name);
	if (file_mkdir_p(u->tmp.fd, x->dir, 0755, err) < 0)
		return -1;
	dir = file_open_beneath(u->tmp.fd, x->dir, O_RDONLY | O_DIRECTORY, 0, err);
	if (dir < 0)
		return -1;
	json_set(req, "id", json_integer((json_int_t)id));
	json_set_str(req, "name", x->name);
	json_set(req, "kind", json_string(memo_kind(u)));
	json_set(req, "strip", json_integer(u->strip));
	json_set(req, "max_bytes", json_integer(MAX_BYTES));
	json_set(req, "max_entries", json_integer(MAX_ENTRIES));
	if (json_canonical(req, &text, err) < 0)
		return -1;
	return send_fds(u->sock, text, (int[]){blob, dir}, err);
}

static int known_code(int64_t code)
{
	return code == ERR_HOST || code == ERR_STORE || code == ERR_BUG ? (int)code : ERR_INPUT;
}

/* The next answer, for whichever request: its id, or the error that ends it all. */
static int await(struct unpacker *u, size_t n, size_t *out_id, struct err *err)
{
	_cleanup_json_ json_t *answer = NULL;
	char text[MAX_ANSWER];
	const char *why;
	ssize_t len;
	int64_t id;

	do
		len = recv(u->sock, text, sizeof(text), 0);
	while (len < 0 && errno == EINTR);
	if (len <= 0)
		return err_set(err, ERR_HOST, len < 0 ? errno : 0, "the unpack helper ended early");
	if (json_parse("unpack helper", text, (size_t)len, &answer, err) < 0)
		return -1;
	id = json_get_int(answer, "id", -1);
	if (id < 0 || (size_t)id >= n)
		return err_set(err, ERR_BUG, 0, "the unpack helper speaks of another archive");
	*out_id = (size_t)id;
	why = json_get_str(answer, "error", NULL);
	if (!why)
		return 0;
	return err_set(err, (enum err_code)known_code(json_get_int(answer, "code", 0)), 0, "%s",
		       *why ? why : "the unpack helper gives no reason");
}

/* ---- many at once ---- */

struct batch {
	struct tree_commit commits[BATCH];
	const struct unpacking *done[BATCH];
	size_t n;
};

static int batch_publish(struct unpacker *u, struct batch *b, struct err *err)
{
	if (b->n > 0 && store_tree_commit(u->store, b->commits, b->n, err) < 0)
		return -1;
	for (size_t i = 0; i < b->n; i++)
		if (memo_remember(u, b->done[i], err) < 0)
			return -1;
	b->n = 0;
	return 0;
}

static int batch_add(struct unpacker *u, struct batch *b, struct unpacking *x, struct err *err)
{
	if (store_tree_prepare(u->store, u->tmp.fd, x->dir, false, x->out_tree, NULL, err) < 0)
		return err_wrap(err, "%s", x->name);
	b->commits[b->n] =
		(struct tree_commit){.dirfd = u->tmp.fd, .name = x->dir, .hash = *x->out_tree};
	b->done[b->n++] = x;
	return b->n == BATCH ? batch_publish(u, b, err) : 0;
}

static size_t at_once(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

	return n < 1 ? 1 : n > MAX_AT_ONCE ? MAX_AT_ONCE : (size_t)n;
}

static int unpack_all(struct unpacker *u, struct unpacking *xs, size_t n,
		      const struct event_sink *sink, struct err *err)
{
	_cleanup_free_ struct batch *b = xcalloc(1, sizeof(*b));
	const size_t width = at_once();
	size_t asked = 0, answered = 0, id = 0;

	if (unpacker_start(u, err) < 0)
		return -1;
	while (answered < n) {
		while (asked < n && asked - answered < width) {
			if (request(u, &xs[asked], asked, err) < 0)
				return -1;
			asked++;
		}
		if (await(u, asked, &id, err) < 0)
			return -1;
		answered++;
		/* the next one is unpacked while this one is hashed */
		if (asked < n && request(u, &xs[asked], asked, err) < 0)
			return -1;
		asked += asked < n;
		if (batch_add(u, b, &xs[id], err) < 0)
			return -1;
		event_progress(sink, "unpack", "packages", answered, n);
	}
	return batch_publish(u, b, err);
}

int store_unpack(struct store *s, const struct sha256 *blob, const char *name,
		 enum archive_kind kind, unsigned strip, struct sha256 *out_tree, struct err *err)
{
	_cleanup_(unpacker_release) struct unpacker u = {.store = s,
							 .kind = kind,
							 .strip = strip,
							 .helper = PROCESS_INIT,
							 .sock = -1,
							 .tmp = STORE_TMP_INIT};
	struct unpacking x = {.blob = blob, .name = name, .out_tree = out_tree, .dir = "0"};
	bool known;

	if (memo_look_up(&u, blob, &known, out_tree, err) < 0)
		return -1;
	return known ? 0 : unpack_all(&u, &x, 1, NULL, err);
}

/* Those that are not known yet, each blob once. */
static int list_unknown(struct unpacker *u, struct unpack_item *items, size_t n,
			struct unpacking *xs, size_t *out_n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		bool known;

		if (memo_look_up(u, &items[i].blob, &known, &items[i].tree, err) < 0)
			return -1;
		for (size_t j = 0; j < *out_n && !known; j++)
			known = sha256_equal(xs[j].blob, &items[i].blob);
		if (known)
			continue;
		xs[*out_n] = (struct unpacking){
			.blob = &items[i].blob, .name = items[i].name, .out_tree = &items[i].tree};
		snprintf(xs[*out_n].dir, sizeof(xs[*out_n].dir), "%zu", *out_n);
		(*out_n)++;
	}
	return 0;
}

int store_unpack_debs(struct store *s, struct unpack_item *items, size_t n,
		      const struct event_sink *sink, struct err *err)
{
	_cleanup_(unpacker_release) struct unpacker u = {.store = s,
							 .kind = ARCHIVE_DEB,
							 .helper = PROCESS_INIT,
							 .sock = -1,
							 .tmp = STORE_TMP_INIT};
	_cleanup_free_ struct unpacking *xs = xcalloc(n ? n : 1, sizeof(*xs));
	size_t unknown = 0;

	if (list_unknown(&u, items, n, xs, &unknown, err) < 0)
		return -1;
	if (unknown == 0)
		return 0;
	event_emit(sink, &(struct event){.kind = EVENT_STEP,
					 .what = "unpack",
					 .name = "packages",
					 .total = unknown});
	if (unpack_all(&u, xs, unknown, sink, err) < 0) {
		event_fail(sink, "unpack", "packages");
		return -1;
	}
	/* the twins of a blob that was listed once */
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < unknown; j++)
			if (sha256_equal(xs[j].blob, &items[i].blob))
				items[i].tree = *xs[j].out_tree;
	event_done(sink, "unpack", "packages", NULL);
	return 0;
}

/* ---- out ---- */

static int explain_pack(int status, const char *text, struct err *err)
{
	char *message = NULL;
	long code = strtol(text ? text : "", &message, 10);

	if (code == 0 || !message || *message != ' ')
		return err_set(err, ERR_HOST, 0, "the pack helper ended with status %d", status);
	return err_set(err, (enum err_code)known_code(code), 0, "export: %.*s",
		       (int)strcspn(message + 1, "\n"), message + 1);
}

int store_export(struct store *s, const struct sha256 *tree, const char *format, int64_t epoch,
		 int out_fd, struct err *err)
{
	_cleanup_(process_release) struct process p = PROCESS_INIT;
	_cleanup_free_ char *path = NULL, *text = NULL, *seconds = NULL;
	_cleanup_close_ int dir = -1;
	struct err ignored = ERR_INIT;
	size_t len;
	int status;

	if (strcmp(format, "tar") != 0 && strcmp(format, "tar.zst") != 0)
		return err_set(err, ERR_USAGE, 0, "unknown format '%s': tar and tar.zst are known",
			       format);
	dir = store_tree_open(s, tree, err);
	if (dir < 0 || process_helper_path("pack", &path, err) < 0)
		return -1;
	seconds = xasprintf("%lld", (long long)epoch);
	const char *const argv[] = {path, "--format", format, "--epoch", seconds, NULL};
	const struct process_spec spec = {
		.argv = argv, .in_fd = dir, .out_fd = out_fd, .err_fd = -1};
	if (process_start(&p, &spec, err) < 0)
		return -1;
	if (file_read_fd(p.errfd, "pack", 65536, &text, &len, &ignored) < 0)
		text = NULL;
	if (process_wait(&p, &status, err) < 0)
		return -1;
	return status == 0 ? 0 : explain_pack(status, text, err);
}
