# SPDX-License-Identifier: Apache-2.0
# Fetching and archives: the callers are part of the library, what parses strangers' bytes are programs of their own.
pkg_check_modules(ARCHIVE REQUIRED IMPORTED_TARGET libarchive)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)

target_sources(bj_store PRIVATE
	apt-sources.c
	archive.c
	fetch-local.c
	fetch-remote.c
	fetch.c
	git-release.c
	git-room.c
	git-tree.c
	git.c
	mirror.c)

belljar_helper(fetch
	helpers/fetch/item.c
	helpers/fetch/main.c
	helpers/fetch/transfer.c
	helpers/sanitize.c)
target_link_libraries(fetch PRIVATE bj_base PkgConfig::CURL)

belljar_helper(unpack
	helpers/unpack/layers.c
	helpers/unpack/main.c
	helpers/unpack/name.c
	helpers/unpack/place.c
	helpers/unpack/unpack.c)
target_link_libraries(unpack PRIVATE bj_base PkgConfig::ARCHIVE)
target_include_directories(unpack PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})

belljar_helper(pack
	helpers/pack/main.c
	helpers/pack/sink.c
	helpers/sanitize.c)
target_link_libraries(pack PRIVATE bj_base PkgConfig::ARCHIVE PkgConfig::ZSTD)

# The host's git does the work; this only confines it.
belljar_helper(gitroom
	helpers/gitroom/alone.c
	helpers/gitroom/main.c
	helpers/sanitize.c)
target_link_libraries(gitroom PRIVATE bj_base)

# A static bj_base names every library that any part of it needs; a helper loads only what it calls.
foreach(helper fetch gitroom unpack pack)
	target_link_options(${helper} PRIVATE -Wl,--as-needed)
endforeach()
