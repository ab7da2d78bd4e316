/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* SHA-256 through libcrypto (FIPS 180-4), its hex and its SRI ("sha256-BASE64=") spelling. */

#include <base/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHA256_LEN     32
#define SHA256_HEX_LEN 64

struct sha256 {
	uint8_t b[SHA256_LEN];
};

struct sha256_ctx; /* opaque: owns an EVP_MD_CTX */

/*
 * Load libcrypto. ERR_HOST when that is not possible. A program that hashes asks once, early and
 * before it confines itself; the functions below abort where this would have failed.
 */
int sha256_ready(struct err *err) __attribute__((warn_unused_result));

struct sha256_ctx *sha256_new(void) __attribute__((returns_nonnull));
void sha256_update(struct sha256_ctx *c, const void *data, size_t len);
void sha256_finish(struct sha256_ctx *c,
		   struct sha256 *out); /* the context may be reused afterwards */
void sha256_free(struct sha256_ctx *c);
void sha256_freep(struct sha256_ctx **c);

void sha256_of(const void *data, size_t len, struct sha256 *out);
/* Hash a file from its start to its end (pread; the offset is not moved). *out_size may be NULL. */
int sha256_of_fd(int fd, struct sha256 *out, uint64_t *out_size, struct err *err)
	__attribute__((warn_unused_result));

void sha256_to_hex(const struct sha256 *d, char out[SHA256_HEX_LEN + 1]);
/* Exactly 64 lower-case hex digits, nothing else. Returns false otherwise. */
bool sha256_from_hex(const char *hex, struct sha256 *out);
/* "sha256-" and 44 characters of base64, as nix prints an SRI hash. out holds 52 bytes. */
void sha256_to_sri(const struct sha256 *d, char out[52]);
bool sha256_from_sri(const char *sri, struct sha256 *out);
bool sha256_equal(const struct sha256 *a, const struct sha256 *b);
