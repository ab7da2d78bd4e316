# SPDX-License-Identifier: Apache-2.0
"""Where mirror://NAME/... leads: options, environment, configuration, the host's apt sources, in this order."""
import hashlib
import json
import os

import common


class Mirror(common.StoreTest):
    def write(self, path, text):
        path = f"{self.dir}/{path}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)

    def expand(self, url, **env):
        return self.succeeds("expand", url, **env)["urls"]

    def refuse(self, url, reason, code=3, **env):
        self.assertEqual(self.fails(code, "expand", url, **env), reason)

    def test_other_urls_stay(self):
        self.assertEqual(self.expand("https://example.invalid/x"), ["https://example.invalid/x"])

    def test_environment(self):
        self.assertEqual(self.expand("mirror://debian/pool/x", BELLJAR_MIRROR_DEBIAN="http://example.invalid/d//"),
                         ["http://example.invalid/d/pool/x"])
        self.assertEqual(self.expand("mirror://my-own/x", BELLJAR_MIRROR_MY_OWN="file:///srv"), ["file:///srv/x"])

    def test_configuration(self):
        self.write("config/belljar/config.yaml", "mirrors:\n  debian: https://example.invalid/conf\n")
        self.assertEqual(self.expand("mirror://debian/x"), ["https://example.invalid/conf/x"])
        self.assertEqual(self.expand("mirror://debian/x", BELLJAR_MIRROR_DEBIAN="http://example.invalid/env"),
                         ["http://example.invalid/env/x"], "the environment wins")

    def test_configuration_below_home(self):
        self.write(".config/belljar/config.yaml", "mirrors: {a: https://example.invalid/home}\n")
        self.assertEqual(self.expand("mirror://a/x", XDG_CONFIG_HOME=""), ["https://example.invalid/home/x"])

    def test_bad_configuration(self):
        path = "config/belljar/config.yaml"
        self.write(path, "miror: {debian: https://example.invalid}\n")
        message = self.fails(3, "expand", "mirror://debian/x")
        self.assertRegex(message, f"^{self.dir}/{path}:1:1: unknown key 'miror'.*did you mean 'mirrors'")
        self.write(path, "mirrors: [a]\n")
        self.assertRegex(self.fails(3, "expand", "mirror://debian/x"), f"^{self.dir}/{path}:1:")
        self.write(path, "mirrors: {debian: ftp://example.invalid}\n")
        self.refuse("mirror://debian/x", f"{self.dir}/{path}: 'ftp://example.invalid' is no base URL: expected https://, "
                    "http:// or file:///")

    def test_apt_one_line(self):
        self.write("apt/sources.list", "# deb http://example.invalid/commented/debian x main\n"
                   "deb [arch=amd64 signed-by=/a b] http://example.invalid/one/debian/ bookworm main # tail\n"
                   "deb-src https://example.invalid/two/debian bookworm-updates main\n"
                   "deb http://example.invalid/debian-security bookworm-security main\n"
                   "deb cdrom:[Disc]/debian bookworm main\n"
                   "deb http://example.invalid/notdebian bookworm main\n")
        self.assertEqual(self.expand("mirror://debian/pool/x"),
                         ["http://example.invalid/one/debian/pool/x", "https://example.invalid/two/debian/pool/x"])
        self.assertEqual(self.expand("mirror://debian/dists/bookworm-updates/InRelease"),
                         ["https://example.invalid/two/debian/dists/bookworm-updates/InRelease",
                          "http://example.invalid/one/debian/dists/bookworm-updates/InRelease"])
        self.assertEqual(self.expand("mirror://debian-security/x"), ["http://example.invalid/debian-security/x"])

    def test_apt_deb822(self):
        self.write("apt/sources.list.d/b.sources", "Types: deb\n# URIs: http://example.invalid/commented/debian\n"
                   "URIs: http://example.invalid/one/debian\n http://example.invalid/two/debian\nSuites: a\n b\n"
                   "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n URIs:\n\n"
                   "Types: deb\nURIs: http://example.invalid/off/debian\nSuites: c\nEnabled: no\n \t\n"
                   "Types: deb\nuris: http://example.invalid/three/debian\nSuites: c\n")
        self.write("apt/sources.list.d/a.list", "deb http://example.invalid/zero/debian x main\n")
        self.write("apt/sources.list.d/c.sources.disabled", "URIs: http://example.invalid/disabled/debian\n")
        base = "http://example.invalid/{}/debian/{}".format
        self.assertEqual(self.expand("mirror://debian/p"), [base(n, "p") for n in ("zero", "one", "two", "three")])
        self.assertEqual(self.expand("mirror://debian/dists/b/R"),
                         [base(n, "dists/b/R") for n in ("one", "two", "zero", "three")])

    def test_apt_mirror_list(self):
        self.write("apt/list", "# mirrors\nhttps://example.invalid/a/debian\tpriority:1\nhttp://example.invalid/other\n")
        self.write("apt/sources.list.d/x.sources",
                   f"Types: deb\nURIs: mirror+file://{self.dir}/apt/list mirror+file:/nonexistent\nSuites: s\n")
        self.assertEqual(self.expand("mirror://debian/p"), ["https://example.invalid/a/debian/p"])

    def test_apt_is_asked_for_debian_only(self):
        self.write("apt/sources.list", "deb http://example.invalid/xen s main\n")
        self.refuse("mirror://xen/x", "no mirror 'xen' is known: give --mirror xen=URL, or set BELLJAR_MIRROR_XEN, or "
                    "write it under 'mirrors:' in ~/.config/belljar/config.yaml or /etc/belljar/config.yaml")

    def test_unknown(self):
        self.refuse("mirror://debian/x", "no mirror 'debian' is known: give --mirror debian=URL, or set "
                    "BELLJAR_MIRROR_DEBIAN, or write it under 'mirrors:' in ~/.config/belljar/config.yaml or "
                    "/etc/belljar/config.yaml (the apt sources of this host have none)")

    def test_malformed(self):
        self.refuse("mirror://debian", "mirror://debian: expected mirror://NAME/PATH")
        self.refuse("mirror://debian/", "mirror://debian/: expected mirror://NAME/PATH")
        self.refuse("mirror://../x", "'..' is no name of a mirror: a-z, 0-9 and -")
        self.refuse("mirror:///x", "'' is no name of a mirror: a-z, 0-9 and -")
        self.refuse("mirror://a/x", "BELLJAR_MIRROR_A: 'http://example.invalid/\tx' is no base URL: expected https://, "
                    "http:// or file:///", BELLJAR_MIRROR_A="http://example.invalid/\tx")

    def fetch(self, urls, **options):
        item = {"name": "f", "sha256": hashlib.sha256(b"data").hexdigest(), "urls": urls}
        return self.tool("fetch", json.dumps({"items": [item], **options}), BELLJAR_LIBEXEC="/nonexistent")

    def test_option_wins_and_may_be_a_directory(self):
        self.write("mirror/pool/f", "data")
        self.write("apt/sources.list", "deb http://example.invalid/debian s main\n")
        result = self.fetch(["mirror://debian/pool/f"], mirrors=[f"debian=file://{self.dir}/mirror"])
        self.assertNotIn("error", result)

    def test_bad_option(self):
        result = self.fetch(["mirror://debian/pool/f"], mirrors=["debian"])
        self.assertEqual((result["code"], result["error"]), (2, "f: --mirror debian: expected NAME=URL"))

    def test_unknown_mirror_names_the_file(self):
        self.assertRegex(self.fetch(["mirror://debian/pool/f"])["error"], "^f: no mirror 'debian' is known: give --mirror")

    def test_unknown_mirror_beside_a_good_url(self):
        self.write("f", "data")
        self.assertNotIn("error", self.fetch(["mirror://debian/pool/f", f"file://{self.dir}/f"]))


if __name__ == "__main__":
    common.main(at_least=15)
