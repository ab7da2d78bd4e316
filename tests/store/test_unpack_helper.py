# SPDX-License-Identifier: Apache-2.0
"""The helper program itself: its limits, which are too wide to reach through the library, and how it is shut in."""
import array
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import common
from archives import file, hardlink, tar

SECCOMP_FILTER = "2"


class Helper(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory(prefix="belljar-test-")
        self.addCleanup(self.dir.cleanup)
        self.sock, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.settimeout(30)
        self.helper = subprocess.Popen([common.LIBEXEC + "/unpack"], stdin=other, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE, text=True)
        other.close()
        self.addCleanup(self.end)

    def end(self):
        self.sock.close()
        try:
            self.assertEqual(self.helper.communicate(timeout=30)[1], "")
        finally:
            self.helper.kill()
            self.helper.wait()

    def ask(self, archive_fd, id_=1, **more):
        out = os.path.join(self.dir.name, f"out{id_}")
        os.mkdir(out)
        fd = os.open(out, os.O_RDONLY | os.O_DIRECTORY)
        request = {"id": id_, "name": "a", "kind": "tar", "strip": 0, "max_bytes": 1000, "max_entries": 10, **more}
        self.sock.sendmsg([json.dumps(request).encode()],
                          [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [archive_fd, fd]))])
        os.close(fd)
        return out

    def answer(self):
        return json.loads(self.sock.recv(65536))

    def unpack(self, data, **more):
        with tempfile.TemporaryFile() as f:
            f.write(data)
            f.seek(0)
            self.ask(f.fileno(), **more)
        return self.answer()

    def test_counts(self):
        self.assertEqual(self.unpack(tar(file("a", b"123"), hardlink("b", "a"))), {"id": 1, "entries": 2, "bytes": 6})

    def test_bytes(self):
        got = self.unpack(tar(file("a", bytes(600)), file("b", bytes(600))))
        self.assertEqual(got["error"], "a: entry b: makes the contents more than 1000 bytes")

    def test_bytes_of_hard_links(self):
        got = self.unpack(tar(file("a", bytes(600)), hardlink("b", "a")))
        self.assertEqual(got["error"], "a: entry b: makes the contents more than 1000 bytes")

    def test_entries(self):
        got = self.unpack(tar(*[file(str(i)) for i in range(11)]))
        self.assertEqual(got["error"], "a: has more than 10 entries")

    def test_whole_stream(self):
        """Headers and names without end count too."""
        got = self.unpack(tar(file("a")) + bytes(100000))
        self.assertEqual(got["error"], "a: no tar archive: unpacks to more than 41960 bytes")

    def test_several_at_once(self):
        pipes = [os.pipe() for _ in range(5)]
        for i, (rd, _) in enumerate(pipes):
            self.ask(rd, i)
            os.close(rd)
        for i in (3, 0, 4, 1, 2):  # answers come as each archive ends, not in the order asked
            with os.fdopen(pipes[i][1], "wb") as f:
                f.write(tar(file("a")))
            self.assertEqual(self.answer()["id"], i)

    def children(self):
        with open(f"/proc/{self.helper.pid}/task/{self.helper.pid}/children", encoding="ascii") as f:
            return f.read().split()

    def waiting_child(self):
        """A child that has read half a tar header and waits for the rest: confined by then, whatever it does."""
        rd, wr = os.pipe()
        self.addCleanup(os.close, wr)
        self.ask(rd)
        os.close(rd)
        os.write(wr, tar(file("a"))[:300])
        for _ in range(200):
            for child in self.children():
                with open(f"/proc/{child}/wchan", encoding="ascii") as f:
                    if "pipe_read" in f.read() or self.status(child)["Seccomp"] == SECCOMP_FILTER:
                        return child
            time.sleep(0.01)
        self.fail("no child waits")

    @staticmethod
    def status(pid):
        with open(f"/proc/{pid}/status", encoding="ascii") as f:
            return {key: value.strip() for key, _, value in (line.partition(":") for line in f)}

    def test_confinement(self):
        child = self.waiting_child()
        status = self.status(child)
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", SECCOMP_FILTER))
        self.assertEqual(int(status["CapEff"], 16) | int(status["CapPrm"], 16) | int(status["CapBnd"], 16) *
                         (os.getuid() == 0), 0)
        # stdout, stderr, the archive, the directory, the pipe: not the caller's socket
        self.assertEqual(sorted(map(int, os.listdir(f"/proc/{child}/fd"))), [1, 2, 3, 4, 5])

    def test_server_reads_no_archive(self):
        """The server keeps its rights, so it must never parse: it holds no fd of the archive while a child works."""
        self.waiting_child()
        held = [os.readlink(f"/proc/{self.helper.pid}/fd/{n}") for n in os.listdir(f"/proc/{self.helper.pid}/fd")]
        self.assertFalse([h for h in held if "out1" in h], held)

    def test_killed_child_is_an_answer(self):
        os.kill(int(self.waiting_child()), signal.SIGKILL)
        self.assertEqual(self.answer()["error"], "the unpacking process died (signal 9)")

    def test_children_die_with_the_server(self):
        child = self.waiting_child()
        self.helper.kill()
        self.helper.wait()
        for _ in range(200):
            try:
                if self.status(child)["State"].startswith("Z"):
                    return
            except (FileNotFoundError, ProcessLookupError):
                return
            time.sleep(0.01)
        self.fail("the child lives on")

    def test_caller_gone(self):
        """No request is finished for nobody: the server ends its children and itself, and waits for them."""
        child = self.waiting_child()
        self.sock.close()
        self.assertEqual(self.helper.wait(30), 0)
        self.assertFalse(os.path.exists(f"/proc/{child}"))

    def test_request_without_fds(self):
        self.sock.send(b'{"id":1}')
        self.assertEqual(self.helper.wait(30), 70)
        self.assertEqual(self.helper.stderr.read(), "unpack: a request without its two fds\n")


if __name__ == "__main__":
    common.main(at_least=12)
