/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The suite of escapes: what a table cannot say. */

/* outside.c: classes that need somebody outside the room. */
void outside_cases(void);
/* exhaustion.c: class 27, each bound run into. */
void exhaustion_cases(void);
