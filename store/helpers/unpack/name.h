/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Names of archive entries: pure text, decided before anything is opened. */

#include <base/err.h>
#include <base/str.h>

/*
 * The path below the tree for an entry called @raw: "." components and doubled slashes dropped,
 * @strip leading components dropped, with @merge the leading bin, sbin, lib, lib64, lib32 and
 * libx32 put below usr/. *out is "" for what is stripped away altogether; the caller frees.
 * Refused: an absolute path, a ".." component, a newline, a component over 255 and a path over 4095
 * bytes.
 */
int entry_name(const char *raw, unsigned strip, bool merge, char **out, struct err *err)
	__attribute__((warn_unused_result));

/* Is @path, as entry_name() made it, one of usr/bin, usr/sbin, usr/lib...: merged itself? */
bool entry_is_merged_dir(const char *path);
