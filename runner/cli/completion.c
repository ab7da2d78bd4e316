/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The completion scripts. They only carry words to `belljar __complete` and candidates back, so
 * that the table of options and the recipes are read where they are known.
 */
#include "options.h"

#include <string.h>

/*
 * bash cuts words at '@', ':' and '=' as well, and replaces only the last piece: the words are read
 * from the line itself, and what stands before the last cut is taken off the candidates.
 */
static const char bash_script[] =
	"# bash completion for belljar\n"
	"# SPDX-License-Identifier: Apache-2.0\n"
	"_belljar() {\n"
	"\tlocal line=${COMP_LINE:0:COMP_POINT} words cur keep='' breaks='' c word\n"
	"\tread -ra words <<<\"$line\"\n"
	"\t[[ $line == *[[:space:]] ]] && words+=('')\n"
	"\tcur=${words[-1]}\n"
	"\tfor c in @ : =; do\n"
	"\t\t[[ $COMP_WORDBREAKS == *$c* ]] && breaks+=$c\n"
	"\tdone\n"
	"\t[[ $breaks ]] && keep=${cur%\"${cur##*[$breaks]}\"}\n"
	"\tCOMPREPLY=()\n"
	"\twhile IFS=$'\\t' read -r word _; do\n"
	"\t\tcase $word in\n"
	"\t\t:files | :dirs)\n"
	"\t\t\tcur=${cur##*=}\n"
	"\t\t\tcompopt -o filenames 2>/dev/null\n"
	"\t\t\tif [[ $word == :dirs ]]; then c=-d; else c=-f; fi\n"
	"\t\t\tmapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen $c -- \"$cur\")\n"
	"\t\t\t;;\n"
	"\t\t:commands) mapfile -t COMPREPLY < <(compgen -c -- \"$cur\") ;;\n"
	"\t\t*)\n"
	"\t\t\tCOMPREPLY+=(\"${word#\"$keep\"}\")\n"
	"\t\t\t[[ $word == *= ]] && compopt -o nospace 2>/dev/null\n"
	"\t\t\t;;\n"
	"\t\tesac\n"
	"\tdone < <(\"${words[0]}\" __complete \"${words[@]:1}\" 2>/dev/null)\n"
	"}\n"
	"complete -F _belljar belljar\n";

static const char zsh_script[] =
	"#compdef belljar\n"
	"# SPDX-License-Identifier: Apache-2.0\n"
	"_belljar() {\n"
	"\tlocal line word\n"
	"\tlocal -a candidates shown\n"
	"\tfor line in ${(f)\"$(${(Q)words[1]} __complete \"${(@Q)words[2,CURRENT]}\" "
	"2>/dev/null)\"}; "
	"do\n"
	"\t\tcase $line in\n"
	"\t\t:files) _files; return ;;\n"
	"\t\t:dirs) _files -/; return ;;\n"
	"\t\t:commands) _command_names -e; return ;;\n"
	"\t\tesac\n"
	"\t\tword=${line%%$'\\t'*}\n"
	"\t\tcandidates+=($word)\n"
	"\t\tif [[ $line == *$'\\t'* ]]; then\n"
	"\t\t\tshown+=(\"$word  -- ${line#*$'\\t'}\")\n"
	"\t\telse\n"
	"\t\t\tshown+=($word)\n"
	"\t\tfi\n"
	"\tdone\n"
	"\tcompadd -l -d shown -a candidates\n"
	"}\n"
	"if [ \"$funcstack[1]\" = _belljar ]; then _belljar \"$@\"; else compdef _belljar belljar; "
	"fi\n";

static const char fish_script[] =
	"# fish completion for belljar\n"
	"# SPDX-License-Identifier: Apache-2.0\n"
	"function __belljar_complete\n"
	"\tset -l words (commandline -opc)\n"
	"\tset -l cur (commandline -ct)\n"
	"\tfor line in ($words[1] __complete $words[2..-1] \"$cur\" 2>/dev/null)\n"
	"\t\tswitch $line\n"
	"\t\t\tcase :files\n"
	"\t\t\t\t__fish_complete_path $cur\n"
	"\t\t\tcase :dirs\n"
	"\t\t\t\t__fish_complete_directories $cur\n"
	"\t\t\tcase :commands\n"
	"\t\t\t\t__fish_complete_command\n"
	"\t\t\tcase '*'\n"
	"\t\t\t\tprintf '%s\\n' $line\n"
	"\t\tend\n"
	"\tend\n"
	"end\n"
	"complete -c belljar -f -a '(__belljar_complete)'\n";

bool help_completion(FILE *to, const char *shell)
{
	const char *script = !strcmp(shell, "bash")   ? bash_script
			     : !strcmp(shell, "zsh")  ? zsh_script
			     : !strcmp(shell, "fish") ? fish_script
						      : NULL;

	if (script)
		fputs(script, to);
	return script != NULL;
}
