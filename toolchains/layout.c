/* SPDX-License-Identifier: Apache-2.0 */
/* The key of a composition: all that decides what comes of it. */
#include "internal.h"

#include <base/cleanup.h>
#include <string.h>

const struct fixed_file layout_usr_links[] = {
	{"bin", "usr/bin"}, {"sbin", "usr/sbin"}, {"lib", "usr/lib"}, {"lib64", "usr/lib64"}, {0}};

/* No /sys: the room has none. */
const char *const layout_dirs[] = {
	"usr",     "usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "usr/libexec", "usr/libexec/real",
	"etc",     "root",    "var",      "proc",    "dev",       "tmp",         "run",
	"var/tmp", "build",   "out",      "inputs",  "shims",     NULL};

/* Names and numbers are the room's: user 1000 "builder" on the host "belljar", without a network.
 */
const struct fixed_file layout_files[] = {
	{"etc/passwd", "root:x:0:0:root:/root:/bin/bash\n"
		       "builder:x:1000:1000:builder:/build:/bin/bash\n"},
	{"etc/group", "root:x:0:\nbuilder:x:1000:\n"},
	{"etc/hosts", "127.0.0.1 localhost belljar\n::1 localhost\n"},
	{"etc/hostname", "belljar\n"},
	{"etc/resolv.conf", ""},
	{"etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files\n"
			      "networks: files\nprotocols: files\nservices: files\n"},
	{0}};

static void key_package(const struct lock *l, size_t i, struct strbuf *out)
{
	char hex[SHA256_HEX_LEN + 1];

	sha256_to_hex(&l->packages[i].hash, hex);
	strbuf_addf(out, "package %s %s %s", l->packages[i].name, l->packages[i].arch, hex);
	for (size_t k = 0; k < l->replaces[i].n; k++)
		strbuf_addf(out, " %s", l->replaces[i].v[k]);
	strbuf_addc(out, '\n');
}

static void key_layout(struct strbuf *out)
{
	const char *const *name;

	for (const struct fixed_file *f = layout_usr_links; f->path; f++)
		strbuf_addf(out, "usr %s %s\n", f->path, f->text);
	for (name = layout_dirs; *name; name++)
		strbuf_addf(out, "dir %s\n", *name);
	for (const struct fixed_file *f = layout_files; f->path; f++)
		strbuf_addf(out, "file %s %zu\n%s", f->path, strlen(f->text), f->text);
	for (name = toolchain_shim_names(); *name; name++)
		strbuf_addf(out, "shim %s\n", *name);
}

void lock_root_key(const struct toolchain *tc, const struct lock *l, struct sha256 *out)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	strbuf_addf(&sb, "belljar root %d\n", COMPOSITION_VERSION);
	for (size_t i = 0; i < l->n; i++)
		key_package(l, i, &sb);
	for (size_t i = 0; i < tc->n_links; i++)
		strbuf_addf(&sb, "link %s %s %d\n", tc->links[i].path, tc->links[i].to,
			    tc->links[i].optional);
	for (size_t i = 0; i < tc->drop.n; i++)
		strbuf_addf(&sb, "drop %s\n", tc->drop.v[i]);
	key_layout(&sb);
	sha256_of(strbuf_str(&sb), sb.len, out);
}
