# SPDX-License-Identifier: Apache-2.0
"""Fetching that must fail: the reason each time, and that nothing wrong reaches the store."""
import json
import os
import shutil
import socket
import subprocess
import threading
import time

import common
from common import WARN
from fetching import DATA, FetchTest, sha
from server import cut_after, moved, reply, status, whole


class Fails(FetchTest):
    def test_wrong_hash(self):
        self.server.routes["/f"] = whole(DATA[::-1])
        self.refusal(self.item("/f"), f"expected sha256 {sha(DATA)}, found {sha(DATA[::-1])}")
        self.assertEqual(os.path.getsize(f"{self.store}/partial/{sha(DATA)}"), 0)
        self.assertEqual(len(self.server.requests), 1, "other contents are not asked for again")

    def test_wrong_size(self):
        self.server.routes["/f"] = whole(DATA + b"x")
        self.refusal(self.item("/f"), "the server has 300001 bytes, expected 300000")
        self.server.routes["/f"] = whole(DATA[:-1])
        self.refusal(self.item("/f"), "the server has 299999 bytes, expected 300000")

    def test_endless(self):
        """Without a length: never a byte more than the pinned size on the disk."""
        self.server.routes["/f"] = lambda h, n: reply(h, 200, DATA + bytes(1 << 22), length=False)
        self.refusal(self.item("/f"), "more than the expected 300000 bytes")
        self.assertLessEqual(os.path.getsize(f"{self.store}/partial/{sha(DATA)}"), len(DATA))

    def test_truncated(self):
        self.server.routes["/f"] = lambda h, n: reply(h, 200, DATA[:1000], length=False)
        self.refusal(self.item("/f"), "ended after 1000 of 300000 bytes")
        self.assertEqual(len(self.server.requests), 4)

    def test_always_busy(self):
        self.server.routes["/f"] = status(503)
        self.refusal(self.item("/f"), "HTTP 503")
        self.assertEqual(len(self.server.requests), 4)

    def test_backoff_grows(self):
        times = []

        def route(h, n):
            times.append(time.monotonic())
            reply(h, 500)
        self.server.routes["/f"] = route
        self.lacks(self.item("/f"), env={"BELLJAR_FETCH_BACKOFF_MS": "100"})
        waits = [b - a for a, b in zip(times, times[1:])]
        self.assertEqual(len(waits), 3)
        for wait, least in zip(waits, (0.1, 0.2, 0.4)):
            self.assertGreaterEqual(wait, least - 0.01)

    def test_breaks_for_ever(self):
        """An index starts from nothing each time, so every try brings something: the number is bounded all the same."""
        self.server.routes["/i"] = lambda h, n: cut_after(bytes(1 << 22), 3 << 19, None)(h, 1)
        message = self.fetch({"name": "i", "urls": [self.url("/i")], "out": self.dir + "/i"},
                             env={"BELLJAR_FETCH_BACKOFF_MS": "1"})["error"]
        self.assertRegex(message, "^cannot fetch i; tried: ")
        self.assertEqual(len(self.server.requests), 50)
        self.assertFalse(os.path.exists(self.dir + "/i"))

    def test_gone_everywhere(self):
        item = self.item("/a", "/b")
        self.assertEqual(self.lacks(item),
                         f"cannot fetch f.tar (sha256 {sha(DATA)}), no server has it any more: give the file with "
                         "--from DIR, or pin what is there now (a toolchain's: `belljar toolchain lock`; a source: "
                         "branch.yaml); tried: "
                         f"{self.url('/a')}: HTTP 404, {self.url('/b')}: HTTP 404")

    def test_several_missing(self):
        self.server.routes["/there"] = whole(b"there")
        items = [self.item("/a", name="a"), self.item("/there", data=b"there"), self.item("/b", data=b"b", name="b")]
        result = self.fetch(*items)
        self.assertRegex(result["error"], "^2 files are missing, the first: cannot fetch a ")
        warnings = [e["text"] for e in result["events"] if e["kind"] == WARN]
        self.assertEqual([w.split(" (")[0] for w in warnings], ["cannot fetch a", "cannot fetch b"])
        self.assertEqual(len(self.blobs()), 1, "what did arrive is kept")

    def test_redirect_loop(self):
        self.server.routes["/f"] = moved("/f")
        self.refusal(self.item("/f"), f"more than 5 redirects, the last to {self.url('/f')}")

    def test_redirect_to_file(self):
        with open(self.dir + "/f", "wb") as f:
            f.write(DATA)
        self.server.routes["/f"] = moved(f"file://{self.dir}/f")
        self.refusal(self.item("/f"), f"redirected to file://{self.dir}/f, which is refused")

    def test_redirect_to_other_protocols(self):
        for to in ("ftp://127.0.0.1/x", "gopher://127.0.0.1/x", "dict://127.0.0.1/x"):
            self.server.routes["/f"] = moved(to)
            self.refusal(self.item("/f"), f"redirected to {to}, which is refused")

    def test_other_protocols(self):
        message = self.lacks(self.item("ftp://127.0.0.1/x"))
        self.assertIn("tried: ftp://127.0.0.1/x: only https, http, file and mirror URLs are known", message)

    def test_endless_headers(self):
        def route(h, n):
            h.send_response(200)
            for i in range(3000):
                h.send_header(f"X-{i}", "y" * 200)
            h.end_headers()
            h.close_connection = True
        self.server.routes["/f"] = route
        self.assertIn(": the server sends endless headers", self.lacks(self.item("/f")))

    def test_garbage_for_http(self):
        with socket.create_server(("127.0.0.1", 0)) as s:
            def answer():
                for _ in range(4):
                    c, _ = s.accept()
                    with c:
                        c.recv(4096)
                        c.sendall(b"SSH-2.0-x\r\n" * 10)
            threading.Thread(target=answer, daemon=True).start()
            self.assertIn("HTTP/0.9", self.lacks(self.item(f"http://127.0.0.1:{s.getsockname()[1]}/f")))

    def test_escape_sequences_of_a_server(self):
        self.server.routes["/f"] = moved("file:///\x1b[2J")
        message = self.lacks(self.item("/f"))
        self.assertNotIn("\x1b", message)

    def test_no_url(self):
        self.assertIn("; it has no URL", self.lacks(self.item()))

    def test_helper_missing(self):
        self.server.routes["/f"] = whole(DATA)
        self.lacks(self.item("/f"), code=4, env={"BELLJAR_LIBEXEC": self.dir})

    def test_helper_dies(self):
        shutil.copy("/bin/true", self.dir + "/fetch")
        message = self.lacks(self.item("/f"), code=4, env={"BELLJAR_LIBEXEC": self.dir})
        self.assertEqual(message, "the fetch helper ended with status 0 and 1 files to go")

    def test_helper_lies(self):
        """A helper that calls anything done: the file is hashed by us, and only what was asked for is looked at."""
        def helper(*lines):
            with open(self.dir + "/fetch", "w", encoding="ascii") as f:
                f.write('#!/bin/sh\n' + "\n".join(lines) + "\n")
            os.chmod(self.dir + "/fetch", 0o755)
        env = {"BELLJAR_LIBEXEC": self.dir}
        done = f'{{"event":"done","id":0,"sha256":"{sha(DATA)}","size":300000,"url":"http://example.invalid/f"}}'
        helper(f"printf wrong > $2/{sha(DATA)}", f"echo '{done}'")
        message = self.lacks(self.item("/f"), env=env)
        self.assertRegex(message, "tried: http://example.invalid/f: .*expected")
        helper(f"ln -s {self.dir}/fetch $2/{sha(DATA)}", f"echo '{done}'")
        self.assertRegex(self.lacks(self.item("/f"), code=6, env=env), "^open .*symbolic link")
        helper("echo '{\"event\":\"done\",\"id\":7}'")
        self.assertIn("speaks of a file", self.lacks(self.item("/f"), code=70, env=env))
        with open(self.dir + "/data", "wb") as f:
            f.write(DATA)
        helper("rm -f $2/*", f"cp {self.dir}/data $2/{sha(DATA)}", f"echo '{done}'", f"echo '{done}'")
        result = self.fetch(self.item("/f"), env=env)
        self.assertEqual((result["code"], len(self.blobs())), (70, 1))
        shutil.rmtree(self.store)
        helper("echo nonsense")
        self.assertIn("fetch helper:1:", self.lacks(self.item("/f"), env=env))

    def test_killed_run_leaves_no_helper(self):
        release = threading.Event()
        self.addCleanup(release.set)
        self.server.routes["/f"] = lambda h, n: release.wait(20)
        p = subprocess.Popen([common.TOOL, self.store, "fetch", json.dumps({"items": [self.item("/f")]})],
                             env=self.env, stdout=subprocess.DEVNULL)
        while not self.server.requests:
            time.sleep(0.01)
        with open(f"/proc/{p.pid}/task/{p.pid}/children", encoding="ascii") as f:
            helper = int(f.read().split()[0])
        p.kill()
        p.wait()
        for _ in range(300):
            try:
                with open(f"/proc/{helper}/stat", encoding="ascii") as f:
                    if f.read().rsplit(")", 1)[1].split()[0] == "Z":
                        break
            except (FileNotFoundError, ProcessLookupError):
                break
            time.sleep(0.01)
        else:
            self.fail("the helper lives on")
        release.set()
        self.server.routes["/f"] = whole(DATA)
        self.gets(self.item("/f"))


if __name__ == "__main__":
    common.main(at_least=21)
