/* SPDX-License-Identifier: Apache-2.0 */
/* Signals that stop a command in good order. */
#include "cli.h"

#include <signal.h>

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	stopped = 1;
}

void cli_catch_signals(void)
{
	/* SA_RESETHAND: whoever asks twice means it; the kernel and the next start clean up. */
	struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_RESETHAND | SA_RESTART};

	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

bool cli_stopped(void *unused)
{
	return stopped;
}
