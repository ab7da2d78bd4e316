# SPDX-License-Identifier: Apache-2.0
"""Unpacking .deb files: the merged /usr, what is dropped, what is refused, many at once."""
import gzip
import os
import subprocess
import tarfile

import common
from archives import COMPRESSORS, ar, deb, directory, entry, file, hardlink, symlink, tar
from common import PROGRESS


class DebTest(common.StoreTest):
    def write(self, data, name="p.deb"):
        path = f"{self.dir}/{name}"
        with open(path, "wb") as f:
            f.write(data)
        return path

    def unpack(self, data):
        return self.tree(self.succeeds("unpack", "deb", "0", "p.deb", self.write(data))["tree"])

    def refuse(self, data, reason):
        message = self.fails(3, "unpack", "deb", "0", "p.deb", self.write(data))
        self.assertEqual(message, "p.deb: " + reason)
        self.assert_store_empty()


class One(DebTest):
    def test_every_compression(self):
        for suffix in COMPRESSORS:
            with self.subTest(suffix):
                got = self.unpack(deb(directory("./"), file("./etc/f", b"one"), compress=suffix))
                self.assertEqual(got, {"etc": "dir", "etc/f": ("file", False, b"one")})

    def test_dpkg_deb(self):
        os.makedirs(self.dir + "/p/DEBIAN")
        os.makedirs(self.dir + "/p/usr/share/x")
        with open(self.dir + "/p/DEBIAN/control", "w", encoding="ascii") as f:
            f.write("Package: a\nVersion: 1\nArchitecture: all\nMaintainer: x <x@example.invalid>\nDescription: x\n")
        for z in ("gzip", "xz", "none"):
            subprocess.run(["dpkg-deb", "-Z" + z, "-b", self.dir + "/p", self.dir + "/p.deb"], check=True,
                           stdout=subprocess.DEVNULL)
            got = self.tree(self.succeeds("unpack", "deb", "0", "p.deb", self.dir + "/p.deb")["tree"])
            self.assertEqual(got, {"usr": "dir", "usr/share": "dir", "usr/share/x": "dir"})

    def test_merged_usr(self):
        names = ("bin", "sbin", "lib", "lib64", "lib32", "libx32")
        got = self.unpack(deb(*[file(f"./{n}/f", n.encode()) for n in names], file("./libexec/f"), file("./usr/lib/g"),
                              file("./etc/lib/f")))
        for n in names:
            self.assertEqual(got[f"usr/{n}/f"], ("file", False, n.encode()))
            self.assertNotIn(n, got)
        self.assertIn("libexec/f", got)
        self.assertIn("usr/lib/g", got)
        self.assertIn("etc/lib/f", got)

    def test_merged_hard_link(self):
        got = self.unpack(deb(file("./bin/a", b"same", 0o755), hardlink("./usr/bin/b", "./bin/a"),
                              hardlink("./lib/c", "./usr/bin/b")))
        self.assertEqual(got["usr/bin/b"], ("file", True, b"same"))
        self.assertEqual(got["usr/lib/c"], ("file", True, b"same"))

    def test_merged_links_of_base_packages(self):
        got = self.unpack(deb(directory("./usr/bin"), symlink("./bin", "usr/bin"), symlink("./lib64", "/usr/lib64")))
        self.assertEqual(got, {"usr": "dir", "usr/bin": "dir"})
        self.refuse_swap = deb(directory("./usr/bin"), symlink("./bin", "elsewhere"))
        message = self.fails(3, "unpack", "deb", "0", "p.deb", self.write(self.refuse_swap))
        self.assertEqual(message, "p.deb: entry ./bin: is a symbolic link, and was a directory before")

    def test_same_path_twice_by_merging(self):
        self.refuse(deb(file("./bin/a"), file("./usr/bin/a")), "entry ./usr/bin/a: appears twice")

    def test_set_id_is_dropped(self):
        got = self.succeeds("unpack", "deb", "0", "p", self.write(deb(file("./usr/bin/su", mode=0o4755))))["tree"]
        self.assertEqual(os.stat(f"{self.store}/trees/{got}/usr/bin/su").st_mode & 0o7777, 0o755)

    def test_special_files(self):
        self.refuse(deb(entry("./dev/null", tarfile.CHRTYPE)),
                    "entry ./dev/null: is a device, which no tree can hold")
        self.refuse(deb(entry("./f", tarfile.FIFOTYPE)), "entry ./f: is a fifo, which no tree can hold")

    def test_hostile_names(self):
        self.refuse(deb(file("./../x")), "entry ./../x: leads upwards with '..'")
        self.refuse(deb(file("/etc/x")), "entry /etc/x: is an absolute path")
        self.refuse(deb(symlink("./lib/d", "/tmp"), file("./lib/d/x")),
                    "entry ./lib/d/x: goes through 'usr/lib/d', which is a symbolic link")

    def test_empty_package(self):
        self.assertEqual(self.unpack(deb(directory("./"))), {})

    def test_outer_format(self):
        control = ("control.tar.gz", gzip.compress(tar(file("c"))))
        data = ("data.tar.gz", gzip.compress(tar(file("d"))))
        two = ("debian-binary", b"2.0\n")
        expected = "not a Debian package: member '{}' expected, found '{}'".format
        self.refuse(ar(control, data), expected("debian-binary", "control.tar.gz"))
        self.refuse(ar(two, data), expected("control.tar", "data.tar.gz"))
        self.refuse(ar(two, control), expected("data.tar", "the end"))
        self.refuse(ar(two, control, ("other", b"x"), data), expected("data.tar", "other"))
        self.refuse(ar(two, control, data, data), "has a member 'data.tar.gz' after data.tar")
        self.refuse(ar(("debian-binary", b"3.0\n"), control, data), "not a Debian package of format 2.0")
        self.refuse(gzip.compress(tar(file("a"))), "not a Debian package: Unrecognized archive format")
        self.assertIn("d", self.unpack(ar(two, ("_x", b"y"), control, data, ("_z", b"y"))))

    def test_trailing_garbage(self):
        two, control = ("debian-binary", b"2.0\n"), ("control.tar.gz", gzip.compress(tar(file("c"))))
        good = gzip.compress(tar(file("d")))
        self.refuse(ar(two, control, ("data.tar.gz", good + b"garbage")),
                    "has data after the end of the compressed stream")
        self.refuse(ar(two, control, ("data.tar", tar(file("d")) + b"garbage")),
                    "has data after the end of the tar archive")


class Many(DebTest):
    def test_all_at_once(self):
        paths = [self.write(deb(file(f"./usr/share/{i}", os.urandom(3000 * i))), f"{i}.deb") for i in range(20)]
        result = self.succeeds("debs", *paths, paths[3])
        trees = result["trees"]
        for i in range(20):
            self.assertIn(f"usr/share/{i}", self.tree(trees[i]))
        self.assertEqual(trees[20], trees[3])
        progress = [(e["done"], e["total"]) for e in result["events"] if e["kind"] == PROGRESS]
        self.assertEqual(progress, [(i + 1, 20) for i in range(20)])
        self.assertEqual(self.listing("tmp"), [])
        again = self.succeeds("debs", *paths, BELLJAR_LIBEXEC="/nonexistent")
        self.assertEqual((again["trees"], again["events"]), (trees[:20], []))

    def test_equal_trees_of_different_packages(self):
        paths = [self.write(deb(file("./a"), compress=c), f"p{c}.deb") for c in (".gz", ".xz")]
        trees = self.succeeds("debs", *paths)["trees"]
        self.assertEqual(trees[0], trees[1])

    def test_one_bad_package_is_named(self):
        paths = [self.write(deb(file(f"./{i}")), f"{i}.deb") for i in range(5)]
        paths.append(self.write(deb(file("../evil")), "bad.deb"))
        message = self.fails(3, "debs", *paths)
        self.assertEqual(message, "bad.deb: entry ../evil: leads upwards with '..'")
        self.assert_store_empty()
        self.assertEqual(len(self.succeeds("debs", *paths[:5])["trees"]), 5)


if __name__ == "__main__":
    common.main(at_least=15)
