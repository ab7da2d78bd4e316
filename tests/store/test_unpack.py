# SPDX-License-Identifier: Apache-2.0
"""Unpacking tar: what honest archives become, and that each hostile one is refused for its own reason, outside untouched."""
import gzip
import io
import lzma
import os
import subprocess
import tarfile
import unittest

import common
from archives import (COMPRESSORS, directory, entry, file, hardlink, pax_header, symlink, tar)


class TarTest(common.StoreTest):
    def setUp(self):
        super().setUp()
        self.outside = self.dir + "/outside"
        os.mkdir(self.outside)
        with open(self.outside + "/sentinel", "w", encoding="ascii") as f:
            f.write("untouched")

    def write(self, data):
        path = self.dir + "/archive"
        with open(path, "wb") as f:
            f.write(data)
        return path

    def unpack(self, data, strip=0):
        return self.tree(self.succeeds("unpack", "tar", str(strip), "a.tar", self.write(data))["tree"])

    def refuse(self, data, reason, strip=0):
        """The exact error, nothing published, nothing left over, nothing outside changed."""
        message = self.fails(3, "unpack", "tar", str(strip), "a.tar", self.write(data))
        self.assertEqual(message, "a.tar: " + reason)
        self.assert_store_empty()
        self.assertEqual(os.listdir(self.outside), ["sentinel"])
        with open(self.outside + "/sentinel", encoding="ascii") as f:
            self.assertEqual(f.read(), "untouched")


class Honest(TarTest):
    def test_every_compression(self):
        data = tar(directory("a"), file("a/f", b"one"))
        for suffix, compress in COMPRESSORS.items():
            with self.subTest(suffix):
                self.assertEqual(self.unpack(compress(data)), {"a": "dir", "a/f": ("file", False, b"one")})

    def test_modes_become_two(self):
        got = self.unpack(tar(file("a", mode=0o600), file("b", mode=0o4711 & 0o777), file("c", mode=0o010)))
        self.assertEqual({k: v[1] for k, v in got.items()}, {"a": False, "b": True, "c": False})

    def test_strip_and_dots(self):
        data = tar(directory("./top/"), file("./top/.//a/b"), symlink("top/l", "a/b"))
        self.assertEqual(self.unpack(data, 1), {"a": "dir", "a/b": ("file", False, b"x"), "l": ("link", "a/b")})

    def test_strip_of_hard_link_target(self):
        got = self.unpack(tar(file("top/a", b"same", 0o755), hardlink("top/b", "top/a")), 1)
        self.assertEqual(got["b"], ("file", True, b"same"))

    def test_hard_link_to_symbolic_link(self):
        self.assertEqual(self.unpack(tar(symlink("a", "t"), hardlink("b", "a")))["b"], ("link", "t"))

    def test_links_that_lead_outside_are_kept_and_not_followed(self):
        got = self.unpack(tar(symlink("abs", "/etc/passwd"), symlink("up", "../../x")))
        self.assertEqual(got, {"abs": ("link", "/etc/passwd"), "up": ("link", "../../x")})

    def test_directory_twice(self):
        self.assertEqual(self.unpack(tar(directory("a"), directory("a"))), {"a": "dir"})

    def test_set_gid_of_a_directory_is_dropped(self):
        got = self.succeeds("unpack", "tar", "0", "a", self.write(tar(directory("a", 0o2775))))["tree"]
        self.assertEqual(os.stat(f"{self.store}/trees/{got}/a").st_mode & 0o7777, 0o755)

    def test_names(self):
        got = self.unpack(tar(file("ümläut/ü"), file("p" * 120 + "/" + "q" * 200),
                              file("latin-\udce9", pax_headers={}), form=tarfile.GNU_FORMAT))
        self.assertIn("ümläut/ü", got)
        self.assertIn("latin-\udce9", got)
        self.assertIn("p" * 120 + "/" + "q" * 200, got)

    def test_names_in_pax_headers(self):
        self.assertIn("ü" * 60 + "/ö", self.unpack(tar(file("ü" * 60 + "/ö"))))

    def test_huge_uid_and_foreign_owner(self):
        got = self.unpack(tar(file("a", uid=2**40, gid=2**33, uname="nobody\u00e9", gname="x")))
        self.assertEqual(got["a"], ("file", False, b"x"))

    def test_sparse(self):
        path = self.dir + "/sparse"
        with open(path, "wb") as f:
            f.seek(1 << 19)
            f.write(b"end")
            f.truncate(1 << 20)
        for form in ("gnu", "pax"):
            data = subprocess.run(["tar", "-C", self.dir, "-S", "--format=" + form, "-cf", "-", "sparse"],
                                  capture_output=True, check=True).stdout
            self.assertLess(len(data), 1 << 17)
            want = bytes(1 << 19) + b"end" + bytes((1 << 19) - 3)
            self.assertEqual(self.unpack(data)["sparse"], ("file", False, want))

    def test_zeros_may_follow(self):
        data = tar(file("a"))
        self.assertIn("a", self.unpack(gzip.compress(data + bytes(20000)) + bytes(512)))

    def test_memo(self):
        path = self.write(tar(file("t/a")))
        first = self.succeeds("unpack", "tar", "1", "a", path)["tree"]
        other = self.succeeds("unpack", "tar", "0", "a", path)["tree"]
        # no helper can be found now: only the memo answers
        again = self.succeeds("unpack", "tar", "1", "a", path, BELLJAR_LIBEXEC="/nonexistent")["tree"]
        self.assertEqual(first, again)
        self.assertNotEqual(first, other)


class Hostile(TarTest):
    def test_upwards(self):
        self.refuse(tar(file("a/../../sentinel")), "entry a/../../sentinel: leads upwards with '..'")
        self.refuse(tar(file("..")), "entry ..: leads upwards with '..'")
        self.refuse(tar(file("x/../y")), "entry x/../y: leads upwards with '..'", strip=1)

    def test_absolute(self):
        name = self.outside + "/evil"
        self.refuse(tar(file(name)), f"entry {name}: is an absolute path")
        self.refuse(tar(file("/" + name)), f"entry /{name}: is an absolute path", strip=9)

    def test_file_through_link(self):
        self.refuse(tar(symlink("d", self.outside), file("d/evil")),
                    "entry d/evil: goes through 'd', which is a symbolic link")
        self.refuse(tar(symlink("d", "e"), directory("e"), file("d/evil")),
                    "entry d/evil: goes through 'd', which is a symbolic link")

    def test_link_through_link(self):
        self.refuse(tar(symlink("a", self.outside), symlink("a/b", "x")),
                    "entry a/b: goes through 'a', which is a symbolic link")
        self.refuse(tar(symlink("a", self.outside), directory("a/b")),
                    "entry a/b/: goes through 'a', which is a symbolic link")

    def test_through_file(self):
        self.refuse(tar(file("a"), file("a/b")), "entry a/b: goes through 'a', which is a file")

    def test_link_after_parent_was_used(self):
        """The directory kept open from the entry before must not hide that its name is another thing now."""
        self.refuse(tar(file("d/a"), symlink("d", self.outside), file("d/b")),
                    "entry d: is a symbolic link, and was a directory before")

    def test_hard_link_outside(self):
        for target, why in (("../outside/sentinel", "leads upwards with '..'"),
                            (self.outside + "/sentinel", "is an absolute path")):
            self.refuse(tar(hardlink("h", target)), f"entry h: is a hard link whose target: {why}")
        self.refuse(tar(hardlink("h", "nowhere")),
                    "entry h: is a hard link to 'nowhere', which is not in the archive before it")
        self.refuse(tar(hardlink("h", "no/where")),
                    "entry h: is a hard link to 'no/where', which: goes through 'no', which is missing")

    def test_hard_link_through_link(self):
        self.refuse(tar(symlink("d", self.outside), hardlink("h", "d/sentinel")),
                    "entry h: is a hard link to 'd/sentinel', which: goes through 'd', which is a symbolic link")

    def test_hard_link_to_link_is_no_way_to_its_target(self):
        got = self.unpack(tar(symlink("s", self.outside + "/sentinel"), hardlink("h", "s")))
        self.assertEqual(got["h"], ("link", self.outside + "/sentinel"))

    def test_hard_link_to_directory_and_itself(self):
        self.refuse(tar(directory("d"), hardlink("h", "d")),
                    "entry h: is a hard link to 'd', which is a directory")
        self.refuse(tar(hardlink("h", "h")), "entry h: is a hard link to 'h', which is not in the archive before it")

    def test_type_swap(self):
        self.refuse(tar(directory("a"), symlink("a", self.outside)),
                    "entry a: is a symbolic link, and was a directory before")
        self.refuse(tar(symlink("a", self.outside), directory("a")),
                    "entry a/: is a directory, and was a symbolic link before")
        self.refuse(tar(symlink("a", self.outside + "/sentinel"), file("a")),
                    "entry a: is a file, and was a symbolic link before")
        self.refuse(tar(file("a"), directory("a")), "entry a/: is a directory, and was a file before")

    def test_duplicates(self):
        self.refuse(tar(file("a"), file("./a")), "entry ./a: appears twice")
        self.refuse(tar(symlink("a", "x"), symlink("a", "x")), "entry a: appears twice")
        self.refuse(tar(file("a"), file("b"), hardlink("b", "a")), "entry b: appears twice")

    def test_long_paths(self):
        deep = "/".join(["d" * 200] * 30)
        self.refuse(tar(file(deep)), f"entry {deep[:200]}...: has a path of more than 4095 bytes")
        self.refuse(tar(file("n" * 256)), f"entry {'n' * 200}...: has a component of more than 255 bytes")

    def test_path_max_chain(self):
        """Folders inside folders, each step short, the whole beyond PATH_MAX."""
        chain = ["/".join(["c" * 100] * n) for n in range(1, 50)]
        self.refuse(tar(*[directory(c) for c in chain]),
                    f"entry {chain[40][:200]}...: has a path of more than 4095 bytes")

    def test_newline(self):
        self.refuse(tar(file("a\nb")), "entry a\\x0ab: has a newline in its name")

    def test_nul_cuts_the_name_and_stays_inside(self):
        """libarchive ends a name at NUL: what is left must obey the same rules."""
        body = tarfile.TarInfo("plain").tobuf(tarfile.USTAR_FORMAT)
        self.refuse(pax_header(path=b"../x\0y") + body + bytes(1024), "entry ../x: leads upwards with '..'")
        self.assertEqual(list(self.unpack(pax_header(path=b"in/side\0../../x") + body + bytes(1024))),
                         ["in", "in/side"])

    def test_escape_sequences_are_shown_harmless(self):
        self.refuse(tar(file("/\x1b[2J\u202e\x9b")), "entry /\\x1b[2J\\xe2\\x80\\xae\\xc2\\x9b: is an absolute path")

    def test_devices(self):
        for kind, what in ((tarfile.CHRTYPE, "device"), (tarfile.BLKTYPE, "device"), (tarfile.FIFOTYPE, "fifo")):
            self.refuse(tar(entry("n", kind)), f"entry n: is a {what}, which no tree can hold")

    def test_set_id(self):
        self.refuse(tar(file("s", mode=0o4755)), "entry s: has a set-id bit (mode 4755)")
        self.refuse(tar(file("s", mode=0o2755)), "entry s: has a set-id bit (mode 2755)")
        self.refuse(tar(directory("s", 0o4755)), "entry s/: has a set-id bit (mode 4755)")

    def test_empty_link_target(self):
        self.refuse(tar(symlink("l", "")), "entry l: is a symbolic link without a target")

    def test_strip_leaves_nothing(self):
        self.refuse(tar(file("README")), "entry README: is no directory, and strip 1 leaves nothing of it", strip=1)

    def test_pax_size_override(self):
        info, data = file("f", b"12345")
        info.size = 0
        honest = info.tobuf(tarfile.USTAR_FORMAT) + data + bytes(507) + bytes(1024)
        self.assertEqual(self.unpack(pax_header(size=b"5") + honest)["f"], ("file", False, b"12345"))
        message = self.fails(3, "unpack", "tar", "0", "a.tar", self.write(pax_header(size=b"-5") + honest))
        self.assertRegex(message, "^a.tar: ")

    def test_giant_sparse(self):
        info, data = file("f", b"1\n0\n0\n" + bytes(506))
        head = pax_header(GNU__sparse__major=b"1", GNU__sparse__minor=b"0", GNU__sparse__name=b"f",
                          GNU__sparse__realsize=str(1 << 60).encode())
        self.refuse(head + info.tobuf(tarfile.USTAR_FORMAT) + data + bytes(1024),
                    "entry f: makes the contents more than 17179869184 bytes")

    def test_bombs(self):
        zeros = tar(file("f", bytes(100 << 20)))
        for suffix in (".gz", ".zst"):
            self.refuse(COMPRESSORS[suffix](zeros),
                        "entry f: tar: unpacks to more than 250 times its size: a bomb")

    def test_compressed_twice(self):
        self.refuse(gzip.compress(gzip.compress(tar(file("a")))), "is compressed more than once")
        self.refuse(lzma.compress(gzip.compress(tar(file("a")))), "is compressed more than once")

    def test_trailing_garbage(self):
        data = tar(file("a"))
        self.refuse(data + b"garbage", "has data after the end of the tar archive")
        self.refuse(gzip.compress(data + b"garbage"), "has data after the end of the tar archive")
        self.refuse(data + tar(file("b")), "has data after the end of the tar archive")
        self.refuse(gzip.compress(data) + b"garbage", "has data after the end of the compressed stream")
        self.refuse(gzip.compress(data) + bytes(512) + b"garbage", "has data after the end of the compressed stream")

    def test_trailing_garbage_other_compressions(self):
        for suffix in (".xz", ".zst", ".bz2"):
            data = COMPRESSORS[suffix](tar(file("a"))) + b"garbage"
            message = self.fails(3, "unpack", "tar", "0", "a.tar", self.write(data))
            self.assertRegex(message, "^a.tar: (has data after the end|after the end|entry a: tar|tar|decompress)")
            self.assert_store_empty()

    def test_truncated(self):
        data = tar(file("a", os.urandom(5000)))
        for cut in (COMPRESSORS[s](data)[:-2000] for s in COMPRESSORS if s):
            self.assertRegex(self.fails(3, "unpack", "tar", "0", "a.tar", self.write(cut)), "^a.tar: ")
            self.assert_store_empty()
        self.refuse(data[:2000], "entry a: tar: Truncated tar archive")

    def test_no_archive(self):
        self.refuse(b"", "is empty")
        self.refuse(bytes(10240), "has no entries")
        for data in (b"PK\x03\x04" + bytes(600), b"#!/bin/sh\n" * 200, b"070701" + b"0" * 600, b"!<arch>\n" * 100):
            self.refuse(data, "no tar archive: Unrecognized archive format")
    def test_malformed_pax(self):
        info, data = file("f")
        body = b"99 path=x\n"
        head = tarfile.TarInfo("PaxHeader")
        head.type, head.size = b"x", len(body)
        raw = head.tobuf(tarfile.USTAR_FORMAT) + body + bytes(512 - len(body))
        raw += info.tobuf(tarfile.USTAR_FORMAT) + data + bytes(511) + bytes(1024)
        self.assertRegex(self.fails(3, "unpack", "tar", "0", "a.tar", self.write(raw)), "malformed")


class Stream(TarTest):
    def test_many_entries(self):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as t:
            for i in range(3000):
                info, data = file(f"d{i % 7}/f{i}", b"y" * (i % 50))
                t.addfile(info, io.BytesIO(data))
        got = self.unpack(gzip.compress(out.getvalue()))
        self.assertEqual(len(got), 3007)
        self.assertEqual(got["d3/f2999"], ("file", False, b"y" * 49))


if __name__ == "__main__":
    common.main(at_least=45)
