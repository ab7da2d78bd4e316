/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the files of store/ share among themselves; nobody else includes this. */

#include <base/str.h>
#include <store/store.h>

enum store_dir {
	DIR_BLOBS, /* blobs/sha256 */
	DIR_TREES,
	DIR_ACTIONS,
	DIR_BUILDS,
	DIR_MEMO,
	DIR_ROOTS,
	DIR_TMP,
	DIR_LOCKS,
	DIR_COUNT
};

struct store {
	char *path; /* absolute, without links */
	int fd;
	int lock_fd; /* locks/store: shared while open, exclusive in gc; -1 when read-only */
	int dirs[DIR_COUNT];
	bool readonly;
	struct store_wait wait;
};

/* ERR_BUG when the store was opened with STORE_READONLY. */
int store_need_write(const struct store *s, struct err *err) __attribute__((warn_unused_result));

/* The shared lock that an open store holds, on its lock_fd. */
int store_lock_open(struct store *s, struct err *err) __attribute__((warn_unused_result));
/*
 * Change the store's shared lock to an exclusive one, waiting (with a note to @sink) for every
 * other belljar to finish, and back. Between the two no other process reads or writes the store,
 * but those that opened it read-only. After a failure the store has no lock any more.
 */
int store_lock_exclusive(struct store *s, const struct event_sink *sink, struct err *err)
	__attribute__((warn_unused_result));
void store_lock_shared(struct store *s);
/*
 * An exclusive lock file below locks/; @waiting is noted to @sink when it is taken. Returns its fd.
 */
int store_lock_file(struct store *s, const char *name, const struct event_sink *sink,
		    const char *waiting, struct err *err) __attribute__((warn_unused_result));

/* Names in directory @name below @dirfd, sorted, without "." and "..". A missing one is empty. */
int store_list(int dirfd, const char *name, struct strv *out, struct err *err)
	__attribute__((warn_unused_result));

/* tmp.c: remove what dead processes left in tmp/. */
int store_sweep(struct store *s, struct err *err) __attribute__((warn_unused_result));
/*
 * A file below tmp/ that is locked by its owner, so that a sweep leaves it alone; it becomes
 * permanent by tmp_file_publish() and is removed by tmp_file_release() otherwise.
 */
struct tmp_file {
	struct store *store; /* borrowed */
	int fd;              /* open for writing */
	char name[32];       /* empty: nothing to remove */
};
#define TMP_FILE_INIT ((struct tmp_file){.fd = -1})
int tmp_file_new(struct store *s, struct tmp_file *out, struct err *err)
	__attribute__((warn_unused_result));
/*
 * Set @mode and rename to @name below @dirfd, replacing. With @durable the file is fsynced before
 * and the directory after the rename.
 */
int tmp_file_publish(struct tmp_file *t, int dirfd, const char *name, mode_t mode, bool durable,
		     struct err *err) __attribute__((warn_unused_result));
/*
 * The same, durably, for a name that says what the content is: where it is there already it stays,
 * and the file is dropped. Replacing it would take it away for a moment from whoever is linking it.
 */
int tmp_file_publish_once(struct tmp_file *t, int dirfd, const char *name, mode_t mode,
			  struct err *err) __attribute__((warn_unused_result));
void tmp_file_release(struct tmp_file *t);
/* The three steps at once for a text in memory. */
int store_put_file(struct store *s, int dirfd, const char *name, const char *text, size_t len,
		   bool durable, struct err *err) __attribute__((warn_unused_result));
/* Move @name below @dirfd into @t, then delete it there: a kill leaves no half-removed object. */
int store_trash(struct store_tmp *t, int dirfd, const char *name, struct err *err)
	__attribute__((warn_unused_result));

/* action.c: the tree hashes (hex) that an action's value names as outputs, and all it names. */
void action_outputs(const json_t *value, struct strv *out);
void action_references(const json_t *value, struct strv *out);

/* normal.c: make, or only check, the normal form of a tree. */
int tree_normalise(int dirfd, const char *name, bool keep_hardlinks, struct err *err)
	__attribute__((warn_unused_result));
int tree_check_normal(int dirfd, const char *name, struct err *err)
	__attribute__((warn_unused_result));

/* du.c: bytes on disk of everything below; a file with N hard links counts for one Nth. */
int tree_size(int dirfd, const char *name, uint64_t *bytes, struct err *err)
	__attribute__((warn_unused_result));

/* 64 hex digits? */
bool name_is_hash(const char *name);
