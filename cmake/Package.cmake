# SPDX-License-Identifier: Apache-2.0
# `cpack -G DEB` in a build folder of the preset "release" makes the Debian package. With SOURCE_DATE_EPOCH set, the
# package is the same, byte for byte, wherever it was built (tests/package); under umask 022, whose modes CPack writes into
# the package's own three members.
set(CPACK_PACKAGE_NAME belljar)
set(CPACK_PACKAGE_VENDOR belljar)
set(CPACK_PACKAGE_CONTACT "belljar developers <belljar@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "reproducible, sandboxed build runner")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"belljar resolves a recipe into an action whose key is the hash of everything
that may influence it, runs the action once in a sealed room (namespaces,
seccomp, Landlock, no capabilities, no network), and names the result by the
hash of its contents. Its first customer is the Xen hypervisor.")
set(CPACK_GENERATOR DEB)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# dpkg-shlibdeps sees what is linked; what is loaded when it is first called (base/library.h) is added to it: the package
# that owns the file, from the upstream version on that belljar was built with.
find_program(DPKG_QUERY dpkg-query)
get_property(loaded_files GLOBAL PROPERTY BELLJAR_LOADED_FILES)
foreach(file IN LISTS loaded_files)
	if(NOT DPKG_QUERY)
		break()
	endif()
	file(REAL_PATH ${file} file)
	execute_process(COMMAND ${DPKG_QUERY} -S ${file} OUTPUT_VARIABLE owner ERROR_QUIET)
	if(NOT owner MATCHES "^([^:, ]+)")
		# dpkg may know the file by its place before /usr was merged
		string(REGEX REPLACE "^/usr/lib" "/lib" file ${file})
		execute_process(COMMAND ${DPKG_QUERY} -S ${file} OUTPUT_VARIABLE owner ERROR_QUIET)
	endif()
	if(owner MATCHES "^([^:, ]+)")
		set(owner ${CMAKE_MATCH_1})
		execute_process(COMMAND ${DPKG_QUERY} -W -f \${Version} ${owner} OUTPUT_VARIABLE version)
		string(REGEX MATCH "[0-9]+\\.[0-9]+" version "${version}")
		list(APPEND loaded_packages "${owner} (>= ${version})")
	endif()
endforeach()
list(REMOVE_DUPLICATES loaded_packages)
list(JOIN loaded_packages ", " CPACK_DEBIAN_PACKAGE_DEPENDS)
# Run as a program, so that dpkg-shlibdeps does not see it: signatures of a distribution's index.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "gpgv, ca-certificates")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
	OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_STRIP_FILES ON)
include(CPack)
