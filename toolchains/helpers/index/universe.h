/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The packages of a suite as libsolv sees them, with Debian's Multi-Arch semantics put into plain
 * names (deb-control(5), "Multi-Arch"; libsolv itself has none):
 *
 *	package foo of arch A       is called "foo:A" and provides "foo:A"
 *	Depends: bar                becomes "bar:A"; of an arch:all package: "bar:NATIVE"
 *	Depends: bar:any            stays "bar:any", provided by allowed and foreign packages only
 *	Multi-Arch: foreign         provides "foo:B" for every other B too
 *	Multi-Arch: same            conflicts with unequal versions of its twin of another arch
 *	anything else               conflicts with its twin
 *	Conflicts, Breaks           hold against every arch
 *	Replaces                    says nothing about what may be installed together: left out
 */

#include <base/err.h>
#include <base/str.h>
#include <solv/pool.h>
#include <solv/queue.h>
#include <stddef.h>

#define UNIVERSE_MAX_ARCH  4
#define UNIVERSE_MAX_INDEX 16

struct universe {
	Pool *pool;
	const char *arch[UNIVERSE_MAX_ARCH]; /* borrowed; arch[0] is the native one */
	size_t n_arch;
	Id *plain_name;                         /* per solvable: its name without ":arch" */
	struct strbuf text[UNIVERSE_MAX_INDEX]; /* each index, decompressed */
	size_t n_text;
};

#define UNIVERSE_INIT ((struct universe){0})

/* @archs in Debian's spelling, the native one first; at most UNIVERSE_MAX_ARCH. */
void universe_init(struct universe *u, const char *const *archs, size_t n);
void universe_release(struct universe *u);
/*
 * Add a Packages file of @arch (one of those of universe_init); @name ends in .xz, .gz or neither
 * and says how it is compressed. @fd is taken. At most UNIVERSE_MAX_INDEX calls.
 */
int universe_load(struct universe *u, const char *arch, const char *name, int fd, struct err *err)
	__attribute__((warn_unused_result));
/* Once, after the last universe_load(). */
void universe_encode(struct universe *u);

/* "name:arch" as an Id, made when it is new. */
Id universe_qualified(const struct universe *u, Id name, const char *arch);
/* The left-most package name of a dependency, without version. */
Id universe_dep_name(const struct universe *u, Id dep);
