/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the two halves of the view probe share. */

/* One line "key=value". */
void view_say(const char *key, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A call's result, or the name of its error. */
void view_result(const char *key, long result);
/* probe_view_files.c: /proc, mounts, folders, interfaces. */
void view_files(void);
