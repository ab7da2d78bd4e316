/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Bodies of the store's tests run in a forked child, once as the user that runs the suite and, when
 * that is root, once more as an unprivileged user: the store must behave the same. A body returns
 * NULL when all is well, a complaint, or SKIP("reason"). (A Criterion assert must not fail in a
 * forked child.)
 */

#include <base/cleanup.h>
#include <base/file.h>
#include <base/str.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <store/store.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLAIN_UID 12345

typedef const char *(*body_fn)(void);
void run_body(body_fn body, bool root_only);

#define STORE_TEST_(suite, name, root_only)                                                        \
	static const char *suite##_##name##_body(void);                                            \
	Test(suite, name, .timeout = 120)                                                          \
	{                                                                                          \
		run_body(suite##_##name##_body, root_only);                                        \
	}                                                                                          \
	static const char *suite##_##name##_body(void)
#define STORE_TEST(suite, name)      STORE_TEST_(suite, name, false)
#define STORE_TEST_ROOT(suite, name) STORE_TEST_(suite, name, true)

#define SKIP(reason) "SKIP: " reason
#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond))                                                                       \
			return xasprintf("%s:%d: not true: %s (errno %s, error '%s')", __FILE__,   \
					 __LINE__, #cond, strerror(errno), err.msg);               \
	} while (0)
/* The call must succeed. */
#define OK(call)                                                                                   \
	do {                                                                                       \
		err_clear(&err);                                                                   \
		if ((call) < 0)                                                                    \
			return xasprintf("%s:%d: %s: %s", __FILE__, __LINE__, #call, err.msg);     \
	} while (0)
/* The call must fail with this code, and the message must contain this text. */
#define FAILS(call, want_code, text)                                                               \
	do {                                                                                       \
		err_clear(&err);                                                                   \
		if ((call) >= 0)                                                                   \
			return xasprintf("%s:%d: %s: did not fail", __FILE__, __LINE__, #call);    \
		if (err.code != (want_code) || !strstr(err.msg, text))                             \
			return xasprintf("%s:%d: %s: code %d, '%s' instead of '%s'", __FILE__,     \
					 __LINE__, #call, err.code, err.msg, text);                \
	} while (0)
/* A complaint of a step that is a function of its own. */
#define STEP(call)                                                                                 \
	do {                                                                                       \
		const char *said_ = (call);                                                        \
		if (said_)                                                                         \
			return said_;                                                              \
	} while (0)

/* A folder of its own with a store in it; removed at the end. */
struct world {
	char dir[32];  /* /tmp/... */
	char path[48]; /* dir/store */
	int fd;        /* dir */
	struct store *s;
	struct store_tmp tmp; /* made on demand */
};
void world_make(struct world *w);
void world_make_in(struct world *w, const char *where); /* e.g. a file system in memory */
void world_release(struct world *w);
#define WORLD(w)                                                                                   \
	_cleanup_(world_release) struct world w;                                                   \
	world_make(&w)

/* Freed when the body ends. Returns @text. */
char *scratch(char *text);
/* These abort on failure: they are not what is tested. */
void put_file(int dirfd, const char *name, const char *text, mode_t mode);
void put_dir(int dirfd, const char *name);
char *slurp(int dirfd, const char *name); /* NULL when it cannot be read */
/* A fresh folder @name in the world's work area, as builds leave one; returns its fd. */
int put_out(struct world *w, const char *name);
/* Publish a tree with one file of this text. */
int publish_text(struct world *w, const char *text, struct sha256 *out, struct err *err);
/* A key made of one repeated byte, and its hex. */
struct sha256 key_of(uint8_t byte);
const char *hex_of(const struct sha256 *h); /* static buffer, one of four */
json_t *action_of(const struct sha256 *tree);
unsigned count_entries(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/*
 * A mount namespace (and, without privilege, a user namespace with the same uid) for this process
 * alone. To be called before a world is made: an fd from before does not see later mounts.
 */
int own_namespaces(void);
/* Collects the texts of EVENT_WARN and EVENT_NOTE. */
struct heard {
	struct strbuf text;
};
struct event_sink hear(struct heard *h);
