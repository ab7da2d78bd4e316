/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "universe.h"
#include <base/str.h>

/*
 * Choose packages that satisfy @want ("name", or "name:arch" in Debian's spelling). Recommends are
 * ignored; of `a | b` the first that exists is favoured, as apt does. @out gets solvable ids, by
 * name and then arch. ERR_INPUT names an unknown package, or says why the set cannot be.
 */
int solve(const struct universe *u, const struct strv *want, Queue *out, struct err *err)
	__attribute__((warn_unused_result));
