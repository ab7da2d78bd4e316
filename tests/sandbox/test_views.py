# SPDX-License-Identifier: Apache-2.0
"""Two rooms on differently furnished hosts say the same of everything but what REPRODUCIBILITY.md lists.

usage: test_views.py FOLDER-OF-ROOMTOOL-AND-PROBE REPRODUCIBILITY.md

The views differ in user, environment, host name, mounts, CPU, priorities, limits, signals, umask, folder, terminal,
descriptors, time zone and more. The list of what may differ is the last column of the table "Not fixed" of the
document: patterns in backticks, matched by fnmatch against the keys that the probe prints.
"""
import ctypes
import fnmatch
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile

from checks import check

libc = ctypes.CDLL(None, use_errno=True)


def documented(path):
    """The patterns of the table, in order."""
    text = open(path, encoding="utf-8").read()
    part = text[text.index("\n## Not fixed"):].split("\n## ")[1]
    rows = [line for line in part.split("\n") if line.startswith("|")][2:]
    cells = [row.strip().strip("|").split("|") for row in rows]
    assert rows and all(len(c) == 4 for c in cells), "the table 'Not fixed' has four columns"
    return [p for c in cells for p in re.findall(r"`([^`]+)`", c[3])]


def collect(work, change, user):
    """What a room says, started after change() in a child."""
    root = os.path.join(work, "root")
    if os.geteuid() == 0:
        make_root(work, user)
    command = [os.path.join(work, "roomtool"), "--root", root, "--cpus", "1", "--tmp", "/out/out", "--pipe",
               "--", "/usr/bin/probe", os.readlink("/proc/self/ns/pid"), "view"]

    def before():
        change()
        if user:
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
            libc.prctl(4, 1, 0, 0, 0)

    run = subprocess.run(command, preexec_fn=before, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, env=change.env, pass_fds=change.fds, cwd=change.cwd, timeout=60)
    out = run.stdout.decode("utf-8", "replace")
    if run.returncode or " 0 failed" not in out:
        print("FAILED: the room of", change.name, run.returncode, out[-300:], run.stderr.decode())
        sys.exit(1)
    facts = {}
    for line in out.split("\n"):
        key, eq, value = line.partition("=")
        if eq:
            facts[key] = value
    return facts


class Plain:
    name, env, fds, cwd = "a plain host", {"PATH": os.environ["PATH"]}, (), "/"

    def __call__(self):
        os.sched_setaffinity(0, {min(cpus)})


class Furnished:
    """Everything that a process passes on to its children is other than usual."""
    name, cwd = "a furnished host", "/usr"
    env = dict({"N%d" % i: "x" * i for i in range(200)}, LC_ALL="tr_TR.UTF-8", TZ="Pacific/Kiritimati", HOME="/nowhere",
               LANG="de_DE", PATH=os.environ["PATH"], TMPDIR="/usr", LD_BIND_NOW="1")
    fds = tuple(os.open("/", os.O_PATH) for _ in range(20))

    def __call__(self):
        os.sched_setaffinity(0, {max(cpus)})
        self.limits()
        self.priorities()
        self.signals()
        os.umask(0o077)
        if os.geteuid() == 0:
            self.mounts()
        self.terminal()
        self.marks()

    def limits(self):
        """Soft limits only: a hard limit of the host below ours stays, as the document says."""
        for name, soft in (("CPU", 3600), ("DATA", 1 << 33), ("STACK", 1 << 20), ("CORE", 0), ("NOFILE", 256),
                           ("MEMLOCK", 65536), ("AS", 1 << 46), ("MSGQUEUE", 1000), ("SIGPENDING", 100), ("NPROC", 4000)):
            if sanitized and name in ("DATA", "AS"):  # its shadow memory does not fit
                continue
            which = getattr(resource, "RLIMIT_" + name)
            hard = resource.getrlimit(which)[1]
            resource.setrlimit(which, (soft if hard < 0 else min(soft, hard), hard))

    def priorities(self):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        os.nice(2)
        libc.syscall({"x86_64": 251, "aarch64": 30}[os.uname().machine], 1, 0, 3 << 13)  # ioprio_set: idle
        libc.prctl(29, 123456789, 0, 0, 0)  # timer slack
        libc.prctl(41, 1, 0, 0, 0)  # no transparent huge pages
        libc.prctl(36, 1, 0, 0, 0)  # child subreaper
        libc.prctl(33, 1, 1, 0, 0)  # machine check: early kill
        if not sanitized:  # whose terabytes of shadow memory the kernel would walk, and cannot place
            libc.prctl(67, 1, 0, 0, 0)  # KSM
            libc.personality(0x0200000 | 0x0100000)
        self.put("/proc/self/oom_score_adj", "321")
        self.put("/proc/self/coredump_filter", "0x7f")

    @staticmethod
    def put(path, text):
        with open(path, "w", encoding="ascii") as f:
            f.write(text)

    @staticmethod
    def signals():
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE, signal.SIGCHLD, signal.SIGTTOU, signal.SIGUSR2):
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGALRM, signal.SIGRTMIN + 3})
        signal.setitimer(signal.ITIMER_VIRTUAL, 5000, 7)

    @staticmethod
    def mounts():
        os.setsid()
        if libc.unshare(0x00020000 | 0x04000000 | 0x08000000):  # mounts, host name, IPC
            raise OSError("unshare")
        libc.mount(b"none", b"/", None, (1 << 18) | (1 << 14), None)
        for place in (b"/mnt", b"/media", b"/srv"):
            if libc.mount(b"belljar-test", place, b"tmpfs", 0, b"size=64k"):
                raise OSError("mount")
        libc.sethostname(b"elsewhere", 9)

    @staticmethod
    def terminal():
        if os.getpid() != os.getsid(0):
            os.setsid()
        master, slave = os.openpty()
        os.dup2(slave, 100)
        import fcntl
        import termios
        fcntl.ioctl(100, termios.TIOCSCTTY, 0)
        os.set_inheritable(master, True)

    def marks(self):
        if os.geteuid() == 0:
            libc.prctl(28, 0x4 | 0x40, 0, 0, 0)  # securebits: no set-uid fixup, no ambient raise


def compare(name, a, b, patterns):
    differ = sorted(k for k in a.keys() | b.keys() if a.get(k) != b.get(k))
    wrong = [k for k in differ if not any(fnmatch.fnmatchcase(k, p) for p in patterns)]
    for k in wrong:
        print("%s: %s: '%s' and '%s'" % (name, k, a.get(k), b.get(k)))
    check(not wrong, "%s: %d facts differ that the document does not list" % (name, len(wrong)))
    print("%s: %d facts, %d differ, all of them listed" % (name, len(a), len(differ)) if not wrong else "")


def make_root(work, uid):
    """A root of the probe and its libraries, that belongs to whoever starts the rooms."""
    root = os.path.join(work, "root")
    shutil.rmtree(root, ignore_errors=True)
    for name in ("proc", "dev", "tmp", "build", "out", "inputs", "shims", "usr", "etc"):
        os.makedirs(os.path.join(root, name))
    for name in ("bin", "sbin", "lib", "lib64"):
        os.makedirs(os.path.join(root, "usr", name))
        os.symlink("usr/" + name, os.path.join(root, name))
    libraries = subprocess.run(["ldd", work + "/probe"], stdout=subprocess.PIPE, check=True).stdout.decode()
    for path in re.findall(r"(/\S+)", libraries):
        to = os.path.join(root, "usr", os.path.realpath(os.path.dirname(path)).replace("/usr/", "/").lstrip("/"))
        os.makedirs(to, exist_ok=True)
        shutil.copyfile(path, os.path.join(to, os.path.basename(path)))
        os.chmod(os.path.join(to, os.path.basename(path)), 0o755)
        if os.path.dirname(path) == "/lib64" and not os.path.exists(root + path):
            shutil.copy(path, root + "/usr/lib64/")
    shutil.copy(work + "/probe", root + "/usr/bin/probe")
    with open(os.path.join(root, "etc/passwd"), "w", encoding="ascii") as f:
        f.write("builder:x:1000:1000::/build:/bin/bash\n")
    for folder, names, files in os.walk(root):
        for name in names + files + ["."]:
            os.chown(os.path.join(folder, name), uid, uid, follow_symlinks=False)


def main():
    patterns = documented(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="belljar-views-", dir="/tmp") as work:
        os.chmod(work, 0o755)
        for name in ("roomtool", "probe"):
            shutil.copy(os.path.join(sys.argv[1], name), work)
        make_root(work, os.geteuid())
        root = os.geteuid() == 0
        plain = collect(work, Plain(), 0)
        again = collect(work, Plain(), 0)
        compare("the same host twice", plain, again, patterns)
        compare("a furnished host", plain, collect(work, Furnished(), 0), patterns)
        if root:
            compare("a user of a plain host", plain, collect(work, Plain(), 1234), patterns)
            compare("a user of a furnished host", plain, collect(work, Furnished(), 2000000001), patterns)
        else:
            print("skipped: other users (not started by root)")
        for p in patterns:
            check(any(fnmatch.fnmatchcase(k, p) for k in plain), "the document lists '%s', which no fact is" % p)
    check.summary(0 if root else 2)
    sys.exit(check.failed > 0 or (not root and os.environ.get("BELLJAR_TEST_MUST_RUN", "") == "1"))


cpus = os.sched_getaffinity(0)
with open(os.path.join(sys.argv[1], "roomtool"), "rb") as program:
    sanitized = b"__asan_init" in program.read()
main()
