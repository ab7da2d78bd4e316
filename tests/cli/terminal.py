#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run a command on a terminal of its own, and say what its screen showed.

usage: terminal.py [--size COLSxROWS] [--resize SECONDS:COLSxROWS]... [--type SECONDS|WORD:TEXT]...
                   [--out FILE] COMMAND...

The bytes are obeyed by a small terminal: printable characters, CR, LF, BS, cursor up, erase in line
and in display, colours. Anything else is an error, so that a program cannot do what was not thought
of. Lines fold at the width, and fold anew when the window changes its size. FILE is a JSON document: screen (lines,
with what scrolled away), frames (the screen after each read), raw, writes, status, folded (longest row count of any line).
"""
import json
import os
import re
import select
import signal
import struct
import sys
import fcntl
import termios
import time


class Screen:
    """Logical lines, each folded at the width; the cursor is (line, column) in unfolded terms."""

    def __init__(self, cols, rows):
        self.cols, self.rows = cols, rows
        self.lines, self.y, self.x = [""], 0, 0
        self.folded, self.unknown = 1, []
        self.rest = ""

    def height(self, line):
        return max(1, -(-len(line) // self.cols))

    def up(self, n):
        """n rows up: the program counts rows of the window, the lines here are unfolded."""
        row = self.x // self.cols if self.x < len(self.lines[self.y]) or self.x % self.cols else max(0, (self.x - 1) // self.cols)
        while n > 0:
            if row > 0:
                row -= 1
            elif self.y > 0:
                self.y -= 1
                row = self.height(self.lines[self.y]) - 1
            n -= 1
        self.x = row * self.cols

    def put(self, text):
        line = self.lines[self.y].ljust(self.x)
        self.lines[self.y] = line[:self.x] + text + line[self.x + len(text):]
        self.x += len(text)
        self.folded = max(self.folded, self.height(self.lines[self.y]))

    def feed(self, data):
        data = self.rest + data
        self.rest = ""
        at = 0
        pattern = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|([^\x00-\x1f\x7f]+)|([\r\n\x07\x08\t])")
        while at < len(data):
            m = pattern.match(data, at)
            if not m:
                if data[at] == "\x1b" and len(data) - at < 12:
                    self.rest = data[at:]
                    return
                self.unknown.append(repr(data[at:at + 8]))
                at += 1
                continue
            at = m.end()
            if m.group(3):
                self.put(m.group(3))
            elif m.group(4):
                self.control(m.group(4))
            else:
                self.escape(m.group(1), m.group(2))

    def control(self, c):
        if c == "\r":
            self.x -= self.x % self.cols if self.x < len(self.lines[self.y]) or self.x % self.cols else self.cols
            self.x = max(0, self.x)
        elif c == "\n":
            self.y += 1
            self.x = 0
            if self.y == len(self.lines):
                self.lines.append("")
        elif c == "\x08":
            self.x = max(0, self.x - 1)

    def escape(self, args, what):
        if what == "A":
            self.up(int(args or 1))
        elif what == "K" and args in ("", "0"):
            self.lines[self.y] = self.lines[self.y][:self.x]
        elif what == "J" and args in ("", "0"):
            self.lines[self.y] = self.lines[self.y][:self.x]
            del self.lines[self.y + 1:]
        elif what == "m" or (what in "hl" and args == "?2004"):
            pass
        else:
            self.unknown.append("CSI %s %s" % (args, what))


def size_of(text):
    cols, rows = text.split("x")
    return int(cols), int(rows)


def main():
    args = sys.argv[1:]
    size, resizes, typed, out = (80, 24), [], [], None
    while args and args[0].startswith("--"):
        if args[0] == "--":
            args = args[1:]
            break
        option, value = args[0], args[1]
        args = args[2:]
        if option == "--size":
            size = size_of(value)
        elif option == "--resize":
            when, new = value.split(":")
            resizes.append((float(when), size_of(new)))
        elif option == "--type":
            when, text = value.split(":", 1)
            when = when.encode().decode("unicode_escape")
            typed.append((when, text.encode().decode("unicode_escape").encode("latin-1")))
        elif option == "--out":
            out = value
        else:
            sys.exit("terminal.py: %s?" % option)
    screen = Screen(*size)
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    pid = os.fork()
    if pid == 0:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for fd in (0, 1, 2):
            os.dup2(slave, fd)
        os.close(master)
        if slave > 2:
            os.close(slave)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.execvp(args[0], args)
    os.close(slave)
    began, raw, frames, seen = time.monotonic(), [], [], 0
    while time.monotonic() - began < 180:
        now = time.monotonic() - began
        while resizes and now >= resizes[0][0]:
            screen.cols, screen.rows = resizes.pop(0)[1]
            fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", screen.rows, screen.cols, 0, 0))
            os.kill(pid, signal.SIGWINCH)
        # What is typed waits for its time, or for a word on the screen since the last one.
        if typed:
            when, text = typed[0]
            written = "".join(raw)
            if re.fullmatch(r"[0-9.]+", when) and now >= float(when) or when in written[seen:]:
                seen = len(written)
                os.write(master, text)
                typed.pop(0)
        if not select.select([master], [], [], 0.02)[0]:
            continue
        try:
            data = os.read(master, 65536)
        except OSError:
            break
        if not data:
            break
        text = data.decode("utf-8", "replace")
        raw.append(text)
        screen.feed(text)
        frames.append([line.rstrip() for line in screen.lines])
    else:
        os.kill(pid, signal.SIGKILL)
    status = os.waitpid(pid, 0)[1]
    document = {
        "screen": [line.rstrip() for line in screen.lines],
        "frames": frames,
        "raw": "".join(raw),
        "folded": screen.folded,
        "unknown": screen.unknown,
        "untyped": len(typed),
        "status": os.waitstatus_to_exitcode(status),
    }
    with open(out, "w") if out else sys.stdout as f:
        json.dump(document, f)


main()
