/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The store: blobs, trees, actions and records on disk.
 *
 *	blobs/sha256/ab/abcd...        a file, named by its SHA-256 (tarball, .deb, patch)
 *	trees/<hash>/                  a normalised directory, named by its NAR SHA-256 (hex)
 *	actions/<key>.json             action key -> output name -> tree hash
 *	builds/<key>/<round>/          record.json, log.zst, ledger.jsonl.zst
 *	memo/<kind>/<key>              small derived facts: (blob, strip) -> tree hash, lock -> root
 *	roots/<name>                   GC roots: a symbolic link to a result link, or to a tree
 *	tmp/                           work in progress; swept at start when its owner is gone
 *	locks/                         flock(2) files
 *	version                        "1": the layout described here
 *	bad/                           what store_verify() with repair moved out of the way
 *
 * Everything outside tmp/ and locks/ is immutable once published: written under tmp/, fsynced,
 * renamed, its directory fsynced. A crash at any instant leaves a store that verifies. Memos are
 * not fsynced but carry a checksum: a torn one counts as unknown.
 *
 * Every open store holds a shared flock(2), which gc and repair wait for; nobody else may write to
 * the folder (mode 0700, owner the caller), and a store has one user only.
 */

#include <base/digest.h>
#include <base/err.h>
#include <base/event.h>
#include <base/json.h>
#include <stdbool.h>
#include <stdint.h>

struct store; /* opaque: owns the directory fds and the shared lock against gc */

enum store_flags {
	STORE_CREATE = 1,   /* make it when it is missing */
	STORE_READONLY = 2, /* no lock, no sweep, no writes: for log, describe, plan */
	STORE_MAY_MISS = 4  /* with the former: where no store is, *out is NULL and 0 returned */
};

/*
 * Open the store at @path (NULL: $BELLJAR_STORE, else /var/lib/belljar as root, else
 * $XDG_DATA_HOME/belljar, else ~/.local/share/belljar). Sweeps tmp/ entries whose owner died.
 * A store whose making was cut short is completed, unless it is opened for reading only; with
 * STORE_MAY_MISS it counts as none, and so does an empty folder.
 */
int store_open(const char *path, int flags, struct store **out, struct err *err)
	__attribute__((warn_unused_result));
/*
 * What happens while another process has a lock that is wanted, now or later: @sink gets a note,
 * and when @stopped says so the waiting ends with ERR_INTERRUPTED. Copied; what it points to must
 * outlive the store. With store_open() there are no notes of an opening, and no stopping.
 */
struct store_wait {
	const struct event_sink *sink;
	bool (*stopped)(void *arg);
	void *arg;
};
int store_open_waiting(const char *path, int flags, const struct store_wait *wait,
		       struct store **out, struct err *err) __attribute__((warn_unused_result));
void store_close(struct store *s);
void store_closep(struct store **s);
const char *store_path(const struct store *s); /* absolute; borrowed */
int store_fd(const struct store *s);           /* borrowed directory fd */
/*
 * The hash below the store's @folder ("trees", "builds") that begins with the digits @start.
 * Returns how many there are; *out is the hash when it is one.
 */
int store_find(struct store *s, const char *folder, const char *start, struct sha256 *out,
	       struct err *err) __attribute__((warn_unused_result));
/*
 * Last word on a failure to write below the store: a full disk or an exhausted quota is said in so
 * many words, with the store's path, in front of what was being done; once. Returns -1.
 */
int store_explain(const struct store *s, struct err *err);

/* ---- blobs ---- */
bool store_blob_has(struct store *s, const struct sha256 *hash);
/* Read-only fd of a blob; ERR_STORE when absent. The caller closes. */
int store_blob_open(struct store *s, const struct sha256 *hash, struct err *err)
	__attribute__((warn_unused_result));
/* Absolute path, for a mount or a message; caller frees. Does not check that it exists. */
char *store_blob_path(const struct store *s, const struct sha256 *hash)
	__attribute__((returns_nonnull));
/*
 * Copy @fd in while hashing (never trusting a name twice). When @expected is not NULL and the hash
 * or
 * @size (when not 0) differs: ERR_INPUT "expected sha256 X, found Y", nothing is stored. *out may
 * be NULL.
 */
int store_blob_add_fd(struct store *s, int fd, const char *name, const struct sha256 *expected,
		      uint64_t size, struct sha256 *out, struct err *err)
	__attribute__((warn_unused_result));

/* ---- work areas ---- */
/* A private directory below tmp/, locked by its owner, removed by release. */
struct store_tmp {
	struct store *store; /* borrowed */
	int fd;              /* the directory */
	int lock_fd;
	char *path; /* absolute */
	char name[32];
};
#define STORE_TMP_INIT ((struct store_tmp){.fd = -1, .lock_fd = -1})
int store_tmp_new(struct store *s, struct store_tmp *out, struct err *err)
	__attribute__((warn_unused_result));
void store_tmp_release(struct store_tmp *t);

/* ---- trees ---- */
/*
 * Normalise the directory @name below @dirfd in place (mtime 1, owner the caller, modes 0644/0755,
 * hard links broken unless @keep_hardlinks, no set-id bits, xattrs or special files: those are
 * ERR_INPUT naming the file), hash it and publish it by rename. @dirfd must be on the store's file
 * system (a struct store_tmp). An equal tree already there wins and @name is removed.
 */
struct tree_stats {
	uint64_t files, dirs, links, bytes;
};
int store_tree_publish(struct store *s, int dirfd, const char *name, bool keep_hardlinks,
		       struct sha256 *out, struct tree_stats *stats, struct err *err)
	__attribute__((warn_unused_result));
/*
 * The same in two steps, for many trees at once: prepare (normalise and hash; may run in several
 * threads, one tree each) every one, then commit them together, which waits for the disk once
 * instead of once per tree.
 */
struct tree_commit {
	int dirfd;        /* borrowed */
	const char *name; /* borrowed */
	struct sha256 hash;
};
int store_tree_prepare(struct store *s, int dirfd, const char *name, bool keep_hardlinks,
		       struct sha256 *out, struct tree_stats *stats, struct err *err)
	__attribute__((warn_unused_result));
int store_tree_commit(struct store *s, const struct tree_commit *items, size_t n, struct err *err)
	__attribute__((warn_unused_result));
bool store_tree_has(struct store *s, const struct sha256 *hash);
/* O_DIRECTORY fd; the caller closes. */
int store_tree_open(struct store *s, const struct sha256 *hash, struct err *err)
	__attribute__((warn_unused_result));
char *store_tree_path(const struct store *s, const struct sha256 *hash)
	__attribute__((returns_nonnull));

/* ---- actions: key -> outputs ---- */
/*
 * The value is an object whose "outputs" maps names to tree hashes in hex (or the map itself). What
 * else it names by a hash, such as the root or the inputs, gc keeps for as long as the outputs.
 */
/* *out is a new reference, or NULL (and 0 returned) when the key is unknown or one of its trees is
 * gone. */
int store_action_get(struct store *s, const struct sha256 *key, json_t **out, struct err *err)
	__attribute__((warn_unused_result));
int store_action_put(struct store *s, const struct sha256 *key, const json_t *value,
		     struct err *err) __attribute__((warn_unused_result));
/* Exclusive lock of one key: two belljars that build the same action wait for each other. Returns
 * an fd; close to unlock. */
int store_action_lock(struct store *s, const struct sha256 *key, const struct event_sink *sink,
		      struct err *err) __attribute__((warn_unused_result));

/* ---- records: one directory per round ---- */
/* Publish @tmp's directory @name (record.json, log.zst, ledger.jsonl.zst inside) as the key's next
 * round. */
int store_record_publish(struct store *s, const struct sha256 *key, int dirfd, const char *name,
			 int *out_round, struct err *err) __attribute__((warn_unused_result));
/* Newest round of a key, or @round when > 0. *out_fd is the directory. ERR_INPUT when there is
 * none. */
int store_record_open(struct store *s, const struct sha256 *key, int round, int *out_fd,
		      int *out_round, struct err *err) __attribute__((warn_unused_result));

/* ---- memos: derived facts that may be deleted at any time ---- */
int store_memo_get(struct store *s, const char *kind, const struct sha256 *key, char **out,
		   struct err *err) __attribute__((warn_unused_result)); /* *out NULL: unknown */
int store_memo_put(struct store *s, const char *kind, const struct sha256 *key, const char *text,
		   struct err *err) __attribute__((warn_unused_result));

/* ---- roots and garbage ---- */
/*
 * Make @link (a path of the user's) a symbolic link to the tree and register it as a GC root. A
 * link into a store is replaced atomically; anything else of that name is ERR_USAGE and stays.
 */
int store_root_link(struct store *s, const char *link, const struct sha256 *tree, struct err *err)
	__attribute__((warn_unused_result));
/* Could such a link be made there? To be asked before the build whose result it shall lead to. */
int store_root_check(const char *link, struct err *err) __attribute__((warn_unused_result));
struct store_gc_stats {
	uint64_t trees, blobs, builds, bytes;
};
/*
 * Remove what nobody needs, when no other process has the store open (waits for them, with a note
 * to @sink). What lives: trees that a root leads to (its link must still point there); actions all
 * of whose outputs live, with their records and every tree that their value names; memos of such
 * trees; with @keep_sources all blobs and all checkouts of git sources, none without. @dry_run only
 * counts, in a store that may be open for reading only, and waits for nobody: it tells what nobody
 * needs at that moment, what a running build has not linked yet among it. @bytes are what the disk
 * gets back, a file with N hard links counted as one Nth for each of its names.
 */
int store_gc(struct store *s, bool dry_run, bool keep_sources, const struct event_sink *sink,
	     struct store_gc_stats *out, struct err *err) __attribute__((warn_unused_result));
/*
 * Rehash blobs and trees (and check the trees' normal form), parse actions and records, look for
 * the actions' trees. Each bad object is an EVENT_WARN. With @repair they are moved to bad/, when
 * no other process has the store open.
 */
struct store_verified {
	uint64_t blobs, trees, actions, records; /* looked at */
	uint64_t bad;                            /* of these */
};
int store_verify(struct store *s, bool repair, const struct event_sink *sink,
		 struct store_verified *out, struct err *err) __attribute__((warn_unused_result));
struct store_du {
	uint64_t blobs, blob_bytes, trees, tree_bytes, builds, build_bytes, tmp_bytes;
};
int store_du(struct store *s, struct store_du *out, struct err *err)
	__attribute__((warn_unused_result));
