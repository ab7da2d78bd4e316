/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A process namespace around one function: when that ends, or this process is told to stop or is
 * killed, every process that was started in it is dead before anybody hears of the end. So nothing
 * that the function left behind still writes when its caller looks at the files.
 */

#include <base/err.h>

/*
 * Run @fn(@arg) in a process of the new namespace, below an init of its own. Returns its exit
 * status, 128+signal when a signal ended it or (SIGINT, SIGTERM, SIGHUP) us. ERR_HOST where this
 * host allows no such namespace. Single-threaded callers only; it changes the caller's namespaces
 * and signal mask.
 */
int alone_run(int (*fn)(void *arg), void *arg, struct err *err) __attribute__((warn_unused_result));
