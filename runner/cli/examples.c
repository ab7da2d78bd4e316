/* SPDX-License-Identifier: Apache-2.0 */
/* Examples of --help and of the man pages, by command. Each is run or parsed by the tests. */
#include "options.h"

#include <string.h>

#define MAX_EXAMPLES 5

static const struct {
	const char *command;
	struct cli_example list[MAX_EXAMPLES + 1];
} examples[] = {
	{"build",
	 {{"belljar build hello",
	   "build the smallest recipe; result-hello-out leads to the result"},
	  {"belljar build xen@4.20 --target aarch64", "branch 4.20, for another machine"},
	  {"belljar build xen --offline --from ~/files", "without network, from a folder of files"},
	  {"belljar build xen --supported --target all --dry-run",
	   "what a patch makes necessary, of all branches that get security fixes"},
	  {"belljar build xen --events - --no-link", "what goes on, for a program"}}},
	{"fetch",
	 {{"belljar fetch xen --keep ~/files", "all files, copied for another machine as well"}}},
	{"plan", {{"belljar plan xen --json", "the actions and their keys, for a program"}}},
	{"shell",
	 {{"belljar shell xen --phase build", "a shell in the room, before phase build"},
	  {"belljar shell hello -- ls /build", "one command, its exit status is passed on"}}},
	{"log",
	 {{"belljar log xen --tail 50", "the end of what the newest build printed"},
	  {"belljar log xen --ledger", "what it called: network, programs, host facts"},
	  {"belljar log xen --tail 1 -v", "and how much CPU time each phase took"}}},
	{"history",
	 {{"belljar history --tail 10", "the last ten builds of this store"},
	  {"belljar history xen@4.20 --json", "those of one branch, for a program"}}},
	{"check",
	 {{"belljar check hello", "build twice and compare"},
	  {"belljar check xen@4.20 --golden", "and compare with the committed hashes"}}},
	{"run",
	 {{"belljar run -- uname -a", "what a room says of the machine"},
	  {"belljar run --ro ~/src:/src --cwd /src -- make -n", "with a folder, read-only"},
	  {"belljar run --ledger calls.jsonl -- ./configure", "and a record of its calls"}}},
	{"describe", {{"belljar describe xen@4.20", "options, variants, sources and phases"}}},
	{"diff", {{"belljar diff result-a-out result-b-out", "which files of two results differ"}}},
	{"export",
	 {{"belljar export result-xen-boot -o boot.tar", "an archive that is always the same"}}},
	{"toolchain",
	 {{"belljar toolchain show debian-12", "what the lock holds"},
	  {"belljar toolchain lock debian-12", "take the packages of today"},
	  {"belljar toolchain lock --update debian-12 --dry-run",
	   "which packages would change, and which golden hashes become stale"}}},
	{"update",
	 {{"belljar update xen --dry-run", "what upstream has that is newer, as a difference"},
	  {"belljar update xen@4.19 --yes", "one branch, in a script"}}},
	{"store",
	 {{"belljar store gc --dry-run", "what could be removed"},
	  {"belljar store verify", "rehash all that is in the store"}}},
	{"help",
	 {{"belljar help --as man build", "the man page of one command"},
	  {"belljar help --as zsh", "completions for a shell"}}},
};

const struct cli_example *cli_examples(const char *command)
{
	for (size_t i = 0; i < sizeof(examples) / sizeof(*examples); i++) {
		if (!strcmp(examples[i].command, command))
			return examples[i].list;
	}
	return NULL;
}
