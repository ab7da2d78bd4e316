# SPDX-License-Identifier: Apache-2.0
"""Repositories that mean harm, and what the confined git must not be able to do."""
import json
import os
import shutil
import signal
import socket
import subprocess
import time

import common
from gitting import GitTest, Web

WITHOUT = os.environ.get("WITHOUT", "without")


class Hostile(GitTest):
    def setUp(self):
        super().setUp()
        self.sentinel = self.dir + "/sentinel"

    def untouched(self):
        self.assertFalse(os.path.exists(self.sentinel), "something of the repository's was run, or written outside")

    def test_attributes_are_those_of_a_plain_checkout(self):
        self.write(".gitattributes", b"*.crlf text eol=crlf\n*.id ident\n*.subst export-subst\n*.u16 "
                                     b"working-tree-encoding=UTF-16LE\nsub/** export-ignore\n")
        self.write("a.crlf", b"one\ntwo\n")
        self.write("a.id", b"$Id$\n")
        self.write("a.subst", b"$Format:%H$\n")
        self.write("a.u16", "text\n".encode("utf-16-le"))
        self.write("sub/kept")
        head = self.commit()
        tree = self.gets(head)["tree"]
        self.assertEqual(tree, self.checkout(head))
        found = self.tree(tree)
        self.assertEqual(found["a.crlf"][2], b"one\r\ntwo\r\n")
        self.assertEqual(found["a.subst"][2], b"$Format:%H$\n")
        self.assertEqual(found["a.u16"][2], "text\n".encode("utf-16-le"))
        self.assertIn("sub/kept", found)

    def test_filters_hooks_and_configuration_are_not_used(self):
        evil = (f"[filter \"evil\"]\n smudge = touch {self.sentinel}; cat; echo smudged\n required = true\n"
                f"[core]\n hooksPath = {self.dir}/hooks\n fsmonitor = touch {self.sentinel}\n autocrlf = true\n"
                f"[uploadpack]\n packObjectsHook = touch {self.sentinel}; false\n")
        self.write(".gitattributes", b"* filter=evil\n")
        self.write("f", b"plain\n")
        head = self.commit()
        os.makedirs(self.dir + "/hooks", exist_ok=True)
        for folder in (self.dir + "/hooks", self.repo + "/.git/hooks"):
            for hook in ("post-checkout", "reference-transaction", "post-update", "pre-receive"):
                with open(f"{folder}/{hook}", "w", encoding="ascii") as f:
                    f.write(f"#!/bin/sh\ntouch {self.sentinel}\n")
                os.chmod(f"{folder}/{hook}", 0o755)
        for config in (self.repo + "/.git/config", self.dir + "/.gitconfig"):
            with open(config, "a", encoding="ascii") as f:
                f.write(evil)
        env = {"GIT_CONFIG_GLOBAL": self.dir + "/.gitconfig", "GIT_CONFIG_COUNT": "1",
               "GIT_CONFIG_KEY_0": "core.hooksPath", "GIT_CONFIG_VALUE_0": self.dir + "/hooks",
               "GIT_DIR": self.repo + "/.git", "GIT_SSH_COMMAND": f"touch {self.sentinel}"}
        result = self.gets(head, env=env)
        self.assertEqual(self.tree(result["tree"])["f"][2], b"plain\n")
        self.untouched()

    def test_names_that_would_be_a_repository(self):
        blob = self.raw("blob", b"[core]\n")
        inner = self.raw("tree", b"100644 config\0" + bytes.fromhex(blob))
        for name in (b".git", b".GIT", b"git~1", b"..", b"."):
            with self.subTest(name=name):
                error = self.lacks(self.raw_commit(("40000", name, inner)))
                self.assertIn("invalid path '" + name.decode(), error)

    def test_a_link_and_a_file_through_it(self):
        os.mkdir(self.dir + "/outside")
        link = self.raw("blob", (self.dir + "/outside").encode())
        inner = self.raw("tree", b"100644 x\0" + bytes.fromhex(self.raw("blob", b"escaped\n")))
        commit = self.raw_commit(("120000", b"a", link), ("40000", b"a", inner))
        result = self.tool("git", self.request(commit))
        self.assertIn(result.get("code", 0), (0, 3))
        self.assertEqual(os.listdir(self.dir + "/outside"), [])
        if "tree" in result:  # git let one of the two win
            self.assertLessEqual(len(self.tree(result["tree"])), 2)

    def test_links_out_of_the_tree_are_kept_and_not_followed(self):
        os.symlink("/etc", self.repo + "/etc")
        os.symlink("../../../x", self.repo + "/up")
        found = self.tree(self.gets(self.commit())["tree"])
        self.assertEqual(found, {"etc": ("link", "/etc"), "up": ("link", "../../../x")})

    def test_submodules_stay_empty(self):
        web = Web(self.dir, smart=False)
        self.addCleanup(web.close)
        self.write(".gitmodules", f"[submodule \"m\"]\n path = m\n url = {web.url}m\n".encode())
        self.write("f")
        self.git("add", "-A")
        self.git("update-index", "--add", "--cacheinfo", "160000," + "1" * 40 + ",m")
        self.git("commit", "-q", "-m", "c")
        head = self.git("rev-parse", "HEAD")
        tree = self.gets(head)["tree"]
        self.assertEqual(self.tree(tree)["m"], "dir")
        self.assertEqual(tree, self.checkout(head))
        self.assertEqual(web.requests, [])

    def nested(self, tree, width, depth):
        for _ in range(depth):
            tree = self.raw("tree", b"".join(f"40000 {i:03}".encode() + b"\0" + bytes.fromhex(tree)
                                             for i in range(width)))
        return tree

    def test_endless_entries(self):
        leaf = self.raw("tree", b"100644 f\0" + bytes.fromhex(self.raw("blob", b"x")))
        error = self.lacks(self.raw_commit(("40000", b"t", self.nested(leaf, 100, 5))))
        self.assertIn("the commit has more than 1000000 entries", error)

    def test_endless_bytes(self):
        blob = self.raw("blob", b"\0" * (32 << 20))
        leaf = self.raw("tree", b"100644 f\0" + bytes.fromhex(blob))
        error = self.lacks(self.raw_commit(("40000", b"t", self.nested(leaf, 30, 2))))
        self.assertIn("the commit's files have more than 17179869184 bytes", error)

    def test_alternates_lead_nowhere(self):
        """A folder on this host whose repository points at another one, which the recipe did not name."""
        self.write("secret")
        head = self.commit()
        thief = self.dir + "/thief.git"
        self.git("init", "-q", "--bare", thief, where=None)
        with open(thief + "/objects/info/alternates", "w", encoding="ascii") as f:
            f.write(self.repo + "/.git/objects\n")
        self.git("update-ref", "refs/heads/main", head, where=thief)
        self.git("cat-file", "-e", head, where=thief)  # unconfined, it works
        self.lacks(head, urls=["file://" + thief])

    def test_a_corrupt_object(self):
        self.write("f", b"x" * 1000)
        head = self.commit()
        name = self.git("rev-parse", "HEAD:f")
        path = f"{self.repo}/.git/objects/{name[:2]}/{name[2:]}"
        os.chmod(path, 0o644)
        with open(path, "r+b") as f:
            f.write(b"garbage")
        self.assertIn("cannot fetch source 'src'", self.lacks(head))

    def test_a_commit_that_is_an_option(self):
        self.assertIn("is no commit", self.fails(70, "git", self.request("--upload-pack=touch x")))


    def test_a_kernel_without_landlock_is_told_of_once(self):
        self.write("f")
        p = subprocess.run([WITHOUT, "landlock=ENOSYS", common.TOOL, self.store, "git", self.request(self.commit())],
                           env=self.env, capture_output=True, text=True, timeout=120, check=False)
        told = [e["text"] for e in json.loads(p.stdout)["events"] if "no Landlock" in e["text"]]
        self.assertEqual(told, ["src: this kernel has no Landlock: git may read and write what its user may (belljar doctor)"])

    def test_a_git_that_leaves_a_writer_behind(self):
        """A compromised git: the program that fetches is one that a background process survives, and this one waits for
        the checkout and writes into it, for as long as it lives."""
        self.write("README", b"checked\n")
        head = self.commit()
        nar = self.checkout(head)
        # The repository's folder is the only one beside the system's that may be read, and so run from.
        self.write("path/git", b"""#!/bin/sh
if [ -e "$0.fails" ]; then echo 'fatal: this is the fake' >&2; exit 1; fi
(setsid sh -c 'while [ ! -e tree/README ]; do :; done; echo planted > tree/planted
while :; do echo more >> tree/README; done' </dev/null >/dev/null 2>&1 &)
exec /usr/bin/git "$@"
""", 0o755)
        env = {"PATH": f"{self.repo}/path:/usr/bin:/bin"}
        self.write("path/git.fails")
        self.assertIn("this is the fake", self.lacks(head, env=env))
        os.remove(self.repo + "/path/git.fails")
        for _ in range(3):
            tree = self.gets(head, env=env, nar=nar)["tree"]
            self.assertEqual(self.tree(tree), {"README": ("file", False, b"checked\n")})
            shutil.rmtree(self.store + "/trees/" + tree)


class Room(GitTest):
    """gitroom itself, with a git alias in the part of the attacker."""

    def starts(self, script, *options, before=()):
        work = self.dir + "/work"
        os.makedirs(work, exist_ok=True)
        with open(work + "/gitconfig", "w", encoding="ascii") as f:
            f.write(f"[alias]\n x = \"!{script}\"\n")
        return subprocess.Popen([*before, common.LIBEXEC + "/gitroom", "--dir", work, *options, "--", "x"], env=self.env,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def alias(self, script, *options, before=()):
        with self.starts(script, *options, before=before) as p:
            out, err = p.communicate(timeout=60)
        return subprocess.CompletedProcess(p.args, p.returncode, out, err)

    def works(self, script, *options):
        p = self.alias(script, *options)
        self.assertEqual(p.returncode, 0, p.stderr)
        return p.stdout

    def refused(self, script, why, *options):
        p = self.alias(script, *options)
        self.assertNotEqual(p.returncode, 0)
        self.assertIn(why, p.stderr)

    def test_files(self):
        with open(self.dir + "/outside", "w", encoding="ascii") as f:
            f.write("secret")
        self.works("echo inside > here && cat here")
        self.refused(f"cat {self.dir}/outside", "Permission denied")
        self.refused(f"echo x > {self.dir}/new", "Permission denied")
        self.assertEqual(self.works(f"cat {self.dir}/outside", "--read", self.dir + "/outside"), "secret")
        self.refused(f"echo x > {self.dir}/outside", "Permission denied", "--read", self.dir + "/outside")

    def test_what_was_written_is_not_run(self):
        self.refused("cp /bin/true here && chmod +x here && ./here", "Permission denied")

    def test_network(self):
        with socket.create_server(("127.0.0.1", 0)) as there:
            connect = f"exec 3<>/dev/tcp/127.0.0.1/{there.getsockname()[1]}"
            self.refused(f"bash -c '{connect}'", "Operation not permitted")
            self.works(f"bash -c '{connect}'", "--network")

    def test_environment(self):
        self.env.update(SECRET="x", GIT_DIR="/x", LD_PRELOAD="", https_proxy="http://127.0.0.1:1")
        found = self.works("env")
        self.assertNotIn("SECRET", found)
        self.assertNotIn("GIT_DIR=/x", found)
        self.assertNotIn("proxy", found)
        self.assertIn("https_proxy", self.works("env", "--network"))

    WRITER = "(setsid sh -c 'while :; do echo x >> late; done' </dev/null >/dev/null 2>&1 &); until [ -s late ]; do :; done"

    def is_still(self):
        late = self.dir + "/work/late"
        before = os.path.getsize(late)
        time.sleep(0.3)  # for a writer that lives: the test cannot fail for want of time
        self.assertEqual(os.path.getsize(late), before)
        self.assertGreater(before, 0)

    def test_nothing_that_was_started_goes_on(self):
        self.works(self.WRITER)
        self.is_still()
        self.refused(self.WRITER + "; exit 3", "", "--network")
        self.is_still()

    def test_told_to_stop(self):
        for sig, status in ((signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)):
            with self.subTest(sig.name):
                with self.starts(self.WRITER + "; echo; trap '' TERM INT HUP; while :; do :; done") as p:
                    p.stdout.read(1)
                    p.send_signal(sig)
                    self.assertEqual(p.wait(60), status)
                self.is_still()

    def test_killed(self):
        with self.starts(self.WRITER + "; echo; while :; do :; done") as p:
            p.stdout.read(1)
            p.kill()
            p.communicate(timeout=60)  # ends with the last of them that holds the pipe
        deadline = time.monotonic() + 60
        while True:  # the kernel kills them, nobody waits for it
            before = os.path.getsize(self.dir + "/work/late")
            time.sleep(0.2)
            if os.path.getsize(self.dir + "/work/late") == before or time.monotonic() > deadline:
                break
        self.is_still()

    def test_other_processes_are_out_of_reach(self):
        self.refused(f"kill -0 {os.getpid()}", "No such process")

    def test_who_one_is(self):
        self.assertEqual(self.works("id -u").strip(), str(os.geteuid()))
        self.works("echo x > mine")
        self.assertEqual(os.stat(self.dir + "/work/mine").st_uid, os.geteuid())

    def test_a_host_without_namespaces(self):
        p = self.alias("echo x > here", before=[WITHOUT, "unshare-user"])
        self.assertEqual(p.returncode, 127)
        self.assertIn("gitroom: git cannot be given a process namespace of its own: Operation not permitted", p.stderr)
        self.assertFalse(os.path.exists(self.dir + "/work/here"))

    def test_a_host_without_landlock(self):
        p = self.alias("echo here", before=[WITHOUT, "landlock=ENOSYS"])
        self.assertEqual((p.returncode, p.stdout, p.stderr), (0, "here\n", "gitroom: lacks landlock\n"))

    def test_file_size(self):
        p = self.alias("yes > here", "--file-max", "1000")
        self.assertNotEqual(p.returncode, 0)
        self.assertEqual(os.path.getsize(self.dir + "/work/here"), 1000)


if __name__ == "__main__":
    common.main(25)
