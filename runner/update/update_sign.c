/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is this tag what upstream signed? The object's form is git's (Documentation/gitformat-signature):
 * "object OID\ntype commit\ntag NAME\ntagger ...\n\nmessage\n" and the armoured signature of all
 * that stands before it. The name is compared, too: a good tag of an old release must not stand
 * under the name of a new one.
 */
#include "updating.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <base/gpgv.h>
#include <fcntl.h>
#include <string.h>

#define BEGIN "-----BEGIN PGP SIGNATURE-----\n"
#define END   "-----END PGP SIGNATURE-----\n"

static int bad_form(struct err *err, const char *what)
{
	return err_set(err, ERR_INPUT, 0, "its tag object is not of git's form: %s", what);
}

/* The first three lines of the header; git writes no other order. */
static int parse_header(const char *text, const char *tag, struct tag_object *out, struct err *err)
{
	char commit[41] = "";
	_cleanup_free_ char *rest = NULL;

	if (!str_starts(text, "object ") || strspn(text + 7, "0123456789abcdef") != 40)
		return bad_form(err, "expected 'object' and a commit");
	memcpy(commit, text + 7, 40);
	text += 47;
	if (!str_starts(text, "\ntype commit\n"))
		return bad_form(err, "expected the tag of a commit");
	text += strlen("\ntype commit\n");
	rest = xasprintf("tag %s\n", tag);
	if (!str_starts(text, rest)) {
		_cleanup_free_ char *other = xstrndup(text, strcspn(text, "\n"));

		if (strlen(other) > 100)
			other[100] = '\0';
		return err_set(err, ERR_INPUT, 0,
			       "its signed text says '%s': the signature is of another tag", other);
	}
	if (!str_starts(text + strlen(rest), "tagger "))
		return bad_form(err, "expected 'tagger'");
	memcpy(out->commit, commit, sizeof(commit));
	return 0;
}

/* The last line that begins a signature, as git looks for it. */
static const char *find_signature(const char *text, int *out_n)
{
	const char *found = NULL;

	for (const char *p = text; (p = strstr(p, BEGIN)); p++) {
		if (p == text || p[-1] == '\n') {
			found = p;
			++*out_n;
		}
	}
	return found;
}

int tag_object_parse(const char *text, size_t len, const char *tag, struct tag_object *out,
		     struct err *err)
{
	const char *end;
	int n = 0;

	*out = (struct tag_object){0};
	if (strlen(text) != len)
		return bad_form(err, "it holds a NUL byte");
	if (parse_header(text, tag, out, err) < 0)
		return -1;
	out->signature = find_signature(text, &n);
	if (!out->signature)
		return err_set(err, ERR_INPUT, 0, "it is not signed%s",
			       strstr(text, "\n-----BEGIN ") ? " with an OpenPGP signature" : "");
	if (n != 1)
		return bad_form(err, "more than one signature");
	end = strstr(out->signature, END);
	if (!end || end[strlen(END)])
		return bad_form(err, "the signature does not end it");
	out->signed_len = (size_t)(out->signature - text);
	return 0;
}

static int refuse(const struct gpgv_signature *s, const struct strv *pinned, struct err *err)
{
	static const char *const texts[] = {
		[GPGV_GOOD] = "it is signed by a key that the recipe does not pin",
		[GPGV_BAD] = "the signature does not match the tag: changed after it was signed",
		[GPGV_EXPIRED] = "the signature has expired",
		[GPGV_KEY_EXPIRED] = "the key that signed it has expired",
		[GPGV_KEY_REVOKED] = "the key that signed it is revoked",
		[GPGV_NO_KEY] = "it is signed by an unknown key",
		[GPGV_ERROR] = "the signature cannot be checked",
	};

	return err_set(err, ERR_INPUT, 0, "%s (gpgv: %.200s%s%s); expected a good one by %s%s",
		       texts[s->verdict], s->said, *s->primary ? ", primary key " : "", s->primary,
		       pinned->v[0], pinned->n > 1 ? " or another pinned key" : "");
}

int signature_judge(const struct gpgv_report *r, const struct strv *pinned, char **out_signer,
		    struct err *err)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct gpgv_signature *s = &r->v[i];

		if (s->verdict != GPGV_GOOD || !strv_contains(pinned, s->primary))
			return refuse(s, pinned, err);
	}
	if (!r->n)
		return err_set(err, ERR_INPUT, 0, "gpgv found no signature in it");
	*out_signer = xstrdup(r->v[0].primary);
	return 0;
}

int signature_check(void *arg, const char *object, size_t len, const char *work,
		    char out_commit[41], struct err *err)
{
	struct signing *s = arg;
	_cleanup_(gpgv_report_release) struct gpgv_report report = GPGV_REPORT_INIT;
	_cleanup_free_ char *home = path_join(work, "gpg"), *text = path_join(home, "text");
	_cleanup_free_ char *signature = path_join(home, "signature");
	const struct gpgv g = {.home = home,
			       .keyring = s->upstream->key_file,
			       .signature = signature,
			       .file = text};
	struct tag_object o;

	if (tag_object_parse(object, len, s->tag, &o, err) < 0 ||
	    file_mkdir_p(AT_FDCWD, home, 0700, err) < 0 ||
	    file_write_atomic(AT_FDCWD, text, object, o.signed_len, 0600, err) < 0 ||
	    file_write_atomic(AT_FDCWD, signature, o.signature, strlen(o.signature), 0600, err) < 0)
		return -1;
	if (gpgv_run(&g, &report, err) < 0 ||
	    signature_judge(&report, &s->upstream->fingerprints, &s->signer, err) < 0)
		return -1;
	memcpy(out_commit, o.commit, sizeof(o.commit));
	return 0;
}
