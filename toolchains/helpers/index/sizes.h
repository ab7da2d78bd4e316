/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "universe.h"
#include <stdint.h>

/* @out[i] is the Size: of @chosen's package i, 0 when its stanza has none. */
void sizes_find(const struct universe *u, const Queue *chosen, uint64_t *out);
