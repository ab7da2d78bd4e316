/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The filter programs made at build time (filter/generate.c). */

#include "filter/kind.h"
#include <linux/filter.h>
#include <stdbool.h>

/*
 * @machine as in uname -m, "x86_64" or "aarch64". The array is static. Returns false for another
 * machine.
 */
bool filter_program(const char *machine, enum filter_kind kind, struct sock_fprog *out);
/* The machine that this binary was compiled for, "" when there is no program for it. */
const char *filter_machine(void);
