/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A toolchain: a root file system composed from locked distribution packages, one lock and one root
 * per (host architecture, target). toolchains/NAME/toolchain.yaml says what is wanted, keys/ holds
 * the archive's public keys, locks/HOST-TARGET.yaml says what it was resolved to.
 */

#include <base/digest.h>
#include <base/err.h>
#include <base/event.h>
#include <base/str.h>
#include <store/fetch.h>
#include <store/store.h>

struct toolchain; /* opaque: a parsed toolchain.yaml */
struct lock;      /* opaque: a parsed lock */

struct lock_package {                             /* texts borrowed from the lock */
	const char *name, *version, *arch, *path; /* path below the mirror: "pool/main/..." */
	uint64_t size;
	struct sha256 hash;
};

/* @dir is the folder of all toolchains (…/toolchains); @name e.g. "debian-12". */
int toolchain_load(const char *dir, const char *name, struct toolchain **out, struct err *err)
	__attribute__((warn_unused_result));
void toolchain_free(struct toolchain *tc);
/* Whether there is one of that name, be it right or wrong. */
bool toolchain_exists(const char *dir, const char *name);
/* All toolchains below @dir, sorted. */
int toolchain_names(const char *dir, struct strv *out, struct err *err)
	__attribute__((warn_unused_result));
/* The toolchain that this one adds to, or NULL. Borrowed. */
const char *toolchain_extends(const struct toolchain *tc);
/* Whether it adds to the toolchain @name, be it by way of others. */
bool toolchain_builds_on(const struct toolchain *tc, const char *name);
void toolchain_freep(struct toolchain **tc);
/* Environment that the toolchain gives to every phase ("CROSS_COMPILE=aarch64-linux-gnu-"), for a
 * lock's pair. */
void toolchain_env(const struct toolchain *tc, const char *host, const char *target,
		   struct strv *out);

/* Architectures are named as uname -m does: "x86_64", "aarch64". ERR_INPUT when there is no such
 * lock: says how to make it. */
int lock_load(const struct toolchain *tc, const char *host, const char *target, struct lock **out,
	      struct err *err) __attribute__((warn_unused_result));
void lock_free(struct lock *l);
void lock_freep(struct lock **l);
size_t lock_count(const struct lock *l);
const struct lock_package *lock_at(const struct lock *l, size_t i);
/* Was the package asked for by name, or does another one need it? */
bool lock_wants(const struct lock *l, const struct lock_package *p);

/*
 * The composition key: SHA-256 of everything that decides the root (package hashes in order, links
 * table, shim names, composition version). Costs no disk access.
 */
void lock_root_key(const struct toolchain *tc, const struct lock *l, struct sha256 *out);

/* Make every .deb present in the store. */
int toolchain_fetch(struct store *s, const struct lock *l, const struct fetch_options *opt,
		    const struct event_sink *sink, struct err *err)
	__attribute__((warn_unused_result));
/*
 * The tree hash of the composed root: from memo/ when known and the tree is there, else unpacked,
 * composed by hard links, hashed and published. The .debs must be in the store. When the lock
 * records a root for this composition key and the result is another: ERR_MISMATCH. Two packages
 * with one path and unequal contents, or a link of the table without its target: ERR_INPUT.
 */
int toolchain_compose(struct store *s, const struct toolchain *tc, const struct lock *l,
		      const struct event_sink *sink, struct sha256 *out_tree, struct err *err)
	__attribute__((warn_unused_result));
/*
 * The unpacked tree of each locked package, in the lock's order: @out has lock_count() places. The
 * .debs must be in the store.
 */
int toolchain_package_trees(struct store *s, const struct lock *l, const struct event_sink *sink,
			    struct sha256 *out, struct err *err)
	__attribute__((warn_unused_result));
/* Only the memo: *out_known false when the root was never composed here. */
int toolchain_root_known(struct store *s, const struct toolchain *tc, const struct lock *l,
			 bool *out_known, struct sha256 *out_tree, struct err *err)
	__attribute__((warn_unused_result));

/*
 * The tree hash that the lock records for this composition key: what toolchain_compose() would
 * give, without composing. False when nothing is recorded, or for another key.
 */
bool lock_recorded_root(const struct toolchain *tc, const struct lock *l, struct sha256 *out_tree);
/* The root of the lock before this one, until this one is composed. False when none is noted. */
bool lock_former_root(const struct toolchain *tc, const struct lock *l, struct sha256 *out_tree);

/*
 * Resolve anew from the distribution's index: fetch InRelease, verify it with gpgv against the
 * pinned fingerprints, fetch and verify Packages, solve, write locks/HOST-TARGET.yaml atomically. A
 * Release that is older than the one of the present lock is refused. On any failure the old lock
 * stays as it was. *out_changes gets lines "+ name version", "- name version", "name old -> new".
 */
int toolchain_lock(struct store *s, const struct toolchain *tc, const char *host,
		   const char *target, const struct fetch_options *opt,
		   const struct event_sink *sink, struct strv *out_changes, struct err *err)
	__attribute__((warn_unused_result));
/*
 * The same, without writing. *out_old is the present lock, NULL when there is none that can be
 * read; *out_now what would take its place. Both are the caller's.
 */
int toolchain_resolve(struct store *s, const struct toolchain *tc, const char *host,
		      const char *target, const struct fetch_options *opt,
		      const struct event_sink *sink, struct lock **out_old, struct lock **out_now,
		      struct err *err) __attribute__((warn_unused_result));

struct lock_change {
	enum lock_change_kind {
		LOCK_ADDED,
		LOCK_REMOVED,
		LOCK_OTHER_VERSION,
		LOCK_OTHER_CONTENT /* under the same version, which an archive must not do */
	} kind;
	const struct lock_package *old, *now; /* NULL where there is none; borrowed */
};
typedef void (*lock_change_fn)(void *arg, const struct lock_change *change);
/* Package by package, by name and architecture. @old may be NULL. Returns how many changes. */
size_t lock_compare(const struct lock *old, const struct lock *now, lock_change_fn fn, void *arg);
/* Do both give the same root, and were they made of the same wishes? Only Release may differ. */
bool lock_same(const struct lock *a, const struct lock *b);
/* The date of the Release that the lock was made from. Borrowed. */
const char *lock_date(const struct lock *l);
/* Were both made from the same Release? */
bool lock_same_release(const struct lock *a, const struct lock *b);

struct lock_writing {
	const struct toolchain *tc;
	const struct lock *lock;
};
/*
 * Write all of these or none: what can fail is done beforehand, beside the locks, and should a
 * rename fail nevertheless, those that were renamed are put back.
 */
int lock_write_all(const struct lock_writing *list, size_t n, struct err *err)
	__attribute__((warn_unused_result));
/*
 * Write into the pair's lock that composing it gave @tree; toolchain_compose() verifies that from
 * then on.
 */
int toolchain_lock_record_root(const struct toolchain *tc, const char *host, const char *target,
			       const struct sha256 *tree, struct err *err)
	__attribute__((warn_unused_result));
/* The (host, target) pairs that toolchain.yaml names, as "x86_64-aarch64". */
void toolchain_pairs(const struct toolchain *tc, struct strv *out);
/* Names for which the composed root has a link to /shims/NAME. NULL-terminated, static. */
const char *const *toolchain_shim_names(void);
