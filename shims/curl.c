/* SPDX-License-Identifier: Apache-2.0 */
#include "download.h"

#include <string.h>

#include "opts.h"

/*
 * curl(1) 7.88: the options that leave "GET these URLs into these files" as it is. What would
 * change that (another method, a body, part of a file, headers or figures among the output, a
 * config file) is not here, so that it is refused.
 */
static const struct opts_spec curl_spec = {
	.shorts = "E:C:b:c:qfgH:0k46jLm:nNo:OJ#RSsY:y:23z:1A:e:u:U:vx:aZGP:",
	.longs = "alt-svc: anyauth basic cacert: capath: cert: cert-status cert-type: ciphers: "
		 "compressed connect-timeout: connect-to: continue-at: cookie: cookie-jar: "
		 "create-dirs create-file-mode: crlfile: curves: digest disable disable-eprt "
		 "disable-epsv disallow-username-in-url dns-interface: dns-ipv4-addr: "
		 "dns-ipv6-addr: dns-servers: doh-insecure doh-url: etag-save: fail fail-early "
		 "fail-with-body false-start ftp-method: ftp-pasv ftp-port: get globoff "
		 "happy-eyeballs-timeout-ms: head header: hsts: http0.9 http1.0 http1.1 http2 "
		 "http2-prior-knowledge http3 http3-only ignore-content-length insecure "
		 "interface: ipv4 ipv6 junk-session-cookies keepalive keepalive-time: key: "
		 "key-type: limit-rate: local-port: location location-trusted max-filesize: "
		 "max-redirs: max-time: negotiate netrc netrc-file: netrc-optional alpn buffer "
		 "npn progress-meter sessionid noproxy: ntlm oauth2-bearer: output: output-dir: "
		 "parallel parallel-immediate parallel-max: pass: path-as-is pinnedpubkey: "
		 "preproxy: progress-bar proto: proto-default: proto-redir: proxy: proxy-anyauth "
		 "proxy-basic proxy-cacert: proxy-digest proxy-header: proxy-insecure "
		 "proxy-user: proxytunnel raw rate: referer: remote-header-name remote-name "
		 "remote-name-all remote-time remove-on-error resolve: retry: retry-all-errors "
		 "retry-connrefused retry-delay: retry-max-time: show-error silent socks4: "
		 "socks4a: socks5: socks5-hostname: speed-limit: speed-time: ssl ssl-no-revoke "
		 "ssl-reqd sslv2 sslv3 stderr: styled-output tcp-fastopen tcp-nodelay "
		 "tls-max: tls13-ciphers: tlsv1 tlsv1.0 tlsv1.1 tlsv1.2 tlsv1.3 url: user: "
		 "user-agent: verbose xattr",
	.flags = OPTS_NO,
};

struct curl {
	const char *urls[DOWNLOADS_MAX];
	const char *outputs[DOWNLOADS_MAX]; /* "-o FILE", or NULL for "-O" */
	size_t n_urls, n_outputs;
	const char *dir;
	bool all_by_name, fail;
};

static int add_output(struct request *r, struct curl *c, const char *name)
{
	if (c->n_outputs == DOWNLOADS_MAX)
		return request_bad(r, "this number of files", "is more than the stand-in takes");
	c->outputs[c->n_outputs++] = name;
	return 0;
}

static int add_url(struct request *r, struct curl *c, const char *url)
{
	if (c->n_urls == DOWNLOADS_MAX)
		return request_bad(r, "this number of URLs", "is more than the stand-in takes");
	c->urls[c->n_urls++] = url;
	return 0;
}

static int take_option(struct request *r, struct curl *c, const struct opts *o)
{
	if (opts_is(o, "o", "output"))
		return add_output(r, c, o->value);
	if (opts_is(o, "O", "remote-name"))
		return add_output(r, c, NULL);
	if (opts_is(o, "url", NULL))
		return add_url(r, c, o->value);
	if (opts_is(o, "head", NULL))
		return request_bad(r, "--head", "is not known");
	if (opts_is(o, "output-dir", NULL))
		c->dir = o->value;
	else if (opts_is(o, "remote-name-all", NULL))
		c->all_by_name = true;
	else if (opts_is(o, "create-dirs", NULL))
		r->make_parents = true;
	else if (opts_is(o, "f", "fail") || opts_is(o, "fail-with-body", NULL))
		c->fail = true;
	return 0;
}

/* The n-th -o or -O belongs to the n-th URL; a URL without one goes to standard output. */
static int add_all(struct request *r, const struct curl *c)
{
	for (size_t i = 0; i < c->n_urls; i++) {
		bool by_name = i < c->n_outputs ? !c->outputs[i] : c->all_by_name;
		const char *name = i < c->n_outputs ? c->outputs[i] : "-";
		char from_url[PATH_MAX];

		if (by_name) {
			url_basename(c->urls[i], false, from_url, sizeof(from_url));
			name = from_url;
		}
		if (request_add(r, c->urls[i], c->dir, name) < 0)
			return -1;
	}
	return 0;
}

int curl_parse(struct request *r, char **argv)
{
	struct curl c = {0};
	enum opts_kind kind;
	struct opts o;
	int bad = 0;

	r->status_file = 23;
	r->status_usage = 2;
	opts_init(&o, &curl_spec, argv);
	while (!bad && (kind = opts_next(&o)) != OPTS_END) {
		if (kind == OPTS_BAD)
			bad = request_bad(r, o.name, o.value);
		else if (kind == OPTS_OPERAND)
			bad = add_url(r, &c, o.value);
		else
			bad = take_option(r, &c, &o);
	}
	/* curl(1), EXIT CODES: 22 the page was not found, with --fail only; 6 the host was not.
	 * Without --fail a 404 is a success for curl; a missing file must not be. */
	r->status_missing = c.fail ? 22 : 6;
	return bad ? bad : add_all(r, &c);
}
