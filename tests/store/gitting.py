# SPDX-License-Identifier: Apache-2.0
"""What the suites about git sources share: repositories made by the test, servers for them, the two ways to end."""
import base64
import http.server
import json
import os
import shutil
import subprocess
import threading

import common


def sri(hex_):
    return "sha256-" + base64.b64encode(bytes.fromhex(hex_)).decode()


class GitTest(common.StoreTest):
    def setUp(self):
        super().setUp()
        self.env["BELLJAR_FETCH_STALL_S"] = "20"
        self.repo = self.dir + "/origin"
        self.git("init", "-q", "-b", "main", self.repo, where=None)

    def git(self, *args, where="", data=None, **env):
        """The host's own git, without its configuration."""
        base = ["git"] if where is None else ["git", "-C", where or self.repo]
        clean = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C",
                 "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.org", "GIT_COMMITTER_NAME": "t",
                 "GIT_COMMITTER_EMAIL": "t@example.org", **env}
        p = subprocess.run([*base, *args], env=clean, input=data, capture_output=True, check=False)
        self.assertEqual(p.returncode, 0, p.stderr)
        return p.stdout.decode("utf-8", "surrogateescape").strip()

    def write(self, path, data=b"text\n", mode=0o644):
        full = f"{self.repo}/{path}"
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "wb") as f:
            f.write(data)
        os.chmod(full, mode)

    def commit(self):
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "c")
        return self.git("rev-parse", "HEAD")

    def raw(self, kind, data):
        """Any object, however wrong."""
        return self.git("hash-object", "-t", kind, "-w", "--stdin", "--literally", data=data)

    def raw_commit(self, *entries):
        """A commit of (mode, name, object), unsorted and unchecked, that a branch leads to."""
        body = b"".join(f"{mode} ".encode() + name + b"\0" + bytes.fromhex(obj) for mode, name, obj in entries)
        who = "t <t@example.org> 1 +0000"
        commit = self.raw("commit", f"tree {self.raw('tree', body)}\nauthor {who}\ncommitter {who}\n\nc\n".encode())
        self.git("update-ref", "refs/heads/main", commit)
        return commit

    def checkout(self, commit):
        """The NAR hash of a plain checkout, by other people's programs."""
        to = self.dir + "/by-hand"
        shutil.rmtree(to, ignore_errors=True)
        self.git("clone", "-q", "-n", self.repo, to, where=None)
        self.git("checkout", "-q", commit, where=to)
        shutil.rmtree(to + "/.git")
        return subprocess.run(["nix-hash", "--type", "sha256", to], check=True, capture_output=True,
                              text=True).stdout.strip()

    def request(self, commit, **more):
        return json.dumps({"name": "src", "commit": commit, "urls": ["file://" + self.repo], **more})

    def gets(self, commit, env=None, **more):
        result = self.succeeds("git", self.request(commit, **more), **(env or {}))
        self.assertEqual(self.listing("tmp"), [])
        self.assertFalse([n for n in self.tree(result["tree"]) if n.split("/")[0].lower() == ".git"])
        return result

    def lacks(self, commit, code=3, env=None, **more):
        error = self.fails(code, "git", self.request(commit, **more), **(env or {}))
        self.assert_store_empty()
        return error

    def said(self, result, text):
        return any(text in e["text"] for e in result["events"])


class Web:
    """A repository's folder on 127.0.0.1: as plain files, or by git-http-backend, which speaks the protocol's version
    that the header asks for (version 0, which refuses what is no branch's end, when the header is held back)."""

    def __init__(self, folder, smart, new=True):
        outer = self

        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *args):
                super().__init__(*args, directory=folder)

            def answer(self):
                outer.requests.append(self.path)
                if not smart:
                    return super().do_GET()
                path, _, query = self.path.partition("?")
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                env = {"PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": folder, "GIT_HTTP_EXPORT_ALL": "1",
                       "PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": self.command,
                       "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body)),
                       "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                       "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
                if new:
                    env["GIT_PROTOCOL"] = self.headers.get("Git-Protocol", "")
                out = subprocess.run(["git", "http-backend"], env=env, input=body, capture_output=True,
                                     check=False).stdout
                head, _, rest = out.partition(b"\r\n\r\n")
                fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
                self.send_response(int(fields.pop("Status", "200 OK").split()[0]))
                for key, value in fields.items():
                    self.send_header(key, value)
                self.end_headers()
                self.wfile.write(rest)
                return None

            do_GET = do_POST = answer

            def log_message(self, *args):
                pass

        self.requests = []
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
