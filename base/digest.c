/* SPDX-License-Identifier: Apache-2.0 */
#include <base/digest.h>

#include <base/cleanup.h>
#include <base/library.h>
#include <base/str.h>
#include <openssl/evp.h>
#include <string.h>

#define CALLS(X)                                                                                   \
	X(EVP_DecodeBlock)                                                                         \
	X(EVP_DigestFinal_ex)                                                                      \
	X(EVP_DigestInit_ex2)                                                                      \
	X(EVP_DigestUpdate)                                                                        \
	X(EVP_EncodeBlock)                                                                         \
	X(EVP_MD_CTX_free)                                                                         \
	X(EVP_MD_CTX_new)                                                                          \
	X(EVP_MD_fetch)                                                                            \
	X(OSSL_LIB_CTX_new)
#define SYMBOL(call) {#call, &crypto.call},

static struct {
	CALLS(LIBRARY_POINTER)
} crypto;
static const struct library_symbol symbols[] = {CALLS(SYMBOL)};
static struct library library = LIBRARY_INIT(SONAME_CRYPTO, symbols);
LIBRARY_NOTE(crypto, "hashes", SONAME_CRYPTO);

struct sha256_ctx {
	EVP_MD_CTX *evp;
	bool active; /* between the first update and finish */
};

/*
 * A library context of our own: the default one reads openssl.cnf first, which costs start-up time
 * and lets the host choose another implementation.
 */
static EVP_MD *algorithm;
static struct err algorithm_err;
static pthread_once_t algorithm_once = PTHREAD_ONCE_INIT;

static void algorithm_fetch(void)
{
	static OSSL_LIB_CTX *lib; /* static, so that it stays reachable */

	if (library_load(&library, &algorithm_err) < 0)
		return;
	lib = crypto.OSSL_LIB_CTX_new();
	algorithm = lib ? crypto.EVP_MD_fetch(lib, "SHA2-256", NULL) : NULL;
	if (!algorithm)
		err_set(&algorithm_err, ERR_HOST, 0, "%s cannot compute SHA-256", library.soname);
}

int sha256_ready(struct err *err)
{
	pthread_once(&algorithm_once, algorithm_fetch);
	if (algorithm)
		return 0;
	*err = algorithm_err;
	return -1;
}

/* Only a lack of memory, or a caller that did not ask sha256_ready(): see str.h on aborting. */
static void require(bool ok)
{
	static const char text[] = "belljar: libcrypto cannot compute SHA-256\n";

	if (ok)
		return;
	ssize_t n = write(STDERR_FILENO, text, sizeof(text) - 1);

	(void)n;
	abort();
}

static void require_algorithm(void)
{
	struct err err = ERR_INIT;

	require(sha256_ready(&err) == 0);
}

struct sha256_ctx *sha256_new(void)
{
	struct sha256_ctx *c = xcalloc(1, sizeof(*c));

	require_algorithm();
	c->evp = crypto.EVP_MD_CTX_new();
	require(c->evp);
	return c;
}

static void sha256_start(struct sha256_ctx *c)
{
	if (!c->active)
		require(crypto.EVP_DigestInit_ex2(c->evp, algorithm, NULL) == 1);
	c->active = true;
}

void sha256_update(struct sha256_ctx *c, const void *data, size_t len)
{
	sha256_start(c);
	require(crypto.EVP_DigestUpdate(c->evp, data, len) == 1);
}

void sha256_finish(struct sha256_ctx *c, struct sha256 *out)
{
	unsigned int n = 0;

	sha256_start(c);
	require(crypto.EVP_DigestFinal_ex(c->evp, out->b, &n) == 1 && n == SHA256_LEN);
	c->active = false;
}

void sha256_free(struct sha256_ctx *c)
{
	if (!c)
		return;
	crypto.EVP_MD_CTX_free(c->evp);
	free(c);
}

void sha256_freep(struct sha256_ctx **c)
{
	sha256_free(*c);
}

void sha256_of(const void *data, size_t len, struct sha256 *out)
{
	_cleanup_(sha256_freep) struct sha256_ctx *c = sha256_new();

	sha256_update(c, data, len);
	sha256_finish(c, out);
}

int sha256_of_fd(int fd, struct sha256 *out, uint64_t *out_size, struct err *err)
{
	enum { CHUNK = 256 * 1024 };
	_cleanup_(sha256_freep) struct sha256_ctx *c = NULL;
	_cleanup_free_ char *buf = xmalloc(CHUNK);
	off_t at = 0;

	if (sha256_ready(err) < 0)
		return -1;
	c = sha256_new();

	for (;;) {
		ssize_t n = pread(fd, buf, CHUNK, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, ERR_STORE, errno, "read a file to hash");
		if (n == 0)
			break;
		sha256_update(c, buf, (size_t)n);
		at += n;
	}
	sha256_finish(c, out);
	if (out_size)
		*out_size = (uint64_t)at;
	return 0;
}

void sha256_to_hex(const struct sha256 *d, char out[SHA256_HEX_LEN + 1])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < SHA256_LEN; i++) {
		out[2 * i] = digits[d->b[i] >> 4];
		out[2 * i + 1] = digits[d->b[i] & 15];
	}
	out[SHA256_HEX_LEN] = '\0';
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

bool sha256_from_hex(const char *hex, struct sha256 *out)
{
	struct sha256 d;

	for (size_t i = 0; i < SHA256_LEN; i++) {
		int high = hex_value(hex[2 * i]);
		int low = high < 0 ? -1 : hex_value(hex[2 * i + 1]);

		if (low < 0)
			return false;
		d.b[i] = (uint8_t)(high << 4 | low);
	}
	if (hex[SHA256_HEX_LEN] != '\0')
		return false;
	*out = d;
	return true;
}

#define SRI_PREFIX     "sha256-"
#define SRI_PREFIX_LEN (sizeof(SRI_PREFIX) - 1)
#define SRI_LEN        (SRI_PREFIX_LEN + 44)

void sha256_to_sri(const struct sha256 *d, char out[52])
{
	require_algorithm();
	memcpy(out, SRI_PREFIX, SRI_PREFIX_LEN);
	/* Writes 44 characters and the terminator. */
	crypto.EVP_EncodeBlock((unsigned char *)out + SRI_PREFIX_LEN, d->b, SHA256_LEN);
}

bool sha256_from_sri(const char *sri, struct sha256 *out)
{
	unsigned char raw[33]; /* 44 characters decode to 33 bytes, the last being padding */
	struct sha256 d;
	char again[52];

	if (strlen(sri) != SRI_LEN || !str_starts(sri, SRI_PREFIX))
		return false;
	require_algorithm();
	if (crypto.EVP_DecodeBlock(raw, (const unsigned char *)sri + SRI_PREFIX_LEN, 44) != 33)
		return false;
	memcpy(d.b, raw, SHA256_LEN);
	/* The decoder forgives white space and stray bits; one spelling only is ours. */
	sha256_to_sri(&d, again);
	if (strcmp(again, sri) != 0)
		return false;
	*out = d;
	return true;
}

bool sha256_equal(const struct sha256 *a, const struct sha256 *b)
{
	return memcmp(a->b, b->b, SHA256_LEN) == 0;
}
