/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The tools, under the policies that need to know what a call asks for. Each returns the exit
 * status. */
#include "call.h"

/* `exists`: a clone whose destination is there; every other command is refused. */
int git_exists(const struct call *c);
/* The repository that a `git clone` names; NULL for any other call. */
const char *git_url(char **argv);

/* `fixed`. */
int hostname_fixed(const struct call *c);
int domainname_fixed(const struct call *c); /* and dnsdomainname */
int whoami_fixed(const struct call *c);
int uname_fixed(const struct call *c);

/* `epoch`. */
int date_epoch(const struct call *c);
