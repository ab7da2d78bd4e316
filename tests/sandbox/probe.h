/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Probes run inside a room and look at what it gives: identity, files, loopback, limits. What
 * attacks it is belljar-attack (sandbox/attack). Each proves first that it is inside: host name
 * "belljar" and a pid namespace other than the one named on the command line. A check that fails
 * prints what was seen; the exit status is 1 then.
 */

#include <stdbool.h>

/* One observation. */
void check(bool ok, const char *what, ...) __attribute__((format(printf, 2, 3)));
/* A call's result (-1 and errno) that must be this refusal. */
void refused(const char *what, long result, int want_errno);

typedef void (*probe_fn)(int argc, char **argv);

void probe_fds(int argc, char **argv);
void probe_identity(int argc, char **argv);
void probe_facts(int argc, char **argv);
void probe_clocks(int argc, char **argv);
void probe_privileges(int argc, char **argv);
void probe_files(int argc, char **argv);
void probe_devices(int argc, char **argv);
void probe_stdin(int argc, char **argv);
void probe_loopback(int argc, char **argv);
void probe_no_loopback(int argc, char **argv);
void probe_daemon(int argc, char **argv);
void probe_sleep(int argc, char **argv);
void probe_forks(int argc, char **argv);
void probe_memory(int argc, char **argv);
void probe_crash(int argc, char **argv);
void probe_threads(int argc, char **argv);
void probe_works(int argc, char **argv);
void probe_listen(int argc, char **argv);
void probe_swarm(int argc, char **argv);
void probe_order(int argc, char **argv);
void probe_view(int argc, char **argv);
void probe_race_exec(int argc, char **argv);
void probe_race_child(int argc, char **argv);
void probe_race_connect(int argc, char **argv);
void probe_flood(int argc, char **argv);
