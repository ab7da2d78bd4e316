/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Libraries that most runs do not need, loaded when first called: mapping and relocating libcrypto
 * takes longer than a whole cached build. Each has one adapter file, which declares
 *
 *	#define CALLS(X) X(ZSTD_createCCtx) X(ZSTD_freeCCtx)
 *	static struct { CALLS(LIBRARY_POINTER) } zstd;
 *	static const struct library_symbol symbols[] = {CALLS(LIBRARY_SYMBOL)};   (names `zstd` by
 *hand) static struct library library = LIBRARY_INIT(SONAME, symbols);
 *
 * calls library_load() before anything else and then zstd.ZSTD_createCCtx(). The SONAME is that of
 * the library belljar was built against (cmake/Belljar.cmake). LIBRARY_NOTE leaves it in the
 * program as an ELF note for packaging tools (https://systemd.io/ELF_DLOPEN_METADATA/).
 */

#include <base/err.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct library_symbol {
	const char *name;
	void *at; /* of the pointer to fill in */
};

struct library {
	const char *soname;
	const struct library_symbol *symbols;
	size_t n;
	pthread_mutex_t lock;
	bool loaded;
};

#define LIBRARY_INIT(soname, symbols)                                                              \
	{                                                                                          \
		(soname), (symbols), sizeof(symbols) / sizeof((symbols)[0]),                       \
			PTHREAD_MUTEX_INITIALIZER, false                                           \
	}
#define LIBRARY_POINTER(call) __typeof__(call) *(call);

/*
 * Fill in the pointers; from the second call on it does nothing. From any thread, but not between
 * clone and exec. Never unloaded. ERR_HOST naming the library, and a missing symbol.
 */
int library_load(struct library *l, struct err *err) __attribute__((warn_unused_result));

#define LIBRARY_NOTE(id, feature, soname)                                                          \
	LIBRARY_NOTE_TEXT(id, "[{\"feature\":\"" feature "\",\"priority\":\"required\","           \
			      "\"soname\":[\"" soname "\"]}]")
#define LIBRARY_NOTE_TEXT(id, text)                                                                \
	__attribute__((used, section(".note.dlopen"), aligned(4))) static const struct {           \
		uint32_t name_size, text_size, type;                                               \
		char name[4];                                                                      \
		char json[sizeof(text)];                                                           \
	} note_##id = {4, sizeof(text), 0x407c0c0a, "FDO", text}
