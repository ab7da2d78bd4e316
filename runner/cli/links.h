/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The links that lead to the results of `belljar build`, unless --no-link is given. */

#include "cli.h"

/*
 * To be asked before anything is built: a name that is taken, or a folder that is missing, is the
 * same mistake after an hour. @many: one of several builds, whose links have longer names.
 */
int links_check(const struct cli *c, const struct plan_node *n, bool many, struct err *err)
	__attribute__((warn_unused_result));
/* Make them; their names are appended to @out. */
int links_make(struct cli *c, const struct plan_node *n, bool many, struct strv *out,
	       struct err *err) __attribute__((warn_unused_result));
