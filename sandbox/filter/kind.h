/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The filter programs of each machine: one policy, and three degrees of telling the supervisor. */
enum filter_kind {
	FILTER_QUIET,  /* network and facts */
	FILTER_LEDGER, /* exec too */
	FILTER_TRACE,  /* and every path that is opened or looked at */
	FILTER_KINDS
};
