# SPDX-License-Identifier: Apache-2.0
"""What surrounds a fetch: directories and file: URLs, TLS, proxies, other processes, confinement."""
import json
import os
import shutil
import subprocess
import threading
import time

import common
import server
from common import NOTE
from fetching import DATA, FetchTest, sha
from server import moved, reply, whole


class Nearby(FetchTest):
    def directory(self, data=DATA, name="f.tar"):
        path = self.dir + "/near"
        os.makedirs(path, exist_ok=True)
        with open(f"{path}/{name}", "wb") as f:
            f.write(data)
        return path

    def test_from(self):
        self.gets(self.item("http://example.invalid/f"), **{"from": [self.dir, self.directory()]}, offline=True)

    def test_from_with_wrong_content(self):
        near = self.directory(DATA[::-1])
        message = self.lacks(self.item("/f"), **{"from": [near]})
        self.assertEqual(message.split(": expected")[0], f"--from: {near}/f.tar")
        self.assertIn(f"expected sha256 {sha(DATA)}, found {sha(DATA[::-1])}", message)

    def test_from_does_not_leave_its_directory(self):
        self.directory(name="../f.tar")
        self.lacks(self.item(name="../f.tar"), **{"from": [self.dir + "/near"]}, offline=True)

    def test_from_fifo(self):
        near = self.dir + "/near"
        os.makedirs(near)
        os.mkfifo(near + "/f.tar")
        self.assertIn("--from: ", self.lacks(self.item("/f"), **{"from": [near]}))

    def test_offline(self):
        self.server.routes["/f"] = whole(DATA)
        items = [self.item("/f"), self.item("/f", data=b"b", name="b.tar")]
        self.assertEqual(self.lacks(*items, offline=True),
                         "offline, and 2 files are neither in the store nor in a --from directory: f.tar, b.tar")
        self.assertEqual(self.server.requests, [])

    def test_offline_with_all_there(self):
        self.server.routes["/f"] = whole(DATA)
        self.gets(self.item("/f"))
        self.gets(self.item("/f"), offline=True, env={"BELLJAR_LIBEXEC": "/nonexistent"})

    def test_file_url(self):
        near = self.directory(name="a b.tar")
        for url in (f"file://{near}/a%20b.tar", f"file:{near}/a b.tar", f"file://localhost{near}/a%20b.tar"):
            self.gets(self.item(url), env={"BELLJAR_LIBEXEC": "/nonexistent"})
            shutil.rmtree(self.store)

    def test_file_url_with_wrong_content(self):
        near = self.directory(b"wrong")
        message = self.lacks(self.item(f"file://{near}/f.tar"))
        self.assertIn(f"tried: file://{near}/f.tar: ", message)
        self.assertIn("expected", message)

    def test_file_url_of_another_host_or_missing(self):
        message = self.lacks(self.item("file://example.invalid/f", f"file://{self.dir}/none", "file:///a%00b"))
        self.assertIn("file://example.invalid/f: not of the form file:///path", message)
        self.assertIn(f"file://{self.dir}/none: No such file", message)
        self.assertIn("file:///a%00b: not of the form", message)

    def test_file_url_then_network(self):
        self.server.routes["/f"] = whole(DATA)
        self.gets(self.item(f"file://{self.dir}/none", "/f"))


class Tls(FetchTest):
    def setUp(self):
        super().setUp()
        if not shutil.which("openssl"):
            self.skipTest("openssl(1) is missing")
        self.pem = self.dir + "/server.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.pem + ".key", "-out",
                        self.pem, "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
                       check=True, capture_output=True)
        with open(self.pem + ".both", "w", encoding="ascii") as out:
            for part in (self.pem, self.pem + ".key"):
                with open(part, encoding="ascii") as f:
                    out.write(f.read())
        self.tls = server.Server(self.pem + ".both")
        self.addCleanup(self.tls.close)

    def test_certificate_files_of_the_environment(self):
        for variable in ("SSL_CERT_FILE", "CURL_CA_BUNDLE"):
            self.tls.routes["/f"] = whole(variable.encode())
            self.gets(self.item(self.tls.url + "/f", data=variable.encode()), env={variable: self.pem})

    def test_unknown_certificate(self):
        self.tls.routes["/f"] = whole(DATA)
        self.assertIn("certificate", self.lacks(self.item(self.tls.url + "/f")))

    def test_no_way_back_to_http(self):
        self.server.routes["/f"] = whole(DATA)
        self.tls.routes["/f"] = moved(self.url("/f"))
        self.refusal(self.item(self.tls.url + "/f"), f"redirected from https to {self.url('/f')}, which is refused",
                     env={"SSL_CERT_FILE": self.pem})
        self.server.routes["/up"] = moved(self.tls.url + "/f")
        self.lacks(self.item("/up"), env={"SSL_CERT_FILE": self.pem})
        self.assertEqual(self.server.asked("/f"), [])

    def test_upwards_to_https(self):
        self.server.routes["/up"] = moved(self.tls.url + "/f")
        self.tls.routes["/f"] = whole(DATA)
        self.gets(self.item("/up"), env={"SSL_CERT_FILE": self.pem})


class Environment(FetchTest):
    def test_proxy(self):
        """A proxy is asked for the whole URL."""
        url = "http://example.invalid/f"
        self.server.routes[url] = whole(DATA)
        self.gets(self.item(url), env={"http_proxy": self.server.url})
        self.assertEqual(self.server.requests, [(url, None)])

    def test_no_proxy(self):
        self.server.routes["/f"] = whole(DATA)
        self.gets(self.item("/f"), env={"http_proxy": "http://127.0.0.1:1", "no_proxy": "127.0.0.1"})

    def test_two_at_once(self):
        """The second waits for the first and finds its work done."""
        release = threading.Event()

        def route(h, n):
            release.wait(20)
            reply(h, 200, DATA)
        self.server.routes["/f"] = route
        results = []
        threads = [threading.Thread(target=lambda: results.append(self.fetch(self.item("/f")))) for _ in range(2)]
        for t in threads:
            t.start()
        while not self.server.requests:
            time.sleep(0.01)
        time.sleep(0.2)
        release.set()
        for t in threads:
            t.join()
        self.assertEqual([r.get("error") for r in results], [None, None])
        self.assertEqual(len(self.server.requests), 1)
        notes = [e["text"] for r in results for e in r["events"] if e["kind"] == NOTE]
        self.assertEqual(notes, ["waiting for another fetch into this store"])

    def test_helper_is_confined(self):
        release = threading.Event()
        self.addCleanup(release.set)

        def route(h, n):
            release.wait(20)
            reply(h, 200, DATA)
        self.server.routes["/f"] = route
        p = subprocess.Popen([common.TOOL, self.store, "fetch", json.dumps({"items": [self.item("/f")]})],
                             env=self.env, stdout=subprocess.DEVNULL)
        while not self.server.requests:
            time.sleep(0.01)
        with open(f"/proc/{p.pid}/task/{p.pid}/children", encoding="ascii") as f:
            helper = int(f.read().split()[0])
        with open(f"/proc/{helper}/status", encoding="ascii") as f:
            st = {k: v.strip() for k, _, v in (line.partition(":") for line in f)}
        release.set()
        p.wait()
        self.assertEqual((st["NoNewPrivs"], st["Seccomp"], int(st["CapEff"], 16)), ("1", "2", 0))


if __name__ == "__main__":
    common.main(at_least=18)
