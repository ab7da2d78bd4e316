/* SPDX-License-Identifier: Apache-2.0 */
#include "download.h"

#include <stdio.h>
#include <string.h>

#include "opts.h"

/* wget(1) 1.21: the options that leave "fetch these URLs into these files" as it is. */
static const struct opts_spec wget_spec = {
	.shorts = "be:o:a:dqvt:O:ct:NST:w:Q:46P:U:n:l:A:R:D:I:X:HL",
	.longs = "background execute: output-file: append-output: debug quiet verbose "
		 "report-speed: config: rejected-log: tries: retry-connrefused "
		 "retry-on-http-error: output-document: netrc continue progress: show-progress "
		 "timestamping if-modified-since use-server-timestamps server-response timeout: "
		 "dns-timeout: connect-timeout: read-timeout: wait: waitretry: random-wait proxy "
		 "quota: bind-address: limit-rate: dns-cache restrict-file-names: ignore-case "
		 "inet4-only inet6-only prefer-family: user: password: iri local-encoding: "
		 "remote-encoding: unlink xattr directory-prefix: directories host-directories "
		 "cut-dirs: http-user: http-password: cache ignore-length header: compression: "
		 "max-redirect: proxy-user: proxy-password: referer: user-agent: http-keep-alive "
		 "cookies load-cookies: save-cookies: keep-session-cookies content-on-error "
		 "auth-no-challenge secure-protocol: https-only check-certificate certificate: "
		 "certificate-type: private-key: private-key-type: ca-certificate: ca-directory: "
		 "crl-file: pinnedpubkey: ciphers: hsts hsts-file: ftp-user: ftp-password: "
		 "remove-listing glob passive-ftp preserve-permissions retr-symlinks clobber "
		 "content-disposition trust-server-names",
	.flags = OPTS_EQUALS | OPTS_NO,
};

struct wget {
	const char *document, *prefix;
};

/* -n is a prefix of two-letter options, and they may be grouped: -nvc is -nv -nc. */
static int take_n(struct request *r, const char *letters)
{
	if (letters[strspn(letters, "cvdHp")])
		return request_bad(r, "option -n", "has a letter that is not known");
	if (strchr(letters, 'c'))
		r->keep_existing = true;
	return 0;
}

static int take_option(struct request *r, struct wget *w, const struct opts *o)
{
	if (opts_is(o, "O", "output-document"))
		w->document = o->value;
	else if (opts_is(o, "P", "directory-prefix"))
		w->prefix = o->value;
	else if (opts_is(o, "n", NULL))
		return take_n(r, o->value);
	else if (opts_is(o, "no-clobber", NULL))
		r->keep_existing = true;
	return 0;
}

static int add_url(struct request *r, const struct wget *w, const char *url)
{
	char name[PATH_MAX];

	if (w->document)
		return request_add(r, url, NULL, w->document);
	url_basename(url, true, name, sizeof(name));
	return request_add(r, url, w->prefix, name[0] ? name : "index.html");
}

int wget_parse(struct request *r, char **argv)
{
	struct wget w = {0};
	enum opts_kind kind;
	struct opts o;
	int bad = 0;

	/* wget(1), EXIT STATUS: 8 the server answers with an error, 3 file I/O, 2 usage */
	r->status_missing = 8;
	r->status_file = 3;
	r->status_usage = 2;
	/* An option holds for the URLs before it too, so these come second. */
	opts_init(&o, &wget_spec, argv);
	while (!bad && (kind = opts_next(&o)) != OPTS_END) {
		if (kind == OPTS_BAD)
			bad = request_bad(r, o.name, o.value);
		else if (kind == OPTS_OPTION)
			bad = take_option(r, &w, &o);
	}
	r->append = w.document != NULL;
	r->make_parents = !w.document;
	opts_init(&o, &wget_spec, argv);
	while (!bad && (kind = opts_next(&o)) != OPTS_END)
		if (kind == OPTS_OPERAND)
			bad = add_url(r, &w, o.value);
	if (!bad && r->keep_existing && w.document && r->n > 1)
		return request_bad(r, "-nc with -O", "and several URLs is not understood");
	return bad;
}
