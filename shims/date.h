/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The two halves of `date`: reading a point in time, and writing one. Both know UTC and the zone of
 * TZ; the language is always C, whatever the locale says.
 */
#include <stddef.h>
#include <time.h>

/*
 * Read -d's @text: "@SECONDS[.FRACTION]", "now", "today", "YYYY-MM-DD[(T|
 * )HH:MM[:SS[.FRACTION]]][ZONE]" with ZONE Z, UTC, GMT, +HH, +HHMM or +HH:MM. 0, or -1 when it is
 * something else. What is relative to the clock
 * ("yesterday", "+2 days") is left out by intent.
 */
int date_parse(const char *text, const struct timespec *now, struct timespec *out)
	__attribute__((warn_unused_result));

/* @when as the `+FORMAT` operand of GNU date has it, without the '+'. 0, or -1 when it does not
 * fit. */
int date_format(const char *format, const struct timespec *when, char *buf, size_t size)
	__attribute__((warn_unused_result));
