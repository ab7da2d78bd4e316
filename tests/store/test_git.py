# SPDX-License-Identifier: Apache-2.0
"""Sources that are a commit: fetched, checked out, verified, found again."""
import os
import socket
import subprocess

import common
from gitting import GitTest, Web, sri


class Arrives(GitTest):
    def setUp(self):
        super().setUp()
        self.write("README")
        self.write("bin/run", b"#!/bin/sh\n", 0o755)
        self.write("empty", b"")
        self.write("name with \xc3\xa4\n".encode("latin-1").decode("utf-8"), b"odd name\n")
        os.symlink("../README", self.repo + "/bin/link")
        self.first = self.commit()
        self.write("README", b"changed\n")
        self.commit()
        self.git("tag", "-a", "-m", "t", "v2")

    def test_a_commit_that_is_no_branch(self):
        result = self.gets(self.first)
        self.assertEqual(result["tree"], self.checkout(self.first))
        found = self.tree(result["tree"])
        self.assertEqual(found["README"], ("file", False, b"text\n"))
        self.assertEqual(found["bin/run"], ("file", True, b"#!/bin/sh\n"))
        self.assertEqual(found["bin/link"], ("link", "../README"))
        self.assertFalse(self.said(result, "trying all of it"))

    def test_the_right_hash_and_a_second_time(self):
        nar = self.checkout(self.first)
        self.gets(self.first, nar=nar)
        os.rename(self.repo, self.repo + ".away")
        self.assertEqual(self.gets(self.first, nar=nar)["events"], [], "found by its hash, whoever has it")
        self.assertEqual(self.gets("0" * 40, nar=nar, urls=[])["tree"], nar, "the commit is no part of its identity")

    def test_wrong_hash(self):
        found, wanted = sri(self.checkout(self.first)), "ab" * 32
        self.assertEqual(self.lacks(self.first, nar=wanted),
                         f"source 'src': the checkout of {self.first} from {self.repo}: expected NAR hash "
                         f"{sri(wanted)}, found {found}")

    def test_unknown_commit(self):
        error = self.lacks("0123456789" * 4)
        self.assertIn("cannot fetch source 'src' (commit 0123456789", error)
        self.assertIn("the repository has no such commit", error)

    def test_a_tag_object_is_no_commit(self):
        tag = self.git("rev-parse", "v2")
        self.assertNotEqual(tag, self.git("rev-parse", "v2^{commit}"))
        with self.subTest("it is taken for the commit it names, and the NAR hash decides"):
            self.assertEqual(self.gets(tag)["tree"], self.checkout("v2"))

    def test_a_tree_is_no_commit(self):
        self.assertIn("no such commit", self.lacks(self.git("rev-parse", "HEAD^{tree}")))

    def test_second_url(self):
        result = self.gets(self.first, urls=["file:///nowhere", "file://" + self.repo])
        self.assertEqual(result["tree"], self.checkout(self.first))

    def test_no_url_works(self):
        error = self.lacks(self.first, urls=["file:///nowhere", "ftp://example.org/x", "mirror://unknown/x"])
        self.assertIn("file src-" + self.first + ".tar, can also be given with --from DIR", error)
        self.assertIn("no mirror 'unknown' is known", error)
        self.assertIn("/nowhere: ", error)
        self.assertIn("ftp://example.org/x: only https, http, file and mirror URLs are known", error)

    def test_mirror(self):
        self.gets(self.first, urls=["mirror://here/origin"], mirrors=["here=file://" + self.dir])

    def test_gc_keeps_it_as_a_source(self):
        tree = self.gets(self.first)["tree"]
        self.succeeds("gc", "keep")
        self.assertTrue(os.path.isdir(f"{self.store}/trees/{tree}"))
        self.succeeds("gc", "all")
        self.assertEqual(self.listing("trees"), [])


class Offline(GitTest):
    def setUp(self):
        super().setUp()
        self.write("f")
        self.head = self.commit()
        self.nar = self.checkout(self.head)
        self.shelf = self.dir + "/shelf"
        os.mkdir(self.shelf)
        self.offline = {"offline": True, "from": [self.shelf], "nar": self.nar}

    def test_nothing_there(self):
        self.assertEqual(self.lacks(self.head, **self.offline),
                         f"offline, and source 'src' (commit {self.head}) is neither in the store nor in a --from "
                         "directory")

    def test_bare_clone(self):
        self.git("clone", "-q", "--bare", self.repo, self.shelf + "/src.git", where=None)
        self.assertEqual(self.gets(self.head, **self.offline)["tree"], self.nar)

    def test_bare_clone_that_is_too_old(self):
        self.git("clone", "-q", "--bare", self.repo, self.shelf + "/src.git", where=None)
        self.write("g")
        self.assertIn("the repository has no such commit", self.lacks(self.commit(), **self.offline))

    def tar(self, *files):
        subprocess.run(["tar", "-C", self.repo, "--exclude=.git", "-cf", f"{self.shelf}/src-{self.head}.tar", *files],
                       check=True)

    def test_tar(self):
        self.tar(".")
        self.assertEqual(self.gets(self.head, **self.offline)["tree"], self.nar)

    def test_tar_of_something_else(self):
        self.write("g")
        self.tar(".")
        error = self.fails(3, "git", self.request(self.head, **self.offline))
        self.assertIn(f"expected NAR hash {sri(self.nar)}, found sha256-", error)
        self.assertFalse(os.path.isdir(f"{self.store}/trees/{self.nar}"))

    def test_export_is_a_tar_for_from(self):
        self.gets(self.head)
        with open(f"{self.shelf}/src-{self.head}.tar", "wb") as f:
            subprocess.run([common.TOOL, self.store, "export", "tar", "1", self.nar], env=self.env, stdout=f, check=True)
        self.store += "-other"
        self.assertEqual(self.gets(self.head, **self.offline)["tree"], self.nar)


class Servers(GitTest):
    def setUp(self):
        super().setUp()
        self.write("f", b"one\n")
        self.first = self.commit()
        self.write("f", b"two\n")
        self.commit()
        self.git("update-server-info")

    def web(self, **how):
        web = Web(self.repo + "/.git", **how)
        self.addCleanup(web.close)
        return web

    def test_the_commit_alone(self):
        result = self.gets(self.first, urls=[self.web(smart=True).url])
        self.assertEqual(result["tree"], self.checkout(self.first))
        self.assertFalse(self.said(result, "trying all of it"))

    def test_a_server_that_gives_out_ends_only(self):
        result = self.gets(self.first, urls=[self.web(smart=True, new=False).url])
        self.assertEqual(result["tree"], self.checkout(self.first))
        self.assertTrue(self.said(result, "trying all of it"))

    def test_a_server_of_files(self):
        result = self.gets(self.first, urls=[self.web(smart=False).url])
        self.assertEqual(result["tree"], self.checkout(self.first))
        self.assertTrue(self.said(result, "does not support shallow"))

    def test_unknown_commit(self):
        self.assertIn("no such commit", self.lacks("1" * 40, urls=[self.web(smart=True, new=False).url]))

    def test_a_server_that_says_nothing(self):
        with socket.create_server(("127.0.0.1", 0)) as mute:
            error = self.lacks(self.first, urls=[f"http://127.0.0.1:{mute.getsockname()[1]}/"],
                               env={"BELLJAR_FETCH_STALL_S": "2"})
        self.assertIn("nothing came for 2 seconds", error)

    def test_nobody_listens(self):
        with socket.create_server(("127.0.0.1", 0)) as gone:
            port = gone.getsockname()[1]
        self.assertIn("Failed to connect", self.lacks(self.first, urls=[f"http://127.0.0.1:{port}/"]))

    def test_no_git_on_this_host(self):
        self.assertIn("cannot run git", self.lacks(self.first, code=4, env={"PATH": "/nonexistent"}))


if __name__ == "__main__":
    common.main(23)
