/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the files of toolchains/ share with each other and with their unit tests. */

#include <base/gpgv.h>
#include <base/yaml.h>
#include <toolchains/toolchain.h>

struct tc_pair {
	char *host, *target;
	struct strv packages;
	struct strv env; /* "NAME=value" */
};

struct tc_link {
	char *path; /* below the root, without the leading '/' */
	char *to;   /* as it will stand in the link */
	bool optional;
};

struct toolchain {
	char *dir; /* …/toolchains/NAME */
	char *name, *suite, *mirror;
	char *extends;     /* the toolchain that this one adds to; NULL: none */
	struct strv below; /* all that it adds to in the end, the nearest first */
	char *key_file;    /* with its folder: with `extends`, that of the one that has no such */
	struct strv components, fingerprints, essential, drop;
	struct tc_pair *pairs;
	size_t n_pairs;
	struct tc_link *links; /* sorted by path */
	size_t n_links;
};

const struct tc_pair *toolchain_pair(const struct toolchain *tc, const char *host,
				     const char *target);
/* Always fails: ERR_INPUT that names the pairs there are. */
int toolchain_no_such_pair(const struct toolchain *tc, const char *host, const char *target,
			   struct err *err);
/* Essential and wanted packages of a pair, sorted, each once. */
void toolchain_wanted(const struct toolchain *tc, const struct tc_pair *pair, struct strv *out);
/* "x86_64" -> "amd64"; NULL when unknown. */
const char *debian_arch(const char *machine);

/* toolchain.yaml by itself, without what `extends` brings. */
int toolchain_parse(const char *dir, const char *name, struct toolchain **out, struct err *err)
	__attribute__((warn_unused_result));
/* Add to @tc what it extends, to which what that one extends is added already. */
int toolchain_extend(struct toolchain *tc, const struct toolchain *base, struct err *err)
	__attribute__((warn_unused_result));

struct lock {
	char *host, *target, *suite, *mirror, *release_date;
	struct sha256 release; /* of InRelease as it was fetched */
	struct strv signed_by; /* fingerprints of primary keys */
	struct strv wanted;    /* what was asked for: another list now means a stale lock */
	bool has_root;
	struct sha256 root_key, root_tree; /* composing @root_key gave @root_tree */
	struct lock_package *packages;     /* by name, then arch: the composition order */
	struct strv *replaces; /* per package: locked packages whose files it may take */
	size_t n;
	struct strv texts; /* owns what packages point to */
};

struct lock *lock_new(void);
/* The file of a pair, below tc->dir; caller frees. */
char *lock_file(const char *host, const char *target);
/* As lock_load, but a lock that toolchain.yaml has moved away from is returned as well. *out is
 * NULL when there is no file. */
int lock_read(const struct toolchain *tc, const char *host, const char *target, struct lock **out,
	      struct err *err) __attribute__((warn_unused_result));
int lock_parse(const char *shown_as, const char *text, size_t len, struct lock **out,
	       struct err *err) __attribute__((warn_unused_result));
/* All texts are copied; @replaces may be NULL. ERR_INPUT when a field is not of its form. */
int lock_add_package(struct lock *l, const char *name, const char *version, const char *arch,
		     const char *path, uint64_t size, const struct sha256 *hash,
		     const struct strv *replaces, struct err *err)
	__attribute__((warn_unused_result));
void lock_format(const struct toolchain *tc, const struct lock *l, struct strbuf *out);
/* Write it in place of the old one, atomically. */
int lock_save(const struct toolchain *tc, const struct lock *l, struct err *err)
	__attribute__((warn_unused_result));
/* "+ name version", "- name version", "name old -> new". @old may be NULL. */
void lock_changes(const struct lock *old, const struct lock *now, struct strv *out);

/* ---- release.c ---- */
struct release {
	char *date;
	struct sha256 digest;
	struct strv signed_by;
	char *text; /* the part that is signed */
	bool by_hash;
};
#define RELEASE_INIT ((struct release){0})
void release_release(struct release *r);
/* @inrelease is an absolute path in @work, a directory of ours. @now decides Valid-Until. */
int release_verify(const struct toolchain *tc, const char *work, const char *inrelease, int64_t now,
		   struct release *out, struct err *err) __attribute__((warn_unused_result));
/* Who signed, of the pinned ones. Pure. */
int release_judge(const struct gpgv_report *r, const struct strv *pinned, struct strv *out,
		  struct err *err) __attribute__((warn_unused_result));
/* The same from gpgv's status lines. */
int release_signers(const char *status, const struct strv *pinned, struct strv *out,
		    struct err *err) __attribute__((warn_unused_result));
/* Check Codename and the dates of a Release text, fill @out's date and by_hash. Pure. */
int release_check(const char *text, const char *suite, int64_t now, struct release *out,
		  struct err *err) __attribute__((warn_unused_result));
/* Hash and size that the signed text says of @file ("main/binary-amd64/Packages.xz"). */
int release_find(const struct release *r, const char *file, struct sha256 *out, uint64_t *size,
		 struct err *err) __attribute__((warn_unused_result));
/* "Sat, 11 Jul 2026 10:16:37 UTC" as seconds since 1970; -1 when it is not of this form. */
int64_t release_time(const char *date);

/* ---- compose ---- */

/*
 * In every root's key. Raise it when a change of merge.c, finish.c or layout.c can change a root
 * that is composed from the same lock.
 */
#define COMPOSITION_VERSION 1

struct fixed_file {
	const char *path, *text;
};
/* The merged /usr, as link and target. NULL path ends. */
extern const struct fixed_file layout_usr_links[];
/* Directories that every root has, mount points among them. NULL ends. */
extern const char *const layout_dirs[];
/* Files that every root has with these contents, whatever packages bring. NULL path ends. */
extern const struct fixed_file layout_files[];

/*
 * Put the package @i of @l, unpacked at @tree_fd, into @root by hard links. @tree_fds are those of
 * all packages, for naming the other side of a conflict.
 */
struct merge {
	const struct toolchain *tc;
	const struct lock *lock;
	const int *tree_fds;
	int root;
	uint64_t files;
};
int merge_package(struct merge *m, size_t i, struct err *err) __attribute__((warn_unused_result));

/* What is not from packages, once they are all in: layout, links table, shims. */
int finish_layout(int root, struct err *err) __attribute__((warn_unused_result));
int finish_files(int root, struct err *err) __attribute__((warn_unused_result));
int finish_links(int root, const struct toolchain *tc, struct err *err)
	__attribute__((warn_unused_result));
int finish_shims(int root, struct err *err) __attribute__((warn_unused_result));
