/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include <fcntl.h>

static void has(const struct bench *b, const char *path, const char *text)
{
	_cleanup_free_ char *found = get(b, path);

	cr_assert(found && strcmp(found, text) == 0, "%s: expected '%s', found '%s'", path, text,
		  found ? found : "nothing");
}

/* The temporary folder itself is the root; the toolchain's own folder in it is in nobody's way. */
static void prepare(const struct bench *b)
{
	struct err err = ERR_INIT;

	OK(finish_layout(b->fd, &err));
	put_exec(b, "usr/bin/mawk", "mawk");
}

Test(finish, layout_has_merged_usr_and_mount_points)
{
	BENCH(b);

	prepare(&b);
	has(&b, "bin", "usr/bin");
	has(&b, "lib64", "usr/lib64");
	cr_assert_eq(faccessat(b.fd, "shims", F_OK, 0), 0);
	cr_assert_eq(faccessat(b.fd, "var/tmp", F_OK, 0), 0);
	cr_assert_neq(faccessat(b.fd, "sys", F_OK, 0), 0);
}

Test(finish, files_replace_what_packages_brought_but_never_write_through)
{
	struct err err = ERR_INIT;
	BENCH(b);

	prepare(&b);
	put(&b, "package-hosts", "original");
	put(&b, "target", "original");
	cr_assert_eq(linkat(b.fd, "package-hosts", b.fd, "etc/hosts", 0), 0);
	put_link(&b, "etc/hostname", "../target");
	OK(finish_files(b.fd, &err));
	has(&b, "etc/hostname", "belljar\n");
	has(&b, "package-hosts", "original");
	has(&b, "target", "original");
	has(&b, "etc/resolv.conf", "");
	has(&b, "etc/passwd",
	    "root:x:0:0:root:/root:/bin/bash\nbuilder:x:1000:1000:builder:/build:/bin/bash\n");
}

static int links(const struct bench *b, const char *old, const char *now, struct err *err)
{
	_cleanup_(toolchain_freep) struct toolchain *tc = loaded(b, old, now);

	return finish_links(b->fd, tc, err);
}

Test(finish, links_lead_to_what_is_there)
{
	struct err err = ERR_INIT;
	BENCH(b);

	prepare(&b);
	OK(links(&b, NULL, NULL, &err));
	has(&b, "usr/bin/awk", "mawk");
	cr_assert_neq(faccessat(b.fd, "usr/bin/pager", F_OK, AT_SYMLINK_NOFOLLOW), 0,
		      "an optional link without its target is not made");
}

Test(finish, links_resolve_inside_the_root)
{
	struct err err = ERR_INIT;
	BENCH(b);

	prepare(&b);
	OK(links(&b, "awk: mawk", "awk: /bin/mawk", &err)); /* /bin is a link of the root */
	has(&b, "usr/bin/awk", "/bin/mawk");
	/* /etc/passwd is there on the host, and not in this root */
	REFUSED(links(&b, "/usr/bin/awk: mawk", "/usr/bin/nawk: /etc/passwd", &err), ERR_INPUT,
		"there is no such target in the root");
}

Test(finish, dangling_and_taken_links_are_refused)
{
	struct err err = ERR_INIT;
	BENCH(b);

	prepare(&b);
	REFUSED(links(&b, "awk: mawk", "awk: gawk", &err), ERR_INPUT,
		"links: /usr/bin/awk -> gawk: there is no such target");
	put(&b, "usr/bin/awk", "a package's");
	REFUSED(links(&b, NULL, NULL, &err), ERR_INPUT, "/usr/bin/awk is in a package already");
	REFUSED(links(&b, "/usr/bin/awk: mawk", "/opt/awk: /usr/bin/mawk", &err), ERR_INPUT,
		"the folder of /opt/awk");
}

Test(finish, shims_stand_before_the_real_programs)
{
	struct err err = ERR_INIT;
	BENCH(b);

	prepare(&b);
	put_exec(&b, "usr/bin/date", "real date");
	put_exec(&b, "usr/bin/hostname", "real hostname");
	put_link(&b, "usr/bin/domainname", "hostname");
	put_link(&b, "usr/bin/git", "../lib/git/git");
	put_link(&b, "usr/bin/curl", "/opt/curl");
	put_exec(&b, "usr/sbin/uname", "real uname");
	put_exec(&b, "usr/sbin/date", "another date");
	OK(finish_shims(b.fd, &err));
	for (const char *const *s = toolchain_shim_names(); *s; s++) {
		_cleanup_free_ char *bin = xasprintf("usr/bin/%s", *s);
		_cleanup_free_ char *sbin = xasprintf("usr/sbin/%s", *s);
		_cleanup_free_ char *to = xasprintf("/shims/%s", *s);

		has(&b, bin, to);
		has(&b, sbin, to);
	}
	has(&b, "usr/libexec/real/date", "real date");
	has(&b, "usr/libexec/real/domainname", "hostname");
	has(&b, "usr/libexec/real/git", "/usr/bin/../lib/git/git");
	has(&b, "usr/libexec/real/curl", "/opt/curl");
	has(&b, "usr/libexec/real/uname", "real uname");
}
