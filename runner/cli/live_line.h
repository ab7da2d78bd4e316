/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "live.h"

/*
 * The line of one step that has gone on for @seconds, at most @width columns, plain ASCII: its
 * length is its width. *sb starts empty.
 */
void live_line(struct strbuf *sb, const struct live_task *t, double seconds, size_t width);
