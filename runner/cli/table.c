/* SPDX-License-Identifier: Apache-2.0 */
/* The one table of options and commands. */
#include "cli.h"

#include <base/cleanup.h>

const struct cli_option cli_options[OPT_COUNT] = {
	[OPT_HELP] = {'h', "help", NULL, "show this help"},
	[OPT_VERBOSE] = {'v', "verbose", NULL, "show the output of builds, and more detail"},
	[OPT_QUIET] = {'q', "quiet", NULL, "only warnings and errors"},
	[OPT_COLOR] = {0, "color", "WHEN", "auto, always or never"},
	[OPT_JSON] = {0, "json", NULL, "a document for machines on standard output"},
	[OPT_STORE] = {0, "store", "DIR",
		       "the store, instead of $BELLJAR_STORE or its usual place"},
	[OPT_RECIPES] = {0, "recipes", "DIR", "the folder of recipes"},
	[OPT_TOOLCHAINS] = {0, "toolchains", "DIR", "the folder of toolchains"},
	[OPT_TOOLCHAIN] = {0, "toolchain", "NAME",
			   "build with this toolchain, instead of the recipes' own"},
	[OPT_TARGET] = {0, "target", "ARCH",
			"build for x86_64 or aarch64, instead of this machine"},
	[OPT_SUPPORTED] = {0, "supported", NULL, "of each recipe all branches in security support"},
	[OPT_SET] = {0, "set", "OPTION=VALUE", "set an option of the recipe to true or false"},
	[OPT_MIRROR] = {0, "mirror", "NAME=URL", "where mirror://NAME/ is"},
	[OPT_FROM] = {0, "from", "DIR", "take files from this folder before any network"},
	[OPT_KEEP] = {0, "keep", "DIR", "copy the files there too, for --from another day"},
	[OPT_PRINT_NAR] = {0, "print-nar", NULL,
			   "only fetch git sources, and print the NAR hash that came"},
	[OPT_OFFLINE] = {0, "offline", NULL, "never use the network"},
	[OPT_CORES] = {0, "cores", "N", "cores that all builds together may use"},
	[OPT_JOBS] = {0, "jobs", "N", "actions to run side by side (2)"},
	[OPT_BUILD_ON] = {0, "build-on", "WHERE", "put /build on tmpfs (usual) or disk"},
	[OPT_LIMIT] = {0, "limit", "NAME=N",
		       "time, cpu (seconds); processes, files (open), entries (all files);\n"
		       "memory, build, tmp, out, file, log (bytes; K M G)"},
	[OPT_STRICT] = {0, "strict", NULL, "fail on network attempts and undeclared shim calls"},
	[OPT_WALLS] = {0, "require-walls", "LIST", "fail unless these walls stand (all, or names)"},
	[OPT_OUT_LINK] = {0, "out-link", "PREFIX", "name the result links PREFIX-OUTPUT"},
	[OPT_NO_LINK] = {0, "no-link", NULL, "make no result links"},
	[OPT_PHASE] = {0, "phase", "NAME", "stop before this phase"},
	[OPT_ROUND] = {0, "round", "N", "the Nth build of that action, instead of the newest"},
	[OPT_LEDGER] = {0, "ledger", NULL, "the record of calls; as JSON lines when redirected"},
	[OPT_KIND] = {0, "kind", "KIND", "of the ledger only: net, exec, fact, shim or limit"},
	[OPT_REFUSED] = {0, "refused", NULL, "of the ledger only what was refused"},
	[OPT_TAIL] = {0, "tail", "N", "only the last N lines"},
	[OPT_ROUNDS] = {0, "rounds", "N", "how often to build (2)"},
	[OPT_GOLDEN] = {0, "golden", NULL, "fail unless the branch's golden hashes are met"},
	[OPT_REGOLD] = {0, "regold", NULL, "write the hashes of equal rounds into branch.yaml"},
	[OPT_RO] = {0, "ro", "SRC[:DST]", "show a file or folder of the host, read-only"},
	[OPT_RW] = {0, "rw", "SRC[:DST]", "the same, writable"},
	[OPT_TMPFS] = {0, "tmpfs", "DST[:SIZE]", "an empty folder in memory (half of it; K M G)"},
	[OPT_ROOT] = {0, "root", "TREE",
		      "root file system: a folder, result link, tree hash, or host-ro (usual)"},
	[OPT_ENV] = {0, "env", "NAME=VALUE", "an environment variable"},
	[OPT_UNSETENV] = {0, "unsetenv", "NAME", "take a variable away"},
	[OPT_CLEARENV] = {0, "clearenv", NULL, "take all away that were set so far"},
	[OPT_CWD] = {0, "cwd", "DIR", "the folder to start in (/build)"},
	[OPT_NET] = {0, "net", "WHICH", "loopback (usual) or none"},
	[OPT_PROC] = {0, "proc", "WHICH", "pid (usual): processes only; full: all, facts fixed"},
	[OPT_HOSTNAME] = {0, "hostname", "NAME", "the host's name inside (belljar)"},
	[OPT_CPUS] = {0, "cpus", "N", "CPUs that the command sees"},
	[OPT_KEEP_ASLR] = {0, "keep-aslr", NULL, "leave addresses random"},
	[OPT_RESULT] = {0, "result", "FILE",
			"write status, limit, times, counts there, as JSON; may be /dev/fd/N"},
	[OPT_BIND] = {0, "bind", "SRC DST", "as --rw SRC:DST"},
	[OPT_RO_BIND] = {0, "ro-bind", "SRC DST", "as --ro SRC:DST"},
	[OPT_BIND_TRY] = {0, "bind-try", "SRC DST", "the same, unless SRC is missing"},
	[OPT_RO_BIND_TRY] = {0, "ro-bind-try", "SRC DST", "the same, unless SRC is missing"},
	[OPT_SETENV] = {0, "setenv", "NAME VALUE", "as --env NAME=VALUE"},
	[OPT_CHDIR] = {0, "chdir", "DIR", "as --cwd"},
	[OPT_DEV] = {0, "dev", "DST", "always there: only /dev is accepted"},
	[OPT_UNSHARE_ALL] = {0, "unshare-all", NULL, "always so"},
	[OPT_DIE_WITH_PARENT] = {0, "die-with-parent", NULL, "always so"},
	[OPT_NEW_SESSION] = {0, "new-session", NULL, "always so"},
	[OPT_LEDGER_FILE] = {0, "ledger", "FILE", "write the record of calls there, as JSON lines"},
	[OPT_FORMAT] = {0, "format", "FORMAT",
			"tar or tar.zst; without it as FILE's name ends, else tar"},
	[OPT_OUTPUT] = {'o', "output", "FILE", "where to write; - is standard output"},
	[OPT_DRY_RUN] = {0, "dry-run", NULL, "only say what would be done"},
	[OPT_KEEP_SOURCES] = {0, "keep-sources", NULL, "gc: keep fetched files"},
	[OPT_REPAIR] = {0, "repair", NULL, "verify: move damaged objects away"},
	[OPT_AS] = {0, "as", "FORM", "a page for man, or completions for bash, zsh or fish"},
	[OPT_ATTACK] = {0, "attack", NULL, "attack rooms of this host, and say what was refused"},
	[OPT_ATTEST_ROOM] = {0, "attest-room", NULL,
			     "attack each room before its build; the outcome is in the record"},
	[OPT_EVENTS] = {0, "events", "FILE", "what goes on, as JSON lines; - is standard output"},
	[OPT_UPDATE] = {0, "update", NULL, "say what of the locks changes before they are written"},
	[OPT_YES] = {0, "yes", NULL, "write without asking"},
	[OPT_DROP] = {0, "drop", "BRANCH", "remove a branch that is past its security support"},
	[OPT_HOST] = {0, "host", "ARCH", "the machine that runs the tools"},
};

const enum opt cli_common[] = {OPT_STORE, OPT_COLOR, OPT_JSON, OPT_VERBOSE,
			       OPT_QUIET, OPT_HELP,  OPT_END};

#define PLAN_OPTIONS  OPT_TARGET, OPT_SET, OPT_TOOLCHAIN, OPT_RECIPES, OPT_TOOLCHAINS
#define FETCH_OPTIONS OPT_MIRROR, OPT_FROM, OPT_OFFLINE
#define BUILD_OPTIONS OPT_CORES, OPT_JOBS, OPT_BUILD_ON, OPT_LIMIT, OPT_WALLS

static const enum opt no_options[] = {OPT_END};
static const enum opt doctor_options[] = {OPT_ATTACK, OPT_END};
static const enum opt help_options[] = {OPT_AS, OPT_END};
static const enum opt plan_options[] = {PLAN_OPTIONS, OPT_END};
static const enum opt fetch_options[] = {PLAN_OPTIONS,  FETCH_OPTIONS, OPT_KEEP,
					 OPT_PRINT_NAR, OPT_EVENTS,    OPT_END};
static const enum opt build_options[] = {
	PLAN_OPTIONS, OPT_SUPPORTED, OPT_DRY_RUN,     FETCH_OPTIONS, BUILD_OPTIONS, OPT_STRICT,
	OPT_OUT_LINK, OPT_NO_LINK,   OPT_ATTEST_ROOM, OPT_EVENTS,    OPT_END};
static const enum opt shell_options[] = {OPT_PHASE, PLAN_OPTIONS, FETCH_OPTIONS, BUILD_OPTIONS,
					 OPT_END};
static const enum opt log_options[] = {OPT_ROUND, OPT_LEDGER,   OPT_KIND, OPT_REFUSED,
				       OPT_TAIL,  PLAN_OPTIONS, OPT_END};
static const enum opt check_options[] = {OPT_ROUNDS, OPT_GOLDEN,   OPT_REGOLD,    OPT_DRY_RUN,
					 OPT_STRICT, PLAN_OPTIONS, FETCH_OPTIONS, BUILD_OPTIONS,
					 OPT_EVENTS, OPT_END};
static const enum opt history_options[] = {OPT_TARGET, OPT_TAIL, OPT_END};
static const enum opt list_options[] = {OPT_RECIPES, OPT_END};
static const enum opt update_options[] = {OPT_YES,       OPT_DRY_RUN, OPT_DROP, OPT_RECIPES,
					  FETCH_OPTIONS, OPT_EVENTS,  OPT_END};
static const enum opt run_options[] = {OPT_RO,          OPT_RW,
				       OPT_TMPFS,       OPT_ROOT,
				       OPT_ENV,         OPT_UNSETENV,
				       OPT_CLEARENV,    OPT_CWD,
				       OPT_LIMIT,       OPT_NET,
				       OPT_PROC,        OPT_HOSTNAME,
				       OPT_CPUS,        OPT_CORES,
				       OPT_KEEP_ASLR,   OPT_RESULT,
				       OPT_LEDGER_FILE, OPT_BIND,
				       OPT_RO_BIND,     OPT_BIND_TRY,
				       OPT_RO_BIND_TRY, OPT_SETENV,
				       OPT_CHDIR,       OPT_DEV,
				       OPT_UNSHARE_ALL, OPT_DIE_WITH_PARENT,
				       OPT_NEW_SESSION, OPT_STRICT,
				       OPT_WALLS,       OPT_END};
static const enum opt export_options[] = {OPT_FORMAT, OPT_OUTPUT, OPT_END};
static const enum opt toolchain_options[] = {OPT_HOST,      OPT_UPDATE,   OPT_YES,
					     OPT_DRY_RUN,   PLAN_OPTIONS, FETCH_OPTIONS,
					     BUILD_OPTIONS, OPT_EVENTS,   OPT_END};
static const enum opt store_options[] = {OPT_DRY_RUN, OPT_KEEP_SOURCES, OPT_REPAIR, OPT_EVENTS,
					 OPT_END};

#define SELECTOR_TEXT "SELECTOR is NAME[@BRANCH][:VARIANT]; without BRANCH the newest pinned one."

#define HASH_TEXT "the first 8 digits suffice"
#define KEY_TEXT  "KEY is that of an action, as build and history print it (" HASH_TEXT ")."

const struct cli_command cli_commands[] = {
	{"build", "SELECTOR...", "build, or take from the store what is built",
	 SELECTOR_TEXT
	 "\n"
	 "Several SELECTORs, several --target (or --target all), or --supported: all of them, "
	 "independent\n"
	 "ones side by side. One that fails does not stop the others; the exit status is the "
	 "largest. At\n"
	 "the end each is said to be unchanged, rebuilt with the same outputs, or changed, with "
	 "the files,\n"
	 "against the newest build of the same before. Links are PREFIX-NAME-BRANCH-VARIANT-ARCH-"
	 "OUTPUT then.",
	 build_options, 1, -1, false, cmd_build},
	{"fetch", "SELECTOR", "fetch all that a build needs, so that it can be done offline",
	 SELECTOR_TEXT, fetch_options, 1, 1, false, cmd_fetch},
	{"plan", "SELECTOR", "show the actions of a build and their keys",
	 SELECTOR_TEXT
	 "\nWrites nothing: a store that is not there yet is not made, and has nothing.",
	 plan_options, 1, 1, false, cmd_plan},
	{"shell", "SELECTOR [--] [COMMAND...]",
	 "enter the room of a build before one of its phases", SELECTOR_TEXT, shell_options, 1, -1,
	 false, cmd_shell},
	{"log", "SELECTOR|KEY", "show what a build printed",
	 SELECTOR_TEXT "\n" KEY_TEXT "\n"
		       "With -v, what the build and its phases used follows on standard error: "
		       "wall and CPU time, "
		       "and the\n"
		       "largest process. --json gives the whole record.",
	 log_options, 1, 1, false, cmd_log},
	{"history", "[SELECTOR|KEY]", "list past builds: when, what, how long, what came of it",
	 KEY_TEXT
	 "\n"
	 "Without an operand all of them; what a SELECTOR leaves out matches anything. The first "
	 "time is\n"
	 "wall time, CPU is that of all its processes together.",
	 history_options, 0, 1, false, cmd_history},
	{"check", "SELECTOR", "rebuild, and compare the results with each other", SELECTOR_TEXT,
	 check_options, 1, 1, false, cmd_check},
	{"run", "[--] COMMAND...", "run any command in a sealed room",
	 "The command sees the host's programs read-only, no network, and nothing else of the "
	 "host.\n"
	 "Its exit status is passed on; 125: belljar failed, 126 and 127 as with env(1).\n"
	 "Standard input, output and error are the caller's. Options are taken in their order; "
	 "those\n"
	 "from --bind on are bubblewrap's words for the same.",
	 run_options, 1, -1, true, cmd_run},
	{"list", "", "list recipes, their branches, and how long these are supported",
	 "* marks the branch that a selector without BRANCH means: the newest one that is pinned.",
	 list_options, 0, 0, false, cmd_list},
	{"describe", "SELECTOR", "explain a recipe: options, sources, patches, support, results",
	 SELECTOR_TEXT, plan_options, 1, 1, false, cmd_describe},
	{"diff", "A B", "compare two results, path by path",
	 "A and B are folders, result links, or tree hashes (" HASH_TEXT ").", no_options, 2, 2,
	 false, cmd_diff},
	{"export", "RESULT", "write a result as a byte-stable archive",
	 "RESULT is a result link or a tree hash (" HASH_TEXT "). --output is needed.",
	 export_options, 1, 1, false, cmd_export},
	{"toolchain", "lock|compose|show NAME, trim SELECTOR",
	 "resolve a toolchain anew, compose it, show it, or say what of it is used",
	 "lock resolves the packages from the distribution's index and writes the lock; with "
	 "--update\n"
	 "it tells packages and golden hashes that change, takes toolchains that extend NAME "
	 "along,\n"
	 "and asks. compose makes the root and records its hash in the lock; show tells what the\n"
	 "lock holds. trim --dry-run builds SELECTOR once with every opened path traced, and "
	 "names\n"
	 "the packages that no process used.",
	 toolchain_options, 2, 2, false, cmd_toolchain},
	{"update", "SELECTOR", "bring branches to upstream's newest signed releases",
	 "SELECTOR is NAME for all its branches and new ones, or NAME@BRANCH; a BRANCH that is not "
	 "there\n"
	 "is made. The signature of each tag is verified before anything of it is used. Shows what "
	 "would\n"
	 "change in branch.yaml, and asks on a terminal; elsewhere --yes is needed to write. Any "
	 "failure\n"
	 "leaves all files as they are.",
	 update_options, 1, 1, false, cmd_update},
	{"store", "gc|verify|du", "clean, check or measure the store",
	 "gc removes what no result link leads to any more: results with their records and logs, "
	 "the\n"
	 "roots of toolchains, and all fetched files, which the next build fetches again. It waits "
	 "for\n"
	 "running builds; gc --dry-run does not, and counts what these have not linked yet. verify "
	 "hashes\n"
	 "all anew; with --repair what is damaged is moved into the store's folder bad/. du "
	 "measures.",
	 store_options, 1, 1, false, cmd_store},
	{"doctor", "", "say what this host can do and what it lacks", NULL, doctor_options, 0, 0,
	 false, cmd_doctor},
	{"version", "", "show the version, as --version does", NULL, no_options, 0, 0, false,
	 cmd_version},
	{"help", "[COMMAND]", "show help", NULL, help_options, 0, 1, false, cmd_help},
	{"audit", NULL, NULL, NULL, no_options, 0, -1, true, cmd_not_yet},
	{"import", NULL, NULL, NULL, no_options, 0, -1, true, cmd_not_yet},
	{"attest", NULL, NULL, NULL, no_options, 0, -1, true, cmd_not_yet},
	{"sbom", NULL, NULL, NULL, no_options, 0, -1, true, cmd_not_yet},
	{"report", NULL, NULL, NULL, no_options, 0, -1, true, cmd_not_yet},
	{"boot", NULL, NULL, NULL, no_options, 0, -1, true, cmd_not_yet},
	{"__complete", NULL, NULL, NULL, no_options, 0, -1, true, cmd_complete},
	{"verify", NULL, NULL, NULL, no_options, 0, -1, true, cmd_not_yet},
};
const size_t cli_n_commands = ARRAY_SIZE(cli_commands);
