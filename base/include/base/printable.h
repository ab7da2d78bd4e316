/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Text from outside (entry names, URLs that a server sent, what a helper program says) made fit for
 * a message: bytes that are no printable UTF-8 become \xNN, so that no terminal sees an escape
 * sequence and no log a forged line. At most @max bytes, cut with "...". The caller frees.
 */
#include <stddef.h>

char *printable(const char *text, size_t max) __attribute__((returns_nonnull, nonnull));
