# SPDX-License-Identifier: Apache-2.0
"""Fetching that ends well: what arrives, and how it goes on after a break."""
import os
import threading
import time

import common
from common import DEBUG, DONE, PROGRESS, STEP
from fetching import DATA, FetchTest, sha
from server import cut_after, failing, moved, ranged, reply, status, whole


class Arrives(FetchTest):
    def test_plain(self):
        self.server.routes["/f"] = whole(DATA)
        result = self.gets(self.item("/f"))
        self.assertEqual([(e["kind"], e["what"], e["name"]) for e in result["events"] if e["kind"] != PROGRESS],
                         [(STEP, "download", "1 file"), (STEP, "fetch", "f.tar"), (DONE, "fetch", "f.tar"),
                          (DONE, "download", "1 file")])
        self.assertEqual(result["events"][-2]["text"], self.url("/f"))
        self.gets(self.item("/f"))
        self.assertEqual(len(self.server.requests), 1, "what is there is not asked for again")

    def test_size_unknown(self):
        self.server.routes["/f"] = lambda h, n: reply(h, 200, DATA, length=False)
        self.gets(self.item("/f", size=0))

    def test_empty_file(self):
        self.server.routes["/f"] = whole(b"")
        self.gets(self.item("/f", data=b""))

    def test_twice_in_one_request(self):
        self.server.routes["/f"] = whole(DATA)
        self.gets(self.item("/f"), self.item("/f", name="other"))
        self.assertEqual(len(self.server.requests), 1)

    def test_parallel(self):
        """Four answers wait for each other: only transfers side by side can end."""
        barrier = threading.Barrier(4, timeout=20)

        def route(h, n):
            barrier.wait()
            reply(h, 200, h.path.encode())
        items = [self.item(f"/{i}", data=f"/{i}".encode(), name=str(i)) for i in range(4)]
        for i in range(4):
            self.server.routes[f"/{i}"] = route
        self.gets(*items, parallel=4)

    def test_parallel_is_bounded(self):
        running, most, lock = 0, 0, threading.Lock()

        def route(h, n):
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            time.sleep(0.05)
            with lock:
                running -= 1
            reply(h, 200, h.path.encode())
        items = [self.item(f"/{i}", data=f"/{i}".encode(), name=str(i)) for i in range(8)]
        for i in range(8):
            self.server.routes[f"/{i}"] = route
        self.gets(*items, parallel=2)
        self.assertEqual(most, 2)

    def test_progress(self):
        def slowly(h, n):
            h.send_response(200)
            h.send_header("Content-Length", str(len(DATA)))
            h.end_headers()
            for i in range(0, len(DATA), 30000):
                h.wfile.write(DATA[i:i + 30000])
                h.wfile.flush()
                time.sleep(0.1)
        self.server.routes["/f"] = slowly
        events = [e for e in self.gets(self.item("/f"))["events"] if e["kind"] == PROGRESS]
        self.assertGreaterEqual(len(events), 2)
        self.assertTrue(all(0 < e["done"] <= e["total"] == len(DATA) for e in events), events)

    def test_404_then_second_url(self):
        self.server.routes["/f"] = whole(DATA)
        self.gets(self.item("/gone", "/f"))
        self.assertEqual([p for p, _ in self.server.requests], ["/gone", "/f"], "a 404 is not tried again")

    def test_wrong_then_second_url(self):
        self.server.routes.update({"/bad": whole(bytes(len(DATA))), "/f": whole(DATA)})
        self.gets(self.item("/bad", "/f"))

    def test_busy_then_there(self):
        for code in (500, 502, 503, 504, 429, 408):
            path = f"/{code}"
            self.server.routes[path] = failing(2, whole(path.encode()), code)
            result = self.gets(self.item(path, data=path.encode()))
            self.assertEqual(len(self.server.asked(path)), 3)
            notes = [e["text"] for e in result["events"] if e["kind"] == DEBUG]
            self.assertEqual(notes, [f"f.tar: {self.url(path)}: HTTP {code}; trying again"] * 2)

    def test_connection_refused_then_there(self):
        self.server.routes["/f"] = whole(DATA)
        self.gets(self.item("http://127.0.0.1:1/f", "/f"))

    def test_stall_then_there(self):
        def stall(h, n):
            if n == 1:
                time.sleep(4)
                h.close_connection = True
            else:
                reply(h, 200, DATA)
        self.server.routes["/f"] = stall
        self.gets(self.item("/f"), env={"BELLJAR_FETCH_STALL_S": "1"})

    def test_redirects(self):
        self.server.routes.update({"/a": moved("/b"), "/b": moved(self.url("/c"), 301), "/c": moved("d", 308),
                                   "/d": whole(DATA)})
        self.gets(self.item("/a"))

    def test_index_is_written_where_asked(self):
        self.server.routes["/i"] = whole(DATA)
        out = self.dir + "/Release"
        result = self.fetch({"name": "Release", "urls": [self.url("/i")], "out": out})
        self.assertNotIn("error", result)
        with open(out, "rb") as f:
            self.assertEqual(f.read(), DATA)
        self.assertEqual(self.blobs(), [])
        self.assertFalse(os.path.exists(out + ".part"))

    def test_index_is_not_resumed(self):
        self.server.routes["/i"] = cut_after(DATA, 5000, ranged(DATA[::-1]))
        out = self.dir + "/Release"
        self.assertNotIn("error", self.fetch({"name": "Release", "urls": [self.url("/i")], "out": out}))
        with open(out, "rb") as f:
            self.assertEqual(f.read(), DATA[::-1])
        self.assertEqual(self.server.asked("/i"), [None, None])


class Resumes(FetchTest):
    def partial(self, data):
        self.succeeds("expand", "http://example.invalid/")  # makes the store
        os.makedirs(self.store + "/partial")
        with open(f"{self.store}/partial/{sha(DATA)}", "wb") as f:
            f.write(data)

    def test_after_a_cut(self):
        self.server.routes["/f"] = cut_after(DATA, 100_000, ranged(DATA))
        self.gets(self.item("/f"))
        first, second = self.server.asked("/f")
        self.assertEqual(first, None)
        self.assertRegex(second, r"^bytes=[1-9]\d*-$")

    def test_in_the_next_run(self):
        """What a run left is the beginning of the next."""
        self.server.routes["/f"] = cut_after(DATA, 100_000, status(404))
        self.lacks(self.item("/f"))
        self.assertEqual(len(os.listdir(self.store + "/partial")), 1)
        self.server.routes["/g"] = ranged(DATA)
        self.gets(self.item("/g"))
        self.assertRegex(self.server.asked("/g")[0], r"^bytes=[1-9]\d*-$")

    def test_whole_file_for_a_range(self):
        self.partial(DATA[:1000])
        self.server.routes["/f"] = whole(DATA)
        self.gets(self.item("/f"))
        self.assertEqual(self.server.asked("/f"), ["bytes=1000-"])

    def test_whole_file_for_a_range_of_rubbish(self):
        self.partial(b"rubbish")
        self.server.routes["/f"] = whole(DATA)
        self.gets(self.item("/f"))

    def test_rubbish_is_dropped(self):
        self.partial(b"rubbish")
        self.server.routes["/f"] = ranged(DATA)
        self.gets(self.item("/f"))
        self.assertEqual(self.server.asked("/f"), ["bytes=7-", None])

    def test_other_range_than_asked(self):
        self.partial(DATA[:1000])

        def route(h, n):
            if h.headers.get("Range"):
                reply(h, 206, DATA[500:], Content_Range=f"bytes 500-{len(DATA) - 1}/{len(DATA)}")
            else:
                reply(h, 200, DATA)
        self.server.routes["/f"] = route
        self.gets(self.item("/f"))
        self.assertEqual(self.server.asked("/f"), ["bytes=1000-", None])

    def test_complete_already(self):
        self.partial(DATA)
        self.gets(self.item("/f"))
        self.assertEqual(self.server.requests, [])

    def test_complete_but_wrong(self):
        self.partial(bytes(len(DATA)))
        self.server.routes["/f"] = ranged(DATA)
        self.gets(self.item("/f"))
        self.assertEqual(self.server.asked("/f"), [None])

    def test_longer_than_the_file(self):
        self.partial(DATA + b"more")
        self.server.routes["/f"] = ranged(DATA)
        self.gets(self.item("/f"))
        self.assertEqual(self.server.asked("/f"), [None])

    def test_range_not_satisfiable(self):
        self.partial(DATA + b"more")
        self.server.routes["/f"] = ranged(DATA)
        self.gets(self.item("/f", size=0))
        self.assertEqual(self.server.asked("/f"), [f"bytes={len(DATA) + 4}-", None])

    def test_link_in_place_of_a_partial_file(self):
        """Nobody writes through a link, and nobody reads a secret into the store."""
        secret = self.dir + "/secret"
        with open(secret, "wb") as f:
            f.write(b"secret")
        self.partial(b"")
        os.unlink(f"{self.store}/partial/{sha(DATA)}")
        os.symlink(secret, f"{self.store}/partial/{sha(DATA)}")
        self.server.routes["/f"] = whole(DATA)
        self.assertRegex(self.lacks(self.item("/f"), code=6), "^fetch: open .*symbolic link")
        with open(secret, "rb") as f:
            self.assertEqual(f.read(), b"secret")

    def test_old_partial_files_go(self):
        self.partial(b"x")
        old = self.store + "/partial/" + "0" * 64
        with open(old, "wb") as f:
            f.write(b"x")
        os.utime(old, (0, 0))
        self.server.routes["/f"] = ranged(DATA)
        self.gets(self.item("/f"))


if __name__ == "__main__":
    common.main(at_least=27)
