/* SPDX-License-Identifier: Apache-2.0 */
#include <runner/trim.h>

#include <base/cleanup.h>
#include <base/file.h>
#include <base/walk_tree.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define SEEN_MAX  1000000 /* a build that looks at more paths is slower, not larger */
#define LINKS_MAX 40      /* as the kernel's limit for one path */

/* The mark of a path, packed into one integer of the map: the package, and what was done. */
#define MARK_SHIFT  2
#define MARK_LOOKED 1
#define MARK_OPENED 2

struct trimmer {
	struct trim_report *report;
	int root;      /* the composed root */
	json_t *owner; /* path without its first slash -> package and marks */
	json_t *seen;  /* requested path -> the most that was done with it */
};

void trim_report_release(struct trim_report *r)
{
	free(r->packages);
	*r = TRIM_REPORT_INIT;
}

static void mark(struct trimmer *t, const char *path, enum room_look look)
{
	json_t *value = json_object_get(t->owner, path);
	int64_t bit = look == ROOM_LOOK ? MARK_LOOKED : MARK_OPENED, old;

	if (!value)
		return;
	old = json_integer_value(value);
	json_integer_set(value, old | bit);
}

static void follow(struct trimmer *t, const char *path, enum room_look look);

/* The kernel opens the interpreter of a script itself, which no notification tells. */
static void follow_interpreter(struct trimmer *t, const char *path)
{
	_cleanup_close_ int fd = openat(t->root, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char line[256] = "", *name;
	ssize_t n = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);

	if (n < 3 || line[0] != '#' || line[1] != '!')
		return;
	name = line + 2 + strspn(line + 2, " \t");
	name[strcspn(name, " \t\n")] = '\0';
	if (*name == '/')
		follow(t, name, ROOM_OPEN);
}

struct way {
	char at[PATH_MAX];   /* resolved so far, without a first slash */
	char rest[PATH_MAX]; /* still to go */
	int links;
};

static void go_up(struct way *w)
{
	char *slash = strrchr(w->at, '/');

	*(slash ? slash : w->at) = '\0';
}

/* Put a link's target before what is still to go. */
static bool go_through(struct trimmer *t, struct way *w, const char *link)
{
	char target[PATH_MAX], rest[PATH_MAX];
	ssize_t n = readlinkat(t->root, link, target, sizeof(target) - 1);

	if (n <= 0 || ++w->links > LINKS_MAX)
		return false;
	target[n] = '\0';
	if (snprintf(rest, sizeof(rest), "%s/%s", target, w->rest) >= (int)sizeof(rest))
		return false;
	memcpy(w->rest, rest, strlen(rest) + 1);
	if (target[0] == '/')
		w->at[0] = '\0';
	return true;
}

/* One component; false when the way ends here. */
static bool step(struct trimmer *t, struct way *w, const char *name, enum room_look look)
{
	char here[PATH_MAX];
	struct stat st;

	if (snprintf(here, sizeof(here), "%s%s%s", w->at, *w->at ? "/" : "", name) >=
	    (int)sizeof(here))
		return false;
	if (fstatat(t->root, here, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	if (S_ISLNK(st.st_mode)) {
		mark(t, here, look);
		return go_through(t, w, here);
	}
	if (S_ISDIR(st.st_mode)) {
		memcpy(w->at, here, strlen(here) + 1);
		return true;
	}
	mark(t, here, look);
	if (look == ROOM_EXEC)
		follow_interpreter(t, here);
	return false;
}

static void follow(struct trimmer *t, const char *path, enum room_look look)
{
	struct way w = {.links = 0};

	if (strlen(path) >= sizeof(w.rest))
		return;
	memcpy(w.rest, path, strlen(path) + 1);
	for (;;) {
		size_t skip = strspn(w.rest, "/"), len = strcspn(w.rest + skip, "/");
		_cleanup_free_ char *name = xstrndup(w.rest + skip, len);

		if (!len)
			return;
		memmove(w.rest, w.rest + skip + len, strlen(w.rest + skip + len) + 1);
		if (!strcmp(name, "..")) {
			go_up(&w);
			continue;
		}
		if (strcmp(name, ".") && !step(t, &w, name, look))
			return;
	}
}

static void on_path(void *arg, const char *path, enum room_look look)
{
	struct trimmer *t = arg;
	json_t *before = json_object_get(t->seen, path);

	if (before && json_integer_value(before) >= (json_int_t)look)
		return;
	/* a name that is no UTF-8 cannot be remembered, and is resolved each time */
	if (before || json_object_size(t->seen) < SEEN_MAX)
		json_object_set_new(t->seen, path, json_integer((json_int_t)look));
	follow(t, path, look);
}

struct entering {
	struct trimmer *t;
	size_t package;
};

static int enter(void *arg, struct walk_entry *e, struct err *err)
{
	const struct entering *in = arg;
	struct trim_package *p = &in->t->report->packages[in->package];

	(void)err;
	if (S_ISDIR(e->st.st_mode))
		return 0;
	p->files++;
	p->bytes += S_ISREG(e->st.st_mode) ? (uint64_t)e->st.st_size : 0;
	json_object_set_new(in->t->owner, e->path,
			    json_integer((json_int_t)in->package << MARK_SHIFT));
	return 0;
}

static int enter_packages(struct trimmer *t, struct store *s, const struct plan_root *root,
			  const struct event_sink *sink, struct err *err)
{
	size_t n = lock_count(root->lock);
	_cleanup_free_ struct sha256 *trees = xcalloc(n, sizeof(*trees));

	t->report->packages = xcalloc(n, sizeof(*t->report->packages));
	t->report->n = n;
	t->report->toolchain = root->name;
	if (toolchain_package_trees(s, root->lock, sink, trees, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct trim_package *p = &t->report->packages[i];
		struct entering in = {.t = t, .package = i};
		_cleanup_close_ int fd = store_tree_open(s, &trees[i], err);

		p->p = lock_at(root->lock, i);
		p->wanted = lock_wants(root->lock, p->p);
		if (fd < 0 || walk_tree(fd, ".", enter, &in, err) < 0)
			return -1;
	}
	return 0;
}

static void count(struct trimmer *t)
{
	const char *path;
	json_t *value;

	json_object_foreach (t->owner, path, value) {
		int64_t mark = json_integer_value(value);
		struct trim_package *p = &t->report->packages[mark >> MARK_SHIFT];

		if (mark & MARK_OPENED)
			p->opened++;
		else if (mark & MARK_LOOKED)
			p->looked++;
	}
}

static int run_traced(struct runner *rn, struct plan *p, struct trimmer *t, struct round *round,
		      struct err *err)
{
	struct plan_node *n = plan_wanted(p);
	struct plan_root *root = &p->roots[n->root];
	const struct tracer tracer = {.arg = t, .on_path = on_path};
	struct runner traced = *rn;
	size_t wanted = p->n_nodes - 1;

	traced.tracer = &tracer;
	if (build_prepare(rn, p, &wanted, 1, err) < 0 ||
	    toolchain_fetch(rn->store, root->lock, &rn->fetch, rn->sink, err) < 0 ||
	    enter_packages(t, rn->store, root, rn->sink, err) < 0)
		return -1;
	t->root = store_tree_open(rn->store, &root->tree, err);
	if (t->root < 0)
		return -1;
	return round_run(&traced, p, n, runner_cores(rn), round, err);
}

int trim_run(struct runner *rn, struct plan *p, struct trim_report *out, struct round *out_round,
	     struct err *err)
{
	_cleanup_(build_report_release) struct build_report inputs = BUILD_REPORT_INIT;
	struct trimmer t = {.report = out, .root = -1};
	struct plan_node *n = plan_wanted(p);
	int rc;

	if (build_run(rn, p, true, &inputs, err) < 0 ||
	    plan_key(p, p->n_nodes - 1, rn->store, err) < 0)
		return -1;
	if (n->waits)
		return err_set(err, ERR_BUG, 0, "%s %s", n->recipe->name, n->waits);
	t.owner = json_object();
	t.seen = json_object();
	rc = run_traced(rn, p, &t, out_round, err);
	if (rc == 0)
		count(&t);
	out->seconds = out_round->seconds;
	json_decref(t.owner);
	json_decref(t.seen);
	cleanup_closep(&t.root);
	return rc;
}
