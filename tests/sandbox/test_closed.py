# SPDX-License-Identifier: Apache-2.0
"""A room that cannot have all its walls does not open, and says which one is missing and what would allow it.

usage: test_closed.py FOLDER-OF-ROOMTOOL BELLJAR

Each case takes one call away from the host (without.c), as an old kernel or a container's profile does. The command
in the room prints "ran": seeing that word is the failure. Walls that a room may do without are the exception: there
the command runs, the record does not name the wall, and a room that requires it does not open.
"""
import os
import shutil
import subprocess
import sys
import tempfile

from checks import check

CONTAINER = "seccomp=unconfined"


# rule of without.c; who ("root", "user", "" both); parts of the message
CLOSED = [
    ("clone3=ENOSYS", "", ["cannot create namespaces: Function not implemented", CONTAINER]),
    ("clone3=EPERM", "", ["cannot create namespaces: Operation not permitted", CONTAINER]),
    ("clone3=ENOSPC", "", ["cannot create namespaces: No space left"]),
    ("clone3=ENOSYS,unshare,clone-namespaces", "", ["cannot create namespaces", CONTAINER]),
    ("unshare", "", ["set-up step 'unshare", "Operation not permitted", CONTAINER]),
    ("unshare-user", "", ["set-up step 'unshare user mount", CONTAINER]),
    ("unshare-time=EINVAL", "", ["set-up step 'unshare time' failed: Invalid argument"]),
    ("landlock-rule", "", ["set-up step 'may-write /build' failed"]),
    ("landlock-enforce", "", ["set-up step 'landlock-enforce' failed"]),
    ("seccomp=ENOSYS", "", ["set-up step 'seccomp ledger' failed: Function not implemented", CONTAINER]),
    ("seccomp=EPERM", "", ["set-up step 'seccomp ledger' failed: Operation not permitted"]),
    ("listener=EINVAL", "", ["set-up step 'seccomp ledger' failed: Invalid argument", "CONFIG_SECCOMP_FILTER"]),
    ("listener=EBUSY", "", ["another supervisor listens"]),
    ("pidfd_getfd", "", ["take the seccomp listener", "kernel.yama.ptrace_scope"]),
    ("fsopen=ENOSYS", "", ["' failed: Function not implemented", CONTAINER]),
    ("fsconfig", "", ["' failed: Operation not permitted"]),
    ("fsmount", "", ["' failed: Operation not permitted"]),
    ("open_tree", "", ["Operation not permitted", CONTAINER]),
    ("move_mount", "", ["' failed: Operation not permitted"]),
    ("mount_setattr", "", ["Operation not permitted", CONTAINER]),
    ("pivot_root", "", ["set-up step 'pivot-root' failed"]),
    ("umount2", "", ["set-up step 'pivot-root' failed"]),
    ("sethostname", "", ["set-up step 'hostname belljar' failed"]),
    ("capset", "", ["set-up step 'drop-capabilities' failed"]),
    ("bounding-set", "", ["set-up step 'drop-capabilities' failed"]),
    ("no-new-privs", "root", ["set-up step 'no-new-privileges' failed"]),
    ("death-signal", "", ["set-up step 'die-with-supervisor' failed"]),
    ("affinity", "", ["set-up step 'cpus"]),
    ("personality", "", ["set-up step 'aslr-off' failed"]),
    ("limits", "", ["set-up step 'limit core"]),
    ("close_range", "", ["set-up step 'close-fds' failed"]),
]


class Host:
    def __init__(self, name, work, uid):
        self.name, self.work, self.uid = name, work, uid

    def run(self, *command, **more):
        def become():
            if self.uid:
                os.setgroups([])
                os.setresgid(self.uid, self.uid, self.uid)
                os.setresuid(self.uid, self.uid, self.uid)

        done = subprocess.run(command, preexec_fn=become, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60, cwd="/", **more)
        return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")

    def room(self, rules, *options, tool="roomtool"):
        outer = [self.work + "/without", rules] if rules else []
        return self.run(*outer, self.work + "/" + tool, "--result", *options, "--", "/bin/echo", "ran")


def is_sanitized(path):
    """The address sanitizer itself reads limits at its start."""
    with open(path, "rb") as f:
        return b"__asan_init" in f.read()


def closed(host):
    sanitized = is_sanitized(host.work + "/roomtool")
    for rules, who, parts in CLOSED:
        if (who and who != host.name) or (sanitized and rules == "limits"):
            continue
        status, out, err = host.room(rules)
        what = "%s without %s: status %d, '%s', '%s'" % (host.name, rules, status, out, err.strip())
        check(status == 125 and "ran" not in out and "error 4: room: " in err, what)
        check(all(p in err for p in parts), what)


def second_walls(host):
    """Landlock, time namespaces: a room opens without, says so, and does not where they are required."""
    status, out, err = host.room("")
    have = err[err.find("walls=["):]
    check(status == 0 and out == "ran\n", "%s: a room: %s" % (host.name, err))
    for wall, rules, options, tool in (("landlock", "landlock=ENOSYS", (), "roomtool"),
                                       ("timens", "", ("--without", "timens"), "roomtool_hooked")):
        check(" " + wall in have, "%s: %s is missing on this host: %s" % (host.name, wall, have))
        status, out, err = host.room(rules, *options, tool=tool)
        check(status == 0 and out == "ran\n" and " " + wall not in err, "%s without %s: %s" % (host.name, wall, err))
        for need in (wall, "all", "userns," + wall):
            status, out, err = host.room(rules, *options, "--require", need, tool=tool)
            check(status == 125 and "ran" not in out, "%s without %s, required: %s" % (host.name, wall, out))
            check("error 4: room: the wall '%s' is required" % wall in err, "%s: %s" % (host.name, err))
    status, out, err = host.room("", "--require", "landlock,timens")
    check(status == 0 and out == "ran\n", "%s: what is required is there: %s" % (host.name, err))


def container(host):
    """As docker does: some of /proc masked, in namespaces of its own; the container's root or the host's."""
    masks = ("n=0; for p in kcore keys latency_stats timer_list sched_debug; do [ ! -e /proc/$p ] || "
             "{ mount --bind /dev/null /proc/$p && n=$((n + 1)); } || exit 77; done; "
             "for p in acpi scsi asound; do [ ! -d /proc/$p ] || mount -t tmpfs none /proc/$p || exit 77; done; "
             "for p in bus fs irq sys sysrq-trigger; do [ ! -e /proc/$p ] || "
             "{ mount --bind /proc/$p /proc/$p && mount -o remount,bind,ro /proc/$p && n=$((n + 1)); } || exit 77; done; "
             "[ $n -gt 2 ] || exit 77; ")
    own = [] if host.name == "root" else ["--user", "--map-root-user"]
    enter = ["/usr/bin/unshare", *own, "--mount", "/bin/sh", "-c"]
    status, out, err = host.run(*enter, masks + "exec %s/roomtool -- /bin/echo ran" % host.work)
    if status == 77:
        check(False, "%s: no container can be made: %s" % (host.name, err))
        return
    what = "%s in a container: status %d, '%s', '%s'" % (host.name, status, out, err)
    check(status == 125 and "ran" not in out, what)
    check("set-up step 'proc " in err and "parts of its own /proc are masked" in err, what)
    check(any(word in err for word in ("systempaths=unconfined", "unmask=ALL", "nesting")), what)
    profile = host.work + "/without clone3=ENOSYS,unshare,clone-namespaces,open_tree,fsopen,move_mount "
    status, out, err = host.run(*enter, masks + "exec " + profile + host.work + "/roomtool -- /bin/echo ran")
    check(status == 125 and "ran" not in out and CONTAINER in err, "with a profile: %d %s %s" % (status, out, err))


def doctor(host, belljar, libexec):
    env = {"PATH": os.environ["PATH"], "BELLJAR_LIBEXEC": libexec, "HOME": host.work, "LC_ALL": "C.UTF-8"}
    store = ("--store", "%s/store-%s" % (host.work, host.name))
    for rules, parts in (("clone3=ENOSYS,unshare", ["FAILS  user namespaces", CONTAINER, "FAILS  room"]),
                         ("landlock=ENOSYS", ["lacks  Landlock", "the only one around the files of those helpers", "to turn it on: CONFIG_SECURITY_LANDLOCK", "ok     room"]),
                         ("fsopen", ["FAILS  proc can be mounted", "masked"])):
        status, out, err = host.run(host.work + "/without", rules, belljar, "doctor", *store, env=env)
        check(all(p in out for p in parts), "%s: doctor without %s: %s" % (host.name, rules, out))
        check(("FAILS  room" in out) == (status == 4), "%s: doctor without %s: status %d" % (host.name, rules, status))


def main():
    with tempfile.TemporaryDirectory(prefix="belljar-closed-", dir="/tmp") as work:
        os.chmod(work, 0o1777)
        for name in ("roomtool", "roomtool_hooked", "without"):
            shutil.copy(os.path.join(sys.argv[1], name), work)
        shutil.copy(sys.argv[2], work + "/belljar")
        libexec = work + "/libexec"
        shutil.copytree(os.environ["BELLJAR_LIBEXEC"], libexec)
        subprocess.run(["chmod", "-R", "a+rX", libexec], check=True)
        hosts = [Host("user", work, 1234)] if os.geteuid() == 0 else [Host("user", work, 0)]
        if os.geteuid() == 0:
            hosts.append(Host("root", work, 0))
        for host in hosts:
            closed(host)
            second_walls(host)
            container(host)
            doctor(host, work + "/belljar", libexec)
    check.summary()
    sys.exit(check.failed > 0 or check.passed < 90)


main()
