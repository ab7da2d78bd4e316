# SPDX-License-Identifier: Apache-2.0
"""Exported archives: the same bytes for the same tree, and what tar sees in them."""
import hashlib
import io
import os
import random
import shutil
import subprocess
import tarfile

import common

EPOCH = 1700000000


class Pack(common.StoreTest):
    def publish(self, make, seed):
        """A tree whose files are made in an order of the seed's choosing."""
        top = f"{self.dir}/tree{seed}"
        todo = list(make)
        random.Random(seed).shuffle(todo)
        os.mkdir(top)
        for path, content in todo:
            path = os.path.join(os.fsencode(top), os.fsencode(path))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if content is None:
                os.makedirs(path, exist_ok=True)
            elif isinstance(content, str):
                os.symlink(content, path)
            else:
                with open(path, "wb") as f:
                    f.write(content)
        return self.succeeds("publish", top)["tree"]

    def export(self, tree, form="tar", epoch=EPOCH, prefix=()):
        p = subprocess.run([*prefix, common.TOOL, self.store, "export", form, str(epoch), tree], env=self.env,
                           capture_output=True, timeout=120, check=False)
        self.assertEqual((p.returncode, p.stderr), (0, b""))
        return p.stdout

    def small(self, seed=1):
        return self.publish([("b/two", b"2"), ("b/one", b"1"), ("a-b", b""), ("a/x", b"x"), ("a.b", b"y"),
                             ("link", "a/x"), ("empty", None), ("Z", b"z")], seed)

    def test_order_of_creation_does_not_matter(self):
        self.assertEqual(self.small(1), self.small(2))
        first = self.small(3)
        again = self.export(first)
        shutil.rmtree(self.store)
        self.assertEqual(self.export(self.small(4)), again)

    def test_what_tar_sees(self):
        with tarfile.open(fileobj=io.BytesIO(self.export(self.small()))) as t:
            members = t.getmembers()
        self.assertEqual([m.name for m in members],
                         ["Z", "a", "a/x", "a-b", "a.b", "b", "b/one", "b/two", "empty", "link"])
        for m in members:
            self.assertEqual((m.uid, m.gid, m.uname, m.gname, m.mtime), (0, 0, "", "", EPOCH), m.name)
            self.assertEqual(m.mode, 0o755 if m.isdir() else 0o777 if m.issym() else 0o644, m.name)
            self.assertEqual(m.pax_headers, {}, m.name)
        self.assertEqual(members[-1].linkname, "a/x")

    def test_golden(self):
        """Bytes that another version of belljar must give too."""
        self.assertEqual(hashlib.sha256(self.export(self.small(), epoch=1)).hexdigest(), GOLDEN)

    def test_executable_bit(self):
        os.mkdir(self.dir + "/t")
        with open(self.dir + "/t/run", "wb") as f:
            os.fchmod(f.fileno(), 0o700)
        with tarfile.open(fileobj=io.BytesIO(self.export(self.succeeds("publish", self.dir + "/t")["tree"]))) as t:
            self.assertEqual(t.getmember("run").mode, 0o755)

    def test_long_and_foreign_names(self):
        names = ["l" * 200, "d" * 90 + "/" + "e" * 90 + "/" + "f" * 90, "ümläut", "ü" * 80, "latin-\udce9", "-dash", " "]
        tree = self.publish([(n, n.encode("utf-8", "surrogateescape")) for n in names], 1)
        with tarfile.open(fileobj=io.BytesIO(self.export(tree)), encoding="utf-8", errors="surrogateescape") as t:
            for n in names:
                self.assertEqual(t.extractfile(n).read(), n.encode("utf-8", "surrogateescape"))

    def test_epoch_beyond_octal(self):
        with tarfile.open(fileobj=io.BytesIO(self.export(self.small(), epoch=1 << 35))) as t:
            self.assertEqual(t.getmember("Z").mtime, 1 << 35)

    def test_empty_tree(self):
        with tarfile.open(fileobj=io.BytesIO(self.export(self.publish([], 1)))) as t:
            self.assertEqual(t.getmembers(), [])

    def test_round_trip(self):
        tree = self.small()
        with open(self.dir + "/out.tar", "wb") as f:
            f.write(self.export(tree))
        self.assertEqual(self.succeeds("unpack", "tar", "0", "out.tar", self.dir + "/out.tar")["tree"], tree)

    def big(self):
        r = random.Random(1)
        text = b"".join(b"%d line of some text\n" % r.randrange(1000) for _ in range(400_000))
        return self.publish([("text", text), ("more", text[::-1])], 1)

    def test_zstd(self):
        tree = self.big()
        packed = self.export(tree, "tar.zst")
        plain = subprocess.run(["zstd", "-dcq"], input=packed, capture_output=True, check=True).stdout
        self.assertEqual(plain, self.export(tree))
        self.assertLess(len(packed), len(plain) // 2)
        self.assertEqual(packed[4] & 4, 4, "the frame has a checksum")

    def test_zstd_does_not_depend_on_the_number_of_processors(self):
        tree = self.big()
        one = self.export(tree, "tar.zst", prefix=("taskset", "-c", str(min(os.sched_getaffinity(0)))))
        self.assertEqual(one, self.export(tree, "tar.zst"))

    def test_unknown_format(self):
        self.assertEqual(self.fails(2, "export", "zip", "1", "0" * 64),
                         "unknown format 'zip': tar and tar.zst are known")

    def test_unknown_tree(self):
        self.assertIn("0" * 64, self.fails(6, "export", "tar", "1", "0" * 64))

    def test_full_disk(self):
        tree = self.big()
        for form in ("tar", "tar.zst"):
            with open("/dev/full", "wb") as full:
                p = subprocess.run([common.TOOL, self.store, "export", form, "1", tree], env=self.env, stdout=full,
                                   stderr=subprocess.PIPE, timeout=60, check=False)
            self.assertEqual((p.returncode, p.stderr), (6, b""))


GOLDEN = "bc805c28424991d531aeff9a13054e1debd0d507b81d6b10de74f5fba11c6671"

if __name__ == "__main__":
    common.main(at_least=13)
