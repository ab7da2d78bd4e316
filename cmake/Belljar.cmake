# SPDX-License-Identifier: Apache-2.0
# Common settings. Every target of ours is made by belljar_library() or belljar_program(), so that the
# warnings, the hardening and the path mapping are the same everywhere.

add_library(belljar_flags INTERFACE)
target_compile_features(belljar_flags INTERFACE c_std_17)
target_compile_definitions(belljar_flags INTERFACE _GNU_SOURCE BELLJAR_VERSION="${PROJECT_VERSION}")
target_compile_options(belljar_flags INTERFACE
	-std=gnu17 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith
	-Wwrite-strings -Wvla -Wformat=2 -Wundef -Wno-unused-parameter
	-fno-common -fstack-protector-strong
	-ffile-prefix-map=${CMAKE_SOURCE_DIR}=. -ffile-prefix-map=${CMAKE_BINARY_DIR}=build)
# A program loads at start what it uses, and nothing else (see docs/ARCHITECTURE.md on start-up time).
target_link_options(belljar_flags INTERFACE -Wl,--as-needed)
# Banned functions: see docs/STYLE in cmake/banned.h; force-included so that no file can forget it.
target_compile_options(belljar_flags INTERFACE -include ${CMAKE_CURRENT_LIST_DIR}/banned.h)

# belljar_library(NAME sources...): static library bj_NAME with public headers in include/.
function(belljar_library name)
	add_library(bj_${name} STATIC ${ARGN})
	target_include_directories(bj_${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/include)
	target_link_libraries(bj_${name} PRIVATE belljar_flags)
	set_target_properties(bj_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
endfunction()

# belljar_helper(NAME sources...): a program below libexec/belljar.
function(belljar_helper name)
	add_executable(${name} ${ARGN})
	target_link_libraries(${name} PRIVATE belljar_flags)
	set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/libexec/belljar)
	install(TARGETS ${name} DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/belljar)
endfunction()

# belljar_loads(TARGET NAME): the library that pkg_check_modules() found as NAME is used by base/library.h, not linked.
# TARGET gets its headers and SONAME_NAME, the name under which the dynamic loader knows it.
function(belljar_loads target name)
	list(GET ${name}_LINK_LIBRARIES 0 file)
	execute_process(COMMAND ${CMAKE_OBJDUMP} -p ${file} OUTPUT_VARIABLE headers RESULT_VARIABLE failed)
	if(failed OR NOT headers MATCHES "SONAME +([^ \n]+)")
		message(FATAL_ERROR "${file} has no SONAME: a shared library with its headers is needed")
	endif()
	set_property(GLOBAL APPEND PROPERTY BELLJAR_LOADED_FILES ${file})
	target_include_directories(${target} SYSTEM PRIVATE ${${name}_INCLUDE_DIRS})
	target_compile_options(${target} PRIVATE ${${name}_CFLAGS_OTHER})
	target_compile_definitions(${target} PRIVATE "SONAME_${name}=\"${CMAKE_MATCH_1}\"")
endfunction()
