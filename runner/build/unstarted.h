/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A phase that did not begin, because its `dir` is not there or the toolchain has no shell: that is
 * the recipe's mistake or the toolchain's, with a line in a file, and nothing that the build says.
 */

#include <runner/plan.h>
#include <sandbox/room.h>

/*
 * @res->start says that the last of the room's commands, @cmd, did not begin. Returns -1; mostly
 * ERR_INPUT. @toolchain: the name of its root's; @more is put behind the message.
 */
int unstarted_explain(const struct plan_node *n, const struct room_command *cmd,
		      const struct room_result *res, const char *toolchain, const char *more,
		      struct err *err);
