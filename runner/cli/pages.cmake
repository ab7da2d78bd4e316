# SPDX-License-Identifier: Apache-2.0
# cmake -DBELLJAR=PROGRAM -DOUT=FOLDER -P pages.cmake: the man pages and the completions, from the program's own table.
function(ask file)
	execute_process(COMMAND ${BELLJAR} help ${ARGN} OUTPUT_FILE ${OUT}/${file} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${OUT})
file(MAKE_DIRECTORY ${OUT}/man1 ${OUT}/completions)
ask(man1/belljar.1 --as man)
execute_process(COMMAND ${BELLJAR} __complete "" OUTPUT_VARIABLE lines COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^\n]+" lines "${lines}")
foreach(line IN LISTS lines)
	string(REGEX REPLACE "\t.*" "" name "${line}")
	ask(man1/belljar-${name}.1 --as man ${name})
endforeach()
foreach(shell bash zsh fish)
	ask(completions/${shell} --as ${shell})
endforeach()
