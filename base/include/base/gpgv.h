/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * OpenPGP signatures, checked by the host's gpgv against a keyring in a file: no agent, no key of
 * the host's user, no key server. What it says is in GnuPG's doc/DETAILS, "--status-fd"; its exit
 * status is not read, because it is a failure as soon as one of several signers is unknown.
 */

#include <base/err.h>
#include <base/str.h>
#include <stdbool.h>

enum gpgv_verdict {
	GPGV_GOOD,        /* GOODSIG and VALIDSIG */
	GPGV_BAD,         /* the text is not the one that was signed */
	GPGV_EXPIRED,     /* the signature */
	GPGV_KEY_EXPIRED, /* the key; the signature itself is right */
	GPGV_KEY_REVOKED,
	GPGV_NO_KEY, /* the keyring lacks the key */
	GPGV_ERROR   /* anything else: an unknown algorithm, a digest that is not trusted */
};

struct gpgv_signature {
	enum gpgv_verdict verdict;
	char primary[41]; /* fingerprint of the primary key, "" where gpgv names none */
	char *said;       /* the status line that decided, without its "[GNUPG:] " */
};

struct gpgv_report {
	struct gpgv_signature *v; /* in the order of the signatures */
	size_t n, cap;
	int plaintexts; /* signed texts inside the file, of a clear-signed one */
};

#define GPGV_REPORT_INIT ((struct gpgv_report){0})
void gpgv_report_release(struct gpgv_report *r);

/* The status lines of gpgv, whatever they are. Pure. */
void gpgv_parse(const char *status, struct gpgv_report *out);

struct gpgv {
	const char *home;      /* a folder of the caller's, for gpgv to find empty */
	const char *keyring;   /* the public keys, not armoured */
	const char *signature; /* a detached one; or NULL: @file is clear-signed */
	const char *file;
	const char *output; /* where the signed text of a clear-signed file goes; else NULL */
};
/* ERR_HOST when gpgv cannot be run, ERR_INPUT when there is no such keyring. */
int gpgv_run(const struct gpgv *g, struct gpgv_report *out, struct err *err)
	__attribute__((warn_unused_result));

/* 40 upper-case hex digits. */
bool gpg_fingerprint_ok(const char *s);
